"""Probing sets: the order, the preparation, and broken images that never stop a run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from db.errors import BadInput
from describer.images import probing
from describer.subjects import definition
from describer.subjects.definition import Subject
from helpers.worlds import coloured_images, two_layer_subject


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    return definition.read(two_layer_subject(tmp_path / "subject"))


def read_all(
    root: Path, subject: Subject, **options: int
) -> tuple[np.ndarray, np.ndarray, list[probing.Skipped]]:
    skipped: list[probing.Skipped] = []
    found = list(probing.batches(probing.open_folder(root), subject, skipped=skipped, **options))
    return (
        np.concatenate([batch.ids for batch in found]),
        np.concatenate([batch.images for batch in found]),
        skipped,
    )


def test_an_image_folder_has_classes_in_sorted_order(tmp_path: Path) -> None:
    found = probing.open_folder(coloured_images(tmp_path / "images", count=2))
    assert found.paths == ("blue/000.png", "blue/001.png", "red/000.png", "red/001.png")
    assert (found.classes, found.labels) == (("blue", "red"), (0, 0, 1, 1))


def test_a_flat_folder_has_no_labels(tmp_path: Path) -> None:
    for name in ("b.png", "a.PNG", "notes.txt", ".hidden.png"):
        Image.new("RGB", (4, 4)).save(tmp_path / name, "PNG")
    found = probing.open_folder(tmp_path)
    assert (found.paths, found.labels) == (("a.PNG", "b.png"), None)


@pytest.mark.parametrize(
    ("make", "sentence"), [(False, "which is not there"), (True, "expected images")]
)
def test_no_folder_and_no_images_are_one_sentence(
    tmp_path: Path, make: bool, sentence: str
) -> None:
    if make:
        (tmp_path / "images").mkdir()
    with pytest.raises(BadInput, match=sentence):
        probing.open_folder(tmp_path / "images")


def test_broken_images_are_skipped_counted_and_named(tmp_path: Path, subject: Subject) -> None:
    root = coloured_images(tmp_path / "images", count=3)
    good = (root / "red" / "001.png").read_bytes()
    (root / "red" / "cut.png").write_bytes(good[: len(good) // 2])
    (root / "red" / "text.jpg").write_text("no image")
    (root / "red" / "empty.png").touch()
    ids, images, skipped = read_all(root, subject, batch_size=2)
    assert ids.tolist() == [0, 1, 2, 3, 4, 5]
    assert images.shape == (6, 3, 32, 32)
    assert {each.path for each in skipped} == {"red/cut.png", "red/empty.png", "red/text.jpg"}
    assert all(each.reason for each in skipped)


def test_a_decompression_bomb_is_not_opened(
    tmp_path: Path, subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "MOST_PIXELS", 1500)
    Image.new("L", (40, 40)).save(tmp_path / "bomb.png")
    Image.new("L", (20, 20)).save(tmp_path / "small.png")
    ids, _, skipped = read_all(tmp_path, subject)
    assert ids.tolist() == [1]
    assert skipped == [probing.Skipped("bomb.png", "40 x 40 pixels are more than can be trusted")]


def test_a_thin_image_that_would_become_huge_is_not_resized(
    tmp_path: Path, subject: Subject
) -> None:
    Image.new("L", (1, 10_000)).save(tmp_path / "line.png")
    Image.new("L", (20, 20)).save(tmp_path / "small.png")
    ids, _, skipped = read_all(tmp_path, replace(subject, resize_size=256))
    assert ids.tolist() == [1]
    assert skipped == [probing.Skipped("line.png", "1 x 10000 pixels become 256 x 2560000")]


@pytest.mark.parametrize("size", [(48, 32), (32, 48), (33, 32), (100, 71)])
def test_preparation_equals_torchvisions(subject: Subject, size: tuple[int, int]) -> None:
    from torchvision import transforms

    subject = replace(subject, image_size=24, resize_size=28)
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    theirs = transforms.Compose(
        [
            transforms.Resize(28),
            transforms.CenterCrop(24),
            transforms.ToTensor(),
            transforms.Normalize(subject.mean, subject.std),
        ]
    )(image)
    ours = probing.as_inputs(probing.prepare(image, subject)[None], subject)[0]
    torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=0)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "I;16"])
def test_every_kind_of_picture_becomes_rgb(subject: Subject, mode: str) -> None:
    image = Image.new(mode, (40, 40), 1 if mode in ("1", "P", "L", "I;16") else None)
    assert probing.prepare(image, subject).shape == (3, 32, 32)


def test_an_image_smaller_than_the_crop_is_enlarged(subject: Subject) -> None:
    prepared = probing.prepare(Image.new("RGB", (10, 20), (9, 9, 9)), subject)
    assert prepared.shape == (3, 32, 32)
    assert (prepared == 9).all()


def test_the_digest_follows_names_and_contents(tmp_path: Path) -> None:
    root = coloured_images(tmp_path / "images", count=2)
    before = probing.digest(probing.open_folder(root))
    assert probing.digest(probing.open_folder(root)) == before
    (root / "red" / "000.png").rename(root / "red" / "002.png")
    renamed = probing.digest(probing.open_folder(root))
    (root / "red" / "002.png").write_bytes((root / "blue" / "000.png").read_bytes())
    assert len({before, renamed, probing.digest(probing.open_folder(root))}) == 3
