"""The list of units: one row a unit, sorted by any column, narrowed by any facet."""

import sqlite3

import pytest
from sqlite_utils import Database

from db.describe import descriptions, listing, trusted
from db.describe.descriptions import NewDescription
from db.describe.listing import Wanted
from db.workspace import prepare
from helpers.annotating import add_units


@pytest.fixture
def db() -> Database:
    return prepare(sqlite3.connect(":memory:"))


@pytest.fixture
def described(db: Database) -> list[int]:
    units = add_units(db, 4)
    said = [
        ("milan", "red dogs", -2.0),
        ("netdissect", "dog", 0.3),
        ("milan", "blue sky", -1.0),
        ("vlm", "a wide sky", None),
        ("netdissect", "sky", 0.1),
    ]
    places = (0, 0, 1, 2, 3)
    new = [
        NewDescription(units[place], method, "m", text, score)
        for place, (method, text, score) in zip(places, said, strict=True)
    ]
    silent = NewDescription(units[2], "netdissect", "m", "", None, detail={"reason": "none"})
    descriptions.add(db, [*new, silent])
    return units


def texts(db: Database, **wanted: object) -> list[str]:
    return [row.text for row in listing.page(db, Wanted(**wanted), limit=10).rows]  # type: ignore[arg-type]


def test_a_unit_has_one_row_led_by_milan(db: Database, described: list[int]) -> None:
    found = listing.page(db, Wanted(), limit=10)
    assert found.total == 4
    assert [row.text for row in found.rows] == ["red dogs", "blue sky", "a wide sky", "sky"]
    assert [row.methods for row in found.rows] == [2, 1, 1, 1], "silence is no sentence"
    assert listing.others(db, described[:1]) == {
        described[0]: [("milan", "red dogs"), ("netdissect", "dog")]
    }


def test_facets_and_search_choose_the_sentence_that_leads(
    db: Database, described: list[int]
) -> None:
    assert texts(db, method="netdissect") == ["dog", "sky"]
    assert texts(db, search="SKY") == ["blue sky", "a wide sky", "sky"]
    assert texts(db, search="sky", method="vlm") == ["a wide sky"]
    assert texts(db, subject="elsewhere") == []


@pytest.mark.parametrize("falling", [False, True])
def test_every_column_sorts_both_ways_and_no_score_comes_last(
    db: Database, described: list[int], falling: bool
) -> None:
    for sort in listing.SORTS:
        found = texts(db, sort=sort, falling=falling)
        assert len(found) == 4
        if sort == "score":
            assert found[-1] == "a wide sky"
    assert texts(db, sort="sentence", falling=falling) == sorted(
        ["red dogs", "blue sky", "a wide sky", "sky"], reverse=falling
    )
    rising = ["red dogs", "blue sky", "sky"]
    assert texts(db, sort="score", falling=falling)[:3] == (rising[::-1] if falling else rising)


def test_the_trusted_sentence_leads_where_it_is_asked_for(
    db: Database, described: list[int]
) -> None:
    said = {row.text: row.description_id for row in listing.page(db, Wanted(), limit=9).rows}
    (dog,) = [each for each in descriptions.of_unit(db, described[0]) if each.text == "dog"]
    for unit, description_id, value in (
        (described[0], dog.description_id, 0.2),
        (described[1], said["blue sky"], 0.4),
        (described[2], None, 0.9),
    ):
        reason = "" if description_id else "none holds better than chance"
        scores = [0.5, value, 0.1, 0.9, 0.1, 0.1]
        row = trusted.NewTrusted(
            unit, description_id, None, "judge", "rule", "val", "AUPRC", 0, *scores, reason
        )
        trusted.add(db, [row])
    assert texts(db, method="trusted") == ["dog", "blue sky"]
    assert texts(db, sort="trusted", falling=True)[:2] == ["blue sky", "red dogs"]
    assert texts(db, sort="trusted")[:2] == ["red dogs", "blue sky"]
