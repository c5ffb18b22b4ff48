"""Drawings of audits, as SVG that needs nothing else.

    svg = curve(points, chosen=18, best=22)      # accuracy against the number of ablated units
    svg = curve(points, name="ablation-3")       # with both files to take away
    svg = lines({"nouns": …}, trials, across="units ablated"); boxes(by_layer); bars(groups)

Test accuracy is solid, validation dashed, random controls a band from the least to the greatest of
their trials with their mean inside it. Colours differ in lightness too, and lines in their dashes.
Values of a count show where the pointer is. Drawn by hand: a plotting library's files differ from
one version to the next, and a report over the same data is the same bytes.
"""

import base64
import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any, ClassVar

from markupsafe import Markup

from audits.figures import intervals
from db import templates
from db.audit.ablations import Point
from db.design import tokens

_PARTS = templates.beside(__file__)

WIDTH, HEIGHT = 760, 360
LEFT, RIGHT, TOP, BOTTOM = 66, 16, 16, 64
# The tokens of both themes where there are any, else the light ones. Colours differ in lightness
# and people who are colour-blind can tell them apart; dashes tell the lines apart as well.
COLOURS = tuple(f"var(--mw-{name}, {colour})" for name, colour in tokens.LIGHT_LINES.items())
KEYWORD, CONTROL, SORTED = COLOURS[:3]
DASHES = ("", "8 3", "2 3", "10 3 2 3", "5 5", "1 4", "12 4")

_Line = list[tuple[int, float]]


@dataclass(frozen=True)
class Box:
    """Least, quartiles and greatest of some scores, and their mean."""

    low: float
    q25: float
    median: float
    q75: float
    high: float
    mean: float


@dataclass(frozen=True)
class _Plot:
    """Where counts (0 to `most`) and accuracies (`low` to `high`) lie in a drawing, in pixels."""

    most: int
    low: float
    high: float
    across: str
    width: ClassVar[int] = WIDTH
    height: ClassVar[int] = HEIGHT
    left: ClassVar[int] = LEFT
    right: ClassVar[int] = WIDTH - RIGHT
    top: ClassVar[int] = TOP
    floor: ClassVar[int] = HEIGHT - BOTTOM

    def x(self, count: float) -> float:
        return self.left + (self.right - self.left) * count / self.most

    def y(self, accuracy: float) -> float:
        return self.top + (self.floor - self.top) * (self.high - accuracy) / (self.high - self.low)

    def path(self, line: Sequence[tuple[int, float]]) -> str:
        return " ".join(f"{self.x(count):.1f},{self.y(value):.1f}" for count, value in line)

    @property
    def levels(self) -> list[float]:
        """Accuracies at which a line goes across."""
        step = 0.05 if self.high - self.low <= 0.4 else 0.1
        return [
            self.low + index * step for index in range(round((self.high - self.low) / step) + 1)
        ]

    @property
    def ticks(self) -> range:
        """Counts that stand along the foot."""
        return range(0, self.most + 1, max(1, -(-self.most // 8)))


@dataclass(frozen=True)
class _Drawn:
    """A line, or the outline of a band: points of SVG, and what stands for it in the legend."""

    points: str
    colour: str
    dashes: str = ""
    name: str = ""


@dataclass(frozen=True)
class _Hit:
    """Where the pointer is over a count, and the values that then show."""

    x: float
    left: float
    width: float
    words: str


def curve(
    points: Sequence[Point],
    *,
    chosen: int | None = None,
    best: int | None = None,
    most: int = 0,
    name: str = "",
) -> Markup:
    """Draw the points of one ablation; an empty drawing says that nothing is measured yet.

    Args:
        points: accuracies in [0, 1] of the conditions keyword, random and sorted_all.
        chosen: the count chosen on validation data, marked by a line.
        best: the count that is best on test data, marked by a line.
        most: how many units there are to ablate, so that a curve grows into its place.
        name: of the drawing as SVG and of its points as CSV, to take away; neither without.
    """
    # Whole layers are single numbers far to the right; the table has them.
    points = [point for point in points if point.condition != "whole_layer"]
    if not points:
        return _PARTS("nothing")
    most = max(1, most, *(point.n_ablated for point in points))
    low, high = _range([point.accuracy for point in points])
    plot = _Plot(most, low, high, "units ablated")
    measured = _lines(points)
    trials = [
        line
        for (condition, _, split), line in measured.items()
        if (condition, split) == ("random", "test")
    ]
    band, drawn = _controls(plot, trials)
    for (condition, _, split), line in measured.items():
        if condition == "sorted_all" and split == "test":
            drawn.append(_Drawn(plot.path(line), SORTED, "9 3 2 3"))
        if condition == "keyword":
            drawn.append(_Drawn(plot.path(line), KEYWORD, "" if split == "test" else "6 4"))
    keys = [("test", KEYWORD, ""), ("validation", KEYWORD, "6 4")]
    if trials:
        keys.append((f"random units, test: {_draws(trials)}", CONTROL, "2 3"))
    if any(condition == "sorted_all" for condition, _, _ in measured):
        keys.append(("all units sorted, test", SORTED, "9 3 2 3"))
    marks = ((chosen, "chosen on validation", 0), (best, "best on test", 26))
    drawing = {
        "plot": plot,
        "label": f"accuracy against the number of ablated units, 0 to {most}",
        "band": band,
        "opacity": ".22",
        "lines": drawn,
        "marks": [mark for mark in marks if mark[0] is not None],
        "legend": _legend(keys),
    }
    files = (_file(f"{name}.svg", _alone(drawing)), _file(f"{name}.csv", _csv(points)))
    return _PARTS("drawing", **drawing, hits=_hits(plot, points), files=files if name else ())


def _hits(plot: _Plot, points: Sequence[Point]) -> list[_Hit]:
    """A strip around every count that was measured on test images, with what was measured there."""
    at: dict[tuple[int, str, str], list[float]] = defaultdict(list)
    for point in points:
        at[point.n_ablated, point.condition, point.split].append(point.accuracy)
    half = (plot.right - plot.left) / plot.most / 2
    found = []
    for count in sorted({point.n_ablated for point in points}):
        words = [f"{count} unit{'s' * (count != 1)}"]
        for (condition, split), name in (
            (("keyword", "test"), "test"),
            (("keyword", "validation"), "validation"),
            (("sorted_all", "test"), "all units sorted"),
        ):
            words += [f"{name} {value:.1%}" for value in at[count, condition, split][:1]]
        if draws := at[count, "random", "test"]:
            words.append(f"random units {intervals.words(intervals.of_draws(draws))}")
        place = plot.x(count)
        left, right = max(plot.left, place - half), min(plot.right, place + half)
        found.append(_Hit(place, left, right - left, " · ".join(words)))
    return found


def _alone(drawing: Mapping[str, Any]) -> str:
    """The drawing with its legend as a file that needs no style sheet."""
    return re.sub(r"var\(--[\w-]+, ([^()]+)\)", r"\1", _PARTS("alone", **drawing))


def _csv(points: Sequence[Point]) -> str:
    rows = (astuple(point) for point in points)
    named = ",".join(field.name for field in fields(Point))
    return "\r\n".join([named, *(",".join(map(str, row)) for row in rows), ""])


def _file(name: str, content: str) -> tuple[str, str]:
    """A file's name, and an address that holds it."""
    kind = "image/svg+xml" if name.endswith(".svg") else "text/csv"
    return name, f"data:{kind};base64,{base64.b64encode(content.encode()).decode()}"


def lines(
    named: Mapping[str, Sequence[tuple[int, float]]],
    trials: Sequence[Sequence[tuple[int, float]]],
    *,
    across: str,
) -> Markup:
    """Curves of several names beside the band of random trials.

    Args:
        named: by name, (count, accuracy) by rising count; at most `COLOURS` are told apart.
        trials: the same of each trial.
        across: what the counts count.
    """
    everything = [*named.values(), *trials]
    most = max(1, *(count for line in everything for count, _ in line))
    low, high = _range([accuracy for line in everything for _, accuracy in line])
    plot = _Plot(most, low, max(high, low + 0.05), across)
    band, drawn = _controls(plot, [list(line) for line in trials])
    keys = [(f"random orders: {_draws(trials)}", CONTROL, "2 3")]
    for place, (name, line) in enumerate(named.items()):
        colour, dashes = COLOURS[place % len(COLOURS)], DASHES[place % len(DASHES)]
        drawn.append(_Drawn(plot.path(line), colour, dashes))
        keys.append((name, colour, dashes))
    return _PARTS(
        "drawing",
        plot=plot,
        label=f"accuracy against {across}, of {', '.join(named)}",
        band=band,
        opacity=".25",
        lines=drawn,
        marks=(),
        legend=_legend(keys),
        hits=(),
        files=(),
    )


def boxes(layers: Mapping[str, Box]) -> Markup:
    """Least, quartiles and greatest of a score in each layer, from the first layer to the last."""
    tall = 120
    low = min(0.0, *(box.low for box in layers.values()))
    high = max(0.0, *(box.high for box in layers.values()))

    def y(value: float) -> float:
        return 8 + (tall - 8) * (high - value) / ((high - low) or 1.0)

    return _PARTS(
        "boxes",
        layers=layers,
        ends=sorted({low, high}),
        y=y,
        left=34,
        wide=36,
        tall=tall,
        bottom=26,
        colour=KEYWORD,
        mark=CONTROL,
    )


def bars(counted: Sequence[tuple[str, int, str]]) -> Markup:
    """Horizontal bars: (name, count, colour), the longest first."""
    if not counted:
        return Markup()
    most = max(count for _, count, _ in counted)
    return _PARTS("bars", counted=counted, most=most, width=WIDTH, tall=20, left=230, long=420)


def _lines(points: Sequence[Point]) -> dict[tuple[str, int, str], _Line]:
    lines: dict[tuple[str, int, str], _Line] = defaultdict(list)
    for point in sorted(points, key=lambda point: point.n_ablated):
        lines[point.condition, point.trial, point.split].append((point.n_ablated, point.accuracy))
    return dict(lines)


def _controls(plot: _Plot, trials: Sequence[_Line]) -> tuple[_Drawn | None, list[_Drawn]]:
    """The band of the random trials, and their mean."""
    if not trials:
        return None, []
    lower, mean, upper = _band(trials)
    outline = f"{plot.path(lower)} {plot.path(upper[::-1])}"
    return _Drawn(outline, CONTROL), [_Drawn(plot.path(mean), CONTROL, "2 3")]


def _band(trials: Sequence[_Line]) -> tuple[_Line, _Line, _Line]:
    """Least, mean and greatest accuracy of the trials at each count that any of them reached."""
    by_count: dict[int, list[float]] = defaultdict(list)
    for line in trials:
        for count, accuracy in line:
            by_count[count].append(accuracy)
    counts = sorted(by_count)
    return (
        [(count, min(by_count[count])) for count in counts],
        [(count, sum(by_count[count]) / len(by_count[count])) for count in counts],
        [(count, max(by_count[count])) for count in counts],
    )


def _draws(trials: Sequence[object]) -> str:
    """What the band and the line in it are, for the legend."""
    return f"mean and range of {len(trials)} draws" if len(trials) > 1 else "one draw"


def _range(values: Sequence[float]) -> tuple[float, float]:
    """A range of at least five points around the values, inside [0, 1], in steps of 5 %."""
    low, high = math.floor(min(values) * 20) / 20, math.ceil(max(values) * 20) / 20
    return (low, high) if high - low >= 0.05 else (max(0.0, high - 0.05), max(high, 0.05))


def _legend(keys: Sequence[tuple[str, str, str]]) -> list[_Drawn]:
    """A short piece of each line: (name, colour, dashes)."""
    return [_Drawn("0,4 34,4", colour, dashes, name) for name, colour, dashes in keys]
