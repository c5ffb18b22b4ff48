"""An answer as it leaves a workspace: one value with everything but its author's name.

    record.rating                     # the marks, when descriptions were rated
    as_json(record), from_json(values)

`db.annotate.transfers` reads records from a workspace and enters them into another one.
"""

from dataclasses import asdict, dataclass
from typing import Any

from db.access import users
from db.annotate.annotations import Kind, Revision, Status
from db.annotate.claims import Purpose
from db.annotate.ratings import Mark, Response


@dataclass(frozen=True)
class Verdict:
    """One review of an exported answer; `undoes` is the position of the verdict it took back."""

    verdict: str
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
    """The record that `as_json` made; raises TypeError or KeyError when it is none."""
    return Record(
        **{
            **values,
            "flags": _flags(values["flags"]),
            "revisions": tuple(Revision(**revision) for revision in values["revisions"]),
            "reviews": tuple(Verdict(**verdict) for verdict in values["reviews"]),
            "rating": _response(values.get("rating")),
        }
    )


def _flags(values: Any) -> dict[str, str]:
    """Flags by kind; a dataset folder lists them, because its columns must not differ by row."""
    if isinstance(values, list):
        return {str(flag["kind"]): str(flag["detail"]) for flag in values}
    return {str(kind): str(detail) for kind, detail in values.items()}


def _response(values: dict[str, Any] | None) -> Response | None:
    if values is None:
        return None
    marks = tuple(
        Mark(**{**mark, "methods": tuple(str(method) for method in mark["methods"])})
        for mark in values["marks"]
    )
    return Response(**{**values, "marks": marks})
