"""From folders of exemplars to features, descriptions and lessons."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from db.errors import BadInput, Cancelled
from db.jobs import Watch
from describer.milan import describe
from describer.milan.describing import SearchOptions
from describer.milan.encoder import PyramidEncoder
from describer.milan.features import encode
from describer.milan.model import Model
from describer.milan.training.data import Annotated, gather, read_annotations
from helpers.milan import ENCODER, MemoryFolder, make_folder


def without(folder: MemoryFolder, layer: str, unit: int, ranks: slice) -> MemoryFolder:
    """The folder with some exemplars of a unit missing."""
    arrays = folder.arrays[layer]
    ids = arrays.ids.copy()
    ids[unit, ranks] = -1
    return replace(folder, arrays={**folder.arrays, layer: replace(arrays, ids=ids)})


def test_features_are_those_of_each_exemplar_alone(model: Model, folder: MemoryFolder) -> None:
    encoder = model.encoder()
    encoded = encode(folder, encoder, {"a": [0, 3], "b": [1]}, batch_size=2)
    for layer, units in (("a", [0, 3]), ("b", [1])):
        for row, unit in enumerate(units):
            ids = folder.arrays[layer].ids[unit]
            expected = encoder.pool(folder.images[ids], folder.masks[layer][unit][:, None])
            torch.testing.assert_close(encoded[layer].features[row], expected)


def test_every_distinct_image_is_encoded_once(model: Model) -> None:
    folder = make_folder({"a": 40, "b": 40})
    wanted = {layer: list(range(40)) for layer in folder.layers}
    encode(folder, model.encoder(), wanted, batch_size=3)
    assert sorted(folder.asked) == list(range(7))


@pytest.mark.parametrize("left", [[11], [3, 4, 5], [0, 2, 4, 6, 8, 10], list(range(5, 40))])
def test_features_are_the_same_bytes_whatever_is_encoded_with_them(left: list[int]) -> None:
    folder = make_folder({"conv": 40}, k=5, images=50)
    torch.manual_seed(2)
    network = torch.nn.Sequential()
    network.add_module("first", torch.nn.Conv2d(3, 48, 3, stride=2, padding=1))
    network.add_module("rectify", torch.nn.ReLU())
    network.add_module("second", torch.nn.Conv2d(48, 96, 3, stride=2, padding=1))
    encoder = PyramidEncoder("wide", network=network, config=replace(ENCODER, name="wide"))
    whole = encode(folder, encoder, {"conv": list(range(40))})["conv"].features
    part = encode(folder, encoder, {"conv": left})["conv"].features
    assert torch.equal(part, whole[left])


def test_images_of_different_sizes_are_encoded(model: Model, folder: MemoryFolder) -> None:
    class Mixed(MemoryFolder):
        def image(self, image_id: int) -> np.ndarray:
            image: np.ndarray = self.images[image_id]
            return image[:, :8] if image_id % 2 else image

    mixed = Mixed(folder.arrays, folder.images, folder.masks, [])
    encoded = encode(mixed, model.encoder(), {"a": [0]})["a"]
    assert torch.isfinite(encoded.features).all()


def test_lost_masks_are_reported(model: Model, folder: MemoryFolder) -> None:
    folder.masks["a"][1] = False
    folder.masks["a"][1, 0, 0, 0] = True  # one pixel in a corner
    unit = next(iter(describe(folder, model, layers=["a"])))[1]
    assert unit.vanished == (0, 1)
    area = SearchOptions(downsampling="area")
    assert next(iter(describe(folder, model, layers=["a"], options=area)))[1].vanished == (0, 0)


def test_a_folder_is_described_in_order_whatever_the_memory(
    model: Model, folder: MemoryFolder
) -> None:
    whole = [unit for batch in describe(folder, model) for unit in batch]
    assert [(unit.layer, unit.unit) for unit in whole] == [
        *(("a", unit) for unit in range(5)),
        *(("b", unit) for unit in range(3)),
    ]
    little = [unit for batch in describe(folder, model, memory_limit=1) for unit in batch]
    assert [unit.description.text for unit in little] == [u.description.text for u in whole]


def test_only_the_units_asked_for_are_described(model: Model, folder: MemoryFolder) -> None:
    found = [u for batch in describe(folder, model, units={"a": [4, 2], "b": []}) for u in batch]
    assert [(unit.layer, unit.unit) for unit in found] == [("a", 4), ("a", 2)]


def test_units_with_fewer_exemplars_are_described_from_those(
    model: Model, folder: MemoryFolder
) -> None:
    folder = without(without(folder, "a", 1, slice(2, None)), "a", 3, slice(None))
    found = {u.unit: u for batch in describe(folder, model, layers=["a"]) for u in batch}
    assert sorted(found) == [0, 1, 2, 4]
    assert (found[0].images, found[1].images) == (3, 2)
    ids = folder.arrays["a"].ids[1, :2]
    features = model.encoder().pool(folder.images[ids], folder.masks["a"][1, :2, None])
    assert found[1].description.text == model.describe_features(features[None])[0].text


def test_progress_counts_images_and_units_and_ends_at_the_total(
    model: Model, folder: MemoryFolder
) -> None:
    seen: list[tuple[int, int, str]] = []
    list(describe(folder, model, watch=Watch(lambda *call: seen.append(call))))
    assert [call[0] for call in seen] == sorted(call[0] for call in seen)
    assert seen[-1] == (7 + 8, 7 + 8, "done")
    assert {call[2] for call in seen} == {
        "encoding images",
        "describing a",
        "describing b",
        "done",
    }


def test_describing_stops_when_asked(model: Model, folder: MemoryFolder) -> None:
    with pytest.raises(Cancelled, match="0 of 7 images"):
        list(describe(folder, model, watch=Watch(cancelled=lambda: True)))
    answers = iter([False, False, True])
    batches = describe(folder, model, watch=Watch(cancelled=lambda: next(answers)))
    assert len(next(batches)) == 5
    with pytest.raises(Cancelled, match="before unit 0 of b"):
        next(batches)


@pytest.mark.parametrize(
    ("layers", "units", "message"),
    [
        (["c"], None, "layer of the exemplars, a, b, got 'c'"),
        (None, {"c": [0]}, "got 'c'"),
        (["a"], {"a": [5]}, "units 0 to 4 of a, got 5"),
    ],
)
def test_unknown_layers_and_units_are_refused(
    model: Model,
    folder: MemoryFolder,
    layers: list[str] | None,
    units: dict[str, list[int]] | None,
    message: str,
) -> None:
    with pytest.raises(BadInput, match=message):
        list(describe(folder, model, layers=layers, units=units))


def test_lessons_are_annotated_units_with_their_sentences(
    model: Model, folder: MemoryFolder
) -> None:
    annotations = {("b", 2): ["red", "sky"], ("a", 0): ["dog"], ("elsewhere", 0): ["x"]}
    lessons = gather([Annotated(folder, annotations)], model.encoder())
    assert lessons.references == [["dog"], ["red", "sky"]]
    assert lessons.features.shape == (2, 3, 10)
    assert lessons.left_out == 1


def test_units_with_fewer_exemplars_are_left_out_of_lessons(
    model: Model, folder: MemoryFolder
) -> None:
    folder = without(folder, "a", 0, slice(1, None))
    annotations = {("a", unit): ["dog"] for unit in range(3)}
    lessons = gather([Annotated(folder, annotations)], model.encoder())
    assert (len(lessons.references), lessons.left_out) == (2, 1)


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ({("a", 9): ["dog"]}, "units 0 to 4 of a, got one of unit 9"),
        ({("c", 0): ["dog"]}, "layers a, b, got annotations of c"),
    ],
)
def test_annotations_of_other_networks_are_refused(
    model: Model,
    folder: MemoryFolder,
    annotations: dict[tuple[str, int], list[str]],
    message: str,
) -> None:
    with pytest.raises(BadInput, match=message):
        gather([Annotated(folder, annotations)], model.encoder())


def test_tables_of_annotations_are_read_with_their_extra_columns(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_bytes(
        b'\xef\xbb\xbflayer,unit,summary,annotator\na,0,dog faces,x\na,0," red, sky ",y\na,1,,z\n'
    )
    assert read_annotations(table) == ({("a", 0): ["dog faces", "red, sky"]}, "")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        (b"", "columns layer, unit and summary"),
        (b"layer,unit\na,0\n", "got layer, unit"),
        (b"layer,unit,summary\na,one,dog\n", "a unit's number from 0 in line 2 .* got 'one'"),
        (b"layer,unit,summary\na\n", "a unit's number from 0 in line 2"),
        (b"layer,unit,summary\na,0,\n", "no row with a sentence"),
        (b"\xff\xfe\x00", "UTF-8 CSV"),
    ],
)
def test_unusable_tables_are_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    table = tmp_path / "table.csv"
    if content is not None:
        table.write_bytes(content)
    with pytest.raises(BadInput, match=message):
        read_annotations(table)
