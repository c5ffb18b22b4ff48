"""Where people disagree: who is asked about what, and decisions that stand beside the answers."""

from collections.abc import Iterator

import pytest
from sqlite_utils import Database

from annotator.adjudication import desk
from db.annotate import annotations, campaigns, progress, slots
from db.annotate.annotations import Answer
from db.crowd import adjudications
from db.errors import BadInput
from helpers.annotating import add_people, at, claim, fresh, start

TEXTS = {
    0: ("striped fur", "fur with stripes, striped", "striped fur of cats"),
    1: ("red wheels", "tall church towers", "open books"),
    2: ("dog eyes", "eyes of a dog", "green lawns"),
    3: ("round tables", "round wooden tables", "tables, round"),
}


@pytest.fixture
def db() -> Iterator[Database]:
    database = fresh()
    start(database, 4, "a", "b", "c")
    ids = campaigns.unit_ids(database, 1)
    for number, who in enumerate("abc"):
        for minute in range(4):
            found = claim(database, 1, who, at(minutes=minute))
            text = TEXTS[ids.index(found.unit_id)][number]
            slots.submit(database, found.token, who, Answer(text), at=at(minutes=minute))
    yield database
    database.close()


def test_units_that_disagree_come_first_beside_the_level_of_chance(db: Database) -> None:
    ids = campaigns.unit_ids(db, 1)
    found = desk.queue(db, 1, threshold=0.7)
    assert [each.unit_id for each in found.cases] == [ids[1], ids[2]]
    assert (found.units, found.decided) == (4, 0)
    assert found.chance is not None
    assert found.chance < 0.6
    assert [each.unit_id for each in desk.queue(db, 1, threshold=0.7, skip=[ids[1]]).cases] == [
        ids[2]
    ]
    assert desk.queue(db, 1, threshold=0.0).cases == ()


def test_decisions_are_rows_beside_the_answers(db: Database) -> None:
    ids = campaigns.unit_ids(db, 1)
    before = annotations.of_campaign(db, 1)
    chosen = desk.queue(db, 1, threshold=0.7).cases[1].answers[0]
    adjudications.keep(db, 1, chosen.annotation_id, person="rae")
    adjudications.merge(db, 1, ids[1], "  many  things ", person="rae")
    assert annotations.of_campaign(db, 1) == before
    found = desk.queue(db, 1, threshold=0.7)
    assert (found.cases, found.decided) == ((), 2)
    rows = {row[2]: row[3:5] for row in desk.decided(db, 1)}
    assert rows == {1: ("merge", "many things"), 2: ("keep", chosen.text)}
    with pytest.raises(Exception, match="never edited"):
        db.execute("update adjudications set text = 'x'")
    with pytest.raises(BadInput, match="Write"):
        adjudications.merge(db, 1, ids[1], " ", person="rae")
    with pytest.raises(BadInput, match="Choose"):
        adjudications.keep(db, 1, 0, person="rae")


def test_one_person_more_is_asked_and_then_it_is_decided_again(db: Database) -> None:
    ids = campaigns.unit_ids(db, 1)
    adjudications.ask(db, 1, ids[1], person="rae")
    with pytest.raises(BadInput, match="still to describe"):
        adjudications.ask(db, 1, ids[1], person="rae")
    assert desk.queue(db, 1, threshold=0.7).cases[0].unit_id == ids[2]
    now = progress.of(db, 1)
    assert (now.slots, now.filled) == (13, 12)
    add_people(db, "d")
    found = claim(db, 1, "d", at(minutes=60 * 24 * 365 * 30))
    assert found.unit_id == ids[1]
    slots.submit(db, found.token, "d", Answer("old stones"), at=at(minutes=60 * 24 * 365 * 30 + 1))
    again = desk.queue(db, 1, threshold=0.7).cases[0]
    assert (again.unit_id, len(again.answers)) == (ids[1], 4)
