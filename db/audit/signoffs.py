"""Reviewers' verdicts about units: superseded, never edited.

    signoffs.add(db, unit_id, person="ada", verdict="confirmed", concept="face", seen={…})
    signoffs.current(db, concept="face")        # the standing verdict of every person
    signoffs.undo(db, signoff_id, person="ada")
    signoffs.of_press(db, unit_id, "9f3c…", person="ada", concept="face")

A page that saves behind sends a verdict again when it heard no answer: `press` names the one press
of a key, and the same press twice is one verdict.
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
    press: str = "",
) -> int:
    """Store a verdict; it supersedes what the same person said before of this unit and concept.

    Args:
        press: what the page calls this one verdict; a second time it is the one that stands.

    Raises:
        BadInput: the unit needs several reviewers, and enough have answered already.
    """
    frozen = {**seen, "press": press} if press else dict(seen)
    return _append(
        db, unit_id, person, verdict, concept, seen=frozen, tag=tag, note=note, withdrawn=False
    )


def of_press(db: Database, unit_id: int, press: str, *, person: str, concept: str) -> int | None:
    """The verdict that a press was stored as, withdrawn since or not; None when it was not."""
    (found,) = db.execute(
        """
        select min(signoff_id) from signoffs
        where unit_id = ? and person = ? and concept = ? and not withdrawn
            and json_extract(seen_json, '$.press') = ?
        """,
        [unit_id, person, concept, press],
    ).fetchone()
    return None if found is None else int(found)


def undo_press(db: Database, unit_id: int, press: str, *, person: str, concept: str) -> None:
    """Withdraw the verdict of a press; nothing happens when that was done before.

    Raises:
        NotFound: the press was never stored.
        BadInput: it was superseded, or is open to others by now.
    """
    signoff_id = of_press(db, unit_id, press, person=person, concept=concept)
    if signoff_id is None:
        raise NotFound("expected a verdict that was saved, got one that never was")
    withdrawn = db.query(
        "select 1 from signoffs where supersedes_id = ? and withdrawn", [signoff_id]
    )
    if not list(withdrawn):
        undo(db, signoff_id, person=person)


def undo(db: Database, signoff_id: int, *, person: str) -> None:
    """Withdraw one's own standing verdict; the row stays, with another after it.

    Raises:
        NotFound: there is no such verdict.
        BadInput: it is somebody else's, was superseded already, or is open to others by now.
    """
    for row in db.query("select * from signoffs where signoff_id = ?", [signoff_id]):
        signoff = _signoff(row)
        break
    else:
        raise NotFound(f"expected the id of a sign-off, got {signoff_id}")
    if signoff.person != person:
        raise BadInput(f"expected a sign-off of {person}, got one of {signoff.person}")
    newest = _newest(db, signoff.unit_id, person, signoff.concept)
    if newest != signoff_id:
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
    db: Database,
    *,
    concept: str | None = None,
    person: str | None = None,
    unit_id: int | None = None,
) -> list[Signoff]:
    """The verdicts that nothing supersedes and that were not withdrawn, in the order given."""
    rows = db.query(
        """
        select * from standing_signoffs
        where (:concept is null or concept = :concept)
            and (:person is null or person = :person)
            and (:unit_id is null or unit_id = :unit_id)
        order by signoff_id
        """,
        {"concept": concept, "person": person, "unit_id": unit_id},
    )
    return [_signoff(row) for row in rows]


def history(db: Database, unit_id: int) -> list[Signoff]:
    """Every verdict that was ever given about a unit, oldest first."""
    rows = db.query("select * from signoffs where unit_id = ? order by signoff_id", [unit_id])
    return [_signoff(row) for row in rows]


def concepts(db: Database) -> list[str]:
    """The concepts that verdicts were given about."""
    return [row["concept"] for row in db.query("select distinct concept from signoffs order by 1")]


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
        press = "" if withdrawn else seen.get("press", "")
        if press:
            stored = of_press(db, unit_id, press, person=person, concept=concept)
            if stored is not None:
                return stored
        _check_open(db, unit_id, person, concept)
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
                "supersedes": _newest(db, unit_id, person, concept),
                "withdrawn": int(withdrawn),
                "now": now(),
            },
        )
        signoff_id = cursor.lastrowid
        assert signoff_id is not None
        action = "withdrew" if withdrawn else verdict
        log.add(db, person, action, f"unit:{unit_id}", concept=concept, signoff_id=signoff_id)
    return signoff_id


def _check_open(db: Database, unit_id: int, person: str, concept: str) -> None:
    """With several reviewers, nobody speaks twice once the verdicts are open to all."""
    rows = db.query(
        """
        select decision, needed, exists (
            select 1 from standing_signoffs as own
            where own.unit_id = decisions.unit_id and own.concept = decisions.concept
                and person = :person
        ) as own
        from decisions, reviewers_needed where unit_id = :unit_id and concept = :concept
        """,
        {"person": person, "unit_id": unit_id, "concept": concept},
    )
    for row in rows:
        if row["needed"] > 1 and row["decision"] != "waiting" and row["own"]:
            raise BadInput(
                "The verdicts on this unit are open to all its reviewers by now: yours stands."
            )
        if row["needed"] > 1 and row["decision"] not in ("waiting", "conflict"):
            raise BadInput(f"This unit is decided already: {row['decision']}.")


def _newest(db: Database, unit_id: int, person: str, concept: str) -> int | None:
    """The newest row of the chain, a withdrawal included."""
    row = db.execute(
        "select max(signoff_id) from signoffs where unit_id = ? and person = ? and concept = ?",
        [unit_id, person, concept],
    ).fetchone()
    return None if row[0] is None else int(row[0])


def _signoff(row: dict[str, Any]) -> Signoff:
    values = {name: value for name, value in row.items() if name != "place"}
    seen = json.loads(values.pop("seen_json"))
    values["withdrawn"] = bool(values["withdrawn"])
    return Signoff(seen=seen, **values)
