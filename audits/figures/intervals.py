"""What the interval of some random draws can be taken for.

too_few(0.02, 1.0, 5)      " (5 draws are too few to say)"
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

# Nearly all of [0, 1]: it leaves nothing out.
WIDE = 0.9


def too_few(low: float | None, high: float | None, draws: int) -> str:
    """The words behind an interval of shares in [0, 1] that says nothing; else none.

    >>> too_few(0.2, 0.4, 5)
    ''
    """
    if low is None or high is None or not high - low > WIDE:
        return ""
    return f" ({draws} draws are too few to say)"


@dataclass(frozen=True)
class Interval:
    """A mean, and where one more value like these would lie in 19 of 20 cases."""

    mean: float
    low: float
    high: float


def interval(values: Sequence[float]) -> Interval:
    """Mean of some trials, and where one more trial would lie in 19 of 20 cases.

    It is the 95 % prediction interval of a normal sample, mean ± t · s · sqrt(1 + 1/n), which is
    what another curve can be held against (a confidence interval of the mean is narrower).

    >>> band = interval([0.5, 0.6, 0.7])
    >>> f"{band.mean:.3f} {band.low:.3f} {band.high:.3f}"
    '0.600 0.103 1.097'
    """
    mean = statistics.fmean(values)
    if len(values) < 2:
        return Interval(mean, math.nan, math.nan)
    # Imported here: pages use the other functions, and scipy takes its time.
    from scipy import stats

    student = float(stats.t.ppf(0.975, len(values) - 1))
    half = student * statistics.stdev(values) * math.sqrt(1 + 1 / len(values))
    return Interval(mean, mean - half, mean + half)


def accuracy_interval(values: Sequence[float]) -> Interval:
    """`interval` of accuracies, which lie between 0 and 1.

    >>> band = accuracy_interval([0.5, 0.6, 0.7])
    >>> f"{band.low:.3f} {band.high:.3f}"
    '0.103 1.000'
    """
    found = interval(values)
    if math.isnan(found.low):
        return found
    return Interval(found.mean, max(0.0, found.low), min(1.0, found.high))
