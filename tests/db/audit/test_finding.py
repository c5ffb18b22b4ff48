"""Finding asks few questions of thousands of units, of machines' and people's sentences."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from sqlite_utils import Database

from db.annotate import annotations, slots
from db.annotate.annotations import Answer
from db.audit import finding, meanings, presets, words
from db.audit.words import Query, Word
from db.describe import exemplars, subjects
from db.describe.descriptions import NewDescription
from db.describe.descriptions import add as describe
from db.errors import BadInput
from db.workspace import prepare
from helpers.annotating import start

ANIMALS = ("cat", "dog", "bird", "fish", "horse")


def read(db: Database) -> None:
    """Every word is its own lemma."""
    found = {}
    for text in words.missing(db):
        starts = [text.index(word) for word in text.split()]
        found[text] = [
            Word(start, start + len(word), word, word, "NOUN")
            for start, word in zip(starts, text.split(), strict=True)
        ]
    words.add(db, "test", found)


def network(units: int) -> Database:
    """A network of that many units, each described in words of its own and one animal."""
    db = prepare(sqlite3.connect(":memory:"))
    layers = [subjects.LayerRow("late", "map", units)]
    subject = subjects.add(db, "net", source=Path("net.toml"), weights_hash="w", layers=layers)
    entered = exemplars.add(
        db,
        hash="h",
        subject_id=subject.subject_id,
        probing_set_id=None,
        layer="late",
        units=units,
        k=15,
        folder="f",
        provenance={},
    )
    new = [
        NewDescription(unit.unit_id, "milan", "m", f"u{unit.unit} {ANIMALS[unit.unit % 5]}", -1.0)
        for unit in exemplars.units_of(db, entered.exemplar_set_id)
    ]
    describe(db, new)
    read(db)
    return db


def cost(db: Database, query: Query) -> tuple[int, int]:
    """How many statements and how many thousand steps of SQLite one page costs."""
    statements: list[str] = []
    steps = [0]

    def tick() -> int:
        steps[0] += 1
        return 0

    db.conn.set_trace_callback(statements.append)
    db.conn.set_progress_handler(tick, 1_000)
    page = finding.find(db, query, limit=25, offset=50, viewer="ada", waiting_for="ada")
    db.conn.set_trace_callback(None)
    db.conn.set_progress_handler(None, 1_000)
    assert len(page.matches) == 25
    asked = [each for each in statements if each.lstrip().startswith("select")]
    return len(asked), steps[0]


def test_ten_thousand_units_cost_as_many_questions_and_no_more_than_their_share_of_work() -> None:
    query = Query(any=("dog", "cat"), all=("dog|cat",), none=("fish",), concept="pets")
    few, many = cost(network(1_000), query), cost(network(10_000), query)
    assert many[0] == few[0] <= 8
    assert many[1] < 15 * few[1]


def test_alternatives_inside_a_must() -> None:
    db = network(10)
    assert finding.find(db, words.parse("+dog|cat +u0|u1|u2")).units == 2
    assert finding.find(db, words.parse("+dog|cat +u2")).units == 0


def test_sentences_of_people_are_found_when_they_are_asked_for() -> None:
    db = prepare(sqlite3.connect(":memory:"))
    campaign = start(db, 2, "ada", "bob")
    for person, text in (("ada", "striped fur"), ("bob", "wool")):
        claim = slots.claim(db, campaign.campaign_id, person)
        assert isinstance(claim, slots.Claim)
        slots.submit(db, claim.token, person, Answer(text))
    read(db)
    query = words.parse("fur wool")
    assert finding.find(db, query).units == 0
    for source in ("annotations", "both"):
        found = finding.find(db, Query(any=("fur", "wool"), source=source))
        assert {match.method for match in found.matches} == {"people"}
        assert {match.text for match in found.matches} <= {"striped fur", "wool"}
        assert found.matches[0].spans
    # What was withdrawn is neither found nor kept among the words.
    annotations.withdraw(db, "ada", person="admin")
    assert finding.find(db, Query(any=("fur",), source="both")).units == 0
    assert db.execute("select count(*) from words where word = 'fur'").fetchone() == (0,)


def test_meanings_are_compared_by_their_vectors() -> None:
    db = network(5)
    vectors = {"u0 cat": [1.0, 0.0], "u1 dog": [0.8, 0.6], "u2 bird": [0.0, 1.0]}
    vectors["pets"] = [1.0, 0.0]
    assert set(meanings.missing(db, "m", ["pets"])) > set(vectors)
    meanings.add(db, "m", {text: np.array(each, np.float32) for text, each in vectors.items()})
    assert meanings.near(db, "pets", 0.5) == ["u0 cat", "u1 dog"]
    assert meanings.missing(db, "m") == ["u3 fish", "u4 horse"]
    assert finding.unit_ids(db, Query(meaning="pets", nearness=0.5)) == [1, 2]
    assert finding.unit_ids(db, Query(meaning="pets", nearness=0.5, none=("dog",))) == [1]
    with pytest.raises(BadInput, match="No model has read 'tools' yet"):
        finding.find(db, Query(meaning="tools"))


def test_own_presets_stand_beside_the_papers() -> None:
    db = prepare(sqlite3.connect(":memory:"))
    presets.save(db, " Wheels ", "wheel, tyre", person="ada")
    presets.save(db, "wheels", "wheel spoke", person="bob")
    assert list(presets.every(db)) == ["face", "text", "wheels"]
    assert presets.every(db)["wheels"] == ("wheel", "spoke")
    for name, text, sentence in (
        ("face", "nose", "other than face, text"),
        ("", "nose", "expected a name"),
        ("nose", "+nose", "without \\+ and -"),
        ("nose", "", "Type at least one word"),
    ):
        with pytest.raises(BadInput, match=sentence):
            presets.save(db, name, text, person="ada")


def test_matches_stand_beside_the_size_of_the_whole_layer() -> None:
    db = network(10)
    unread = exemplars.add(
        db,
        hash="other",
        subject_id=1,
        probing_set_id=None,
        layer="early",
        units=4,
        k=15,
        folder="g",
        provenance={},
    )
    (one, *_) = exemplars.units_of(db, unread.exemplar_set_id)
    describe(db, [NewDescription(one.unit_id, "milan", "m", "dog", None)])
    read(db)
    found = finding.find(db, Query(any=("dog",), concept="dog"))
    assert found.layers == {"late": (2, 10), "early": (1, 4)}
    assert (found.units, found.searched) == (3, 11)
    nobody = finding.find(db, Query(any=("dog",), concept="dog", verdict="confirmed"))
    assert nobody.layers == {"late": (0, 10), "early": (0, 4)}
    narrow = finding.find(db, Query(any=("dog",), layer="early", concept="dog"))
    assert narrow.layers == {"early": (1, 4)}
