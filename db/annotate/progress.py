"""How far a campaign is: slots by what they hold, pace, and the units that are uneven.

progress.of(db, campaign_id)
progress.uneven(db, campaign_id)
"""

import datetime
from dataclasses import dataclass

from sqlite_utils import Database

from db.workspace import format_time, now

PACE_WINDOW = datetime.timedelta(hours=24)


@dataclass(frozen=True)
class CampaignProgress:
    """How far a campaign is.

    Attributes:
        filled, leased, free: slots by what they hold; together they are all slots.
        held: units that are not offered because people reported their picture as broken.
        surplus: answers that came when their unit's slots were full, or late; kept.
        refused: answers that a reviewer rejected or asked for anew; `withdrawn` those without text.
            With the filled slots and the surplus they are all answers to units in slots.
        annotators: people with at least one answer.
        per_hour: answers a working hour, over the hours of the last day in which there were any.
        finish_utc: when the slots would be full if that pace held; None without a pace.
    """

    units: int
    complete: int
    filled: int
    leased: int
    free: int
    held: int
    surplus: int
    annotators: int
    per_hour: float
    finish_utc: str | None
    refused: int = 0
    withdrawn: int = 0

    @property
    def slots(self) -> int:
        """All slots."""
        return self.filled + self.leased + self.free


def of(db: Database, campaign_id: int, *, at: str | None = None) -> CampaignProgress:
    """How far the campaign is at the time `at` (now)."""
    moment = at or now()
    since = format_time(datetime.datetime.fromisoformat(moment) - PACE_WINDOW)
    parameters = {"id": campaign_id, "at": moment, "since": since}
    units, complete, held_units, missing = db.conn.execute(
        """
        select count(*), coalesce(sum(missing = 0), 0), coalesce(sum(held), 0),
            coalesce(sum(missing), 0)
        from campaign_units where campaign_id = :id and purpose = 'collect'
        """,
        parameters,
    ).fetchone()
    filled, leased = db.conn.execute(
        """
        select count(*) filter (where annotation_id is not null),
            count(*) filter (where annotation_id is null and expires_utc > :at)
        from slots where campaign_id = :id
        """,
        parameters,
    ).fetchone()
    surplus, refused, withdrawn = db.conn.execute(
        """
        select count(*) filter (where not withdrawn and status in ('waiting', 'approved')),
            count(*) filter (where not withdrawn and status in ('rejected', 'requeued')),
            count(*) filter (where withdrawn)
        from answers where campaign_id = :id and purpose = 'collect' and slot is null
        """,
        parameters,
    ).fetchone()
    annotators, recent, hours = db.conn.execute(
        """
        select count(distinct annotator), coalesce(sum(created_utc > :since), 0),
            count(distinct case when created_utc > :since then substr(created_utc, 1, 13) end)
        from annotations where campaign_id = :id and purpose = 'collect'
        """,
        parameters,
    ).fetchone()
    per_hour = recent / hours if hours else 0.0
    finish = None
    if per_hour and missing:
        left = datetime.timedelta(hours=missing / per_hour)
        finish = format_time(datetime.datetime.fromisoformat(moment) + left)
    return CampaignProgress(
        units=units,
        complete=complete,
        filled=filled,
        leased=leased,
        free=missing - leased,
        held=held_units,
        surplus=surplus,
        refused=refused,
        withdrawn=withdrawn,
        annotators=annotators,
        per_hour=per_hour,
        finish_utc=finish,
    )


def share(db: Database, campaign_id: int) -> float:
    """The part of the slots that is filled, 0 to 1; quick enough for every page."""
    units, missing, asked = db.conn.execute(
        """
        select count(*), coalesce(sum(missing), 0), annotators_per_unit
        from campaign_units join campaigns using (campaign_id)
        where campaign_id = ? and purpose = 'collect'
        """,
        [campaign_id],
    ).fetchone()
    return 1 - missing / (units * asked) if units else 0.0


@dataclass(frozen=True)
class Uneven:
    """A unit that does not have as many sentences as people are asked.

    Attributes:
        sentences: that count; `no_pattern` are answers in slots that hold none.
    """

    subject: str
    layer: str
    unit: int
    unit_id: int
    sentences: int
    no_pattern: int
    expected: int


def uneven(db: Database, campaign_id: int) -> list[Uneven]:
    """Units without exactly the asked number of sentences, those with fewest first.

    Units that nobody described yet are among them; answers without a pattern are no sentences.
    """
    rows = db.query(
        """
        select n.name as subject, e.layer, u.unit, w.unit_id,
            count(*) filter (where a.kind = 'text' and not a.withdrawn) as sentences,
            count(*) filter (where a.kind = 'no_pattern' and not a.withdrawn) as no_pattern,
            c.annotators_per_unit as expected
        from campaign_units w
        join campaigns c using (campaign_id)
        join units u on u.unit_id = w.unit_id
        join exemplar_sets e using (exemplar_set_id)
        join subjects n using (subject_id)
        left join slots s on s.campaign_id = w.campaign_id and s.unit_id = w.unit_id
        left join answers a on a.annotation_id = s.annotation_id
        where w.campaign_id = ? and w.purpose = 'collect'
        group by w.unit_id having sentences <> expected
        order by sentences, w.position
        """,
        [campaign_id],
    )
    return [Uneven(**row) for row in rows]


@dataclass(frozen=True)
class Mine:
    """One person's part of a campaign.

    Attributes:
        answers: given so far, quality checks among them.
        could: units that this person could still describe or has on screen, with the quality
            checks that will stand among them: a check must not be told by a total that grows.
        minutes_today: working time of the answers since midnight UTC.
        earnings: answers up to the cap times the pay, when the campaign shows it.
    """

    answers: int
    could: int
    minutes_today: float
    earnings: float | None


def mine(db: Database, campaign_id: int, annotator: str, *, at: str | None = None) -> Mine:
    """What one person did in a campaign and could still do."""
    answers, checks, seconds, pay, cap, gold_every, repeat_every, gold = db.conn.execute(
        """
        select count(a.annotation_id) filter (where a.purpose = 'collect'),
            count(a.annotation_id) filter (where a.purpose <> 'collect'),
            coalesce(sum(a.seconds) filter (where a.created_utc >= :midnight), 0),
            c.pay_per_unit, c.cap, c.gold_every, c.repeat_every,
            (select count(*) from campaign_units where campaign_id = :id and purpose = 'gold')
        from campaigns c
        left join annotations a on a.campaign_id = c.campaign_id and a.annotator = :annotator
        where c.campaign_id = :id
        """,
        {"id": campaign_id, "annotator": annotator, "midnight": (at or now())[:10]},
    ).fetchone()
    (units,) = db.conn.execute(
        """
        select (
            select count(*) from campaign_units where campaign_id = :id and missing > 0
        ) - (
            select count(*) from annotations a join campaign_units u using (campaign_id, unit_id)
            where a.campaign_id = :id and a.annotator = :annotator and a.purpose = 'collect'
                and u.missing > 0
        )
        """,
        {"id": campaign_id, "annotator": annotator},
    ).fetchone()
    could = units if cap is None else min(units, max(cap - answers, 0))
    # none comes after the last answer that a cap allows, see `slots.claim`
    last = answers + could - (cap is not None and answers + could >= cap)
    due = min(last // gold_every, gold) if gold_every else 0
    due += last // repeat_every if repeat_every else 0
    paid = checks + (answers if cap is None else min(answers, cap))
    could += max(due - checks, 0)
    return Mine(answers + checks, could, seconds / 60, None if pay is None else pay * paid)
