"""Folders are counted whole: what is a class, what is empty, what is left out and why."""

import os
from pathlib import Path

import pytest
from PIL import Image

from db.errors import BadInput
from describer.images import pictures, probing


def fill(root: Path, *names: str) -> Path:
    """Small pictures of those names; a name that ends in / is an empty folder."""
    for name in names:
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() in pictures.suffixes():
            Image.new("RGB", (4, 4)).save(path, {".jfif": "JPEG"}.get(path.suffix))
        else:
            path.write_bytes(b"text")
    return root


@pytest.mark.parametrize(
    ("names", "classes", "paths", "said"),
    [
        (
            ("a/1.png", "b/1.png", "note.png"),
            ("a", "b"),
            2,
            "beside the class folders, left out: note",
        ),
        (("1.png", "2.png", "a/1.png"), (), 3, ""),
        (("a/1.png", "b/"), ("a",), 1, "folders without an image: b"),
        (
            ("a/1.png", "b/@eaDir/1.png/thumb.jpg", "b/2.png"),
            ("a", "b"),
            2,
            "thumbnails, left out: b/@eaDir",
        ),
        (("a/1.png", "__MACOSX/a/1.png"), ("a",), 1, "thumbnails, left out: __MACOSX"),
        (("a/1.png", "a/._1.png", ".cache/x.png"), ("a",), 1, "hidden, left out: a/._1.png"),
        (("a/1.png", "a/2.heic", "a/3.HEIC", "a/4.txt"), ("a",), 1, "left out: 2 .heic, 1 .txt"),
        (("a/1.jfif", "b/deep/er/2.webp"), ("a", "b"), 2, ""),
        (("10/1.png", "9/1.png", "1/1.png"), ("1", "9", "10"), 3, ""),
        (("10/1.png", "9/1.png", "x/1.png"), ("10", "9", "x"), 3, ""),
    ],
)
def test_a_folder_is_counted_whole(
    tmp_path: Path, names: tuple[str, ...], classes: tuple[str, ...], paths: int, said: str
) -> None:
    found = probing.open_folder(fill(tmp_path / "images", *names))
    assert (found.classes, len(found)) == (classes, paths)
    assert said in "; ".join(found.left_out)
    assert bool(said) == bool(found.left_out)
    if classes:
        assert found.labels is not None
        assert [found.classes[label] for label in found.labels] == [
            path.partition("/")[0] for path in found.paths
        ]


def test_labels_in_a_table_keep_a_picture_at_the_root(tmp_path: Path) -> None:
    root = fill(tmp_path / "images", "a/1.png", "b/1.png", "note.png")
    (root / "labels.csv").write_text("path,class\n")
    assert len(probing.open_folder(root)) == 3
    assert probing.open_folder(root).left_out == ()


def test_links_are_followed_and_never_round_in_circles(tmp_path: Path) -> None:
    fill(tmp_path / "elsewhere", "1.png", "2.png")
    root = fill(tmp_path / "images", "dog/1.png")
    (root / "cat").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (root / "dog" / "up").symlink_to(root, target_is_directory=True)
    (root / "dog" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    found = probing.open_folder(root)
    assert found.paths == ("cat/1.png", "cat/2.png", "dog/1.png")
    said = "; ".join(found.left_out)
    assert "a link to a folder that it lies in, left out: dog/up" in said
    assert "a broken link, left out: dog/gone.png" in said


def test_a_name_that_is_no_text_is_left_out_and_named(tmp_path: Path) -> None:
    root = fill(tmp_path / "images", "cat/1.png", "cat/2.png")
    os.rename(os.fsencode(root / "cat" / "2.png"), os.fsencode(root / "cat") + b"/na\xefve.png")
    found = probing.open_folder(root)
    assert found.paths == ("cat/1.png",)
    assert found.left_out[0].startswith("names that are not UTF-8, left out: cat/na")
    "".join(found.left_out).encode("utf-8")


def test_a_folder_of_nothing_but_other_files_says_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"expected images .*found none: .*2 \.heic"):
        probing.open_folder(fill(tmp_path / "images", "1.heic", "2.heic"))


def test_formats_that_need_other_programs_are_not_opened() -> None:
    assert {".eps", ".ps", ".mpg", ".pdf", ".h5"}.isdisjoint(pictures.suffixes())
    assert {".jpg", ".jpe", ".jfif", ".png", ".tif", ".jp2", ".pgm"} <= pictures.suffixes()
