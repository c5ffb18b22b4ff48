"""Words: whole words and their forms are found and marked, and nothing that looks like them."""

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from db.audit import finding, signoffs, words
from db.audit.words import Word
from db.describe import descriptions, exemplars, subjects
from db.errors import BadInput
from db.workspace import prepare

LEMMAS = {"faces": "face", "eyes": "eye", "letters": "letter"}
SENTENCES = [
    "Dog faces",
    "human eyes and clocks",
    "textures",
    "text on signs",
    "swords",
    "Letters",
]


def analyse(text: str) -> list[Word]:
    found, start = [], 0
    for word in text.lower().split():
        start = text.lower().index(word, start)
        found.append(Word(start, start + len(word), word, LEMMAS.get(word, word), "NOUN"))
        start += len(word)
    return found


@pytest.fixture
def db() -> Database:
    """One network, two layers of three units, each with one sentence."""
    db = prepare(sqlite3.connect(":memory:"))
    layers = [subjects.LayerRow(name, "map", 3) for name in ("early", "late")]
    subject = subjects.add(db, "net", source=Path("net.toml"), weights_hash="w", layers=layers)
    texts = iter(SENTENCES)
    for layer in layers:
        entered = exemplars.add(
            db,
            hash=layer.name,
            subject_id=subject.subject_id,
            probing_set_id=None,
            layer=layer.name,
            units=3,
            k=15,
            folder="f",
            provenance={},
        )
        descriptions.add(
            db,
            [
                descriptions.NewDescription(unit.unit_id, "milan", "m", next(texts), -1.0)
                for unit in exemplars.units_of(db, entered.exemplar_set_id)
            ],
        )
    words.add(db, "test", {text: analyse(text) for text in words.missing(db)})
    return db


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("face", ["Dog faces"]),
        ("faces", ["Dog faces"]),
        ("text", ["text on signs"]),
        ("word", []),
        ("face eye", ["Dog faces", "human eyes and clocks"]),
        ("face eye -clocks", ["Dog faces"]),
        ("+text +signs", ["text on signs"]),
        ("+text +faces", []),
        ("LETTERS", ["Letters"]),
    ],
)
def test_a_query_finds_whole_words_and_their_forms(
    db: Database, typed: str, expected: list[str]
) -> None:
    found = finding.find(db, words.parse(typed))
    assert [match.text for match in found.matches] == expected
    assert found.units == len(expected)
    assert found.searched == len(SENTENCES)


def test_matched_words_are_marked_where_they_stand(db: Database) -> None:
    (match,) = finding.find(db, words.parse("face")).matches
    assert [match.text[start:stop] for start, stop in match.spans] == ["faces"]


def test_a_preset_is_the_papers_list(db: Database) -> None:
    query = words.Query(any=words.PRESETS["text"])
    assert [m.text for m in finding.find(db, query).matches] == ["text on signs", "Letters"]


def test_without_lemmas_only_the_word_itself_counts(db: Database) -> None:
    assert finding.find(db, words.Query(any=("face",), lemmas=False)).units == 0
    assert finding.find(db, words.Query(any=("faces",), lemmas=False)).units == 1


def test_layers_are_counted_beside_their_size(db: Database) -> None:
    found = finding.find(db, words.parse("face text letter"))
    assert found.layers == {"early": (1, 3), "late": (2, 3)}


def test_pages_follow_each_other(db: Database) -> None:
    query = words.parse("face text letter")
    pages = [finding.find(db, query, limit=1, offset=n).matches[0].text for n in range(3)]
    assert pages == ["Dog faces", "text on signs", "Letters"]
    assert len(finding.unit_ids(db, query)) == 3


def test_standing_verdicts_narrow_the_list(db: Database) -> None:
    query = words.parse("face text")
    first, second = finding.unit_ids(db, query)
    given = signoffs.add(db, first, person="ada", verdict="confirmed", concept="c", seen={})
    left = words.Query(any=query.any, verdict="none", concept="c")
    assert finding.unit_ids(db, left) == [second]
    signoffs.undo(db, given, person="ada")
    assert finding.unit_ids(db, left) == [first, second]


def test_another_pipeline_replaces_what_was_said(db: Database) -> None:
    assert words.missing(db) == []
    words.add(db, "better", {"Dog faces": [Word(0, 3, "dog", "dog", "NOUN")]})
    assert finding.find(db, words.parse("face")).units == 0


@pytest.mark.parametrize("typed", ["", " , ", "-face", "+"])
def test_a_query_without_a_word_is_refused(typed: str) -> None:
    with pytest.raises(BadInput, match="Type at least one word"):
        words.parse(typed)
