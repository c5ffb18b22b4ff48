"""An answer as it leaves a workspace: one value with everything but its author's name.

    record.rating                     # the marks, when descriptions were rated
    as_json(record), from_json(values)

`db.annotate.transfers` reads records from a workspace and enters them into another one.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from typing_extensions import TypedDict

from db import reading
from db.access import users
from db.annotate.annotations import Kind, Revision, Status
from db.annotate.claims import Purpose
from db.annotate.ratings import Response
from db.errors import BadInput

# What a column of the database and a page take.
MOST = 2**31
LONGEST_NAME = 300


@dataclass(frozen=True)
class Verdict:
    """One review of an exported answer; `undoes` is the position of the verdict it took back."""

    verdict: Literal["approved", "rejected", "requeued", "undone"]
    reason: str
    reviewer: str
    created_utc: str
    undoes: int | None = None


@dataclass(frozen=True)
class Record:
    """One answer, as it leaves a workspace.

    Attributes:
        id: names the answer in every export.
        annotator: a pseudonym.
        annotator_kind: `human` or `simulated`.
        slot: in which of its unit's slots it counts; None: surplus, set aside, or a check.
        text: the newest wording; of a rating the description picked as best.
        rating: the marks, where descriptions were rated and none was written.
        raw, rules: in a cleaned export, the wording as typed and the version of the cleaning rules
            that made `text` of it (0: the built-in ones).
    """

    id: str
    subject: str
    layer: str
    unit: int
    exemplar_hash: str
    annotator: str
    annotator_kind: users.Kind
    purpose: Purpose
    slot: int | None
    status: Status
    kind: Kind
    text: str
    withdrawn: bool
    claimed_utc: str | None
    created_utc: str
    revised_utc: str
    seconds: float | None
    pasted_characters: int
    unmasked_looks: int
    flags: dict[str, str]
    revisions: tuple[Revision, ...]
    reviews: tuple[Verdict, ...]
    rating: Response | None = None
    raw: str | None = None
    rules: int | None = None


def as_json(record: Record) -> dict[str, Any]:
    """A record as plain values, in a fixed order, for JSON."""
    values = {**vars(record)}
    values["revisions"] = [vars(revision) for revision in record.revisions]
    values["reviews"] = [vars(verdict) for verdict in record.reviews]
    if record.rating is not None:
        values["rating"] = asdict(record.rating)
    return values


def from_json(values: dict[str, Any]) -> Record:
    """The record that `as_json` made.

    Raises:
        BadInput: it is none.
    """
    if unknown := set(values) - {field.name for field in fields(Record)}:
        raise BadInput(f"expected the values of an answer, got also {', '.join(sorted(unknown))}")
    listed = {**values, "flags": _flags(values.get("flags"))}
    record: Record = reading.checked(listed, Record, "the values of an answer", "it")
    numbers: list[int | None] = [
        *(record.unit, record.slot, record.pasted_characters, record.unmasked_looks, record.rules),
        *(each.number for each in record.revisions),
        *(each.undoes for each in record.reviews),
    ]
    if record.rating is not None:
        numbers += [each for mark in record.rating.marks for each in (mark.rating, mark.shown)]
    for place, review in enumerate(record.reviews):
        if review.undoes is not None and not 0 <= review.undoes < place:
            raise BadInput(f"expected a verdict that undoes an earlier one, got {review.undoes}")
    if not all(number is None or 0 <= number < MOST for number in numbers):
        raise BadInput(f"expected counts from 0 to {MOST - 1:,}, got {numbers}")
    if record.seconds is not None and not 0 <= record.seconds < MOST:
        raise BadInput(f"expected seconds from 0, got {record.seconds}")
    if not record.layer.isprintable() or not 0 < len(record.layer) <= LONGEST_NAME:
        raise BadInput(f"expected a layer's name, got {record.layer!r:.80}")
    return record


class _Flag(TypedDict):
    kind: str
    detail: str


def _flags(values: Any) -> dict[str, str]:
    """Flags by kind; a dataset folder lists them, because its columns must not differ by row."""
    if isinstance(values, list):
        pairs = reading.checked(values, list[_Flag], "flags", "an answer")
        return {flag["kind"]: flag["detail"] for flag in pairs}
    found: dict[str, str] = reading.checked(values, dict[str, str], "flags", "an answer")
    return found
