"""Claims: the rows that say who has which unit on screen, and what became of it.

    row = claims.row(db, token, "ada")       # NotAllowed unless the token was given to ada
    seconds = claims.touch(db, row, at)      # working time, pauses cut
    claims.end(db, row["claim_id"], "answered", at)

The steps that `db.annotate.slots` puts together; each runs inside the caller's transaction. Claims
are kept for good: an answer that comes long after its lease still knows its unit and its person.
"""

import datetime
import secrets
from dataclasses import dataclass
from typing import Any, Literal

from sqlite_utils import Database

from db.annotate.campaigns import Campaign
from db.errors import NotAllowed
from db.workspace import format_time

Purpose = Literal["collect", "gold", "repeat"]
Outcome = Literal["answered", "skipped", "broken", "expired"]
LONGEST_PAUSE_S = 120.0


@dataclass(frozen=True)
class Claim:
    """One unit on one person's screen.

    Attributes:
        token: names the claim in later calls; known to its person alone.
        purpose: `gold` and `repeat` claims check quality and take no slot.
        expires_utc: end of the lease; None for those two.
    """

    token: str
    campaign_id: int
    unit_id: int
    annotator: str
    purpose: Purpose
    claimed_utc: str
    expires_utc: str | None


def standing(db: Database, campaign: Campaign, annotator: str, at: str) -> Claim | None:
    """The claim that is still on the person's screen, its lease renewed."""
    parameters = {"campaign": campaign.campaign_id, "annotator": annotator}
    found = db.conn.execute(
        """
        select token, unit_id, purpose, claimed_utc, claim_id from claims
        where campaign_id = :campaign and annotator = :annotator and outcome is null
        """,
        parameters,
    ).fetchone()
    if found is None:
        return None
    token, unit_id, purpose, claimed_utc, claim_id = found
    # the time away from the page is not working time
    db.execute("update claims set seen_utc = ? where claim_id = ?", [at, claim_id])
    expires = None
    if purpose == "collect":
        expires = renew(db, campaign, claim_id, at)
    return Claim(token, campaign.campaign_id, unit_id, annotator, purpose, claimed_utc, expires)


def renew(db: Database, campaign: Campaign, claim_id: int, at: str) -> str:
    """Start the lease of a claim's slot anew. Returns its new end."""
    expires = expiry(campaign, at)
    db.execute("update slots set expires_utc = ? where claim_id = ?", [expires, claim_id])
    return expires


def expiry(campaign: Campaign, at: str) -> str:
    """When a lease that starts at `at` ends."""
    lease = datetime.timedelta(minutes=campaign.settings.lease_minutes)
    return format_time(datetime.datetime.fromisoformat(at) + lease)


def enter(
    db: Database, campaign: Campaign, annotator: str, unit_id: int, purpose: Purpose, at: str
) -> Claim:
    """Write a new claim down. Its slot is the caller's business."""
    token = secrets.token_hex(16)
    db.execute(
        """
        insert into claims (
            token, campaign_id, unit_id, annotator, purpose, claimed_utc, seen_utc
        ) values (:token, :campaign, :unit, :annotator, :purpose, :at, :at)
        """,
        {
            "token": token,
            "campaign": campaign.campaign_id,
            "unit": unit_id,
            "annotator": annotator,
            "purpose": purpose,
            "at": at,
        },
    )
    expires = expiry(campaign, at) if purpose == "collect" else None
    return Claim(token, campaign.campaign_id, unit_id, annotator, purpose, at, expires)


def row(db: Database, token: str, annotator: str) -> dict[str, Any]:
    """The claim of that token as a row.

    Raises:
        NotAllowed: it was not given to this person.
    """
    for found in db.query(
        "select * from claims where token = ? and annotator = ?", [token, annotator]
    ):
        return found
    raise NotAllowed("This picture set was not given to you; reload the page for the next one.")


def given(db: Database, token: str, annotator: str) -> Claim:
    """The claim of that token.

    Raises:
        NotAllowed: it was not given to this person.
    """
    found = row(db, token, annotator)
    return Claim(
        token,
        found["campaign_id"],
        found["unit_id"],
        annotator,
        found["purpose"],
        found["claimed_utc"],
        None,
    )


def touch(db: Database, row: dict[str, Any], at: str) -> float:
    """Count the time since the claim was last seen, long pauses cut. Returns the seconds so far."""
    gap = (
        datetime.datetime.fromisoformat(at) - datetime.datetime.fromisoformat(row["seen_utc"])
    ).total_seconds()
    seconds = float(row["active_seconds"]) + min(max(gap, 0.0), LONGEST_PAUSE_S)
    db.execute(
        "update claims set active_seconds = ?, seen_utc = max(seen_utc, ?) where claim_id = ?",
        [seconds, at, row["claim_id"]],
    )
    return seconds


def end(db: Database, claim_id: int, outcome: Outcome, at: str) -> None:
    """Write down what became of a claim."""
    db.execute(
        "update claims set outcome = ?, ended_utc = ? where claim_id = ?", [outcome, at, claim_id]
    )


def on_screen(db: Database, campaign_id: int, annotator: str) -> Purpose | None:
    """What the person's newest unended claim is for."""
    row = db.conn.execute(
        """
        select purpose from claims where campaign_id = ? and annotator = ? and outcome is null
        order by claim_id desc limit 1
        """,
        [campaign_id, annotator],
    ).fetchone()
    return None if row is None else row[0]


def at_work(db: Database, annotator: str) -> int | None:
    """The campaign in which this person saw a picture set last that is still unanswered."""
    row = db.conn.execute(
        """
        select campaign_id from claims where annotator = ? and outcome is null
        order by seen_utc desc, claim_id desc limit 1
        """,
        [annotator],
    ).fetchone()
    return None if row is None else int(row[0])


def check_due(
    db: Database, campaign: Campaign, annotator: str, answered: int
) -> tuple[int, Purpose] | None:
    """The check unit that is due after `answered` answers, if it was not shown yet."""
    for purpose, every in (
        ("gold", campaign.settings.gold_every),
        ("repeat", campaign.settings.repeat_every),
    ):
        if not every or answered < every:
            continue
        (done,) = db.conn.execute(
            """
            select count(*) from claims
            where campaign_id = ? and annotator = ? and purpose = ?
                and coalesce(outcome, '') not in ('expired', 'skipped')
            """,
            [campaign.campaign_id, annotator, purpose],
        ).fetchone()
        if done >= answered // every:
            continue
        found = db.conn.execute(
            _NEXT_GOLD if purpose == "gold" else _NEXT_REPEAT,
            {"campaign": campaign.campaign_id, "annotator": annotator},
        ).fetchone()
        if found is not None:
            return found[0], "gold" if purpose == "gold" else "repeat"
    return None


_NEXT_GOLD = """
    select unit_id from campaign_units u
    where campaign_id = :campaign and purpose = 'gold' and not exists (
        select 1 from claims c
        where c.campaign_id = u.campaign_id and c.unit_id = u.unit_id and c.annotator = :annotator
    )
    order by position limit 1
"""

# the oldest own answer, so that memory of the wording has faded
_NEXT_REPEAT = """
    select unit_id from annotations a
    where campaign_id = :campaign and annotator = :annotator and purpose = 'collect'
        and not exists (
            select 1 from claims c
            where c.campaign_id = a.campaign_id and c.unit_id = a.unit_id
                and c.annotator = a.annotator and c.purpose = 'repeat'
        )
    order by annotation_id limit 1
"""
