"""How faithful descriptions are: does a unit act where its sentence holds? Scores beside controls.

    faithfulness.add(db, [Score(description_id, "the demo world's truth", "demo-people-test", …)])
    faithfulness.of_descriptions(db, [description_id])
    faithfulness.add_tests(db, set_id, judge, images, identity, {"f1": tests})

A score belongs to a description, a judge (what says where a sentence holds) and a set of images;
measuring the same again puts the new score in its place. The sanity tests of the measures belong to
the exemplars, the judge and the images that they were run on.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from db.workspace import now

# (value, low, high, constant, others); low and high are None where there is no interval.
Measured = tuple[float, float | None, float | None, float, float]


@dataclass(frozen=True)
class Score:
    """One description against its unit's activations on images.

    Attributes:
        auprc, auroc: of finding the tenth of the images on which the unit is most active.
        correlation: of the activation with how far the sentence holds.
        constant: the AUPRC of a sentence that holds everywhere alike.
        shuffled: the mean AUPRC of other units' sentences.
        measures: every measure by name, with its interval over images, a constant sentence's value
            and the mean of other units' sentences; empty where only the above were taken.
    """

    description_id: int
    judge: str
    images: str
    auprc: float
    auroc: float
    correlation: float
    constant: float
    shuffled: float
    measures: Mapping[str, Measured] = field(default_factory=dict)


def add(db: Database, scores: Sequence[Score]) -> None:
    """Keep scores; older ones by the same judge on the same images give way."""
    moment = now()
    with db.atomic():
        db.conn.executemany(
            """
            insert or replace into faithfulness (
                description_id, judge, images, auprc, auroc, correlation, constant, shuffled,
                measures_json, created_utc
            ) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                (
                    score.description_id,
                    score.judge,
                    score.images,
                    score.auprc,
                    score.auroc,
                    score.correlation,
                    score.constant,
                    score.shuffled,
                    json.dumps({name: list(one) for name, one in score.measures.items()}),
                    moment,
                )
                for score in scores
            ],
        )


def of_descriptions(db: Database, description_ids: Sequence[int]) -> list[Score]:
    """All scores of some descriptions, the newest first."""
    rows = db.query(
        """
        select description_id, judge, images, auprc, auroc, correlation, constant, shuffled,
            measures_json
        from faithfulness where description_id in (select value from json_each(?))
        order by created_utc desc, description_id, judge, images
        """,
        [json.dumps(list(description_ids))],
    )
    return [Score(measures=_measures(row.pop("measures_json")), **row) for row in rows]


def add_tests(
    db: Database,
    exemplar_set_id: int,
    judge: str,
    images: str,
    identity: str,
    tests: Mapping[str, Any],
) -> None:
    """Keep what the sanity tests of a layer came to, as plain JSON values by measure.

    Args:
        identity: of all that the layer's scores depend on; they are finished when this is kept.
    """
    with db.atomic():
        db.execute(
            """
            insert or replace into sanity_tests
                (exemplar_set_id, judge, images, identity, tests_json, created_utc)
            values (?, ?, ?, ?, ?, ?)
            """,
            [exemplar_set_id, judge, images, identity, json.dumps(dict(tests)), now()],
        )


def tests(db: Database, exemplar_set_id: int) -> list[dict[str, Any]]:
    """What was kept of a layer, the newest first: judge, images, identity, and tests by measure."""
    rows = db.query(
        """
        select judge, images, identity, tests_json from sanity_tests
        where exemplar_set_id = ? order by created_utc desc, judge, images
        """,
        [exemplar_set_id],
    )
    return [{"tests": json.loads(row.pop("tests_json")), **row} for row in rows]


def _measures(stored: str) -> dict[str, Measured]:
    return {name: tuple(one) for name, one in json.loads(stored).items()}
