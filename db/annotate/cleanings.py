"""Versions of the cleaning rules. The newest is in force; none is ever changed or taken away.

    cleanings.add(db, rules_json, person="ada", note="Bo's prefix")
    cleanings.add(db, cleanings.get(db, 1).rules_json, person="ada", note="back to version 1")

What a rule is and does is known by `annotator.corpus.cleaning`; the raw wordings stay as they are.
"""

from dataclasses import dataclass

from sqlite_utils import Database

from db import log
from db.errors import NotFound
from db.workspace import immediate, now


@dataclass(frozen=True)
class Cleaning:
    """One version of the rules."""

    version: int
    rules_json: str
    note: str
    person: str
    created_utc: str


def add(db: Database, rules_json: str, *, person: str, note: str = "") -> Cleaning:
    """Let these rules be in force from now on."""
    with immediate(db):
        db.execute(
            """
            insert into cleanings (version, rules_json, note, person, created_utc)
            select coalesce(max(version), 0) + 1, :rules, :note, :person, :now from cleanings
            """,
            {"rules": rules_json, "note": note, "person": person, "now": now()},
        )
        log.add(db, person, "cleaning rules", "cleaning", note=note)
    return every(db)[0]


def get(db: Database, version: int) -> Cleaning:
    """One version.

    Raises:
        NotFound: there is none of that number.
    """
    for cleaning in every(db):
        if cleaning.version == version:
            return cleaning
    raise NotFound(f"expected the number of a version of the cleaning rules, got {version}")


def every(db: Database) -> list[Cleaning]:
    """All versions, the one in force first."""
    rows = db.query(
        "select version, rules_json, note, person, created_utc from cleanings order by version desc"
    )
    return [Cleaning(**row) for row in rows]
