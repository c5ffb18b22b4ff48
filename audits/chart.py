"""Accuracy against the number of ablated units, as an SVG that needs nothing else.

    svg = curve(points, chosen=18, best=22)

Test accuracy is solid, validation dashed, random controls a band from the least to the greatest of
their trials with their mean inside it. Colours differ in lightness too, and lines in their dashes.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from html import escape

from db.ablations import Point

WIDTH, HEIGHT = 760, 360
LEFT, RIGHT, TOP, BOTTOM = 62, 16, 16, 46
KEYWORD, CONTROL, SORTED = "#0b6fa4", "#b8860b", "#7b4fa3"

_Line = list[tuple[int, float]]


def curve(points: Sequence[Point], *, chosen: int | None = None, best: int | None = None) -> str:
    """Draw the points of one ablation; an empty drawing says that nothing is measured yet.

    Args:
        points: accuracies in [0, 1] of the conditions keyword, random and sorted_all.
        chosen: the count chosen on validation data, marked by a line.
        best: the count that is best on test data, marked by a line.
    """
    # Whole layers are single numbers far to the right; the table has them.
    points = [point for point in points if point.condition != "whole_layer"]
    if not points:
        return '<p class="mw-muted">The curve appears here with the first measured point.</p>'
    most = max(1, *(point.n_ablated for point in points))
    low, high = _range([point.accuracy for point in points])

    def x(count: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * count / most

    def y(accuracy: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - accuracy) / (high - low)

    def path(line: _Line) -> str:
        return " ".join(f"{x(count):.1f},{y(accuracy):.1f}" for count, accuracy in line)

    parts = _axes(most, low, high, x_of=x, y_of=y)
    lines = _lines(points)
    trials = [
        line for (condition, _, split), line in lines.items() if _is_control(condition, split)
    ]
    if trials:
        lower, mean, upper = _band(trials)
        outline = path(lower) + " " + path(upper[::-1])
        parts.append(f'<polygon points="{outline}" fill="{CONTROL}" opacity=".2"/>')
        parts.append(_polyline(path(mean), CONTROL, "2 3"))
    for (condition, _, split), line in lines.items():
        if condition == "sorted_all" and split == "test":
            parts.append(_polyline(path(line), SORTED, "9 3 2 3"))
        if condition == "keyword":
            parts.append(_polyline(path(line), KEYWORD, "" if split == "test" else "6 4"))
    for count, label, up in ((chosen, "chosen on validation", 0), (best, "best on test", 14)):
        if count is not None:
            parts.append(_mark(x(count), label, up))
    parts.extend(_legend(bool(trials), any(key[0] == "sorted_all" for key in lines)))
    return (
        f'<svg class="mw-curve" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="accuracy against the number of ablated units, 0 to {most}" '
        f'style="width:100%;max-width:{WIDTH}px;height:auto;font:12px sans-serif">'
        f"{''.join(parts)}</svg>"
    )


def _lines(points: Sequence[Point]) -> dict[tuple[str, int, str], _Line]:
    lines: dict[tuple[str, int, str], _Line] = defaultdict(list)
    for point in sorted(points, key=lambda point: point.n_ablated):
        lines[point.condition, point.trial, point.split].append((point.n_ablated, point.accuracy))
    return dict(lines)


def _is_control(condition: str, split: str) -> bool:
    return condition == "random" and split == "test"


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


def _range(values: Sequence[float]) -> tuple[float, float]:
    """A range of at least five points around the values, inside [0, 1], in steps of 5 %."""
    low, high = math.floor(min(values) * 20) / 20, math.ceil(max(values) * 20) / 20
    return (low, high) if high - low >= 0.05 else (max(0.0, high - 0.05), max(high, 0.05))


def _axes(
    most: int,
    low: float,
    high: float,
    *,
    x_of: Callable[[float], float],
    y_of: Callable[[float], float],
) -> list[str]:
    parts = []
    step = 0.05 if high - low <= 0.4 else 0.1
    for index in range(round((high - low) / step) + 1):
        value = low + index * step
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y_of(value):.1f}" '
            f'y2="{y_of(value):.1f}" stroke="currentColor" opacity=".15"/>'
            f'<text x="{LEFT - 8}" y="{y_of(value) + 4:.1f}" text-anchor="end" '
            f'fill="currentColor">{value:.0%}</text>'
        )
    ticks = max(1, -(-most // 8))
    for count in range(0, most + 1, ticks):
        parts.append(
            f'<text x="{x_of(count):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle" '
            f'fill="currentColor">{count}</text>'
        )
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle" '
        'fill="currentColor">units ablated</text>'
    )
    return parts


def _polyline(points: str, colour: str, dashes: str) -> str:
    dash = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.2"{dash}/>'


def _mark(place: float, label: str, up: int) -> str:
    return (
        f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" '
        'stroke="currentColor" opacity=".6" stroke-dasharray="1 3"/>'
        f'<text x="{place + 4:.1f}" y="{TOP + 12 + up}" fill="currentColor">{escape(label)}</text>'
    )


def _legend(controls: bool, sorted_all: bool) -> list[str]:
    entries = [(KEYWORD, "", "test"), (KEYWORD, "6 4", "validation")]
    entries += [(CONTROL, "2 3", "random units, test")] if controls else []
    entries += [(SORTED, "9 3 2 3", "all units sorted, test")] if sorted_all else []
    parts = []
    for place, (colour, dashes, label) in enumerate(entries):
        left, line = LEFT + 8 + place * 150, HEIGHT - BOTTOM - 10
        parts.append(_polyline(f"{left},{line} {left + 26},{line}", colour, dashes))
        parts.append(f'<text x="{left + 32}" y="{line + 4}" fill="currentColor">{label}</text>')
    return parts
