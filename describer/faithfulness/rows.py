"""Scores as rows of a workspace: numbers that are none become null.

rows.score_of(scored, description_id, judge.name, "val")
"""

import math

from db.describe.faithfulness import Measured, Score
from describer.faithfulness.scoring import Scored
from describer.faithfulness.trusted import Value


def score_of(one: Scored, description_id: int, judge: str, images: str) -> Score:
    """A sentence's scores by all measures."""
    return Score(
        description_id,
        judge,
        images,
        one.values["auprc"].value,
        one.values["auroc"].value,
        one.values["correlation"].value,
        one.values["auprc"].constant,
        one.values["auprc"].others,
        {name: numbers(value) for name, value in one.values.items()},
    )


def numbers(value: Value) -> Measured:
    """A value with its interval and what chance gives."""
    low, high = number(value.low), number(value.high)
    return (value.value, low, high, value.constant, value.others)


def number(value: float) -> float | None:
    """A number, or None where it is none."""
    return None if math.isnan(value) else float(value)
