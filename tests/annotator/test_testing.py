"""What an admin types: units of a campaign, and qualification tests."""

import sqlite3

import pytest
from annotating import add_units

from annotator import selections, testing
from db.errors import BadInput, NotFound
from db.workspace import prepare

GOOD = """
- unit: toy/conv1/0
  options: [dog faces, red cars]
  answer: dog faces
  reason: they are faces
- unit: toy/conv1/1
  options: [grids, water]
  answer: water
"""


def test_a_test_is_read_from_yaml() -> None:
    db = prepare(sqlite3.connect(":memory:"))
    units = add_units(db, 2)
    first, second = testing.read(db, GOOD)
    assert (first.unit_id, first.answer, first.reason) == (units[0], 0, "they are faces")
    assert (second.unit_id, second.options[second.answer]) == (units[1], "water")
    with pytest.raises(NotFound, match="network/layer/index"):
        testing.read(db, GOOD.replace("toy/conv1/1", "toy/conv1/9"))
    db.close()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "expected YAML"),
        ("just words", "2 to 6 questions"),
        ("- unit: x\n- unit: y", "`unit`, `options` and `answer` in question 1"),
        (GOOD.replace("answer: water", "answer: fire"), "one of the options in question 2"),
        (GOOD.replace("reason:", "reasons:"), "no other keys in question 1"),
        (GOOD.replace("[grids, water]", "water"), "as a list in question 2"),
        ("!!python/object/apply:os.system ['true']", "expected YAML"),
    ],
)
def test_what_is_no_test_is_refused(text: str, message: str) -> None:
    db = prepare(sqlite3.connect(":memory:"))
    add_units(db, 2)
    with pytest.raises(BadInput, match=message):
        testing.read(db, text)
    db.close()


def test_units_are_chosen_by_words_and_ranges() -> None:
    assert selections.choose("all", units=3) == [0, 1, 2]
    assert selections.choose("4, 0-2, 1", units=5) == [4, 0, 1, 2]
    drawn = selections.choose("random 3", units=9)
    assert len(set(drawn)) == 3
    assert drawn == selections.choose("random 3", units=9)


@pytest.mark.parametrize("text", ["0-9", "9", "-1", "two", "random 9", "3-1"])
def test_units_out_of_reach_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match="expected"):
        selections.choose(text, units=5)


def test_gold_units_are_lines_of_a_unit_and_its_words() -> None:
    assert selections.gold("") == {}
    assert selections.gold("4: Dog, dogs\n\n 0 : text ") == {4: ("dog", "dogs"), 0: ("text",)}


@pytest.mark.parametrize("line", ["dog", "4:", "x: dog", "4: ,", "-1: dog"])
def test_a_gold_line_that_says_nothing_is_quoted(line: str) -> None:
    with pytest.raises(BadInput, match=f"gold units, got '{line}'"):
        selections.gold(line)
