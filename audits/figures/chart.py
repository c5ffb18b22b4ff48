"""Drawings of audits, as SVG that needs nothing else.

    svg = curve(points, chosen=18, best=22)      # accuracy against the number of ablated units
    svg = lines({"nouns": …}, trials, across="units ablated"); boxes(by_layer); bars(groups)

Test accuracy is solid, validation dashed, random controls a band from the least to the greatest of
their trials with their mean inside it. Colours differ in lightness too, and lines in their dashes.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from html import escape

from db.audit.ablations import Point

WIDTH, HEIGHT = 760, 360
LEFT, RIGHT, TOP, BOTTOM = 62, 16, 16, 46
KEYWORD, CONTROL, SORTED = "#0b6fa4", "#b8860b", "#7b4fa3"
# Okabe and Ito's, which colour-blind people can tell apart; dashes tell the lines apart as well.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#a6761d", "#666666")
DASHES = ("", "8 3", "2 3", "10 3 2 3", "5 5", "1 4", "12 4")

_Line = list[tuple[int, float]]


def curve(
    points: Sequence[Point], *, chosen: int | None = None, best: int | None = None, most: int = 0
) -> str:
    """Draw the points of one ablation; an empty drawing says that nothing is measured yet.

    Args:
        points: accuracies in [0, 1] of the conditions keyword, random and sorted_all.
        chosen: the count chosen on validation data, marked by a line.
        best: the count that is best on test data, marked by a line.
        most: how many units there are to ablate, so that a curve grows into its place.
    """
    # Whole layers are single numbers far to the right; the table has them.
    points = [point for point in points if point.condition != "whole_layer"]
    if not points:
        return '<p class="mw-muted">The curve appears here with the first measured point.</p>'
    most = max(1, most, *(point.n_ablated for point in points))
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
    keys = [("test", KEYWORD, ""), ("validation", KEYWORD, "6 4")]
    if trials:
        keys.append((f"random units, test: {_drawn(trials)}", CONTROL, "2 3"))
    if any(condition == "sorted_all" for condition, _, _ in lines):
        keys.append(("all units sorted, test", SORTED, "9 3 2 3"))
    return (
        f'<svg class="mw-curve" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="accuracy against the number of ablated units, 0 to {most}" '
        f'style="width:100%;max-width:{WIDTH}px;height:auto;font:12px sans-serif">'
        f"{''.join(parts)}</svg>{_legend(keys)}"
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


def _drawn(trials: Sequence[object]) -> str:
    """What the band and the line in it are, for the legend."""
    return f"mean and range of {len(trials)} draws" if len(trials) > 1 else "one draw"


def _range(values: Sequence[float]) -> tuple[float, float]:
    """A range of at least five points around the values, inside [0, 1], in steps of 5 %."""
    low, high = math.floor(min(values) * 20) / 20, math.ceil(max(values) * 20) / 20
    return (low, high) if high - low >= 0.05 else (max(0.0, high - 0.05), max(high, 0.05))


def _axes(
    most: int,
    low: float,
    high: float,
    *,
    across: str = "units ablated",
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
        f'fill="currentColor">{escape(across)}</text>'
    )
    return parts


def _polyline(points: str, colour: str, dashes: str) -> str:
    dash = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.2"{dash}/>'


def _mark(place: float, label: str, up: int) -> str:
    # Words stand on the side that has room, at the foot of the line, where no curve begins.
    right = place < WIDTH - RIGHT - 140
    anchor, beside = ("start", 4) if right else ("end", -4)
    return (
        f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" '
        'stroke="currentColor" opacity=".6" stroke-dasharray="1 3"/>'
        f'<text x="{place + beside:.1f}" y="{HEIGHT - BOTTOM - 6 - up}" text-anchor="{anchor}" '
        'paint-order="stroke" stroke="var(--body-background-fill, white)" stroke-width="3" '
        f'fill="currentColor">{escape(label)}</text>'
    )


def _legend(keys: Sequence[tuple[str, str, str]]) -> str:
    """What stands for what, under a drawing, where no line passes: (name, colour, dashes)."""
    entries = "".join(
        f'<span style="display:inline-flex;gap:.3rem;align-items:center;margin-right:1rem">'
        f'<svg width="34" height="8">{_polyline("0,4 34,4", colour, dashes)}</svg> '
        f"{escape(name)}</span> "
        for name, colour, dashes in keys
    )
    return f'<p style="font-size:.85rem">{entries}</p>'


def lines(
    named: Mapping[str, Sequence[tuple[int, float]]],
    trials: Sequence[Sequence[tuple[int, float]]],
    *,
    across: str,
) -> str:
    """Curves of several names beside the band of random trials.

    Args:
        named: by name, (count, accuracy) by rising count; at most `COLOURS` are told apart.
        trials: the same of each trial.
        across: what the counts count.
    """
    everything = [*named.values(), *trials]
    most = max(1, *(count for line in everything for count, _ in line))
    low, high = _range([accuracy for line in everything for _, accuracy in line])
    high = max(high, low + 0.05)

    def x(count: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * count / most

    def y(accuracy: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - accuracy) / (high - low)

    def path(line: Sequence[tuple[int, float]]) -> str:
        return " ".join(f"{x(count):.1f},{y(accuracy):.1f}" for count, accuracy in line)

    parts = _axes(most, low, high, across=across, x_of=x, y_of=y)
    lower, mean, upper = _band([list(line) for line in trials])
    parts.append(
        f'<polygon points="{path(lower)} {path(upper[::-1])}" fill="{CONTROL}" opacity=".25"/>'
    )
    parts.append(_polyline(path(mean), CONTROL, "2 3"))
    keys = [(f"random orders: {_drawn(trials)}", CONTROL, "2 3")]
    for place, (name, line) in enumerate(named.items()):
        colour, dashes = COLOURS[place % len(COLOURS)], DASHES[place % len(DASHES)]
        parts.append(_polyline(path(line), colour, dashes))
        keys.append((name, colour, dashes))
    return (
        f'<svg class="mw-curve" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="accuracy against {escape(across)}, of {escape(", ".join(named))}" '
        f'style="width:100%;max-width:{WIDTH}px;height:auto;font:12px sans-serif">'
        f"{''.join(parts)}</svg>{_legend(keys)}"
    )


def boxes(layers: Mapping[str, Mapping[str, float]]) -> str:
    """Least, quartiles and greatest of a score in each layer, from the first layer to the last.

    Args:
        layers: by layer, low, q25, median, q75, high and mean.
    """
    wide, tall, left, bottom = 36, 120, 34, 26
    low = min(0.0, *(each["low"] for each in layers.values()))
    high = max(0.0, *(each["high"] for each in layers.values()))

    def y(value: float) -> float:
        return 8 + (tall - 8) * (high - value) / ((high - low) or 1.0)

    parts = [
        f'<text x="{left - 4}" y="{y(value) + 4:.1f}" text-anchor="end" fill="currentColor">'
        f"{value:.3g}</text>"
        for value in sorted({low, high})
    ]
    for place, (name, each) in enumerate(layers.items()):
        x = left + 8 + place * wide
        parts.append(
            f'<line x1="{x + 8}" x2="{x + 8}" y1="{y(each["low"]):.1f}" y2="{y(each["high"]):.1f}" '
            f'stroke="currentColor"/><rect x="{x}" y="{y(each["q75"]):.1f}" width="16" '
            f'height="{max(1.0, y(each["q25"]) - y(each["q75"])):.1f}" fill="{KEYWORD}" '
            f'opacity=".6"/><line x1="{x}" x2="{x + 16}" y1="{y(each["median"]):.1f}" '
            f'y2="{y(each["median"]):.1f}" stroke="currentColor" stroke-width="2"/>'
            f'<circle cx="{x + 8}" cy="{y(each["mean"]):.1f}" r="2.5" fill="{CONTROL}"/>'
            f'<text x="{x + 8}" y="{tall + 16}" text-anchor="middle" fill="currentColor">'
            f"{place + 1}</text><title>{escape(name)}: mean {each['mean']:.3g}</title>"
        )
    width = left + 16 + wide * len(layers)
    listed = " ".join(f"{place} {escape(name)}" for place, name in enumerate(layers, start=1))
    return (
        f'<svg viewBox="0 0 {width} {tall + bottom}" width="{width}" role="img" '
        f'aria-label="score by layer" style="font:11px sans-serif">{"".join(parts)}</svg>'
        f'<p class="mw-muted" style="font-size:.75rem;max-width:{width}px">{listed}</p>'
    )


def bars(counted: Sequence[tuple[str, int, str]]) -> str:
    """Horizontal bars: (name, count, colour), the longest first."""
    if not counted:
        return ""
    most, tall, left = max(count for _, count, _ in counted), 20, 230
    parts = [
        f'<text x="{left - 8}" y="{place * tall + 14}" text-anchor="end" fill="currentColor">'
        f'{escape(name)}</text><rect x="{left}" y="{place * tall + 3}" height="{tall - 6}" '
        f'width="{420 * count / most:.1f}" fill="{colour}"/>'
        f'<text x="{left + 420 * count / most + 6:.1f}" y="{place * tall + 14}" '
        f'fill="currentColor">{count}</text>'
        for place, (name, count, colour) in enumerate(counted)
    ]
    return (
        f'<svg viewBox="0 0 {WIDTH} {tall * len(counted) + 4}" role="img" '
        f'aria-label="how many units each group has" '
        f'style="width:100%;max-width:{WIDTH}px;height:auto;font:12px sans-serif">'
        f"{''.join(parts)}</svg>"
    )
