"""Sets with words in a corner: the right share, the right words, the same images every time."""

import csv
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from audits.spurious.writing import Writing, drawn, make, write_word
from db.errors import BadInput, Cancelled
from db.jobs import Watch
from describer.images.probing import Skipped, open_folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name, shade in (("cat", 60), ("dog", 120), ("cow", 180)):
        (tmp_path / "source" / name).mkdir(parents=True)
        for index in range(6):
            Image.new("RGB", (48, 40), (shade, shade, shade)).save(
                tmp_path / "source" / name / f"{index}.png"
            )
    return tmp_path / "source"


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "labels.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_half_of_each_class_carries_its_own_name(source: Path, tmp_path: Path) -> None:
    made = make(source, tmp_path / "train", Writing("right", share=0.5))
    for name in ("cat", "dog", "cow"):
        words = [one.word_of for one in made if one.label == name]
        assert words.count(name) == 3
        assert words.count(None) == 3
    opened = open_folder(tmp_path / "train")
    assert opened.classes == ("cat", "cow", "dog")
    assert len(opened) == 18
    assert [row["word_of"] or None for row in rows(tmp_path / "train")] == [
        one.word_of for one in made
    ]
    for one in made:
        image = np.asarray(Image.open(tmp_path / "train" / one.path))
        assert (len(np.unique(image)) > 1) == (one.word_of is not None)


def test_every_test_image_carries_a_name_that_is_usually_wrong(
    source: Path, tmp_path: Path
) -> None:
    made = make(source, tmp_path / "test", Writing("random", share=1.0, seed=1))
    assert all(one.word_of in ("cat", "dog", "cow") for one in made)
    labels = np.repeat(np.arange(10), 500)
    words = drawn(labels, 10, Writing("random", share=1.0))
    assert (words == labels).mean() == pytest.approx(0.1, abs=0.02)


def test_the_same_seed_makes_the_same_images(source: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        make(source, tmp_path / name, Writing(share=0.5, seed=seed))
    files = [path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*")]
    for path in files:
        assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes()
    assert rows(tmp_path / "a") != rows(tmp_path / "c")


@pytest.mark.parametrize(
    ("corner", "place"),
    [
        ("top-left", (slice(0, 20), slice(0, 50))),
        ("top-right", (slice(0, 20), slice(50, 100))),
        ("bottom-left", (slice(80, 100), slice(0, 50))),
        ("bottom-right", (slice(80, 100), slice(50, 100))),
    ],
)
def test_words_stand_in_their_corner(corner, place) -> None:
    image = Image.new("RGB", (100, 100), (90, 90, 90))
    write_word(image, "cat", Writing(corner=corner))
    pixels = np.asarray(image).astype(int)
    touched = (pixels != 90).any(axis=2)
    assert touched.any()
    touched[place] = False
    assert not touched.any()
    assert pixels.max() == 255
    assert pixels.min() == 0


def test_long_words_are_written_whole() -> None:
    image = Image.new("RGB", (100, 100), (90, 90, 90))
    write_word(image, "black-and-gold garden spider", Writing())
    touched = (np.asarray(image) != 90).any(axis=2)
    assert not touched[:, 98:].any()
    assert touched[:, 80:].any()


def test_other_words_may_stand_for_a_class(source: Path, tmp_path: Path) -> None:
    make(source, tmp_path / "a", Writing(share=1.0))
    make(source, tmp_path / "b", Writing(share=1.0, names=(("cat", "kitten"),)))
    different = [
        path.parent.name
        for path in (tmp_path / "a").rglob("*.png")
        if path.read_bytes() != (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()
    ]
    assert set(different) == {"cat"}


def test_images_that_cannot_be_read_are_named(source: Path, tmp_path: Path) -> None:
    (source / "cat" / "0.png").write_bytes(b"nothing")
    skipped: list[Skipped] = []
    made = make(source, tmp_path / "out", Writing(), skipped=skipped)
    assert len(made) == 17
    assert [one.path for one in skipped] == ["cat/0.png"]


def test_images_stand_as_they_are_shown_everywhere_else(source: Path, tmp_path: Path) -> None:
    lying = np.zeros((40, 80, 3), np.uint8)
    lying[:, :40] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter when it is shown
    Image.fromarray(lying).save(source / "cat" / "lying.jpg", exif=exif, quality=95)
    made = make(source, tmp_path / "out", Writing("right", 0.0))
    (path,) = [one.path for one in made if "lying" in one.path]
    image = np.asarray(Image.open(tmp_path / "out" / path))
    assert image.shape == (80, 40, 3)
    assert image[:40].mean() > 200 > 50 > image[40:].mean()


def test_a_cancelled_set_leaves_nothing_behind(source: Path, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        make(source, tmp_path / "out", Writing(), watch=Watch(cancelled=lambda: True))
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


@pytest.mark.parametrize(
    ("writing", "message"),
    [
        (Writing(share=1.5), "a share of images between 0 and 1, got 1.5"),
        (Writing(corner="middle"), "expected a corner among top-left"),
        (Writing(words="wrong"), "'right' or 'random', got 'wrong'"),
        (Writing(height=0), "height of letters above 0"),
        (Writing(font=Path("none.ttf")), r"expected a TrueType font, got none\.ttf"),
    ],
)
def test_impossible_settings_are_refused(source: Path, tmp_path: Path, writing, message) -> None:
    with pytest.raises(BadInput, match=message):
        make(source, tmp_path / "out", writing)
    assert not (tmp_path / "out").exists()


def test_flat_folders_and_folders_in_use_are_refused(source: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="got images without labels"):
        make(source / "cat", tmp_path / "out", Writing())
    with pytest.raises(BadInput, match="expected a new folder"):
        make(source, source, Writing())


def test_pictures_inside_a_tar_are_written_on_and_their_classes_make_no_paths(
    tmp_path: Path,
) -> None:
    for name, classes in (("good", ("cat", "dog")), ("bad", ("../cat", "dog"))):
        with tarfile.open(tmp_path / f"{name}.tar", "w") as archive:
            for place in range(4):
                picture = io.BytesIO()
                Image.new("RGB", (64, 64), (place, 0, 0)).save(picture, "png")
                files = {"png": picture.getvalue(), "cls": classes[place % 2].encode()}
                for kind, content in files.items():
                    member = tarfile.TarInfo(f"{place}.{kind}")
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))
    made = make(tmp_path / "good.tar", tmp_path / "out", Writing())
    assert len(made) == 4
    assert len(list((tmp_path / "out").rglob("*.png"))) == 4
    with pytest.raises(BadInput, match=r"classes that folders can be called, got '\.\./cat'"):
        make(tmp_path / "bad.tar", tmp_path / "other", Writing())
