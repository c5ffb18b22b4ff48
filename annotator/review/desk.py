"""What a reviewer has in front of them: one answer, its flags, and the others only on request.

look(db, campaign_id, annotator=None, skip=(), flagged_only=True)
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlite_utils import Database

from db.access import users
from db.annotate import annotations, reviews
from db.annotate.annotations import Annotation
from db.annotate.reviews import Waiting
from db.describe import exemplars
from db.describe.exemplars import UnitRow


@dataclass(frozen=True)
class Look:
    """One answer under review, with the other answers about its unit; `simulated` holds the names
    of annotators that are no people.
    """

    waiting: Waiting
    unit: UnitRow
    siblings: tuple[Annotation, ...]
    simulated: frozenset[str] = frozenset()


def look(
    db: Database,
    campaign_id: int,
    *,
    annotator: str | None = None,
    flagged_only: bool = False,
    skip: Collection[int] = (),
) -> Look | None:
    """The next answer that waits for a verdict; None when there is none."""
    found = reviews.queue(
        db, campaign_id, annotator=annotator, flagged_only=flagged_only, skip=skip
    )
    return None if found is None else of(db, found.annotation.annotation_id)


def of(db: Database, annotation_id: int) -> Look:
    """One answer to look at, whatever was said about it."""
    waiting = reviews.waiting(db, annotation_id)
    answer = waiting.annotation
    others = annotations.of_unit(db, answer.campaign_id, answer.unit_id)
    siblings = tuple(
        other
        for other in others
        if other.annotation_id != annotation_id
        and other.purpose == "collect"
        and not other.withdrawn
    )
    return Look(waiting, exemplars.unit(db, answer.unit_id), siblings, users.simulated(db))
