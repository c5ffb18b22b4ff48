"""The table that a search is written to is one that the workbench reads again."""

import csv
from pathlib import Path

import pytest

from db.describe import descriptions
from db.describe.descriptions import NewDescription
from db.workspace import create, open_database
from describer.describe import export
from describer.methods import tables
from helpers.annotating import add_units


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    workspace = create(tmp_path / "w")
    with open_database(workspace) as db:
        one, two, three = add_units(db, 3)
        (other,) = add_units(db, 1, subject="other")
        beam = [('=dogs, and\n"cats"', -1.0, -4.0), ("cats", -2.0, -3.0)]
        descriptions.add(
            db,
            [
                NewDescription(one, "milan", "m", beam[0][0], -0.2, beam),
                NewDescription(two, "CLIP-Dissect", "t", "red wheels", 0.5),
                NewDescription(three, "milan", "m", "red", None),
                NewDescription(other, "milan", "m", "text", -1.0),
            ],
        )
    return tmp_path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_of_one_method_is_read_again_exactly(folder: Path) -> None:
    with open_database(create(folder / "w")) as db:
        made = export.write(db, folder, subject="toy", method="milan")
        again = export.write(db, folder, subject="toy", method="milan")
    assert made == again, "the same descriptions make the same file"
    assert made.rows == 2
    table = tables.read(folder / made.file)
    assert [(each.layer, each.unit, each.text, each.score, each.logs) for each in table.rows] == [
        ("conv1", 0, '=dogs, and "cats"', -0.2, (-1.0, -4.0)),
        ("conv1", 2, "red", None, None),
    ]


def test_of_a_unit_that_was_described_again_the_newest_is_written(folder: Path) -> None:
    with open_database(create(folder / "w")) as db:
        unit_id = descriptions.page(db, subject="toy", method="milan").rows[0].unit_id
        descriptions.add(db, [NewDescription(unit_id, "milan", "m+beam 5", "newer", -0.1)])
        made = export.write(db, folder, subject="toy", method="milan")
    assert [row["description"] for row in rows(folder / made.file)] == ["newer", "red"]
    assert made.rows == 2


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, ["other", "toy", "toy", "toy"]),
        ({"search": "RED"}, ["toy", "toy"]),
        ({"method": "CLIP-Dissect"}, ["toy"]),
        ({"subject": "other"}, ["other"]),
        ({"layer": "none"}, []),
    ],
)
def test_it_holds_what_the_search_finds(
    folder: Path, wanted: dict[str, str], expected: list[str]
) -> None:
    with open_database(create(folder / "w")) as db:
        made = export.write(db, folder, **wanted)
    assert [row["subject"] for row in rows(folder / made.file)] == expected
    assert made.rows == len(expected)


def test_no_cell_is_a_formula(folder: Path) -> None:
    with open_database(create(folder / "w")) as db:
        made = export.write(db, folder)
    assert "'=dogs" in (folder / made.file).read_text()
