"""How faithful descriptions are: does a unit act where its sentence holds? Scores beside controls.

    faithfulness.add(db, [Score(description_id, "the demo world's truth", "demo-people-test", …)])
    faithfulness.of_descriptions(db, [description_id])

A score belongs to a description, a judge (what says where a sentence holds) and a set of images;
measuring the same again puts the new score in its place.
"""

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from sqlite_utils import Database

from db.workspace import now


@dataclass(frozen=True)
class Score:
    """One description against its unit's activations on images.

    Attributes:
        auprc, auroc: of finding the tenth of the images on which the unit is most active.
        correlation: of the activation with how far the sentence holds.
        constant: the AUPRC of a sentence that holds everywhere alike.
        shuffled: the mean AUPRC of other units' sentences.
    """

    description_id: int
    judge: str
    images: str
    auprc: float
    auroc: float
    correlation: float
    constant: float
    shuffled: float


def add(db: Database, scores: Sequence[Score]) -> None:
    """Keep scores; older ones by the same judge on the same images give way."""
    moment = now()
    with db.atomic():
        db.conn.executemany(
            "insert or replace into faithfulness values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(*astuple(score), moment) for score in scores],
        )


def of_descriptions(db: Database, description_ids: Sequence[int]) -> list[Score]:
    """All scores of some descriptions, the newest first."""
    rows = db.query(
        """
        select description_id, judge, images, auprc, auroc, correlation, constant, shuffled
        from faithfulness where description_id in (select value from json_each(?))
        order by created_utc desc, description_id, judge, images
        """,
        [json.dumps(list(description_ids))],
    )
    return [Score(**row) for row in rows]
