"""How the part of somebody who came by a link ends, and what they are told of it.

    ends.settle(db, guest, nothing)         # nothing can be claimed: is the part over?
    ends.standing(db, campaign, "participant 1a2b")

A part is whole when the cap is reached or nothing is left; nothing left at the very start is a full
quota; a failed test, a return and a whole part each have an end of their own, which stays.
"""

from dataclasses import dataclass

from sqlite_utils import Database

from db.annotate import campaigns, qualifications
from db.annotate.campaigns import Campaign
from db.annotate.qualifications import Qualification
from db.annotate.slots import Nothing
from db.crowd import participants, payments, recruitment
from db.crowd.participants import Participant
from db.crowd.payments import Due
from db.crowd.recruitment import Destination, Outcome, Recruitment


@dataclass(frozen=True)
class Part:
    """What somebody who came by a link is offered, has earned, and where they go at the end.

    Attributes:
        test: the test that comes first, if any.
        destination: of the end that was reached; None: none is stored, or none was reached.
    """

    guest: Participant
    offer: Recruitment
    due: Due
    test: Qualification | None
    destination: Destination | None


def part(db: Database, campaign: Campaign, guest: Participant) -> Part:
    """The part of a participant as it is now."""
    offer = recruitment.of(db, campaign.campaign_id)
    test_id = campaign.settings.qualification_id
    return Part(
        guest,
        offer,
        payments.due_to(db, campaign.campaign_id, guest.annotator),
        None if test_id is None else qualifications.get(db, test_id),
        _destination(offer, guest),
    )


def settle(db: Database, guest: Participant, nothing: Nothing) -> Outcome | None:
    """The end that was reached where nothing can be claimed; None: the person may wait."""
    given = _given(db, guest)
    outcome: Outcome | None = None
    if nothing.reason == "capped":
        outcome = "completed"
    elif nothing.reason in ("finished", "closed"):
        outcome = "completed" if given else "quota_full"
    elif nothing.reason == "busy" and not given:
        # Who came for nothing is not asked to wait for what others may leave.
        outcome = "quota_full"
    if outcome is not None:
        participants.finish(db, guest.annotator, outcome)
    return outcome


def may_finish(db: Database, guest: Participant) -> bool:
    """Whether a part that only others hold up may be ended as a whole one."""
    return guest.outcome is None and _given(db, guest) > 0


def finish(db: Database, guest: Participant, nothing: Nothing) -> None:
    """End a part as a whole one, where only others hold what is left."""
    if nothing.reason == "busy" and may_finish(db, guest):
        participants.finish(db, guest.annotator, "completed")


def nothing_left(db: Database, campaign_id: int, annotator: str, at: str) -> bool:
    """Whether somebody who has not begun would find nothing: no test is taken for nothing."""
    campaign = campaigns.get(db, campaign_id)
    if campaign.state != "open":
        return campaign.state == "closed"
    row = db.conn.execute(
        """
        select 1 from slots s join campaign_units u using (campaign_id, unit_id)
        where s.campaign_id = :campaign and u.missing > 0 and u.held = 0
            and s.annotation_id is null and (
                s.claim_id is null or s.expires_utc <= :at or s.annotator = :annotator
            )
        limit 1
        """,
        {"campaign": campaign_id, "at": at, "annotator": annotator},
    ).fetchone()
    return row is None


def _given(db: Database, guest: Participant) -> int:
    (given,) = db.conn.execute(
        "select count(*) from annotations where campaign_id = ? and annotator = ?",
        [guest.campaign_id, guest.annotator],
    ).fetchone()
    return int(given)


def _destination(offer: Recruitment, guest: Participant) -> Destination | None:
    ends = {
        "completed": offer.completed,
        "screened_out": offer.screened,
        "quota_full": offer.full,
    }
    return recruitment.destination(ends.get(guest.outcome or "", ""), guest.platform)
