"""Machines' sentences about units, with their whole beam; added, never overwritten.

    descriptions.add(db, [NewDescription(unit_id, "milan", model_hash, text, score, candidates)])
    descriptions.page(db, search="face", layer="layer4", limit=50, offset=0)

A candidate is `(text, log p(d|E), log p(d))`. Both logarithms are kept, so that moving lambda
orders them again without a model.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from db.workspace import now

Candidate = tuple[str, float, float]

# Where a method can be named, this stands for every unit's trusted sentence, whatever its method.
TRUSTED = "trusted"


@dataclass(frozen=True)
class NewDescription:
    """What a method says about a unit.

    text: "" where it looked and has nothing to say, with the reason in `detail["reason"]`.
    detail: how the sentence came about, as plain JSON values.
    """

    unit_id: int
    method: str
    model_hash: str
    text: str
    score: float | None
    candidates: Sequence[Candidate] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Description:
    """A stored description, with the unit it is about; detail as in `NewDescription`."""

    description_id: int
    unit_id: int
    subject: str
    layer: str
    unit: int
    dead: bool
    method: str
    model_hash: str
    text: str
    score: float | None
    created_utc: str
    candidates: tuple[Candidate, ...] = field(default=())
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """Some rows of a result, and how many there are in all."""

    rows: list[Description]
    total: int


_COLUMNS = """
    description_id, descriptions.unit_id, subjects.name as subject, layer, unit, dead, method,
    model_hash, text, score, descriptions.created_utc
"""
_TABLES = """
    from descriptions
    join units using (unit_id)
    join exemplar_sets using (exemplar_set_id)
    join subjects using (subject_id)
"""
# Where a method had nothing to say it gives a reason in place of a sentence. (A model may well
# have said nothing at all, which is its sentence.)
SAID = "(text <> '' or json_extract(detail_json, '$.reason') is null)"
_WHERE = f"""
    where {SAID} and (:subject is null or subjects.name = :subject)
        and (:layer is null or layer = :layer)
        and (:method is null or method = :method or (:method = '{TRUSTED}'
            and description_id in (select description_id from trusted)))
        and (:search = '' or instr(lower(text), lower(:search)) > 0)
"""
_ORDER = "order by subject, exemplar_set_id, unit, description_id"


def add(db: Database, new: Sequence[NewDescription]) -> None:
    """Store descriptions; one by the same method and model of the same unit stays as it is."""
    moment = now()
    with db.atomic():
        db.conn.executemany(
            """
            insert or ignore into descriptions
                (unit_id, method, model_hash, text, score, candidates_json, detail_json,
                created_utc)
            values (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                (
                    each.unit_id,
                    each.method,
                    each.model_hash,
                    each.text,
                    each.score,
                    json.dumps([list(candidate) for candidate in each.candidates]),
                    json.dumps(dict(each.detail), sort_keys=True),
                    moment,
                )
                for each in new
            ],
        )


def described(db: Database, exemplar_set_id: int, *, method: str, model_hash: str) -> set[int]:
    """The indices of the units of a set that this method and model have described already."""
    rows = db.query(
        """
        select unit from descriptions join units using (unit_id)
        where exemplar_set_id = ? and method = ? and model_hash = ?
        """,
        [exemplar_set_id, method, model_hash],
    )
    return {int(row["unit"]) for row in rows}


def of_unit(db: Database, unit_id: int) -> list[Description]:
    """Everything machines said about a unit, newest first, with candidates and detail."""
    return [each for each in answers(db, unit_id) if each.text or "reason" not in each.detail]


def answers(db: Database, unit_id: int) -> list[Description]:
    """The same, and of methods that looked and had nothing to say an empty text with the reason."""
    rows = db.query(
        f"select {_COLUMNS}, candidates_json, detail_json {_TABLES} "
        "where descriptions.unit_id = ? order by description_id desc",
        [unit_id],
    )
    return [_description(row) for row in rows]


def of_subject(db: Database, subject: str, *, method: str) -> list[Description]:
    """A method's sentences about a network's units, by layer and unit, the oldest first each."""
    rows = db.query(
        f"select {_COLUMNS} {_TABLES} where subjects.name = ? and method = ? "
        f"and {SAID} "
        "order by layer, unit, description_id",
        [subject, method],
    )
    return [_description(row) for row in rows]


def page(
    db: Database,
    *,
    subject: str | None = None,
    layer: str | None = None,
    method: str | None = None,
    search: str = "",
    limit: int = 50,
    offset: int = 0,
) -> Page:
    """Descriptions without candidates, by network and unit; `search` is part of the text."""
    wanted = {"subject": subject, "layer": layer, "method": method, "search": search.strip()}
    (total,) = db.execute(f"select count(*) {_TABLES} {_WHERE}", wanted).fetchone()
    rows = db.query(
        f"select {_COLUMNS} {_TABLES} {_WHERE} {_ORDER} limit :limit offset :offset",
        {**wanted, "limit": limit, "offset": offset},
    )
    return Page([_description(row) for row in rows], int(total))


def every(
    db: Database,
    *,
    subject: str | None = None,
    layer: str | None = None,
    method: str | None = None,
    search: str = "",
) -> Iterator[Description]:
    """What `page` lists, all of it and with candidates, one after the other."""
    wanted = {"subject": subject, "layer": layer, "method": method, "search": search.strip()}
    for row in db.query(f"select {_COLUMNS}, candidates_json {_TABLES} {_WHERE} {_ORDER}", wanted):
        yield _description(row)


def alike(db: Database, unit_id: int, *, limit: int = 8) -> list[Description]:
    """Other units of the network that a method describes in the very same words, by layer."""
    rows = db.query(
        f"""
        with own as (
            select subject_id as network, layer as place, unit as number
            from units join exemplar_sets using (exemplar_set_id) where unit_id = :unit_id
        )
        select {_COLUMNS} {_TABLES} join own on subject_id = network
        where (layer <> place or unit <> number) and exists (
            select 1 from descriptions as said
            where said.unit_id = :unit_id and said.method = descriptions.method
                and said.text = descriptions.text and said.text <> ''
        )
        group by layer, unit {_ORDER} limit :limit
        """,
        {"unit_id": unit_id, "limit": limit},
    )
    return [_description(row) for row in rows]


def methods(db: Database) -> list[str]:
    """The methods that have described anything here."""
    return [
        row["method"] for row in db.query("select distinct method from descriptions order by 1")
    ]


def choices(db: Database) -> list[str]:
    """What can be named as a method: the methods, and TRUSTED where a unit has such a sentence."""
    some = db.execute("select 1 from trusted where description_id is not null limit 1").fetchone()
    return [*methods(db), *([TRUSTED] if some else [])]


def _description(row: dict[str, Any]) -> Description:
    values = dict(row)
    candidates = json.loads(values.pop("candidates_json", "[]"))
    detail = json.loads(values.pop("detail_json", "{}"))
    values["dead"] = bool(values["dead"])
    return Description(
        candidates=tuple((str(text), float(e), float(p)) for text, e, p in candidates),
        detail=detail,
        **values,
    )
