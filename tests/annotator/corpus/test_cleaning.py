"""Cleaning: readable rules, raw text kept, nothing emptied, every version kept."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.corpus import cleaning, spelling
from annotator.corpus.cleaning import Rule
from db.annotate import cleanings
from db.errors import BadInput
from db.workspace import prepare


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("These are images of dogs.", "dogs"),
        ("red objects in the highlighted regions", "red objects"),
        ("alot of trees", "a lot of trees"),
        ("this island", "this island"),
        ("There is", "There is"),
        ("space around dogs", "space around dogs"),
    ],
)
def test_boilerplate_goes_and_words_stay(raw: str, cleaned: str) -> None:
    assert cleaning.clean(raw) == cleaned


def test_a_rule_for_one_person_leaves_the_others_alone() -> None:
    rules = cleaning.parse("@bo prefix: space around")
    assert cleaning.clean("space around dogs", rules, annotator="bo") == "dogs"
    assert cleaning.clean("space around dogs", rules, annotator="ada") == "space around dogs"


def test_spelling_is_a_rule_like_the_others() -> None:
    rules = (Rule("spelling"),)
    assert cleaning.clean("striped hosre", rules, spelling=spelling.suggest) == "striped horse"


def test_the_preview_shows_only_what_changes() -> None:
    (change,) = cleaning.preview([("bo", "this is fur"), ("bo", "fur")], cleaning.DEFAULT)
    assert (change.raw, change.cleaned) == ("this is fur", "fur")


@given(st.text(min_size=1))
def test_no_sentence_is_emptied_and_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = cleaning.clean(text)
    assert bool(once) == bool(text.strip())
    assert cleaning.clean(once) == once


def test_rules_survive_both_ways_of_writing_them() -> None:
    rules = (
        *cleaning.DEFAULT,
        Rule("prefix", "space around", annotator="bo"),
        Rule("prefix", "space around", annotator="ann lee"),
        Rule("spelling"),
    )
    assert cleaning.from_json(cleaning.as_json(rules)) == rules
    assert cleaning.parse(cleaning.as_lines(rules)) == rules


@pytest.mark.parametrize("lines", ["prefixx: a", "prefix:", "replace", "@bo"])
def test_a_line_that_is_no_rule_is_refused(lines: str) -> None:
    with pytest.raises(BadInput, match="expected"):
        cleaning.parse(lines)


def test_versions_are_added_and_going_back_is_another_version() -> None:
    db = prepare(sqlite3.connect(":memory:"))
    assert cleaning.in_force(db) == (0, cleaning.DEFAULT)
    cleanings.add(db, cleaning.as_json(cleaning.DEFAULT), person="ada", note="first")
    cleanings.add(db, cleaning.as_json(()), person="ada", note="none")
    cleanings.add(db, cleanings.get(db, 1).rules_json, person="ada", note="back to 1")
    assert [each.version for each in cleanings.every(db)] == [3, 2, 1]
    assert cleaning.in_force(db) == (3, cleaning.DEFAULT)
    assert (cleaning.of_version(db, 2), cleaning.of_version(db, 0)) == ((), cleaning.DEFAULT)
    with pytest.raises(sqlite3.IntegrityError, match="new version"):
        db.execute("update cleanings set note = 'x'")
    db.close()
