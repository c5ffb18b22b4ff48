"""What an admin should hear of without looking: reports, failed gold, standstill, the end.

    alerts.scan(db)                     # finds what is new in all campaigns; each comes once
    alerts.unread(db)
    alerts.read(db)
    alerts.waiting(db)                  # those still to be posted to a campaign's webhook

Alerts are found from what is stored, by the page when it is looked at and by the app every minute:
nothing that people do waits for them. They name accounts and units, never a platform's ids.
"""

import datetime
from dataclasses import dataclass
from typing import Literal

from sqlite_utils import Database

from db.annotate import campaigns, progress, skips
from db.annotate.campaigns import Campaign
from db.describe import exemplars
from db.workspace import format_time, immediate, now

Kind = Literal["report", "gold", "stalled", "done"]
STALLED = datetime.timedelta(hours=24)
# More than these are not kept for a webhook that does not answer, and none is tried more often.
MOST_WAITING, MOST_TRIES = 100, 5


@dataclass(frozen=True)
class Alert:
    """One thing that happened. `error`: why it could not be posted, "" otherwise."""

    alert_id: int
    campaign_id: int
    campaign: str
    kind: Kind
    text: str
    created_utc: str
    webhook: str = ""
    error: str = ""


def scan(db: Database, *, at: str | None = None) -> int:
    """Note what is new in every campaign that is not closed; returns how many alerts came."""
    moment = at or now()
    found = [
        (campaign.campaign_id, *each)
        for campaign in campaigns.every(db)
        if campaign.state != "closed"
        for each in _of(db, campaign, moment)
    ]
    if not found:
        return 0
    with immediate(db):
        before = db.conn.total_changes
        db.conn.executemany(
            """
            insert or ignore into alerts (campaign_id, kind, key, text, created_utc)
            values (?, ?, ?, ?, ?)
            """,
            [(*each, moment) for each in found],
        )
        return db.conn.total_changes - before


def unread(db: Database) -> list[Alert]:
    """What nobody has marked as read, newest first."""
    return _rows(db, "a.seen_utc is null order by a.alert_id desc")


def read(db: Database, *, at: str | None = None) -> None:
    """Mark everything as read."""
    with immediate(db):
        db.execute("update alerts set seen_utc = ? where seen_utc is null", [at or now()])


def waiting(db: Database) -> list[Alert]:
    """What is still to be posted, oldest first; of too many only the newest."""
    found = _rows(
        db,
        f"""
        r.webhook <> '' and a.sent_utc is null and a.tries < {MOST_TRIES}
        order by a.alert_id desc limit {MOST_WAITING}
        """,
    )
    return found[::-1]


def posted(db: Database, alert_id: int, *, error: str = "", at: str | None = None) -> None:
    """Write down that an alert was posted, or why not."""
    db.execute(
        """
        update alerts set tries = tries + 1, error = :error,
            sent_utc = case when :error = '' then :at end
        where alert_id = :id
        """,
        {"id": alert_id, "error": error[:200], "at": at or now()},
    )


def _of(db: Database, campaign: Campaign, at: str) -> list[tuple[Kind, str, str]]:
    """Kind, key and text of everything that is the case in a campaign; the key tells it apart."""
    campaign_id = campaign.campaign_id
    found: list[tuple[Kind, str, str]] = []
    for unit_id, people in skips.reported(db, campaign_id):
        name = exemplars.unit(db, unit_id).name
        who = "1 person" if people == 1 else f"{people} people"
        found.append(("report", f"{unit_id}/{people}", f"{name}: picture reported by {who}"))
    rows = db.conn.execute(
        """
        select standing_id, annotator, reason from standings
        where campaign_id = ? and verdict = 'paused'
        """,
        [campaign_id],
    )
    found += [("gold", str(number), f"{name} is paused: {reason}") for number, name, reason in rows]
    now_at = progress.of(db, campaign_id, at=at)
    if now_at.units and now_at.complete == now_at.units:
        found.append(("done", str(now_at.slots), f"All {now_at.slots} slots are filled"))
    elif campaign.state == "open":
        found += _stalled(db, campaign, now_at.slots - now_at.filled, at)
    return found


def _stalled(db: Database, campaign: Campaign, left: int, at: str) -> list[tuple[Kind, str, str]]:
    """Whether nobody has answered for a day while there is work."""
    (last,) = db.conn.execute(
        "select max(created_utc) from annotations where campaign_id = ?", [campaign.campaign_id]
    ).fetchone()
    last = last or campaign.created_utc
    horizon = format_time(datetime.datetime.fromisoformat(at) - STALLED)
    if last > horizon:
        return []
    return [("stalled", str(last), f"No answer for a day; {left} slots are not filled")]


def _rows(db: Database, condition: str) -> list[Alert]:
    rows = db.query(
        f"""
        select a.alert_id, a.campaign_id, c.name as campaign, a.kind, a.text, a.created_utc,
            coalesce(r.webhook, '') as webhook, a.error
        from alerts a join campaigns c using (campaign_id) left join recruitments r
            using (campaign_id)
        where {condition}
        """
    )
    return [Alert(**row) for row in rows]
