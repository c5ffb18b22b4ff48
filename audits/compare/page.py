"""What the comparison of networks shows: bars, a table, and the exemplars of what was confirmed.

bars(found, "face")                   an SVG as of Figure 5
table(found)                          the same in numbers
sheets(found)                         the exemplars of the confirmed units, as of Figure 6
"""

from collections.abc import Sequence
from html import escape

from audits.compare.counts import Compared, Count
from db.describe import pictures

WIDTH, LEFT, LABEL, ROW, GAP = 860, 180, 190, 18, 14
COLOURS = ("#0b6fa4", "#b8860b", "#7b4fa3", "#2a7f4f", "#a03b3b", "#555555")
SHOWN = 24

CSS = """
.mw-wide {overflow-x:auto}
.mw-wide th, .mw-wide td:first-child {white-space:nowrap}
.mw-wide td:first-child, .mw-wide th:first-child {position:sticky; left:0;
  background:var(--background-fill-primary)}
.mw-sheets {display:grid; grid-template-columns:repeat(auto-fit,minmax(24rem,1fr)); gap:1rem}
.mw-sheets > div {max-height:44rem; overflow-y:auto}
.mw-sheets img {width:100%; border-radius:3px}
.mw-sheets figure {margin:0 0 .6rem; font-size:.85rem}
"""


def bars(found: Sequence[Compared], concept: str) -> str:
    """Confirmed units as filled bars on described ones as outlines, layer by layer.

    A layer has a bar for each network in which something of it is described or confirmed.
    """
    layers: dict[str, list[tuple[int, Count]]] = {}
    for layer in _layers(found):
        for place, each in enumerate(found):
            count = each.layers.get(layer)
            if count and (count.described or count.confirmed):
                layers.setdefault(layer, []).append((place, count))
    if not layers:
        return '<p class="mw-muted">No unit of these networks is described with it.</p>'
    most = max(max(c.described, c.confirmed) for rows in layers.values() for _, c in rows)
    scale = (WIDTH - LEFT - LABEL) / most
    parts, top = [], 8
    for layer, rows in layers.items():
        parts.append(_text(LEFT - 8, top + ROW * len(rows) / 2 + 1, layer, anchor="end"))
        for place, count in rows:
            colour = COLOURS[place % len(COLOURS)]
            parts.append(
                f'<rect x="{LEFT}" y="{top}" height="{ROW - 4}" '
                f'width="{count.described * scale:.1f}" fill="none" stroke="{colour}"/>'
                f'<rect x="{LEFT}" y="{top}" height="{ROW - 4}" '
                f'width="{count.confirmed * scale:.1f}" fill="{colour}"/>'
            )
            end = LEFT + max(count.described, count.confirmed) * scale
            parts.append(_text(end + 6, top + ROW - 7, _told(count)))
            top += ROW
        top += GAP
    legend = ""
    for place, each in enumerate(found):
        colour = COLOURS[place % len(COLOURS)]
        legend += (
            f'<rect x="{LEFT}" y="{top}" width="12" height="12" fill="{colour}"/>'
            f"{_text(LEFT + 18, top + 11, f'{each.name}: {_told(each.total)}')}"
        )
        top += ROW
    return (
        f'<svg viewBox="0 0 {WIDTH} {top + 4}" role="img" aria-label="confirmed units of '
        f'{escape(concept)} by layer and network" style="width:100%;max-width:{WIDTH}px;'
        f'height:auto;font:12px sans-serif">{"".join(parts)}{legend}</svg>'
        '<p class="mw-muted">Filled: confirmed. Outlined: described with it. Layers where neither '
        "is found are left out here; the table has them.</p>"
    )


def table(found: Sequence[Compared]) -> str:
    """Described, confirmed and unjudged units by layer, beside the layers' sizes."""
    head = "".join(f'<th colspan="4">{escape(each.name)}</th>' for each in found)
    names = "<th>described</th><th>confirmed</th><th>not judged</th><th>units</th>" * len(found)
    rows = []
    for layer in [*_layers(found), None]:
        counts = [each.total if layer is None else each.layers.get(layer) for each in found]
        cells = "".join(
            f'<td class="n">{count.described}</td><td class="n"><b>{count.confirmed}</b></td>'
            f'<td class="n">{count.unjudged}</td><td class="n">{count.units}</td>'
            if count is not None
            else '<td colspan="4">not computed</td>'
            for count in counts
        )
        rows.append(f"<tr><td>{escape(layer or 'all layers')}</td>{cells}</tr>")
    return (
        '<div class="mw-wide"><table class="mw-table"><tr><th></th>'
        f"{head}</tr><tr><th>layer</th>{names}</tr>{''.join(rows)}</table></div>"
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


def _layers(found: Sequence[Compared]) -> list[str]:
    """The layers of all networks, in their order."""
    return list(dict.fromkeys(layer for each in found for layer in each.layers))


def _told(count: Count) -> str:
    """What a bar's two lengths are, and what is not known of the difference."""
    rest = f", {count.unjudged:,} not judged" if count.unjudged else ""
    return f"{count.confirmed:,} confirmed of {count.described:,} described{rest}"


def _text(x: float, y: float, text: str, *, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="currentColor">'
        f"{escape(text)}</text>"
    )
