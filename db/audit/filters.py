"""Saved filters of the Audit tab: a name, the query, and a number for its link.

saved = filters.save(db, "faces, late layers", query, person="ada")
filters.get(db, saved.filter_id).query
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

from sqlite_utils import Database

from db import log
from db.audit import words
from db.audit.words import Query
from db.errors import BadInput, NotFound
from db.workspace import now


@dataclass(frozen=True)
class Filter:
    """One saved filter."""

    filter_id: int
    name: str
    query: Query
    person: str
    created_utc: str


def save(db: Database, name: str, query: Query, *, person: str) -> Filter:
    """Keep a query under a name.

    Raises:
        BadInput: the name is empty or taken.
    """
    name = " ".join(name.split())
    if not name:
        raise BadInput("Give the filter a name first.")
    with db.atomic():
        cursor = db.execute(
            """
            insert or ignore into filters (name, query_json, person, created_utc)
            values (?, ?, ?, ?)
            """,
            [name, json.dumps(asdict(query), sort_keys=True), person, now()],
        )
        if not cursor.rowcount:
            raise BadInput(f"expected a name that no other filter has, got {name!r}")
        filter_id = cursor.lastrowid
        assert filter_id is not None
        log.add(db, person, "saved filter", f"filter:{filter_id}", name=name)
    return get(db, filter_id)


def get(db: Database, filter_id: int) -> Filter:
    """One saved filter.

    Raises:
        NotFound: there is none of that number.
    """
    for row in db.query("select * from filters where filter_id = ?", [filter_id]):
        return _filter(row)
    raise NotFound(f"expected the number of a saved filter, got {filter_id}")


def every(db: Database) -> list[Filter]:
    """All saved filters, newest first."""
    return [_filter(row) for row in db.query("select * from filters order by filter_id desc")]


def remember(db: Database, query: Query, *, person: str) -> None:
    """Keep what a person looked for last, so that a reload goes on with it."""
    with db.atomic():
        db.execute(
            """
            insert into last_queries (person, query_json) values (?, ?)
            on conflict (person) do update set query_json = excluded.query_json
            """,
            [person, json.dumps(asdict(query), sort_keys=True)],
        )


def remembered(db: Database, person: str) -> Query | None:
    """What a person looked for last; None before the first time."""
    for row in db.query("select query_json from last_queries where person = ?", [person]):
        return words.stored(json.loads(row["query_json"]))
    return None


def _filter(row: dict[str, Any]) -> Filter:
    values = dict(row)
    return Filter(query=words.stored(json.loads(values.pop("query_json"))), **values)
