"""Qualification tests as an admin types them."""

import sqlite3

import pytest

from annotator.campaigns import qualification
from annotator.campaigns.qualification import Written
from db.errors import BadInput, NotFound
from db.workspace import prepare
from helpers.annotating import add_units

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
    test = qualification.read(db, GOOD)
    first, second = test.questions
    assert test.pass_mark is None
    assert (first.unit_id, first.answer, first.reason) == (units[0], 0, "they are faces")
    assert (second.unit_id, second.options[second.answer]) == (units[1], "water")
    with pytest.raises(NotFound, match="network/layer/index"):
        qualification.read(db, GOOD.replace("toy/conv1/1", "toy/conv1/9"))
    db.close()


def test_a_test_written_as_yaml_is_read_as_the_same_test() -> None:
    db = prepare(sqlite3.connect(":memory:"))
    add_units(db, 2)
    nested = "pass_mark: 1\nquestions:" + GOOD.replace("\n", "\n  ")
    test = qualification.read(db, nested)
    assert test == Written(qualification.read(db, GOOD).questions, 1)
    assert qualification.read(db, qualification.write(db, test)) == test
    all_right = Written(test.questions)
    assert qualification.read(db, qualification.write(db, all_right)) == all_right
    db.close()


@pytest.mark.parametrize(
    ("mark", "message"), [("3", "1 to 2, got 3"), ("0", "got 0"), ("most", "got 'most'")]
)
def test_a_pass_mark_out_of_reach_is_refused(mark: str, message: str) -> None:
    db = prepare(sqlite3.connect(":memory:"))
    add_units(db, 2)
    with pytest.raises(BadInput, match=f"`pass_mark` as a number of .*{message}"):
        qualification.read(db, f"pass_mark: {mark}\nquestions:" + GOOD.replace("\n", "\n  "))
    db.close()


def test_a_question_of_the_form_keeps_the_right_one_whatever_boxes_stay_empty() -> None:
    found = qualification.question(7, ["", " red  cars ", "", "water"], right=3, reason=" it  is ")
    assert (found.options, found.answer, found.reason) == (("red cars", "water"), 1, "it is")


@pytest.mark.parametrize(
    ("options", "right", "message"),
    [
        (["a", "b"], None, "Mark which"),
        (["a", "b", ""], 2, "Mark which"),
        (["a", ""], 0, "2 to 6 different options in question 4"),
        (["a", "A "], 0, "2 to 6 different options in question 4"),
        (list("abcdefg"), 0, "2 to 6 different options in question 4"),
    ],
)
def test_a_question_of_the_form_that_cannot_be_asked_is_refused(
    options: list[str], right: int | None, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        qualification.question(7, options, right=right, number=4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "expected YAML"),
        ("quiz: []", "expected `pass_mark` and `questions`, got also quiz"),
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
        qualification.read(db, text)
    db.close()
