"""Several reviewers: blind until all have answered, conflicts to a third, nothing edited."""

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from db import log
from db.audit import blind_review, finding, signoffs, words
from db.audit.words import Query, Word
from db.describe import exemplars, subjects
from db.describe.descriptions import NewDescription
from db.describe.descriptions import add as describe
from db.errors import BadInput
from db.workspace import prepare

FACES = Query(any=("face",), concept="face")


@pytest.fixture
def db() -> Database:
    """Three units that are described as faces."""
    db = prepare(sqlite3.connect(":memory:"))
    layers = [subjects.LayerRow("late", "map", 3)]
    subject = subjects.add(db, "net", source=Path("net.toml"), weights_hash="w", layers=layers)
    entered = exemplars.add(
        db,
        hash="h",
        subject_id=subject.subject_id,
        probing_set_id=None,
        layer="late",
        units=3,
        k=15,
        folder="f",
        provenance={},
    )
    units = exemplars.units_of(db, entered.exemplar_set_id)
    describe(db, [NewDescription(unit.unit_id, "milan", "m", "face", None) for unit in units])
    words.add(db, "test", {"face": [Word(0, 4, "face", "face", "NOUN")]})
    return db


def say(db: Database, unit_id: int, person: str, verdict: signoffs.Verdict) -> int:
    return signoffs.add(
        db,
        unit_id,
        person=person,
        verdict=verdict,
        concept="face",
        seen={"exemplars": "h", "reviewers": blind_review.needed(db)},
    )


def waiting(db: Database, person: str) -> list[int]:
    return finding.unit_ids(db, FACES, viewer=person, waiting_for=person)


def visible(db: Database, unit_id: int, viewer: str) -> list[str]:
    return [e.person for e in blind_review.open_verdicts(db, unit_id, "face", viewer=viewer)]


def test_one_reviewer_is_enough_unless_more_are_asked_for(db: Database) -> None:
    assert blind_review.needed(db) == 1
    say(db, 1, "ada", "confirmed")
    assert blind_review.confirmed(db, "face") == [1]
    assert waiting(db, "bob") == [2, 3]
    with pytest.raises(BadInput, match="expected 1 to 5 reviewers a unit, got 0"):
        blind_review.require(db, 0, person="admin")


def test_verdicts_are_blind_until_both_have_answered(db: Database) -> None:
    blind_review.require(db, 2, person="admin")
    say(db, 1, "ada", "confirmed")
    assert visible(db, 1, "ada") == ["ada"]
    assert visible(db, 1, "bob") == []
    # No filter, no list and no log gives it away.
    for query in (
        Query(any=("face",), concept="face", verdict="confirmed"),
        Query(any=("face",), concept="face", reviewer="ada"),
    ):
        assert finding.unit_ids(db, query, viewer="bob") == []
        assert finding.unit_ids(db, query, viewer="ada") == [1]
    assert blind_review.known_states(db, "face", viewer="bob") == {}
    assert log.audit(db, viewer="bob", person="ada")[0][0].action == "gave a verdict"
    assert "signoff_id" not in log.audit(db, viewer="bob", person="ada")[0][0].detail
    assert log.audit(db, viewer="ada", person="ada")[0][0].action == "confirmed"
    assert blind_review.confirmed(db, "face") == []
    assert 1 in waiting(db, "bob")
    assert 1 not in waiting(db, "ada")

    say(db, 1, "bob", "confirmed")
    assert visible(db, 1, "eve") == ["ada", "bob"]
    assert log.audit(db, viewer="bob", person="ada")[0][0].action == "confirmed"
    assert blind_review.decision(db, 1, "face") == blind_review.Decision("confirmed", 2)
    assert blind_review.confirmed(db, "face") == [1]
    assert waiting(db, "eve") == [2, 3]


def test_a_conflict_goes_to_a_third_who_decides(db: Database) -> None:
    blind_review.require(db, 2, person="admin")
    say(db, 1, "ada", "confirmed")
    say(db, 1, "bob", "unsure")
    assert blind_review.decision(db, 1, "face").state == "conflict"
    assert blind_review.confirmed(db, "face") == []
    assert (1 in waiting(db, "ada"), 1 in waiting(db, "eve")) == (False, True)
    assert finding.unit_ids(db, Query(any=("face",), concept="face", verdict="conflict")) == [1]
    say(db, 1, "eve", "confirmed")
    assert blind_review.confirmed(db, "face") == [1]
    with pytest.raises(BadInput, match="decided already: confirmed"):
        say(db, 1, "dan", "rejected")
    # Agreement is that of the two who did not know each other's answer.
    (blind,) = blind_review.blind_verdicts(db, "face").values()
    assert [each.person for each in blind] == ["ada", "bob"]


def test_agreement_leaves_out_verdicts_that_were_not_blind(db: Database) -> None:
    say(db, 1, "ada", "confirmed")
    assert visible(db, 1, "bob") == ["ada"], "one was enough, so bob knows"
    say(db, 1, "bob", "confirmed")
    say(db, 2, "ada", "confirmed")
    blind_review.require(db, 2, person="admin")
    say(db, 2, "bob", "rejected")
    say(db, 3, "bob", "confirmed")
    say(db, 3, "ada", "confirmed")
    found = blind_review.blind_verdicts(db, "face")
    assert {unit: [each.person for each in given] for unit, given in found.items()} == {
        2: ["ada", "bob"],
        3: ["bob", "ada"],
    }


def test_who_has_seen_the_others_verdict_cannot_change_the_own(db: Database) -> None:
    blind_review.require(db, 2, person="admin")
    mine = say(db, 1, "ada", "rejected")
    signoffs.undo(db, mine, person="ada")
    mine = say(db, 1, "ada", "confirmed")
    say(db, 1, "bob", "rejected")
    with pytest.raises(BadInput, match="yours stands"):
        signoffs.undo(db, mine, person="ada")
    with pytest.raises(BadInput, match="yours stands"):
        say(db, 1, "ada", "rejected")


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("update signoffs set verdict = 'rejected'", "superseded, never edited"),
        ("update signoffs set seen_json = '{}'", "superseded, never edited"),
        ("delete from signoffs", "superseded, never deleted"),
        ("update audit_settings set reviewers = 1", "never edited"),
        ("delete from audit_settings", "never deleted"),
        ("update log set person = 'bob'", "append-only"),
    ],
)
def test_the_database_refuses_to_forget(db: Database, statement: str, sentence: str) -> None:
    blind_review.require(db, 2, person="admin")
    say(db, 1, "ada", "confirmed")
    with pytest.raises(sqlite3.IntegrityError, match=sentence):
        db.execute(statement)
    assert [each.verdict for each in signoffs.current(db)] == ["confirmed"]


def test_the_log_is_asked_by_person_and_day(db: Database) -> None:
    say(db, 1, "ada", "confirmed")
    say(db, 2, "bob", "rejected")
    events, total = log.audit(db, viewer="ada", limit=1)
    assert ([each.person for each in events], total) == (["bob"], 2)
    today = events[0].at_utc[:10]
    assert log.audit(db, viewer="ada", person="ada", since=today, until=today)[1] == 1
    assert log.audit(db, viewer="ada", until="2001-01-01") == ([], 0)
    assert log.audit(db, viewer="ada", since="2999-01-01") == ([], 0)
