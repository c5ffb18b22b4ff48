"""Every format says of the same thing the same; what a set does not know it does not speak of."""

from pathlib import Path

import numpy as np
import pytest

from db.errors import BadInput
from describer.methods.concepts import coco, opening, yolo
from describer.methods.concepts.shape import ConceptSet, Files
from helpers import concepts as small

DATA = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "coco128_seg"


def opened(form: str, tmp_path: Path) -> ConceptSet:
    place = getattr(small, form)(tmp_path / form)
    return opening.open_all([f"{form}:{place}"])


@pytest.mark.parametrize("form", ["segmentation", "yolo", "coco", "broden"])
def test_a_square_is_where_it_was_drawn(form: str, tmp_path: Path) -> None:
    found = opened(form, tmp_path)
    labels = found.labels(small.shown())
    assert labels is not None
    regions = dict(zip([found.names[n] for n in labels.present], labels.masks, strict=True))
    assert np.array_equal(regions["dog"], small.square())
    assert len(found.names) == len(found.categories)
    assert found.labels(small.shown("some/unknown.jpg")) is None


def test_categories_are_those_of_the_files(tmp_path: Path) -> None:
    assert opened("segmentation", tmp_path).categories == ("scene", "object")
    assert opened("coco", tmp_path).categories == ("object", "animal")
    broden = opened("broden", tmp_path)
    assert broden.categories == ("object", "scene")
    labels = broden.labels(small.shown())
    assert labels is not None
    assert labels.masks[1].all()


def test_an_image_without_things_is_known_and_empty(tmp_path: Path) -> None:
    labels = opened("yolo", tmp_path).labels(small.shown("empty.jpg"))
    assert labels is not None
    assert labels.masks.shape == (0, *small.SIZE)


def test_labels_follow_the_size_of_the_image(tmp_path: Path) -> None:
    labels = opened("segmentation", tmp_path).labels(small.shown(size=(40, 60)))
    assert labels is not None
    assert np.array_equal(labels.masks[0], small.square().repeat(2, 0).repeat(2, 1))


def test_several_sets_are_one(tmp_path: Path) -> None:
    place = small.yolo(tmp_path / "yolo")
    both = opening.open_all([f"yolo:{place}", "colours"])
    assert both.names[:3] == ("sky", "dog", "black")
    labels = both.labels(small.shown())
    assert labels is not None
    assert labels.present.tolist() == [1, 2]
    assert labels.masks[1].all()
    only = both.labels(small.shown("unknown.jpg"))
    assert only is not None
    assert only.present.tolist() == [2]


def test_the_hash_follows_the_labels(tmp_path: Path) -> None:
    place = small.yolo(tmp_path / "yolo")
    before = yolo.read(place).hash
    assert yolo.read(place).hash == before
    (place / "empty.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    assert yolo.read(place).hash != before


def compressed(lengths: list[int]) -> str:
    """COCO's own way of writing run lengths, told again from its C code."""
    text = ""
    for place, length in enumerate(lengths):
        value = length - lengths[place - 2] if place > 2 else length
        more = True
        while more:
            digit = value & 31
            value >>= 5
            more = value != (-1 if digit & 16 else 0)
            text += chr((digit | (32 if more else 0)) + 48)
    return text


def test_compressed_run_lengths_are_read() -> None:
    generator = np.random.default_rng(0)
    lengths = [0, 4, 1_000, 3, 70_000, *generator.integers(0, 5_000, 200).tolist()]
    assert coco.run_lengths(compressed(lengths)) == lengths


def test_files_that_share_a_last_part_are_found_by_the_whole_path() -> None:
    files = Files(["a/1.txt", "b/1.txt", "b/2.txt"])
    assert files.find("a/1.jpg") == "a/1.txt"
    assert files.find("c/1.jpg") is None
    assert files.find("c/2.jpg") == "b/2.txt"


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("pascal:x", "expected a format of concepts"),
        ("coco", "expected the place of the concepts"),
        ("coco:/nowhere", "expected concepts at"),
        ("demo:elsewhere", "expected images of the demo"),
    ],
)
def test_what_cannot_be_opened_is_said(word: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        opening.open_all([word])
    with pytest.raises(BadInput, match="at least one set"):
        opening.open_all([])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("7 0.1 0.1 0.2 0.2 0.3 0.3", "class from 0 to 1"),
        ("1 0.1 0.1", "at least three points"),
        ("dog 1 2 3", "a class and places"),
    ],
)
def test_broken_lines_are_named(tmp_path: Path, text: str, message: str) -> None:
    place = small.yolo(tmp_path / "yolo")
    (place / "thing.txt").write_text(text)
    with pytest.raises(BadInput, match=f"{message}.*line 1 of .*thing.txt"):
        yolo.read(place).labels(small.shown())


def test_values_without_a_name_are_named(tmp_path: Path) -> None:
    place = small.segmentation(tmp_path / "segmentation")
    (place / "names.txt").write_text("\nsky\n")
    with pytest.raises(BadInput, match=r"values 0 to 1.*got 2"):
        opening.open_set("segmentation", str(place)).labels(small.shown())


def test_names_of_polygons_are_asked_for(tmp_path: Path) -> None:
    place = small.yolo(tmp_path / "yolo")
    (place / "names.txt").unlink()
    with pytest.raises(BadInput, match="found neither"):
        yolo.read(place)
    (place / "data.yaml").write_text("names: {0: sky, 1: dog}\n")
    assert yolo.read(place).names == ("sky", "dog")
    assert len(yolo.read(place, names="coco").names) == 80


@pytest.mark.skipif(not DATA.is_dir(), reason="the photographs are not here")
def test_polygons_of_photographs_lie_where_the_things_are() -> None:
    found = yolo.read(DATA / "polygons", names="coco")
    labels = found.labels(small.shown("000000000009.jpg", (480, 640)))
    assert labels is not None
    assert {found.names[number] for number in labels.present} >= {"bowl", "broccoli"}
