"""People who come by a link: their accounts without a password, and how their part ended.

    who = participants.enter(db, campaign_id, Arrival("prolific", "5f1b…", study, session))
    participants.get(db, who.annotator)
    participants.finish(db, who.annotator, "completed")
    participants.give_back(db, who.annotator)            # returned: all slots are free again

An account's name is random. The id that a platform gave stands in a table of its own, which only
`enter`, the people page and the payment table read.
"""

import secrets
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from db import log
from db.access import users
from db.access.entrance import PARTICIPANT
from db.annotate import claims, reviews, slots
from db.crowd import recruitment
from db.crowd.recruitment import Outcome, Platform
from db.errors import BadInput, NotAllowed
from db.workspace import immediate, now

LONGEST_ID = 128


@dataclass(frozen=True)
class Arrival:
    """What a link says of somebody: an id of the platform, of its study and of this submission."""

    platform: Platform
    pid: str
    study: str = ""
    session: str = ""


@dataclass(frozen=True)
class Participant:
    """One account that can do one campaign."""

    annotator: str
    campaign_id: int
    platform: Platform
    arrived_utc: str
    outcome: Outcome | None
    ended_utc: str | None


def enter(db: Database, campaign_id: int, arrival: Arrival, *, at: str | None = None) -> str:
    """The account of whoever arrives, made at the first time. Returns its name.

    Who returned, or found nothing left, may come again; whoever completed or failed the test finds
    the end page again.

    Raises:
        BadInput: the id cannot be one.
        NotAllowed: no place is left.
    """
    for text in (arrival.pid, arrival.study, arrival.session):
        if len(text) > LONGEST_ID or not text.isprintable():
            raise BadInput("This link is damaged: an id in it is too long. Open it again.")
    if not arrival.pid:
        raise BadInput("This link lacks your participant id. Open it from where you found it.")
    moment = at or now()
    with immediate(db):
        found = db.conn.execute(
            """
            select annotator from participant_ids
            where campaign_id = ? and platform = ? and pid = ?
            """,
            [campaign_id, arrival.platform, arrival.pid],
        ).fetchone()
        if found is not None:
            _come_again(db, str(found[0]), arrival, moment)
            return str(found[0])
        _check_places(db, campaign_id)
        name = f"{PARTICIPANT}{secrets.token_hex(5)}"
        users.add(db, name, "annotator")
        db.execute(
            """
            insert into participants (annotator, campaign_id, platform, arrived_utc)
            values (?, ?, ?, ?)
            """,
            [name, campaign_id, arrival.platform, moment],
        )
        db.execute(
            """
            insert into participant_ids (annotator, campaign_id, platform, pid, study, session)
            values (?, ?, ?, ?, ?, ?)
            """,
            [name, campaign_id, arrival.platform, arrival.pid, arrival.study, arrival.session],
        )
    return name


def get(db: Database, annotator: str) -> Participant | None:
    """The participant of that account; None for an account of another kind."""
    for row in db.query("select * from participants where annotator = ?", [annotator]):
        return Participant(**row)
    return None


def every(db: Database, campaign_id: int) -> list[Participant]:
    """Everybody who came to a campaign by a link, in the order they came."""
    rows = db.query(
        "select * from participants where campaign_id = ? order by arrived_utc, annotator",
        [campaign_id],
    )
    return [Participant(**row) for row in rows]


def finish(db: Database, annotator: str, outcome: Outcome, *, at: str | None = None) -> None:
    """Write down how somebody's part ended; the first end stays, until they come again."""
    db.execute(
        """
        update participants set outcome = ?, ended_utc = ?
        where annotator = ? and outcome is null
        """,
        [outcome, at or now(), annotator],
    )


def give_back(
    db: Database, annotator: str, *, person: str | None = None, at: str | None = None
) -> int:
    """Somebody stops before the end: nothing they hold or gave takes a slot any longer.

    Their answers stay as rows, without a slot; a platform counts a returned submission as one whose
    answers are not to be used. Returns how many slots are free again.

    Raises:
        NotAllowed: it is no participant, or the part was completed.
    """
    moment = at or now()
    with immediate(db):
        found = get(db, annotator)
        if found is None or found.outcome in ("completed", "screened_out"):
            raise NotAllowed("Only a part that is under way can be given back.")
        # First, so that no answer of theirs fills the slot that another one leaves.
        db.execute(
            "update participants set outcome = 'returned', ended_utc = ? where annotator = ?",
            [moment, annotator],
        )
        freed = set_aside(db, found.campaign_id, annotator, moment)
        log.add(db, person or annotator, "returned", f"user:{annotator}", slots=freed)
    return freed


def set_aside(db: Database, campaign_id: int, annotator: str, at: str) -> int:
    """Empty every slot of a person in a campaign, for others. Inside the caller's transaction."""
    (freed,) = db.conn.execute(
        "select count(*) from slots where campaign_id = ? and annotator = ?",
        [campaign_id, annotator],
    ).fetchone()
    leave_open(db, campaign_id, annotator, at)
    filled = db.conn.execute(
        """
        select annotation_id from slots
        where campaign_id = ? and annotator = ? and annotation_id is not null
        """,
        [campaign_id, annotator],
    ).fetchall()
    for (annotation_id,) in filled:
        reviews.free(db, annotation_id, at)
    return int(freed)


def leave_open(db: Database, campaign_id: int, annotator: str, at: str) -> int:
    """Free what a person has on screen in a campaign. As `set_aside`; returns how many slots."""
    opened = db.conn.execute(
        """
        select claim_id from claims where campaign_id = ? and annotator = ? and outcome is null
        """,
        [campaign_id, annotator],
    ).fetchall()
    for (claim_id,) in opened:
        claims.end(db, claim_id, "expired", at)
        slots.leave(db, claim_id)
    # Leases that ended by themselves still name their person.
    cursor = db.conn.execute(
        """
        update slots set annotator = null, claim_id = null, expires_utc = null
        where campaign_id = ? and annotator = ? and annotation_id is null
        """,
        [campaign_id, annotator],
    )
    return len(opened) + cursor.rowcount


def _come_again(db: Database, annotator: str, arrival: Arrival, at: str) -> None:
    found = get(db, annotator)
    assert found is not None
    db.execute(
        "update participant_ids set study = ?, session = ? where annotator = ?",
        [arrival.study, arrival.session, annotator],
    )
    if found.outcome not in ("returned", "quota_full"):
        return
    db.execute(
        "update participants set outcome = null, ended_utc = null where annotator = ?", [annotator]
    )
    # What they gave before counts again where there is still room for it.
    rows = db.conn.execute(
        """
        select annotation_id from answers
        where campaign_id = ? and annotator = ? and purpose = 'collect' and slot is null
            and status in ('waiting', 'approved') and not withdrawn
        order by annotation_id
        """,
        [found.campaign_id, annotator],
    ).fetchall()
    for (annotation_id,) in rows:
        slots.place(db, annotation_id, at=at)


def _check_places(db: Database, campaign_id: int) -> None:
    places = recruitment.of(db, campaign_id).places
    if places is None:
        return
    (taken,) = db.conn.execute(
        """
        select count(*) from participants
        where campaign_id = ? and coalesce(outcome, '') not in ('returned', 'quota_full',
            'screened_out')
        """,
        [campaign_id],
    ).fetchone()
    if taken >= places:
        raise Full("All places of this study are taken. Thank you for your interest.")


class Full(NotAllowed):
    """No place is left for somebody who arrives."""


def ids(db: Database, campaign_id: int) -> dict[str, dict[str, Any]]:
    """The platform's ids by account, for the people page and the payment table alone."""
    rows = db.query(
        """
        select annotator, pid, study, session from participant_ids where campaign_id = ?
        """,
        [campaign_id],
    )
    return {row["annotator"]: row for row in rows}
