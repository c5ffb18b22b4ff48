"""Descriptions beside each other."""

import sqlite3

from db.describe import descriptions
from db.describe.descriptions import NewDescription
from db.workspace import prepare
from helpers.annotating import add_units


def test_units_in_the_same_words_are_alike_within_a_network_and_method() -> None:
    db = prepare(sqlite3.connect(":memory:"))
    ids = add_units(db, 5)
    (other,) = add_units(db, 1, subject="other")
    said = [(ids[0], "milan"), (ids[1], "milan"), (ids[2], "netdissect"), (other, "milan")]
    descriptions.add(db, [NewDescription(id_, how, "m", "dogs", 0.0) for id_, how in said])
    descriptions.add(db, [NewDescription(ids[3], "milan", "m", "cats", 0.0)])
    assert [each.unit_id for each in descriptions.alike(db, ids[0])] == [ids[1]]
    assert descriptions.alike(db, ids[0], limit=0) == []
    assert descriptions.alike(db, ids[4]) == []
