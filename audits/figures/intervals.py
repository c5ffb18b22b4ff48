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


# 97.5 % points of Student's t for 1 to 30 degrees of freedom.
_STUDENT = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)


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
    freedom = len(values) - 1
    student = _STUDENT[freedom - 1] if freedom <= len(_STUDENT) else 1.96 + 2.4 / freedom
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
