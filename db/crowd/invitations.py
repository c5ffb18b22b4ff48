"""Invitations: one link for each person, made from a pasted list, with an end, to be revoked.

    made = invitations.add(db, campaign_id, "ada@lab.example\\nbo@lab.example", days=14, person="x")
    invitations.every(db, campaign_id)
    invitations.revoke(db, invitation_id, person="x")

What the list calls a person (an address, a name) is kept beside the invitation and leaves only in
the payment table and in the list of links.
"""

import datetime
from dataclasses import dataclass

from sqlite_utils import Database

from db import log
from db.annotate import campaigns
from db.crowd.participants import LONGEST_ID
from db.errors import BadInput, NotFound
from db.workspace import format_time, immediate, now

MOST = 5000
MOST_DAYS = 365


@dataclass(frozen=True)
class Invitation:
    """One link.

    Attributes:
        annotator: the account that came by it; None: nobody did yet.
    """

    invitation_id: int
    campaign_id: int
    label: str
    expires_utc: str
    revoked_utc: str | None
    annotator: str | None


def add(
    db: Database, campaign_id: int, pasted: str, *, days: float, person: str, at: str | None = None
) -> list[Invitation]:
    """Make an invitation for each line that has none yet; returns those that are new.

    A line that was invited before, also one that expired or was revoked, is renewed.

    Raises:
        BadInput: no line has a name, one is too long, there are too many, or the days are out of
            range.
    """
    campaign = campaigns.get(db, campaign_id)
    if campaign.kind != "describe":
        raise BadInput("expected a campaign in which people describe for invitations")
    labels = list(dict.fromkeys(" ".join(line.split()) for line in pasted.splitlines()))
    labels = [label for label in labels if label]
    if not labels:
        raise BadInput("expected one name or address a line, got none")
    if len(labels) > MOST:
        raise BadInput(f"expected at most {MOST:,} lines, got {len(labels):,}")
    if wrong := [label for label in labels if len(label) > LONGEST_ID or not label.isprintable()]:
        raise BadInput(f"expected at most {LONGEST_ID} characters a line, got {wrong[0][:60]!r}…")
    if not 0 < days <= MOST_DAYS:
        raise BadInput(f"expected more than 0 and at most {MOST_DAYS} days, got {days:g}")
    moment = at or now()
    end = datetime.datetime.fromisoformat(moment) + datetime.timedelta(days=days)
    with immediate(db):
        for label in labels:
            db.execute(
                """
                insert into invitations (campaign_id, label, expires_utc, person, created_utc)
                values (:campaign, :label, :end, :person, :now)
                on conflict (campaign_id, label) do update
                set expires_utc = :end, revoked_utc = null
                """,
                {
                    "campaign": campaign_id,
                    "label": label,
                    "end": format_time(end),
                    "person": person,
                    "now": moment,
                },
            )
        # The log counts them; whom it was about stands beside the invitations alone.
        log.add(db, person, "invited", f"campaign:{campaign_id}", people=len(labels))
    wanted = set(labels)
    return [each for each in every(db, campaign_id) if each.label in wanted]


def every(db: Database, campaign_id: int) -> list[Invitation]:
    """All invitations to a campaign, in the order they were made."""
    rows = db.query(f"{_ROWS} where i.campaign_id = ? order by i.invitation_id", [campaign_id])
    return [Invitation(**row) for row in rows]


def get(db: Database, invitation_id: int) -> Invitation:
    """One invitation.

    Raises:
        NotFound: there is none of that number.
    """
    for row in db.query(f"{_ROWS} where i.invitation_id = ?", [invitation_id]):
        return Invitation(**row)
    raise NotFound(f"expected the number of an invitation, got {invitation_id}")


def revoke(db: Database, invitation_id: int, *, person: str, at: str | None = None) -> None:
    """Let a link open nothing any more; who is in by it is signed out at the next press.

    Raises:
        NotFound: there is none of that number.
    """
    campaign_id = get(db, invitation_id).campaign_id
    with immediate(db):
        db.execute(
            "update invitations set revoked_utc = ? where invitation_id = ?",
            [at or now(), invitation_id],
        )
        log.add(db, person, "invitation revoked", f"campaign:{campaign_id}", number=invitation_id)


def valid(invitation: Invitation, *, at: str | None = None) -> bool:
    """Whether the link lets its person in now."""
    return invitation.revoked_utc is None and (at or now()) < invitation.expires_utc


_ROWS = """
    select i.invitation_id, i.campaign_id, i.label, i.expires_utc, i.revoked_utc, p.annotator
    from invitations i left join participant_ids p
        on p.campaign_id = i.campaign_id and p.platform = 'invitation' and p.pid = i.label
"""
