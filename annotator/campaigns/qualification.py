"""Qualification tests as an admin makes them: question by question in the tab, or as YAML.

more(db, questions, Typed(layer, 12, ["dog faces", "red cars", ""], right=0))   # out of the form
written = read(db, text)                                       # the same out of YAML, and back:
write(db, written)
qualifications.add(db, "describe", written.questions, pass_mark=written.pass_mark, person="ada")

pass_mark: 1          # leave it out, and the list alone is enough: all must be right
questions:
  - unit: resnet18/layer4/12
    options:
      - dog faces
      - red cars
      - water
    answer: dog faces
    reason: the bright parts are the faces of dogs
  - ...
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from db import reading
from db.annotate import qualifications
from db.annotate.qualifications import Question
from db.describe import exemplars
from db.describe.exemplars import UnitRow
from db.errors import BadInput

MOST = 6
EXAMPLE = """\
pass_mark: 2
questions:
  - unit: network/layer/12
    options: [dog faces, red cars, water]
    answer: dog faces
    reason: the bright parts are the faces of dogs
  - unit: network/layer/40
    options: [grids, animals, windows of houses]
    answer: grids
"""


@dataclass(frozen=True)
class Written:
    """A test that is not stored yet. pass_mark: answers that must be right; None is all."""

    questions: tuple[Question, ...]
    pass_mark: int | None = None


@dataclass(frozen=True)
class Typed:
    """A question as it stands in a form, of which some boxes may be empty.

    Attributes:
        exemplar_set_id, unit: the layer and which of its units; None: none is chosen.
        right: which box holds the best description, counted from 0; None: none is marked.
    """

    exemplar_set_id: int | None
    unit: float | None
    options: Sequence[str]
    right: int | None
    reason: str = ""


def names(db: Database) -> list[tuple[str, int]]:
    """All versions of all tests, for a menu."""
    return [
        (f"{test.name}, version {test.version}", test.qualification_id)
        for test in qualifications.every(db)
    ]


def shown_unit(db: Database, exemplar_set_id: int | None, number: float | None) -> UnitRow:
    """The unit that a form names.

    Raises:
        BadInput: no layer is chosen, or it has no such unit.
    """
    if exemplar_set_id is None:
        raise BadInput("Choose a network and layer first; the Describe tab computes exemplars.")
    units = exemplars.units_of(db, exemplar_set_id)
    if number is None or not 0 <= int(number) < len(units):
        raise BadInput(f"expected a unit between 0 and {len(units) - 1}")
    return units[int(number)]


def more(db: Database, questions: Sequence[Question], typed: Typed) -> tuple[Question, ...]:
    """The questions with one more behind them.

    Raises:
        BadInput: there are as many as a test may have, or what was typed is no question.
    """
    if len(questions) >= MOST:
        raise BadInput(f"A test has at most {MOST} questions; remove one first.")
    found = question(
        shown_unit(db, typed.exemplar_set_id, typed.unit).unit_id,
        typed.options,
        right=typed.right,
        reason=typed.reason,
        number=len(questions) + 1,
    )
    return (*questions, found)


def question(
    unit_id: int, options: Sequence[str], *, right: int | None, reason: str = "", number: int = 1
) -> Question:
    """One question out of a form's boxes, of which some may be empty.

    Args:
        options: what stands in the boxes; empty ones are left out.
        right: which box holds the best description, counted from 0; None: none is marked.
        number: the question's place in its test, for messages.

    Raises:
        BadInput: nothing or an empty box is marked, or not 2 to 6 different options are left.
    """
    texts = [" ".join(option.split()) for option in options]
    if right is None or not 0 <= right < len(texts) or not texts[right]:
        raise BadInput("Mark which of the descriptions is the right one.")
    kept = [index for index, text in enumerate(texts) if text]
    found = Question(
        unit_id,
        tuple(texts[index] for index in kept),
        kept.index(right),
        " ".join(reason.split()),
    )
    qualifications.check(found, number)
    return found


def read(db: Database, text: str) -> Written:
    """The test that `text` spells out, its units looked up.

    Raises:
        BadInput: it is no YAML list of `unit`, `options` and `answer`, alone or as `questions`
            beside a `pass_mark`.
        NotFound: a unit is not in this workspace.
    """
    entries = reading.of_yaml(text, "the questions")
    mark = None
    if isinstance(entries, dict):
        if unknown := {str(key) for key in entries} - {"pass_mark", "questions"}:
            raise BadInput(
                f"expected `pass_mark` and `questions`, got also {', '.join(sorted(unknown))}"
            )
        mark, entries = entries.get("pass_mark"), entries.get("questions")
    if not isinstance(entries, list) or not 2 <= len(entries) <= MOST:
        raise BadInput(f"expected a list of 2 to {MOST} questions")
    if mark is not None and (type(mark) is not int or not 1 <= mark <= len(entries)):
        raise BadInput(f"expected `pass_mark` as a number of 1 to {len(entries)}, got {mark!r}")
    found = tuple(_question(db, number, entry) for number, entry in enumerate(entries, start=1))
    return Written(found, mark)


def write(db: Database, test: Written) -> str:
    """The test as YAML that `read` takes.

    Raises:
        NotFound: a unit is not in this workspace.
    """
    import yaml

    entries = [
        {
            "unit": exemplars.unit(db, asked.unit_id).name,
            "options": list(asked.options),
            "answer": asked.options[asked.answer],
            **({"reason": asked.reason} if asked.reason else {}),
        }
        for asked in test.questions
    ]
    mark = {} if test.pass_mark is None else {"pass_mark": test.pass_mark}
    return str(yaml.safe_dump({**mark, "questions": entries}, sort_keys=False, allow_unicode=True))


def _question(db: Database, number: int, entry: object) -> Question:
    if not isinstance(entry, dict) or not {"unit", "options", "answer"} <= set(entry):
        raise BadInput(f"expected `unit`, `options` and `answer` in question {number}")
    if unknown := set(entry) - {"unit", "options", "answer", "reason"}:
        raise BadInput(
            f"expected no other keys in question {number}, got {', '.join(map(str, unknown))}"
        )
    if not isinstance(entry["options"], list):
        raise BadInput(f"expected `options` as a list in question {number}")
    options = tuple(" ".join(str(option).split()) for option in entry["options"])
    answer = " ".join(str(entry["answer"]).split())
    if answer not in options:
        raise BadInput(f"expected `answer` to be one of the options in question {number}")
    unit = exemplars.by_name(db, str(entry["unit"]))
    found = Question(unit.unit_id, options, options.index(answer), str(entry.get("reason") or ""))
    qualifications.check(found, number)
    return found
