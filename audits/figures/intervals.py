"""What some random draws say: their mean and range, which is the one kind that pages show.

    found = of_draws([0.40, 0.45, 0.51])
    words(found)                # "45.3% (range of 3 draws: 40.0% to 51.0%)"

The range goes from the least draw to the greatest: it claims nothing about draws not made.
`interval`, where one more draw would lie, is for tables of many seeds.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """A mean, and two ends: of `of_draws` the least and the greatest of `draws` values.

    With 0 draws the ends are something else: what `interval` gives, or what was stored before the
    range was kept, which is no range of draws.
    """

    mean: float
    low: float
    high: float
    draws: int = 0


def of_draws(values: Sequence[float]) -> Interval:
    """Mean, least and greatest of some draws, at least one.

    >>> of_draws([0.5, 0.25, 0.75])
    Interval(mean=0.5, low=0.25, high=0.75, draws=3)
    """
    return Interval(statistics.fmean(values), min(values), max(values), len(values))


def words(found: Interval | None, *, digits: int = 1) -> str:
    """Shares in [0, 1] of some draws as every page says them; "" where none were made.

    >>> words(of_draws([0.5]))
    '50.0% (one draw)'
    """
    if found is None:
        return ""
    mean = f"{found.mean:.{digits}%}"
    if found.draws == 1:
        return f"{mean} (one draw)"
    if not found.draws:
        return mean
    return f"{mean} ({range_words(found, digits=digits)})"


def range_words(found: Interval, *, digits: int = 1) -> str:
    """The range alone, with the number of draws that it is of.

    >>> range_words(of_draws([0.4, 0.5]))
    'range of 2 draws: 40.0% to 50.0%'
    """
    return f"range of {found.draws} draws: {found.low:.{digits}%} to {found.high:.{digits}%}"


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
