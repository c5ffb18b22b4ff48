"""What the comparison of networks shows: bars, a table, and the exemplars of what was confirmed.

bars(found, "face")                   an SVG as of Figure 5
table(found)                          the same in numbers
sheets(found)                         the exemplars of the confirmed units, as of Figure 6
"""

from collections.abc import Sequence
from html import escape

from audits.comparison import Compared
from db import pictures

WIDTH, LEFT, ROW, GAP = 760, 180, 18, 14
COLOURS = ("#0b6fa4", "#b8860b", "#7b4fa3", "#2a7f4f", "#a03b3b", "#555555")
SHOWN = 24

CSS = """
.mw-sheets {display:grid; grid-template-columns:repeat(auto-fit,minmax(24rem,1fr)); gap:1rem}
.mw-sheets > div {max-height:44rem; overflow-y:auto}
.mw-sheets img {width:100%; border-radius:3px}
.mw-sheets figure {margin:0 0 .6rem; font-size:.85rem}
"""


def bars(found: Sequence[Compared], concept: str) -> str:
    """Confirmed units as filled bars on described ones as outlines, layer by layer."""
    layers = list(dict.fromkeys(layer for each in found for layer in each.layers))
    most = max(
        [1, *(max(c.described, c.confirmed) for each in found for c in each.layers.values())]
    )
    scale = (WIDTH - LEFT - 70) / most
    parts, top = [], 8
    for layer in layers:
        parts.append(_text(LEFT - 8, top + ROW * len(found) / 2 + 4, layer, anchor="end"))
        for place, each in enumerate(found):
            count = each.layers.get(layer)
            if count is not None:
                colour = COLOURS[place % len(COLOURS)]
                parts.append(
                    f'<rect x="{LEFT}" y="{top}" height="{ROW - 4}" '
                    f'width="{count.described * scale:.1f}" fill="none" stroke="{colour}"/>'
                    f'<rect x="{LEFT}" y="{top}" height="{ROW - 4}" '
                    f'width="{count.confirmed * scale:.1f}" fill="{colour}"/>'
                )
                end = LEFT + max(count.described, count.confirmed) * scale
                parts.append(_text(end + 6, top + ROW - 7, f"{count.confirmed} of {count.units}"))
            top += ROW
        top += GAP
    legend = ""
    for place, each in enumerate(found):
        colour = COLOURS[place % len(COLOURS)]
        legend += (
            f'<rect x="{LEFT}" y="{top}" width="12" height="12" fill="{colour}"/>'
            f"{_text(LEFT + 18, top + 11, each.name)}"
        )
        top += ROW
    return (
        f'<svg viewBox="0 0 {WIDTH} {top + 4}" role="img" aria-label="confirmed units of '
        f'{escape(concept)} by layer and network" style="width:100%;max-width:{WIDTH}px;'
        f'height:auto;font:12px sans-serif">{"".join(parts)}{legend}</svg>'
        '<p class="mw-muted">Filled: confirmed. Outlined: described with it.</p>'
    )


def table(found: Sequence[Compared]) -> str:
    """Described and confirmed units by layer, beside the layers' sizes."""
    layers = list(dict.fromkeys(layer for each in found for layer in each.layers))
    head = "".join(f'<th colspan="3">{escape(each.name)}</th>' for each in found)
    names = "<th>described</th><th>confirmed</th><th>units</th>" * len(found)
    rows = []
    for layer in [*layers, None]:
        counts = [each.total if layer is None else each.layers.get(layer) for each in found]
        cells = "".join(
            f'<td class="n">{count.described}</td><td class="n"><b>{count.confirmed}</b></td>'
            f'<td class="n">{count.units}</td>'
            if count is not None
            else '<td colspan="3">not computed</td>'
            for count in counts
        )
        rows.append(f"<tr><td>{escape(layer or 'all layers')}</td>{cells}</tr>")
    return (
        f'<table class="mw-table"><tr><th></th>{head}</tr><tr><th>layer</th>{names}</tr>'
        f"{''.join(rows)}</table>"
    )


def sheets(found: Sequence[Compared]) -> str:
    """The exemplars of the confirmed units, network beside network."""
    columns = []
    for each in found:
        figures = "".join(
            f'<figure><img loading="lazy" src="{pictures.address(unit, "report")}" '
            f'alt="exemplars of {escape(unit.name)}"><figcaption>{escape(unit.layer)}-{unit.unit}'
            "</figcaption></figure>"
            for unit in each.confirmed[:SHOWN]
        )
        more = len(each.confirmed) - SHOWN
        rest = f"<p>and {more} more</p>" if more > 0 else ""
        nothing = "" if figures else "<p class='mw-muted'>No unit is confirmed.</p>"
        columns.append(f"<div><h4>{escape(each.name)}</h4>{figures}{rest}{nothing}</div>")
    return f'<div class="mw-sheets">{"".join(columns)}</div>'


def _text(x: float, y: float, text: str, *, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="currentColor">'
        f"{escape(text)}</text>"
    )
