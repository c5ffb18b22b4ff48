"""Small multiples: one little curve a class, all to the same scale.

    svg = small_multiples(summary["class_curves"], chosen=18)

Test accuracy is solid, validation dashed, the mean of random draws dotted, as in the large curve.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from audits.figures.chart import CONTROL, KEYWORD

WIDE, TALL, HEAD, FOOT, SIDE = 180, 96, 18, 14, 26


def small_multiples(curves: Mapping[str, Any], *, chosen: int | None = None) -> str:
    """Accuracy by class against the number of ablated units; empty without classes.

    Args:
        curves: `tables.class_curves`.
        chosen: the count chosen on validation data, marked by a line.
    """
    counts, classes = curves.get("counts", []), curves.get("classes", {})
    if not classes:
        return ""
    drawn = "".join(_one(name, counts, each, chosen) for name, each in classes.items())
    rest = curves.get("left_out", 0)
    note = "Solid: test images; dashed: validation; dotted: mean of random draws, test; 0 to 100 %."
    if rest:
        note += f" The {len(classes)} classes that change most are drawn, {rest} are not."
    return (
        f'<div style="display:flex;flex-wrap:wrap;gap:.5rem">{drawn}</div>'
        f'<p class="mw-muted">{note}</p>'
    )


def _one(
    name: str, counts: Sequence[int], each: Mapping[str, Sequence[float]], chosen: int | None
) -> str:
    most = max(1, *counts) if counts else 1
    floor = TALL - FOOT

    def x(count: float) -> float:
        return SIDE + (WIDE - SIDE - 6) * count / most

    def y(accuracy: float) -> float:
        return HEAD + (floor - HEAD) * (1 - accuracy)

    def line(key: str, colour: str, dashes: str) -> str:
        values = each.get(key, ())
        points = " ".join(f"{x(n):.1f},{y(v):.1f}" for n, v in zip(counts, values, strict=False))
        dash = f' stroke-dasharray="{dashes}"' if dashes else ""
        if not points:
            return ""
        return (
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"{dash}/>'
        )

    mark = (
        f'<line x1="{x(chosen):.1f}" x2="{x(chosen):.1f}" y1="{HEAD}" y2="{floor}" '
        'stroke="currentColor" opacity=".6" stroke-dasharray="1 3"/>'
        if chosen is not None
        else ""
    )
    grid = "".join(
        f'<line x1="{SIDE}" x2="{WIDE - 6}" y1="{y(v):.1f}" y2="{y(v):.1f}" stroke="currentColor" '
        f'opacity=".2"/><text x="{SIDE - 3}" y="{y(v) + 3:.1f}" text-anchor="end" '
        f'fill="currentColor">{v:.0%}</text>'
        for v in (0.0, 1.0)
    )
    test = each.get("test", ())
    ends = f"{test[0]:.1%} at first, {test[-1]:.1%} at last" if test else "not measured"
    return (
        f'<svg viewBox="0 0 {WIDE} {TALL}" width="{WIDE}" role="img" '
        f'aria-label="{escape(name)}: {ends}" style="font:9px sans-serif">'
        f"<title>{escape(name)}: {ends}</title>"
        f'<text x="{SIDE}" y="12" font-size="11" fill="currentColor">{escape(_short(name))}</text>'
        f"{grid}{mark}{line('random', CONTROL, '2 3')}{line('validation', KEYWORD, '5 3')}"
        f"{line('test', KEYWORD, '')}"
        f'<text x="{SIDE}" y="{TALL - 3}" fill="currentColor">0</text>'
        f'<text x="{WIDE - 6}" y="{TALL - 3}" text-anchor="end" fill="currentColor">{most}</text>'
        "</svg>"
    )


def _short(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:23]}…"
