"""MILAN's applications on the demo world: editing (Section 7) and unit importance (Section 5).

    sections = applications(verified, report=print)

`verified` is what `describer.demo.checks.verify` found: held-out networks with their units'
descriptions. Editing is in `audits.demo.editing`; this module adds the seven criteria.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from audits.ablation.curves import Curve, curve_predictions
from audits.ablation.engine.units import by_layer
from audits.demo import editing
from audits.figures.intervals import interval
from audits.network.evaluation import Cache, Evaluator
from audits.studies import criteria
from audits.studies.by_criterion import TIE_ORDERS, by_attribute
from db.units import Unit
from describer.demo.checks.case import Case
from describer.demo.checks.scores import mean
from describer.demo.checks.table import Section
from describer.demo.checks.verify import Verified
from describer.demo.crew import crew

Report = Callable[[str], None]

IMPORTANCE_IMAGES = ("test", 200, "people")


def applications(verified: Verified, report: Report) -> list[Section]:
    """The tables of both applications, on the networks that `demo verify` has described."""
    people = verified.case("people-sharp")
    with crew() as pool:
        ranked = pool.submit(
            feature_importance, people, criteria.score(people.sentences["MILAN"], verified.model)
        )
        signs = verified.case("signs")
        edited = editing.edit(signs, side_by_side=pool.map)
        report("text units ablated, with controls")
        sections = [
            *editing.sections(edited, units=len(signs.units)),
            ranked.result(),
        ]
        report("units ablated in the order of every criterion")
    return sections


def feature_importance(case: Case, scored: criteria.Scored) -> Section:
    """Figure 4: accuracy as units are ablated in the order of seven criteria, and at random."""
    images = editing.drawn(IMPORTANCE_IMAGES)
    network = Evaluator(case.model, cache=Cache({}, case.recipe.name))
    found = by_attribute(network, images, case.units, scored.values)
    band = interval([float(np.mean(line.accuracies)) for line in found.random_curves])
    rows = [
        (
            "random",
            *_points(found.random_curves),
            f"{band.mean:.3f} [{band.low:.3f}, {band.high:.3f}]",
            "",
        )
    ]
    for name, lines in found.curves.items():
        # every prediction is in the cache by now
        right = np.mean(
            [
                curve_predictions(network, images, line.order, line.counts) == images.labels
                for line in lines
            ],
            axis=0,
        )
        rows.append(
            (
                name,
                *_points(lines, found.tied[name]),
                mean(right.mean(axis=0)).precise(),
                _layers(case.units, scored.values[name]),
            )
        )
    return Section(
        "Unit importance by kind of description",
        f"{case.recipe.name}, {images.count} images, units ablated in steps of 2 %, highest score "
        f"first, equal ones in random order (the mean of {TIE_ORDERS} such orders); in brackets, "
        f"how many units share the score at which the cut falls. Words by {scored.source}; word "
        f"differences by {scored.vectors}. The mean is over all {len(found.random)} steps, with "
        "its interval over images; of random orders, where one more than these "
        f"{len(found.random_curves)} would lie.",
        ("criterion", "10 %", "20 %", "40 %", "mean accuracy", "mean score by layer (quartiles)"),
        tuple(rows),
    )


def _layers(units: Sequence[Unit], values: NDArray[np.float64]) -> str:
    """Each layer's mean score, with the first and third quartile of its units.

    >>> _layers([("a", 0), ("a", 1), ("b", 0)], np.array([1.0, 2.0, 4.0]))
    'a 1.50 (1.25-1.75), b 4.00 (4-4)'
    """
    rows: dict[str, list[float]] = {layer: [] for layer in by_layer(units)}
    for (layer, _), value in zip(units, values.tolist(), strict=True):
        rows[layer].append(value)
    parts = []
    for layer, found in rows.items():
        low, high = np.percentile(found, [25, 75])
        parts.append(f"{layer} {np.mean(found):.2f} ({low:.3g}-{high:.3g})")
    return ", ".join(parts)


def _points(lines: Sequence[Curve], tied: Sequence[int] = ()) -> tuple[str, str, str]:
    """Mean accuracy at 10, 20 and 40 % of the units, and how many tie at that cut."""
    last = len(lines[0].counts) - 1
    places = [round(share * last) for share in (0.1, 0.2, 0.4)]
    first, second, third = (
        f"{np.mean([line.accuracies[place] for line in lines]):.3f}"
        + (f" ({tied[place]} equal)" if tied and tied[place] else "")
        for place in places
    )
    return first, second, third
