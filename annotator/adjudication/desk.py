"""Units whose sentences disagree, and what a reviewer has in front of them.

    found = desk.queue(db, campaign_id, threshold=0.5)
    found.chance                     # how alike sentences about different units are
    desk.decided(db, campaign_id)    # rows for a table

How alike the sentences of a unit are is the mean over all pairs of the token set ratio, 0 to 1: a
quick look at shared words. It takes paraphrases for disagreement, so it only decides what a
reviewer sees, in what order; the measured agreement is another tab's.
"""

import random
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations

from sqlite_utils import Database

from db.annotate import annotations
from db.annotate.annotations import Annotation
from db.crowd import adjudications
from db.crowd.adjudications import Decision
from db.describe import exemplars

LEAST = 3
THRESHOLD = 0.5


@dataclass(frozen=True)
class Case:
    """A unit whose sentences disagree, with them in the order they came."""

    unit_id: int
    alike: float
    answers: tuple[Annotation, ...]


@dataclass(frozen=True)
class Queue:
    """The cases that wait for a decision, least alike first.

    Attributes:
        units: how many have enough sentences to disagree; decided: how many have a decision.
        chance: how alike as many sentences about different units are; None: there are too few.
    """

    cases: tuple[Case, ...]
    units: int
    decided: int
    chance: float | None


def queue(
    db: Database, campaign_id: int, *, threshold: float = THRESHOLD, skip: Collection[int] = ()
) -> Queue:
    """What waits for a decision: units under the threshold that have none newer than their answers.

    Args:
        threshold: 0 to 1; units whose sentences are less alike than this are cases.
        skip: units to be left out now.
    """
    counted: dict[int, list[Annotation]] = defaultdict(list)
    for answer in annotations.of_campaign(db, campaign_id):
        if answer.slot is not None and answer.purpose == "collect" and not answer.withdrawn:
            counted[answer.unit_id].append(answer)
    full = {unit_id: own for unit_id, own in counted.items() if len(own) >= LEAST}
    made = adjudications.newest(db, campaign_id)
    cases = [
        Case(unit_id, alike([answer.text for answer in own]), tuple(own))
        for unit_id, own in full.items()
        if unit_id not in skip and not _settled(made.get(unit_id), own)
    ]
    cases = sorted((each for each in cases if each.alike < threshold), key=lambda each: each.alike)
    decided = sum(_settled(made.get(unit_id), own) for unit_id, own in full.items())
    return Queue(tuple(cases), len(full), decided, _chance(list(full.values())))


def alike(texts: Sequence[str]) -> float:
    """The mean likeness over all pairs, 0 to 1; no pattern is alike to no pattern alone.

    >>> alike(["red cars", "cars red", "red cars"])
    1.0
    """
    from rapidfuzz import fuzz

    pairs = list(combinations((text.casefold() for text in texts), 2))
    return sum(
        fuzz.token_set_ratio(one, other) / 100 if one and other else float(one == other)
        for one, other in pairs
    ) / max(len(pairs), 1)


def decided(db: Database, campaign_id: int) -> list[tuple[str, str, int, str, str, str, str]]:
    """The newest decisions: network, layer, unit, verdict, sentence, person, time."""
    rows = []
    for unit_id, each in adjudications.newest(db, campaign_id).items():
        unit = exemplars.unit(db, unit_id)
        rows.append(
            (
                unit.subject,
                unit.layer,
                unit.unit,
                str(each.verdict),
                each.text,
                each.person,
                each.created_utc,
            )
        )
    return rows


def _settled(decision: Decision | None, answers: Sequence[Annotation]) -> bool:
    """Whether nothing came since a decision; asking for more settles nothing once more is there."""
    if decision is None:
        return False
    return decision.created_utc >= max(answer.revised_utc for answer in answers)


def _chance(groups: list[list[Annotation]], *, seed: int = 0) -> float | None:
    """How alike sentences are of which each is about another unit."""
    if len(groups) < LEAST:
        return None
    draw = random.Random(seed)
    values = []
    for _ in range(100):
        picked = draw.sample(groups, LEAST)
        values.append(alike([draw.choice(group).text for group in picked]))
    return sum(values) / len(values)
