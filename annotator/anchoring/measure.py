"""What a machine's draft does to answers: both halves side by side, so that anchoring is a number.

    found = measure(pairs)
    found.rows["likeness to the draft"].difference      # shown minus not shown
    found.rows["likeness to the draft"].low, .high      # its 95 % interval

Which half a picture set is in was decided by a coin, so a difference is what the draft did, up to
chance. Intervals are by the bootstrap over units: answers about one unit are not independent.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from db.crowd.assistance import Pair

RESAMPLES = 2000
LEAST = 5

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """One quantity: its means with and without a draft, the difference and its 95 % interval."""

    shown: float
    hidden: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class Measured:
    """Both halves.

    Attributes:
        shown, hidden: how many answers there are in each.
        rows: the quantities by name; empty where a half has fewer than LEAST answers.
    """

    shown: int
    hidden: int
    rows: dict[str, Row]


def measure(pairs: Sequence[Pair], *, seed: int = 0) -> Measured:
    """Compare the halves: likeness to the draft and to the others' sentences, words, seconds.

    Likeness is the token set ratio, 0 to 1. The others' sentences are those about the same unit by
    people who saw no draft, so that two copies of a draft do not count as agreement.
    """
    shown = sum(pair.shown for pair in pairs)
    if min(shown, len(pairs) - shown) < LEAST:
        return Measured(shown, len(pairs) - shown, {})
    free: dict[int, list[Pair]] = defaultdict(list)
    for pair in pairs:
        if not pair.shown:
            free[pair.unit_id].append(pair)
    quantities: dict[str, Callable[[Pair], float | None]] = {
        "likeness to the draft": lambda pair: _alike(pair.text, pair.draft),
        "likeness to others without a draft": lambda pair: _agreement(pair, free[pair.unit_id]),
        "words": lambda pair: float(len(pair.text.split())),
        "seconds": lambda pair: pair.seconds,
        "sent as drafted": lambda pair: float(_plain(pair.text) == _plain(pair.draft)),
    }
    rows = {}
    for name, quantity in quantities.items():
        values = [(pair, quantity(pair)) for pair in pairs]
        known = [(pair, value) for pair, value in values if value is not None]
        if row := _row(known, seed):
            rows[name] = row
    return Measured(shown, len(pairs) - shown, rows)


def _row(values: Sequence[tuple[Pair, float]], seed: int) -> Row | None:
    units = list(dict.fromkeys(pair.unit_id for pair, _ in values))
    place = {unit: index for index, unit in enumerate(units)}
    # (2, units): sums and counts of the half without and the half with a draft
    sums, counts = np.zeros((2, len(units))), np.zeros((2, len(units)))
    for pair, value in values:
        at = int(pair.shown), place[pair.unit_id]
        sums[at] += value
        counts[at] += 1
    if not counts.sum(axis=1).all():
        return None
    hidden, shown = sums.sum(axis=1) / counts.sum(axis=1)
    draw = np.random.default_rng(seed)
    picked = draw.integers(len(units), size=(RESAMPLES, len(units)))
    # (resamples, 2)
    total = np.maximum(counts[:, picked].sum(axis=2), 1e-9).T
    means = sums[:, picked].sum(axis=2).T / total
    low, high = np.quantile(means[:, 1] - means[:, 0], (0.025, 0.975))
    return Row(float(shown), float(hidden), float(shown - hidden), float(low), float(high))


def _agreement(pair: Pair, others: Sequence[Pair]) -> float | None:
    alike = [_alike(pair.text, other.text) for other in others if other.annotator != pair.annotator]
    return max(alike) if alike else None


def _alike(one: str, other: str) -> float:
    from rapidfuzz import fuzz

    return float(fuzz.token_set_ratio(_plain(one), _plain(other))) / 100


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".")
