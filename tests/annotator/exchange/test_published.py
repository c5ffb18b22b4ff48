"""The published folder, read back as the published loader is described to read it."""

import csv
import dataclasses
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from sqlite_utils import Database

from annotator.exchange import exports, imports, page, published, tables, write
from annotator.exchange.published import Layout
from annotator.exchange.write import Choice
from db.annotate import annotations, campaigns, slots, transfers
from db.annotate.annotations import Answer
from db.describe import exemplars
from db.errors import BadInput
from helpers.annotating import claim, start

SECRET = b"0" * 32
Samples = dict[tuple[str, int], tuple[int, tuple[str, ...]]]


def pictures(subject: str, layer: str, unit: int, hash_: str) -> tuple[np.ndarray, np.ndarray]:
    return np.full((15, 3, 8, 8), 100 + unit, np.uint8), np.ones((15, 1, 8, 8), bool)


def load(root: Path, *, count: int | None) -> Samples:
    """Layer and unit to the number in its pictures and its sentences; 0 are black pictures.

    By the description of evandez/neuron-descriptions' `AnnotatedTopImagesDataset`: every folder of
    the root is a layer; sentences stand in the root's annotations.csv; with a count, units come
    from the table, those with fewer are dropped, extra ones cut, and pictures are taken from the
    row of that number; without one, samples come from the arrays under the numbers of units.npy.
    """
    arrays = {}
    for folder in sorted(each for each in root.iterdir() if each.is_dir()):
        images, masks = np.load(folder / "images.npy"), np.load(folder / "masks.npy")
        units = np.load(folder / "units.npy")
        assert (images.ndim, masks.ndim, units.ndim) == (5, 5, 1)
        assert images.shape[:2] == masks.shape[:2]
        assert images.shape[3:] == masks.shape[3:]
        assert (images.dtype, masks.dtype) == (np.uint8, np.uint8)
        arrays[folder.name] = images, units
    sentences: dict[tuple[str, int], list[str]] = defaultdict(list)
    with (root / "annotations.csv").open() as file:
        for row in csv.DictReader(file):
            sentences[row["layer"], int(row["unit"])].append(row["summary"])
    if count is None:
        return {
            (layer, int(unit)): (int(shown.max()), tuple(sentences.get((layer, int(unit)), ())))
            for layer, (images, units) in arrays.items()
            for unit, shown in zip(units, images, strict=True)
        }
    return {
        (layer, unit): (int(arrays[layer][0][unit].max()), tuple(own[:count]))
        for (layer, unit), own in sentences.items()
        if len(own) >= count
    }


def described(db: Database, units: dict[int, int], *, of: int) -> int:
    """A campaign over `of` units in which some have so many sentences; returns its id."""
    people = ("ada", "bo", "cy")
    campaign_id = start(db, of, *people, annotators_per_unit=3).campaign_id
    for person, name in enumerate(people):
        for _ in range(of):
            taken = claim(db, campaign_id, name, "2026-03-01T09:00:00.000Z")
            unit = exemplars.unit(db, taken.unit_id).unit
            wanted = units.get(unit, 0) > person
            text = f"sentence {person} of {unit}"
            answer = Answer(text) if wanted else Answer("", kind="no_pattern")
            slots.submit(db, taken.token, name, answer)
    return campaign_id


def exported(db: Database, campaign_id: int, folder: Path, **choice: object) -> Path:
    asked = Choice(**choice)  # type: ignore[arg-type]
    records = write.chosen(db, campaign_id, asked, secret=SECRET)
    layout = write.layout(db, asked)
    write.write(folder, records, form="milannotations", title="x", pictures=pictures, layout=layout)
    return folder / "toy"


def test_a_full_layer_is_paired_unit_by_unit(db: Database, tmp_path: Path) -> None:
    campaign_id = described(db, dict.fromkeys(range(4), 3), of=4)
    root = exported(db, campaign_id, tmp_path / "out")
    expected = {
        ("conv1", unit): (100 + unit, tuple(f"sentence {n} of {unit}" for n in range(3)))
        for unit in range(4)
    }
    assert load(root, count=None) == load(root, count=3) == expected
    assert load(root, count=2) == {key: (n, own[:2]) for key, (n, own) in expected.items()}
    assert not (root / "empty.csv").exists()
    assert sorted(each.name for each in root.iterdir()) == ["annotations.csv", "conv1"]


def test_gaps_are_black_rows_and_no_unit_gets_anothers_pictures(
    db: Database, tmp_path: Path
) -> None:
    campaign_id = described(db, {1: 3, 4: 2, 5: 3}, of=7)
    root = exported(db, campaign_id, tmp_path / "out")
    three = load(root, count=3)
    assert {key: shown for key, (shown, _) in three.items()} == {
        ("conv1", 1): 101,
        ("conv1", 5): 105,
    }
    every = load(root, count=None)
    assert {unit: (shown, len(own)) for (_, unit), (shown, own) in every.items()} == {
        0: (0, 0),
        1: (101, 3),
        2: (0, 0),
        3: (0, 0),
        4: (104, 2),
        5: (105, 3),
        6: (0, 0),
    }
    with (root / "empty.csv").open() as file:
        assert [tuple(row) for row in csv.reader(file)][1:] == [
            ("conv1", str(n)) for n in (0, 2, 3, 6)
        ]


def test_what_will_be_missing_is_said_before(db: Database, tmp_path: Path) -> None:
    campaign_id = described(db, {0: 3, 1: 2, 2: 1}, of=3)
    (layer,) = write.foreseen(db, campaign_id, Choice(), secret=SECRET)
    assert (layer.units, layer.short, layer.empty) == (3, ((1, 2), (2, 1)), ())
    said = page.foreseen([layer], 3)
    assert "toy conv1: 2 units have fewer than 3 sentences" in said
    assert "1 (2), 2 (1)" in said
    (two,) = write.foreseen(db, campaign_id, Choice(sentences=1), secret=SECRET)
    assert two.complete
    assert "Every unit of every layer" in page.foreseen([two], 1)
    # who has not been described at all is among them
    units = [exemplars.unit(db, each) for each in campaigns.unit_ids(db, campaign_id)]
    (nothing,) = published.survey([], Layout({layer.hash: 5}), units)
    assert (nothing.short, nothing.empty) == (((0, 0), (1, 0), (2, 0)), (0, 1, 2, 3, 4))


def test_only_complete_layers_are_written_when_asked(db: Database, tmp_path: Path) -> None:
    campaign_id = described(db, {0: 3, 1: 2}, of=2)
    with pytest.raises(BadInput, match="every unit has 3 sentences, got none among 1"):
        exported(db, campaign_id, tmp_path / "none", complete=True)
    root = exported(db, campaign_id, tmp_path / "two", complete=True, sentences=2)
    assert Counter(len(own) for _, own in load(root, count=2).values()) == {2: 2}


def test_sentences_about_other_exemplars_are_never_mixed(filled: Database, tmp_path: Path) -> None:
    records = exports.counting(transfers.records(filled, 1, secret=SECRET))
    unit = records[0].unit
    own = [record for record in records if record.unit == unit]
    moved = [dataclasses.replace(record, exemplar_hash="other exemplars") for record in own[:1]]
    mixed = [*moved, *own[1:]]
    folders = published.write(tmp_path / "out", mixed, pictures)
    assert sorted(folder.name for folder in folders) == ["conv1-other ex", "conv1-toy-conv"]
    rows = tables.read(tmp_path / "out" / "toy" / "annotations.csv")
    assert Counter(row.layer for row in rows) == {
        "conv1-other ex": 1,
        "conv1-toy-conv": len(own) - 1,
    }
    with pytest.raises(BadInput, match="got several for conv1"):
        exports.milannotations_rows(mixed)


@pytest.mark.parametrize("name", ["../../away", "..", ".", "a/b"])
def test_a_name_that_is_no_folders_is_refused(filled: Database, tmp_path: Path, name: str) -> None:
    records = exports.counting(transfers.records(filled, 1, secret=SECRET))
    away = [dataclasses.replace(records[0], layer=name)]
    with pytest.raises(BadInput, match="names that are folders"):
        published.write(tmp_path / "out", away, pictures)
    assert not (tmp_path / "away").exists()


def test_two_sizes_of_pictures_are_two_layers_or_refused(filled: Database, tmp_path: Path) -> None:
    records = exports.counting(transfers.records(filled, 1, secret=SECRET))
    other = dataclasses.replace(records[0], exemplar_hash="f" * 40)

    def sized(subject: str, layer: str, unit: int, hash_: str) -> tuple[np.ndarray, np.ndarray]:
        size = 8 if hash_ == "toy-conv1" else 4
        return np.zeros((15, 3, size, size), np.uint8), np.ones((15, 1, size, size), bool)

    written = published.write(tmp_path / "a", [*records, other], sized)
    assert {path.name for path in written} == {"conv1-toy-conv", "conv1-ffffffff"}
    assert len(tables.read(tmp_path / "a" / "toy" / "annotations.csv")) == len(records) + 1

    def growing(subject: str, layer: str, unit: int, hash_: str) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros((15, 3, 4 + unit, 4), np.uint8), np.ones((15, 1, 4 + unit, 4), bool)

    with pytest.raises(BadInput, match="pictures of one size"):
        published.write(tmp_path / "b", records, growing)


def test_the_folder_comes_back_as_it_went(db: Database, tmp_path: Path) -> None:
    campaign_id = described(db, {0: 3, 2: 2}, of=3)
    root = exported(db, campaign_id, tmp_path / "out")
    back = imports.read(tmp_path / "out")
    assert {(each.subject, each.layer, each.unit, each.text) for each in back} == {
        (each.subject, each.layer, each.unit, each.text)
        for each in exports.counting(transfers.records(db, campaign_id, secret=SECRET))
    }
    assert imports.networks(tmp_path / "out") == {"toy": root.resolve()}


def test_the_rows_that_are_said_are_those_in_the_file(filled: Database, tmp_path: Path) -> None:
    records = transfers.records(filled, 1, secret=SECRET)
    counted = len(exports.counting(records))
    assert counted < len(records)
    for form, name, expected in (
        ("csv", "a.csv", len(records)),
        ("jsonl", "a.jsonl", len(records)),
        ("milannotations", "m.csv", counted),
        ("milannotations", "folder", counted),
        ("milannotations", "folder.zip", counted),
        ("mturk", "t.csv", len(imports.read(_mturk(records, tmp_path), subject="toy"))),
    ):
        rows = write.write(tmp_path / name, records, form=form, title="x", pictures=pictures)
        assert (form, rows) == (form, expected)
    assert annotations.of_campaign(filled, 1)


def _mturk(records: list[transfers.Record], folder: Path) -> Path:
    exports.write_mturk(folder / "other.csv", records)
    return folder / "other.csv"
