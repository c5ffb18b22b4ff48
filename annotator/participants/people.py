"""Everybody who came to a campaign, with what an admin needs to decide about pay and going on.

    lines = people.of(db, campaign_id)           # also those who failed the test or only looked

Plain counts and shares, each beside the level of chance where there is one, and what a model of
annotators makes of them. Names are those of accounts: a platform's ids are not read here.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from annotator.participants import competence
from annotator.review import quality
from db import tables
from db.annotate import annotations, campaigns, flags
from db.annotate.annotations import Annotation
from db.annotate.campaigns import Campaign
from db.crowd import participants, payments, standings

CONSISTENT = quality.Thresholds().consistent
SCALE = 5


@dataclass(frozen=True)
class Person:
    """One person's line.

    Attributes:
        outcome: how a participant's part ended; "" it has not, or it is an account.
        attempts, best, passed: of the campaign's test: how many were handed in, most right answers,
            whether one passed.
        minutes: working time by the page's events, pauses over two minutes cut.
        gold, gold_right; repeats, consistent: of the checks.
        shared, chance: how alike the sentences are to the others' about the same unit (token set
            ratio, 0 to 1) and to those about another unit.
        competence: by the model, see `competence`; None: nothing it could be told from.
        reports, flagged: units reported as broken, answers with a flag.
        due: in the campaign's currency; verdict, reason: the newest decision.
    """

    name: str
    platform: str
    outcome: str
    attempts: int
    best: int | None
    passed: bool | None
    answers: int
    minutes: float
    gold: int
    gold_right: int
    repeats: int
    consistent: int
    shared: float | None
    chance: float | None
    competence: float | None
    reports: int
    flagged: int
    due: Decimal
    verdict: str
    reason: str


def of(db: Database, campaign_id: int) -> list[Person]:
    """A line for everybody, those under way first, then by name."""
    campaign = campaigns.get(db, campaign_id)
    quality.renew(db, campaign_id)
    answers = [each for each in annotations.of_campaign(db, campaign_id) if not each.withdrawn]
    own: dict[str, list[Annotation]] = defaultdict(list)
    for answer in answers:
        own[answer.annotator].append(answer)
    guests = {each.annotator: each for each in participants.every(db, campaign_id)}
    owed = {each.annotator: each for each in payments.due(db, campaign_id)}
    tried = _attempts(db, campaign)
    worked = _worked(db, campaign_id)
    names = sorted({*own, *guests, *owed, *worked})
    gold = campaigns.gold_words(db, campaign_id)
    marked = set(flags.of_campaign(db, campaign_id))
    decided = standings.newest(db, campaign_id)
    alike = likeness(answers)
    able = abilities(db, campaign, answers)
    lines = []
    for name in names:
        given, guest = own.get(name, []), guests.get(name)
        count, best, passed = tried.get(name, (0, None, None))
        minutes, reports = worked.get(name, (0.0, 0))
        checks = [each for each in given if each.purpose == "gold"]
        again, same = _repeats(given)
        shared, chance = alike.get(name, (None, None))
        verdict, reason = decided.get(name, ("", ""))
        lines.append(
            Person(
                name=name,
                platform="account" if guest is None else guest.platform,
                outcome="" if guest is None else guest.outcome or "under way",
                attempts=count,
                best=best,
                passed=passed,
                answers=sum(each.purpose == "collect" for each in given),
                minutes=minutes,
                gold=len(checks),
                gold_right=sum(standings.holds(e.text, gold.get(e.unit_id, ())) for e in checks),
                repeats=again,
                consistent=same,
                shared=shared,
                chance=chance,
                competence=able.get(name),
                reports=reports,
                flagged=sum(each.annotation_id in marked for each in given),
                due=owed[name].total if name in owed else Decimal(0),
                verdict=verdict,
                reason=reason,
            )
        )
    return sorted(lines, key=lambda line: (line.outcome != "under way", line.name))


def write_payment(db: Database, campaign_id: int, form: str, path: Path) -> int:
    """The payment table as a file, in one of the forms of `payments`; returns its lines.

    Raises:
        BadInput: there is no such form.
    """
    columns, rows = payments.rows(db, campaign_id, form)
    # Prolific's boxes take lines without a head.
    head, *rest = [columns, *rows] if columns else rows or [[""]]
    tables.write(path, head, rest)
    return len(rows)


def likeness(
    answers: Sequence[Annotation], *, seed: int = 0
) -> dict[str, tuple[float | None, float | None]]:
    """By person: mean likeness to the others' sentences about the same units, and by chance.

    Of each sentence the best likeness counts, as in the agreement of the paper; by chance the same
    with the sentences of a unit drawn at random.
    """
    from rapidfuzz import fuzz

    by_unit: dict[int, list[Annotation]] = defaultdict(list)
    for each in answers:
        if each.purpose == "collect" and each.kind == "text":
            by_unit[each.unit_id].append(each)
    units, draw = list(by_unit), random.Random(seed)
    real: dict[str, list[float]] = defaultdict(list)
    luck: dict[str, list[float]] = defaultdict(list)

    def best(text: str, others: list[Annotation]) -> float:
        return max(fuzz.token_set_ratio(text.casefold(), o.text.casefold()) for o in others) / 100

    for unit_id, group in by_unit.items():
        for each in group:
            others = [other for other in group if other.annotator != each.annotator]
            if not others:
                continue
            real[each.annotator].append(best(each.text, others))
            elsewhere = by_unit[draw.choice(units)] if len(units) > 1 else []
            strangers = [
                other
                for other in elsewhere
                if other.unit_id != unit_id and other.annotator != each.annotator
            ]
            if strangers:
                luck[each.annotator].append(best(each.text, strangers[: len(others)]))
    return {name: (_mean(values), _mean(luck.get(name, []))) for name, values in real.items()}


def abilities(db: Database, campaign: Campaign, answers: Sequence[Annotation]) -> dict[str, float]:
    """Competence by person: of ratings by all marks together, of sentences by known units."""
    if campaign.kind == "rate":
        rows = db.conn.execute(
            """
            select a.unit_id, r.label_id, a.annotator, r.rating
            from ratings r join annotations a using (annotation_id) where a.campaign_id = ?
            order by r.annotation_id, r.label_id
            """,
            [campaign.campaign_id],
        )
        marks = [((unit, label), person, mark - 1) for unit, label, person, mark in rows]
        return competence.fit(marks, labels=SCALE).competence if marks else {}
    gold = campaigns.gold_words(db, campaign.campaign_id)
    sentences = [each for each in answers if each.kind == "text"]
    chance = {
        unit_id: _mean([standings.holds(e.text, words) for e in sentences if e.unit_id != unit_id])
        or 0.0
        for unit_id, words in gold.items()
    }
    right: dict[str, list[bool]] = defaultdict(list)
    luck: dict[str, list[float]] = defaultdict(list)
    for each in answers:
        if each.purpose == "gold" and each.unit_id in gold:
            right[each.annotator].append(standings.holds(each.text, gold[each.unit_id]))
            luck[each.annotator].append(chance[each.unit_id])
    return competence.of_known(right, luck)


def _repeats(given: Sequence[Annotation]) -> tuple[int, int]:
    """How many units were described twice, and how many of those alike."""
    from rapidfuzz import fuzz

    first = {each.unit_id: each.text for each in given if each.purpose == "collect"}
    again = [each for each in given if each.purpose == "repeat" and each.unit_id in first]
    alike = [
        fuzz.token_set_ratio(first[each.unit_id].casefold(), each.text.casefold()) >= CONSISTENT
        for each in again
    ]
    return len(again), sum(alike)


def _attempts(db: Database, campaign: Campaign) -> dict[str, tuple[int, int | None, bool | None]]:
    rows = db.conn.execute(
        """
        select t.annotator, count(t.ended_utc), max(t.correct), max(t.passed)
        from attempts t where t.qualification_id = :test and t.annotator in (
            select annotator from claims where campaign_id = :campaign
            union select annotator from consents where campaign_id = :campaign
            union select annotator from participants where campaign_id = :campaign
        ) group by t.annotator
        """,
        {"test": campaign.settings.qualification_id, "campaign": campaign.campaign_id},
    )
    return {
        name: (count, best, None if passed is None else bool(passed))
        for name, count, best, passed in rows
    }


def _worked(db: Database, campaign_id: int) -> dict[str, tuple[float, int]]:
    """By person: minutes at work, and how many units they reported."""
    rows: Any = db.conn.execute(
        """
        select annotator, sum(active_seconds) / 60, count(*) filter (where outcome = 'broken')
        from claims where campaign_id = :id group by annotator
        union all
        select annotator, 0, 0 from consents where campaign_id = :id and annotator not in (
            select annotator from claims where campaign_id = :id
        )
        """,
        {"id": campaign_id},
    )
    return {name: (float(minutes), int(reports)) for name, minutes, reports in rows}


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
