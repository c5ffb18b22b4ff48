"""What an ablation found, in words: one sentence with its test, and the table beneath it.

    found = finding(summary, draws_at(points, count_of(summary)))
    found.sentence      # "Without these 6 units: 48.2%, 14.7 points more. Random units of the same
                        #  layers: +11.8 (range of 40 draws: +6.1 to +15.0). No clear difference."
    found.test          # how that was tested
    rows(summary)       # [("accuracy without ablation (500 test images)", "81.20%"), …]

The test is exact and asks nothing of how accuracies are distributed: if the chosen units were like
any units of their layers, each of the n draws and the chosen units would be equally likely to have
the highest accuracy, or the lowest (Monte Carlo test; Phipson and Smyth, "Permutation p-values
should never be zero", 2010). Ties count against a difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from audits.ablation.result import Summary
from audits.figures import intervals
from db.audit.ablations import Point

LEVEL = 0.05
# With fewer draws no result is below the level: 2 / (39 + 1) is.
ENOUGH = 39

Verdict = Literal["more", "less", "none"]


@dataclass(frozen=True)
class Finding:
    """A result in a sentence.

    Attributes:
        sentence: accuracies, the change, that of random units, and the verdict in words.
        test: what was tested, how, and with which p.
        verdict: whether accuracy is clearly more or less than without random units.
        p: two-sided, between 0 and 1; None where nothing was drawn.
    """

    sentence: str
    test: str
    verdict: Verdict
    p: float | None


def count_of(summary: Summary) -> int:
    """The number of units that a result is about: as chosen on validation, else all of them."""
    chosen = summary.chosen.n_ablated if summary.chosen else 0
    return chosen or summary.end.n_ablated


def draws_at(points: Sequence[Point], count: int) -> list[float]:
    """Test accuracies of the random draws after so many units."""
    return [
        point.accuracy
        for point in points
        if (point.condition, point.split, point.n_ablated) == ("random", "test", count)
    ]


def rank_p(value: float, draws: Sequence[float]) -> float:
    """The two-sided p of a value among random draws of the same, at least one.

    >>> rank_p(0.9, [0.1] * 39)
    0.05
    >>> rank_p(0.1, [0.1, 0.1, 0.1])
    1.0
    """
    above = sum(draw >= value for draw in draws)
    below = sum(draw <= value for draw in draws)
    return min(1.0, 2 * (1 + min(above, below)) / (len(draws) + 1))


def finding(summary: Summary, draws: Sequence[float]) -> Finding:
    """The result of a finished ablation.

    Args:
        draws: test accuracies without as many random units, `draws_at` the count of the result.
    """
    count = count_of(summary)
    at = summary.chosen if summary.chosen and summary.chosen.n_ablated else summary.end
    start, value = summary.start.test, at.test
    what = "" if summary.measure == "accuracy" else " agreement with the unedited network"
    said = [f"{_units(summary, count)}: {value:.1%}{what}, {_change(value - start)}."]
    if not draws:
        return Finding(said[0], "Nothing was drawn to hold it against.", "none", None)
    drawn = intervals.of_draws(draws)
    p = rank_p(value, draws)
    above = value > drawn.mean
    verdict: Verdict = "none" if p > LEVEL else "more" if above else "less"
    said += [_random(drawn, start), _verdict(verdict, value, draws)]
    return Finding(" ".join(said), _test(summary, count, len(draws), p), verdict, p)


def rows(summary: Summary) -> list[tuple[str, str]]:
    """The measurement in words and numbers, as every page shows it."""
    digits = 1 if summary.images >= 1000 or summary.images == 0 else 2
    what = summary.measure

    def percent(value: float | None) -> str:
        return "not measured" if value is None else f"{value:.{digits}%}"

    found = [
        (f"{what} without ablation ({summary.images} test images)", percent(summary.start.test))
    ]
    for name, point in (
        ("chosen on validation", summary.chosen),
        ("best on test (an oracle's choice)", summary.best),
        ("all", summary.end),
    ):
        if point is None:
            continue
        units = f"{point.n_ablated} unit{'s' * (point.n_ablated != 1)}, {name}"
        found.append((f"{what} without {units}", percent(point.test)))
        if point.random is not None:
            drawn = intervals.words(point.random, digits=digits)
            found.append((f"… without as many random units of the same layers ({units})", drawn))
        if point.sorted_all is not None:
            found.append((f"… sorting all examined units ({units})", percent(point.sorted_all)))
    found += summary.ties
    found += [
        (f"{what} without all {each.units} units of {each.layer}", percent(each.accuracy))
        for each in summary.whole_layers
    ]
    return [*found, *(summary.head.rows() if summary.head else ())]


def _units(summary: Summary, count: int) -> str:
    every = summary.end.n_ablated
    if count == every:
        return "Without this unit" if count == 1 else f"Without these {count} units"
    return f"Without the first {count} of {every} units"


def _change(change: float) -> str:
    points = abs(100 * change)
    if round(points, 1) == 0:
        return "no points more or less"
    return f"{points:.1f} points {'more' if change > 0 else 'less'}"


def _random(drawn: intervals.Interval, start: float) -> str:
    mean, low, high = (f"{100 * (end - start):+.1f}" for end in (drawn.mean, drawn.low, drawn.high))
    of = f"range of {drawn.draws} draws: {low} to {high}" if drawn.draws > 1 else "one draw"
    return f"Random units of the same layers: {mean} ({of})."


def _verdict(verdict: Verdict, value: float, draws: Sequence[float]) -> str:
    if verdict != "none":
        return f"Clearly {verdict} than without random units."
    if not min(draws) <= value <= max(draws):
        return f"Outside the range, but {len(draws)} draws are too few to call it clear."
    return "No clear difference."


def _test(summary: Summary, count: int, draws: int, p: float) -> str:
    """How it was tested, and what the test does not see."""
    said = [
        f"Rank among the draws, two-sided: p = {p:.2g}, clear from {LEVEL:g} down"
        + (f" (which takes {ENOUGH} draws)." if draws < ENOUGH else ".")
    ]
    if summary.images:
        said.append(
            f"{summary.images:,} test images: one image is {100 / summary.images:.2g} points."
        )
    if count < summary.end.n_ablated:
        said.append("The count was chosen on validation images, for the draws it was not.")
    elif summary.chosen is not None and summary.chosen.n_ablated == 0:
        said.append("On validation images no count kept the accuracy: this is without all of them.")
    return " ".join(said)
