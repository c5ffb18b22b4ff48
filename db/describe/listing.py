"""The list of described units: one row a unit, whatever methods said of it.

    found = listing.page(db, Wanted(search="face", subject="resnet18", sort="score"), limit=25)
    found.rows[0].unit_id, found.rows[0].lead.text, found.total

The sentence that leads a row is the newest one among those that the search, and the method if one
is chosen, let through: MILAN's before others'. The columns by which rows are sorted are of that
sentence; `trusted` is by the score of the trusted one, and units that have none come last.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from db.describe.descriptions import SAID, TRUSTED

SORTS: dict[str, str] = {
    "unit": "subjects.name {0}, units.exemplar_set_id {0}, units.unit {0}",
    "sentence": "lower(lead.text) {0}, units.unit_id",
    "method": "lead.method {0}, units.unit_id",
    # What has no score comes last, whichever way.
    "score": "lead.score is null, lead.score {0}, units.unit_id",
    "methods": "lead.methods {0}, units.unit_id",
    "trusted": "held.description_id is null, held.value {0}, units.unit_id",
}
_FIRST = "milan"


@dataclass(frozen=True)
class Wanted:
    """What is to be listed; None for any.

    Attributes:
        search: part of a sentence.
        sort: one of `SORTS`; falling: whether the largest comes first.
    """

    search: str = ""
    subject: str | None = None
    layer: str | None = None
    method: str | None = None
    sort: str = "unit"
    falling: bool = False


@dataclass(frozen=True)
class Entry:
    """A unit of the list with the sentence that leads its row.

    methods: how many spoke of it. caution: why the sentence may say little, "" for nothing.
    """

    unit_id: int
    subject: str
    layer: str
    unit: int
    dead: bool
    description_id: int
    text: str
    method: str
    model_hash: str
    score: float | None
    methods: int
    caution: str


@dataclass(frozen=True)
class Listed:
    """Some rows of a list, and how many units it has in all."""

    rows: list[Entry]
    total: int


_FITS = f"""
    {SAID} and (:method is null or method = :method or (:method = '{TRUSTED}'
            and description_id in (select description_id from trusted)))
        and (:search = '' or instr(lower(text), lower(:search)) > 0)
"""
_UNITS = """
    from units join exemplar_sets using (exemplar_set_id) join subjects using (subject_id)
"""
_PLACE = "(:subject is null or subjects.name = :subject) and (:layer is null or layer = :layer)"
# Of every unit its leading sentence: SQLite takes the other columns from the row of the maximum.
_LEAD = f"""
    select unit_id, description_id, text, method, model_hash, score, detail_json,
        count(distinct method) as methods,
        max((method = '{_FIRST}') * 1000000000000 + description_id) as place
    from descriptions
    where {_FITS} and (:ids is null or unit_id in (select value from json_each(:ids)))
    group by unit_id
"""


def page(db: Database, wanted: Wanted, *, limit: int, offset: int = 0) -> Listed:
    """Units of which something is said that fits."""
    values: dict[str, Any] = {
        "search": wanted.search.strip(),
        "subject": wanted.subject,
        "layer": wanted.layer,
        "method": wanted.method,
        "ids": None,
    }
    spoken = f"{_UNITS} where {_PLACE} and exists "
    spoken += f"(select 1 from descriptions where descriptions.unit_id = units.unit_id and {_FITS})"
    (total,) = db.execute(f"select count(*) {spoken}", values).fetchone()
    order = SORTS[wanted.sort].format("desc" if wanted.falling else "asc")
    part = f"order by {order} limit {int(limit)} offset {int(offset)}"
    if wanted.sort == "unit":
        # Which units these are is known without a look at the sentences of all others.
        chosen = db.execute(f"select units.unit_id {spoken} {part}", values).fetchall()
        values["ids"] = json.dumps([unit_id for (unit_id,) in chosen])
        part = f"order by {order}"
    rows = db.query(
        f"""
        select units.unit_id, subjects.name as subject, layer, unit, dead,
            lead.description_id, text, method, model_hash, score, methods,
            coalesce(json_extract(detail_json, '$.caution'), '') as caution
        {_UNITS} join ({_LEAD}) as lead on lead.unit_id = units.unit_id
        left join trusted as held on held.unit_id = units.unit_id
        where {_PLACE} {part}
        """,
        values,
    )
    return Listed([Entry(**{**row, "dead": bool(row["dead"])}) for row in rows], int(total))


def others(db: Database, unit_ids: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """Of each unit what every method says: (method, its newest sentence), by method."""
    rows = db.execute(
        f"""
        select unit_id, method, text, max(description_id) from descriptions
        where unit_id in (select value from json_each(?)) and {SAID}
        group by unit_id, method order by unit_id, method
        """,
        [json.dumps(list(unit_ids))],
    )
    found: dict[int, list[tuple[str, str]]] = {}
    for unit_id, method, text, _ in rows:
        found.setdefault(unit_id, []).append((method, text))
    return found
