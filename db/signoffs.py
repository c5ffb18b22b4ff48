"""Reviewers' verdicts about units: superseded, never edited.

    signoffs.add(db, unit_id, person="ada", verdict="confirmed", concept="face", seen={…})
    signoffs.current(db, concept="face")        # the standing verdict of every person
    signoffs.undo(db, signoff_id, person="ada")

`seen` freezes what was on the screen: the exemplars' hash, the description, the filter.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlite_utils import Database

from db import log
from db.errors import BadInput, NotFound
from db.workspace import immediate, now

Verdict = Literal["confirmed", "rejected", "unsure"]


# The newest verdict of every person about every unit and concept, without those taken back.
STANDING = """
    select * from signoffs
    where not withdrawn and not exists (
        select 1 from signoffs as later where later.supersedes_id = signoffs.signoff_id
    )
"""


@dataclass(frozen=True)
class Signoff:
    """One verdict; `withdrawn` ones only say that the verdict before was taken back."""

    signoff_id: int
    unit_id: int
    person: str
    verdict: Verdict
    concept: str
    tag: str
    note: str
    seen: dict[str, Any]
    supersedes_id: int | None
    withdrawn: bool
    created_utc: str


def add(
    db: Database,
    unit_id: int,
    *,
    person: str,
    verdict: Verdict,
    concept: str,
    seen: Mapping[str, Any],
    tag: str = "",
    note: str = "",
) -> int:
    """Store a verdict; it supersedes what the same person said before of this unit and concept."""
    return _append(
        db, unit_id, person, verdict, concept, seen=dict(seen), tag=tag, note=note, withdrawn=False
    )


def undo(db: Database, signoff_id: int, *, person: str) -> None:
    """Withdraw one's own standing verdict; the row stays, with another after it.

    Raises:
        NotFound: there is no such verdict.
        BadInput: it is somebody else's, or was superseded already.
    """
    for row in db.query("select * from signoffs where signoff_id = ?", [signoff_id]):
        signoff = _signoff(row)
        break
    else:
        raise NotFound(f"expected the id of a sign-off, got {signoff_id}")
    if signoff.person != person:
        raise BadInput(f"expected a sign-off of {person}, got one of {signoff.person}")
    standing = _standing(db, signoff.unit_id, person, signoff.concept)
    if standing != signoff_id:
        raise BadInput(f"expected the standing sign-off, got {signoff_id}, which was superseded")
    _append(
        db,
        signoff.unit_id,
        person,
        signoff.verdict,
        signoff.concept,
        seen=signoff.seen,
        tag=signoff.tag,
        note="withdrawn",
        withdrawn=True,
    )


def current(
    db: Database, *, concept: str | None = None, person: str | None = None
) -> list[Signoff]:
    """The standing verdicts: those that nothing supersedes and that were not withdrawn."""
    rows = db.query(
        f"""
        {STANDING}
            and (:concept is null or concept = :concept)
            and (:person is null or person = :person)
        order by signoff_id
        """,
        {"concept": concept, "person": person},
    )
    return [_signoff(row) for row in rows]


def history(db: Database, unit_id: int) -> list[Signoff]:
    """Every verdict that was ever given about a unit, oldest first."""
    rows = db.query("select * from signoffs where unit_id = ? order by signoff_id", [unit_id])
    return [_signoff(row) for row in rows]


def concepts(db: Database) -> list[str]:
    """The concepts that verdicts were given about."""
    return [row["concept"] for row in db.query("select distinct concept from signoffs order by 1")]


def confirmed_concepts(db: Database) -> list[str]:
    """The concepts that some unit stands confirmed for, the one that was judged last first."""
    rows = db.query(
        f"""
        select concept from ({STANDING}) where verdict = 'confirmed'
        group by concept order by max(signoff_id) desc
        """
    )
    return [row["concept"] for row in rows]


def _append(
    db: Database,
    unit_id: int,
    person: str,
    verdict: Verdict,
    concept: str,
    *,
    seen: dict[str, Any],
    tag: str,
    note: str,
    withdrawn: bool,
) -> int:
    with immediate(db):
        cursor = db.execute(
            """
            insert into signoffs (
                unit_id, person, verdict, concept, tag, note, seen_json, supersedes_id, withdrawn,
                created_utc
            ) values (
                :unit_id, :person, :verdict, :concept, :tag, :note, :seen, :supersedes, :withdrawn,
                :now
            )
            """,
            {
                "unit_id": unit_id,
                "person": person,
                "verdict": verdict,
                "concept": concept,
                "tag": tag,
                "note": note,
                "seen": json.dumps(seen, sort_keys=True),
                "supersedes": _standing(db, unit_id, person, concept),
                "withdrawn": int(withdrawn),
                "now": now(),
            },
        )
        signoff_id = cursor.lastrowid
        assert signoff_id is not None
        action = "withdrew" if withdrawn else verdict
        log.add(db, person, action, f"unit:{unit_id}", concept=concept, signoff_id=signoff_id)
    return signoff_id


def _standing(db: Database, unit_id: int, person: str, concept: str) -> int | None:
    """The newest row of the chain, a withdrawal included."""
    row = db.execute(
        "select max(signoff_id) from signoffs where unit_id = ? and person = ? and concept = ?",
        [unit_id, person, concept],
    ).fetchone()
    return None if row[0] is None else int(row[0])


def _signoff(row: dict[str, Any]) -> Signoff:
    values = dict(row)
    seen = json.loads(values.pop("seen_json"))
    values["withdrawn"] = bool(values["withdrawn"])
    return Signoff(seen=seen, **values)
