"""What the comparison of networks shows: bars, a table, and the exemplars of what was confirmed.

compared(found, "face")               all of it, one under the other
bars(found, "face")                   an SVG as of Figure 5
table(found)                          the same in numbers
sheets(found)                         the exemplars of the confirmed units, as of Figure 6
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from audits.compare.counts import Compared, Count
from db import templates
from db.describe import pictures

_PARTS = templates.beside(__file__)

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


@dataclass(frozen=True)
class _Size:
    """The drawing in pixels: names stand left of the bars, numbers right of them."""

    width: int = 860
    left: int = 180
    label: int = 190
    row: int = 18
    gap: int = 14

    def height(
        self, layers: Sequence[tuple[str, Sequence[object]]], totals: Sequence[object]
    ) -> int:
        bars = sum(len(rows) for _, rows in layers)
        return 12 + self.row * (bars + len(totals)) + self.gap * len(layers)


def compared(found: Sequence[Compared], concept: str) -> Markup:
    """Everything about the networks that were compared."""
    drawn = {"bars": bars(found, concept), "table": table(found), "sheets": sheets(found)}
    return _PARTS("compared", **drawn)


def nothing() -> Markup:
    """What stands there before any verdict."""
    return _PARTS("nothing")


def bars(found: Sequence[Compared], concept: str) -> Markup:
    """Confirmed units as filled bars on described ones as outlines, layer by layer.

    A layer has a bar for each network in which something of it is described or confirmed.
    """
    layers: dict[str, list[tuple[str, Count]]] = {}
    for layer in _layers(found):
        for place, network in enumerate(found):
            count = network.layers.get(layer)
            if count and (count.described or count.confirmed):
                layers.setdefault(layer, []).append((_colour(place), count))
    if not layers:
        return _PARTS("no_bars")
    return _PARTS(
        "bars",
        concept=concept,
        layers=list(layers.items()),
        totals=[(one.name, _colour(place), one.total) for place, one in enumerate(found)],
        most=max(max(one.described, one.confirmed) for rows in layers.values() for _, one in rows),
        size=_Size(),
    )


def table(found: Sequence[Compared]) -> Markup:
    """Described, confirmed and unjudged units by layer, beside the layers' sizes."""
    rows = [(layer, [one.layers.get(layer) for one in found]) for layer in _layers(found)]
    rows.append(("all layers", [one.total for one in found]))
    return _PARTS("table", names=[one.name for one in found], rows=rows)


def sheets(found: Sequence[Compared]) -> Markup:
    """The exemplars of the confirmed units, network beside network."""
    columns = [
        (
            one.name,
            [(pictures.address(unit, "report"), unit) for unit in one.confirmed[:SHOWN]],
            len(one.confirmed) - SHOWN,
        )
        for one in found
    ]
    return _PARTS("sheets", columns=columns)


def _colour(place: int) -> str:
    return COLOURS[place % len(COLOURS)]


def _layers(found: Sequence[Compared]) -> list[str]:
    """The layers of all networks, in their order."""
    return list(dict.fromkeys(layer for one in found for layer in one.layers))
