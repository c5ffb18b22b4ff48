"""The queue of a reviewer, the fields of a filter, meaning, detectors, and the log's CSV cells."""

import sqlite3

import numpy as np
import pytest
from sqlite_utils import Database

from audits.find import detectors, meaning, page, queue
from audits.find.query import Fields, fields_of, query_of
from audits.find.queue import step
from audits.find.verdicts import sign_off
from db.audit import blind_review, finding, meanings, signoffs, words
from db.audit.words import PRESETS, Query, Word
from db.describe.descriptions import NewDescription
from db.describe.descriptions import add as describe
from db.errors import BadInput
from db.workspace import prepare
from describer.similarity import vectors
from describer.similarity.vectors import Encoder
from helpers.annotating import add_units

QUERY = query_of(Fields("signs", "face"), PRESETS)


@pytest.fixture
def db() -> Database:
    """Forty units that are described as faces, in words that would run as a page's code."""
    db = prepare(sqlite3.connect(":memory:"))
    text = "face <script>alert(1)</script>"
    new = [
        NewDescription(unit_id, "milan", "m", text, -1.0, [("a face", -1.0, -5.0)])
        for unit_id in add_units(db, 40)
    ]
    describe(db, new)
    words.add(db, "test", {text: [Word(0, 4, "face", "face", "NOUN")]})
    return db


def judge(db: Database, person: str, verdict: signoffs.Verdict) -> None:
    match = step(db, QUERY, person=person).match
    assert match is not None
    sign_off(db, match, QUERY, person=person, verdict=verdict, note="<b>why</b>")


def test_the_queue_goes_on_after_a_verdict_and_freezes_what_was_seen(db: Database) -> None:
    first = step(db, QUERY, person="ada")
    judge(db, "ada", "confirmed")
    second = step(db, QUERY, person="ada")
    assert first.match is not None
    assert second.match is not None
    assert second.match.unit_id == first.match.unit_id + 1
    assert "1 of 39 to judge" in page.look(second)
    (given,) = signoffs.current(db)
    assert given.seen["exemplars"] == "toy-conv1"
    assert given.seen["description"].startswith("face <script>")
    assert given.seen["filter"]["any"] == list(QUERY.any)


def test_places_and_pages_beyond_the_ends_are_the_ends(db: Database) -> None:
    assert step(db, QUERY, person="ada", place=-3).place == 0
    assert step(db, QUERY, person="ada", place=99).place == 39
    last = step(db, QUERY, person="ada", offset=queue.PAGE * 9)
    assert last.offset == queue.PAGE
    assert "26 to 40 of 40" in page.listing(last)


def test_text_is_text_wherever_it_is_shown(db: Database) -> None:
    blind_review.require(db, 2, person="admin")
    judge(db, "ada", "confirmed")
    judge(db, "bob", "rejected")
    shown = step(db, QUERY, person="eve")
    look = page.look(shown)
    assert "you decide" in look
    assert "&lt;b&gt;why&lt;/b&gt;" in look
    assert "<mark>face</mark> &lt;script&gt;" in look
    assert "<script>" not in look + page.listing(shown) + page.found(shown)


def test_nothing_found_says_what_to_do(db: Database) -> None:
    assert "Which units" in page.look(step(db, None, person="ada"))
    nothing = step(db, Query(any=("clock",), concept="clock"), person="ada")
    assert "Try another word" in page.look(nothing)
    assert not nothing.any_match


@pytest.mark.parametrize(
    "fields",
    [
        Fields("sign +big +red|blue -clock", "face", source="both", layer="conv1"),
        Fields("nose", verdict="none", reviewer="ada", lemmas=False),
        Fields(meaning="people looking", nearness=0.7),
    ],
)
def test_a_saved_filter_fills_the_fields_it_came_from(fields: Fields) -> None:
    assert fields_of(query_of(fields, PRESETS), PRESETS) == fields


def test_a_filter_without_anything_to_look_for_is_refused() -> None:
    with pytest.raises(BadInput, match="Type at least one word"):
        query_of(Fields(), PRESETS)
    with pytest.raises(BadInput, match="a word on each side"):
        query_of(Fields("|", "face"), PRESETS)
    with pytest.raises(BadInput, match="expected a preset among face, text, got 'noses'"):
        query_of(Fields(preset="noses"), PRESETS)


def test_a_missing_model_is_named_with_the_command_that_brings_it(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "_PARTS", ("no_such_module",))
    with pytest.raises(BadInput, match=r"pip install .milan-workbench\[offline\]"):
        meaning.embed_missing(db, ["pets"])


def test_each_sentence_is_read_once(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def embed(texts: list[str]) -> np.ndarray:
        read.extend(texts)
        return np.ones((len(texts), 1), np.float32)

    monkeypatch.setattr(vectors, "find", lambda: Encoder("ones", "0", embed))
    assert meaning.embed_missing(db, ["people"]) == 2
    assert meaning.embed_missing(db, ["people"]) == 0
    assert len(read) == 2
    assert meanings.near(db, "people", 0.9)
    assert finding.find(db, Query(meaning="people")).units == 40


def test_a_box_counts_where_it_lies_in_the_region() -> None:
    masks = np.zeros((3, 1, 8, 8), bool)
    masks[:2, :, :4, :4] = True
    inside, outside = (1, 1, 2, 2), (5, 5, 2, 2)
    seen = detectors.count("faces", [[outside, inside], [outside], [inside]], masks)
    assert (seen.found, seen.regions) == (1, 2)


def test_detectors_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detectors.importlib.util, "find_spec", lambda name: None)
    assert [line.split(":")[0] for line in detectors.absent()] == ["faces", "text"]
    assert detectors.look(np.zeros((1, 3, 8, 8), np.uint8), np.ones((1, 1, 8, 8), bool)) == []
