"""The trusted sentence of a unit: chosen on one half of the images, scored on the other.

    chosen = choose(scores, seeds)                      # int64 (units,): a method's place, or -1
    better = better_than_chance(values, constant, others)

The method whose sentence scores best on the first half is taken; of several that score the same
one is drawn, by the unit's own seed. What is reported is its score on the second half, which had no
part in the choice. It holds better than chance when, over draws of those images, the 95 % interval
of its lead over a constant sentence, and that of its lead over other units' sentences by the same
method, both lie above 0. Otherwise the unit has no trusted sentence: "none holds better than
chance".
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from describer.faithfulness import intervals
from describer.faithfulness.measures import Bools, Floats, Places

NONE = "none holds better than chance"
SILENT = "the unit is alike active on all images"
FEW = "too few images gave no exemplars of the unit"
NOTHING = "no method says anything of it"
UNJUDGED = "the judge knows nothing that any sentence names"
# Of each half, to choose or to report on.
LEAST = 10


@dataclass(frozen=True)
class Value:
    """A score with its interval over images, and what chance gives on the same images.

    constant: of a sentence that holds everywhere. others: the mean of other units' sentences.
    """

    value: float
    low: float
    high: float
    constant: float
    others: float


@dataclass(frozen=True)
class Trusted:
    """What one may say of a unit.

    Attributes:
        method, text: of the sentence; "" where there is none.
        first: its score on the half that chose it.
        value: its score on the other half; None where nothing could be scored.
        candidate: the method that was chosen, whether it held or not.
        reason: why no sentence is trusted; "" where one is.
    """

    layer: str
    unit: int
    method: str
    text: str
    first: float
    value: Value | None
    candidate: str
    reason: str


def choose(scores: NDArray[np.floating], seeds: Sequence[int]) -> Places:
    """The best of each unit: int64 (units,), -1 where all are NaN.

    Args:
        scores: (methods, units), on the first half; NaN where a method has no sentence to judge.
        seeds: one a unit, of the draw among equal ones.
    """
    chosen = np.full(scores.shape[1], -1, dtype=np.int64)
    for unit, seed in enumerate(seeds):
        own = scores[:, unit]
        there = ~np.isnan(own)
        if there.any():
            best = np.flatnonzero(there & (own == own[there].max()))
            chosen[unit] = np.random.default_rng(seed).choice(best)
    return chosen


def better_than_chance(values: Floats, constant: Floats, others: Floats) -> Bools:
    """Whether scores lead by more than their intervals: bool (pairs,).

    Args:
        values, constant, others: (draws, pairs), on the same draws of images.
    """
    leads = [intervals.ends(values - level)[0] > 0 for level in (constant, others)]
    better: Bools = leads[0] & leads[1]
    return better
