"""How many reviewers a unit needs, and what their verdicts come to.

    reviewing.require(db, 2, person="admin")
    reviewing.decision(db, unit_id, "face")         # Decision("conflict", given=2)
    reviewing.confirmed(db, "face")                 # ids of the units that count as confirmed

Below the number needed a unit is `waiting` and its verdicts are blind to everybody else. Then what
all agree on holds; where they differ, `conflict`, until one more person has decided.
"""

from dataclasses import dataclass

from sqlite_utils import Database

from db import log
from db.audit import signoffs
from db.audit.signoffs import Signoff
from db.errors import BadInput
from db.workspace import now

MOST = 5


@dataclass(frozen=True)
class Decision:
    """What the verdicts on one unit come to.

    Attributes:
        state: "waiting", "conflict", or the verdict that holds.
        given: how many people gave a verdict.
    """

    state: str
    given: int


def needed(db: Database) -> int:
    """How many people must give a verdict on a unit."""
    (count,) = db.execute("select needed from reviewers_needed").fetchone()
    return int(count)


def require(db: Database, reviewers: int, *, person: str) -> None:
    """Let every unit need so many reviewers from now on; the setting before stays on record.

    Raises:
        BadInput: not a number between 1 and 5.
    """
    if not 1 <= reviewers <= MOST:
        raise BadInput(f"expected 1 to {MOST} reviewers a unit, got {reviewers}")
    with db.atomic():
        db.execute(
            "insert into audit_settings (reviewers, person, created_utc) values (?, ?, ?)",
            [reviewers, person, now()],
        )
        log.add(db, person, "set reviewers", "audit:reviewers", reviewers=reviewers)


def decision(db: Database, unit_id: int, concept: str) -> Decision:
    """What the verdicts on a unit come to; waiting with none given when nobody has looked."""
    rows = db.query(
        "select decision, given from decisions where unit_id = ? and concept = ?",
        [unit_id, concept],
    )
    for row in rows:
        return Decision(row["decision"], int(row["given"]))
    return Decision("waiting", 0)


def confirmed(db: Database, concept: str) -> list[int]:
    """The units whose decision on a concept is "confirmed", in the order of their ids."""
    rows = db.query(
        """
        select unit_id from decisions where concept = ? and decision = 'confirmed'
        order by unit_id
        """,
        [concept],
    )
    return [int(row["unit_id"]) for row in rows]


def confirmed_concepts(db: Database) -> list[str]:
    """The concepts that some unit counts as confirmed for, the one judged last first."""
    rows = db.query(
        """
        select concept from decisions join signoffs using (unit_id, concept)
        where decision = 'confirmed' group by concept order by max(signoff_id) desc
        """
    )
    return [row["concept"] for row in rows]


def open_verdicts(db: Database, unit_id: int, concept: str, *, viewer: str) -> list[Signoff]:
    """The standing verdicts on a unit that `viewer` may see: own ones, and all once complete."""
    given = signoffs.current(db, concept=concept, unit_id=unit_id)
    complete = decision(db, unit_id, concept).state != "waiting"
    return [each for each in given if complete or each.person == viewer]


def known_states(db: Database, concept: str, *, viewer: str) -> dict[int, str]:
    """What `viewer` may know of each judged unit: its decision, or the own verdict before it."""
    rows = db.query(
        """
        select unit_id, case when decision = 'waiting' then (
                select verdict from standing_signoffs as own
                where own.unit_id = decisions.unit_id and own.concept = decisions.concept
                    and person = :viewer
            ) else decision end as state
        from decisions where concept = :concept
        """,
        {"viewer": viewer, "concept": concept},
    )
    return {int(row["unit_id"]): row["state"] for row in rows if row["state"] is not None}


def reviewers(db: Database) -> list[str]:
    """Everybody who ever gave a verdict, by name."""
    return [row["person"] for row in db.query("select distinct person from signoffs order by 1")]


def blind_verdicts(db: Database, concept: str) -> dict[int, list[Signoff]]:
    """The verdicts that were given blind, on the units that have as many as they need.

    Those are what agreement is measured on: whoever decides a conflict knows the others' answers,
    and so does a second person where one was enough at the time. A unit's k-th verdict was blind if
    at least k were needed when it was given, as the sign-off says; units with too few are left out.
    """
    count = needed(db)
    rows = db.query(
        """
        select unit_id from decisions where concept = ? and decision <> 'waiting'
        """,
        [concept],
    )
    complete = {int(row["unit_id"]) for row in rows}
    given: dict[int, list[Signoff]] = {}
    for each in signoffs.current(db, concept=concept):
        if each.unit_id in complete:
            given.setdefault(each.unit_id, []).append(each)
    found = {}
    for unit_id, verdicts in given.items():
        blind = [
            each
            for place, each in enumerate(verdicts, start=1)
            if place <= max(1, int(each.seen.get("reviewers", 1)))
        ]
        if len(blind) >= count:
            found[unit_id] = blind[:count]
    return found
