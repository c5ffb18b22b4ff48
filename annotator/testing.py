"""Qualification tests written as text: a YAML file, or the same typed into the page.

questions = read(db, text)
qualifications.add(db, "describe", questions, person="ada")

- unit: resnet18/layer4/12
  options:
    - dog faces
    - red cars
    - water
  answer: dog faces
  reason: the bright parts are the faces of dogs
"""

from sqlite_utils import Database

from db import exemplars
from db.errors import BadInput
from db.qualifications import Question

MOST = 6
EXAMPLE = """\
- unit: network/layer/12
  options: [dog faces, red cars, water]
  answer: dog faces
  reason: the bright parts are the faces of dogs
- unit: network/layer/40
  options: [grids, animals, windows of houses]
  answer: grids
"""


def read(db: Database, text: str) -> list[Question]:
    """The questions that `text` spells out, their units looked up.

    Raises:
        BadInput: it is no YAML list of `unit`, `options` and `answer`.
        NotFound: a unit is not in this workspace.
    """
    import yaml

    try:
        entries = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadInput(f"expected YAML, got something else: {' '.join(str(error).split())}") from (
            error
        )
    if not isinstance(entries, list) or not 2 <= len(entries) <= MOST:
        raise BadInput(f"expected a list of 2 to {MOST} questions")
    return [_question(db, number, entry) for number, entry in enumerate(entries, start=1)]


def _question(db: Database, number: int, entry: object) -> Question:
    if not isinstance(entry, dict) or not {"unit", "options", "answer"} <= set(entry):
        raise BadInput(f"expected `unit`, `options` and `answer` in question {number}")
    if unknown := set(entry) - {"unit", "options", "answer", "reason"}:
        raise BadInput(f"expected no other keys in question {number}, got {', '.join(unknown)}")
    if not isinstance(entry["options"], list):
        raise BadInput(f"expected `options` as a list in question {number}")
    options = tuple(" ".join(str(option).split()) for option in entry["options"])
    answer = " ".join(str(entry["answer"]).split())
    if answer not in options:
        raise BadInput(f"expected `answer` to be one of the options in question {number}")
    unit = exemplars.by_name(db, str(entry["unit"]))
    return Question(unit.unit_id, options, options.index(answer), str(entry.get("reason", "")))
