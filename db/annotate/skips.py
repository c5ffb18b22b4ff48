"""Units that a person gave back unanswered, and took up again.

skips.skip(db, claim.token, "ada")
claim = skips.take_back(db, campaign_id, "ada")
"""

from dataclasses import replace

from sqlite_utils import Database

from db import log
from db.annotate import campaigns, claims, slots
from db.annotate.claims import Claim
from db.errors import NotAllowed
from db.workspace import immediate, now

REPORTS_THAT_HOLD = 2


def skip(
    db: Database, token: str, annotator: str, *, broken: bool = False, at: str | None = None
) -> None:
    """Give the unit back unanswered; `broken` reports its picture.

    A unit reported twice is held until an admin releases it. The draft stays stored.

    Raises:
        NotAllowed: the token is no claim of this person.
    """
    moment = at or now()
    with immediate(db):
        row = claims.row(db, token, annotator)
        if row["outcome"] not in (None, "expired"):
            return
        claims.touch(db, row, moment)
        claims.end(db, row["claim_id"], "broken" if broken else "skipped", moment)
        slots.leave(db, row["claim_id"])
        if broken:
            db.execute(
                """
                update campaign_units set held = 1
                where campaign_id = :campaign_id and unit_id = :unit_id and :needed <= (
                    select count(distinct annotator) from claims
                    where campaign_id = :campaign_id and unit_id = :unit_id and outcome = 'broken'
                )
                """,
                {**row, "needed": REPORTS_THAT_HOLD},
            )
            log.add(db, annotator, "picture reported", f"unit:{row['unit_id']}")


def reported(db: Database, campaign_id: int) -> list[tuple[int, int]]:
    """Units whose picture people reported as broken, each with how many, most first.

    Held ones are among them; reports from before a unit was offered again are not.
    """
    rows = db.conn.execute(
        """
        select c.unit_id, count(distinct c.annotator) as people
        from claims c join campaign_units u using (campaign_id, unit_id)
        where c.campaign_id = :id and c.outcome = 'broken' and c.ended_utc > coalesce((
            select max(l.at_utc) from log l
            where l.target = 'campaign:' || :id and l.action = 'unit released'
                and json_extract(l.detail_json, '$.unit_id') = c.unit_id
        ), '')
        group by c.unit_id order by people desc, u.position
        """,
        {"id": campaign_id},
    )
    return [(unit_id, people) for unit_id, people in rows]


def take_back(db: Database, campaign_id: int, annotator: str, *, at: str | None = None) -> Claim:
    """Take up the unit that this person skipped last, with its draft; the present one is left.

    Raises:
        NotAllowed: nothing was skipped, others took it meanwhile, or the campaign takes no answers.
    """
    moment = at or now()
    with immediate(db):
        campaign = campaigns.get(db, campaign_id)
        if campaign.state != "open":
            raise NotAllowed("This campaign takes no answers now.")
        skipped = next(db.query(_LAST, {"campaign": campaign_id, "annotator": annotator}), None)
        if skipped is None:
            raise NotAllowed("There is no skipped picture set to go back to.")
        free = db.conn.execute(_FREE, {**skipped, "at": moment}).fetchone()
        if free is None:
            raise NotAllowed("Others have taken that picture set meanwhile.")
        if present := claims.standing(db, campaign, annotator, moment):
            left = claims.row(db, present.token, annotator)
            claims.end(db, left["claim_id"], "expired", moment)
            slots.leave(db, left["claim_id"])
        slots.vacate(db, free[0], moment)
        db.execute(
            "update claims set outcome = null, ended_utc = null, seen_utc = ? where claim_id = ?",
            [moment, skipped["claim_id"]],
        )
        claimed = replace(
            claims.given(db, skipped["token"], annotator),
            expires_utc=claims.expiry(campaign, moment),
        )
        slots.hold(db, free[0], claimed)
        return claimed


_LAST = """
    select * from claims
    where campaign_id = :campaign and annotator = :annotator and outcome = 'skipped'
        and purpose = 'collect'
    order by ended_utc desc, claim_id desc limit 1
"""

_FREE = """
    select s.slot_id from slots s join campaign_units u using (campaign_id, unit_id)
    where s.campaign_id = :campaign_id and s.unit_id = :unit_id and s.annotation_id is null
        and u.held = 0 and (s.claim_id is null or s.expires_utc <= :at)
    order by s.number limit 1
"""
