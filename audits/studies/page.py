"""Studies of descriptions as pages made of what they found.

importance(found, units)        seven curves beside random orders, boxes by layer, first units
uses(found)                     groups, pruning, terms, a classifier, likeness
faithfulness(found, units)      scores by layer, the most and the least faithful sentences
shown(found, units)             whichever of the three it is
examples(found)                 the ids of the units that a page shows, for `units`
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from audits.figures import chart
from audits.studies.results import Faithfulness, Importance, Uses
from db import templates
from db.describe import pictures
from db.describe.exemplars import UnitRow

_PARTS = templates.beside(__file__)

CSS = """
.mw-firsts {display:grid; grid-template-columns:repeat(auto-fill,minmax(15rem,1fr)); gap:.6rem}
.mw-firsts figure {margin:0; font-size:.85rem}
.mw-small {display:flex; flex-wrap:wrap; gap:1rem}
.mw-groups {columns:20rem; font-size:.9rem}
.mw-groups p {break-inside:avoid; margin:.1rem 0}
"""

SHOWN = 40
# At these shares of the steps the table of curves gives accuracies.
_PICKED = (0.1, 0.2, 0.4)

Found = Importance | Uses | Faithfulness


@dataclass(frozen=True)
class _Row:
    """A criterion's accuracies at some counts, with how many units tie there, and its mean."""

    name: str
    cells: tuple[tuple[float, int], ...]
    mean: float


def examples(found: Found) -> set[int]:
    """The ids of the units whose first exemplars a page shows."""
    if isinstance(found, Importance):
        return {one.unit_id for ten in found.first.values() for one in ten}
    if isinstance(found, Faithfulness):
        return {one.unit_id for one in (*found.most, *found.least)}
    return set()


def shown(found: Found, units: Mapping[int, UnitRow]) -> Markup:
    """What a study found; units: those of `examples`, by id, as far as pictures are wanted."""
    if isinstance(found, Importance):
        return importance(found, units)
    if isinstance(found, Faithfulness):
        return faithfulness(found, units)
    return uses(found)


def importance(found: Importance, units: Mapping[int, UnitRow]) -> Markup:
    """What a job of kind `importance` found; units: those that are shown, by id."""
    counts = found.counts
    picked = [round(share * (len(counts) - 1)) for share in _PICKED]
    means = [sum(values) / len(values) for values in zip(*found.random_curves, strict=True)]
    rows = [
        _row(name, values, picked, found.tied.get(name, ()))
        for name, values in found.curves.items()
    ]
    return _PARTS(
        "importance",
        found=found,
        drawing=chart.lines(
            {name: list(zip(counts, line, strict=True)) for name, line in found.curves.items()},
            [list(zip(counts, line, strict=True)) for line in found.random_curves],
            across="units ablated",
        ),
        picked=[counts[place] for place in picked],
        rows=[*rows, _row("random (mean)", means, picked, ())],
        boxes={name: chart.boxes(layers) for name, layers in found.layers.items()},
        pictures=_strips(units),
    )


def faithfulness(found: Faithfulness, units: Mapping[int, UnitRow]) -> Markup:
    """What a job of kind `faithfulness` found; units: those that are shown, by id."""
    return _PARTS("faithfulness", found=found, pictures=_strips(units))


def uses(found: Uses) -> Markup:
    """What a job of kind `uses` found."""
    several = [group for group in found.groups if len(group.units) > 1]
    colours = {
        name: chart.COLOURS[place % len(chart.COLOURS)]
        for place, name in enumerate([*found.super_classes, "other"])
    }
    bars = [
        (
            f"{group.name} · {group.super_class}" if found.super_classes else group.name,
            len(group.units),
            colours[group.super_class],
        )
        for group in several[:SHOWN]
    ]
    tally: Counter[str] = Counter()
    for group in found.groups:
        tally[group.super_class] += len(group.units)
    return _PARTS(
        "uses",
        found=found,
        several=len(several),
        most_drawn=SHOWN,
        bars=chart.bars(bars),
        tally=tally,
        units=_in_order([unit for group in found.groups for unit in group.units]),
    )


def _row(
    name: str, accuracies: Sequence[float], picked: Sequence[int], tied: Sequence[int]
) -> _Row:
    cells = tuple((accuracies[place], tied[place] if tied else 0) for place in picked)
    return _Row(name, cells, sum(accuracies) / len(accuracies))


def _in_order(names: Sequence[str]) -> list[str]:
    """Units named by layer and number, by both."""

    def place(name: str) -> tuple[str, int]:
        layer, _, unit = name.rpartition("-")
        return layer, int(unit)

    return sorted(names, key=place)


def _strips(units: Mapping[int, UnitRow]) -> dict[int, str]:
    """Where the first exemplars of units are, by id."""
    return {
        unit_id: pictures.address(unit, "strip") for unit_id, unit in units.items() if unit.folder
    }
