"""Simulated annotators fill a closed campaign of their own, and take nothing from people."""

import dataclasses
import sqlite3

import pytest

from db.access import users
from db.annotate import annotations, campaigns, progress, simulated, slots
from db.annotate.campaigns import Settings
from db.annotate.simulated import Sentence
from db.errors import BadInput
from db.workspace import prepare
from helpers.annotating import add_people, add_units

SETTINGS = Settings("Describe.")
WRITERS = ("sim-a", "sim-b", "sim-c")


def sentences(unit_ids: list[int]) -> list[Sentence]:
    return [
        Sentence(f"t {unit_id} {writer}", unit_id, "toy-conv1", writer, f"{writer} saw {unit_id}")
        for unit_id in unit_ids
        for writer in WRITERS
    ]


def test_the_campaign_is_closed_and_full_and_its_annotators_are_simulated() -> None:
    db = prepare(sqlite3.connect(":memory:"))
    ids = add_units(db, 4)
    made = simulated.enter(db, "machines", sentences(ids[:3]), settings=SETTINGS, person="ada")
    assert made.state == "closed"
    assert made.settings.annotators_per_unit == 3
    found = progress.of(db, made.campaign_id)
    assert (found.units, found.complete, found.filled, found.free) == (3, 3, 9, 0)
    assert progress.uneven(db, made.campaign_id) == []
    said = annotations.accepted(db, ids[1])
    assert [each.text for each in said] == [f"{who} saw {ids[1]}" for who in WRITERS]
    assert all(each.simulated for each in said)
    assert {users.get(db, writer).kind for writer in WRITERS} == {"simulated"}


def test_people_keep_every_slot_of_a_unit_that_was_simulated() -> None:
    db = prepare(sqlite3.connect(":memory:"))
    ids = add_units(db, 2)
    simulated.enter(db, "machines", sentences(ids), settings=SETTINGS, person="ada")
    for_people = campaigns.add(db, "people", ids, settings=SETTINGS, person="ada")
    add_people(db, "bo")
    assert progress.of(db, for_people.campaign_id).free == 6
    assert isinstance(slots.claim(db, for_people.campaign_id, "bo"), slots.Claim)


def test_nothing_is_looked_up_sentence_by_sentence() -> None:
    db = prepare(sqlite3.connect(":memory:"))
    incoming = sentences(add_units(db, 200))
    statements: list[str] = []
    db.conn.set_trace_callback(lambda text: statements.append(text.split()[0].lower()))
    simulated.enter(db, "machines", incoming, settings=SETTINGS, person="ada")
    db.conn.set_trace_callback(None)
    assert statements.count("select") < 20


def test_what_does_not_fit_is_refused() -> None:
    db = prepare(sqlite3.connect(":memory:"))
    ids = add_units(db, 1)
    with pytest.raises(BadInput, match="got none"):
        simulated.enter(db, "machines", [], settings=SETTINGS, person="ada")
    add_people(db, "bo")
    written = [dataclasses.replace(sentences(ids)[0], annotator="bo")]
    with pytest.raises(BadInput, match="name of no person, got 'bo'"):
        simulated.enter(db, "machines", written, settings=SETTINGS, person="ada")
