"""A measurement as it is stored with its experiment.

found = summarised(measured)        # a Summary
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from audits.ablation import wording
from audits.ablation.measure import Line, Measured
from audits.ablation.order.ties import spread
from audits.ablation.result import ClassAccuracy, ClassCurve, ClassCurves, Draw, Summary, WholeLayer

CLASSES = 24


def summarised(measured: Measured) -> Summary:
    """A measurement as it is stored; what is beside it (head, weights, data) is left empty."""
    lines = [line for line in measured.lines if line.split == "test"]
    chosen = measured.chosen.n_ablated if measured.chosen else 0
    found = Summary(
        measure=measured.before.measure,
        images=len(measured.before.predictions),
        units=measured.order,
        start=measured.start,
        chosen=measured.chosen,
        best=measured.best,
        end=measured.end,
        controls=tuple(
            Draw(line.trial, line.curve.order) for line in lines if line.condition == "random"
        ),
        sorted_all=tuple(
            unit for line in lines if line.condition == "sorted_all" for unit in line.curve.order
        ),
        whole_layers=tuple(
            WholeLayer(line.curve.order[0][0], line.curve.counts[-1], line.curve.accuracies[-1])
            for line in lines
            if line.condition == "whole_layer"
        ),
        by_class_count=chosen or measured.end.n_ablated,
        by_class={
            name: ClassAccuracy(
                measured.before.images_by_class[name],
                accuracy,
                measured.after.by_class.get(name),
                _mean([draw.by_class[name] for draw in measured.random]),
            )
            for name, accuracy in measured.before.by_class.items()
        },
        class_curves=class_curves(measured.lines),
        warnings=measured.warnings,
        ties=tuple(_over_ties(measured)),
    )
    return replace(found, rows=tuple(wording.rows(found)))


def class_curves(lines: Sequence[Line]) -> ClassCurves:
    """Accuracies by class as units are ablated: validation, test, and the mean of random draws.

    With more than `CLASSES` classes those that change most on test images are kept.
    """
    by = {
        (condition, split): [
            line.curve for line in lines if (line.condition, line.split) == (condition, split)
        ]
        for condition, split in (
            ("keyword", "validation"),
            ("keyword", "test"),
            ("random", "test"),
        )
    }
    test = by["keyword", "test"][0]

    def change(name: str) -> float:
        values = test.by_class[name]
        return max(values) - min(values)

    # Names break ties, so that the same data gives the same classes.
    kept = sorted(test.by_class, key=lambda name: (-change(name), name))[:CLASSES]
    return ClassCurves(
        test.counts,
        len(test.by_class) - len(kept),
        {
            name: ClassCurve(
                test.by_class[name],
                tuple(
                    value
                    for curve in by["keyword", "validation"]
                    for value in curve.by_class.get(name, ())
                ),
                tuple(
                    math.fsum(values) / len(values)
                    for values in zip(
                        *(curve.by_class[name] for curve in by["random", "test"]), strict=True
                    )
                ),
            )
            for name in sorted(kept)
        },
    )


def _over_ties(measured: Measured) -> list[tuple[str, str]]:
    """What other orders of equal units give, each at the count that it chooses on validation."""
    if not measured.ties:
        return []

    def band(values: Sequence[float]) -> str:
        one = spread(values)
        return f"{one.mean:.2%} ({one.low:.2%} to {one.high:.2%})"

    counts = sorted(one.count for one in measured.ties)
    where = f"{len(measured.ties)} random orders of equal units"
    found = [
        (
            f"{measured.equal} of {len(measured.ranking)} units are equal to others: over {where}, "
            f"each with the {counts[0]} to {counts[-1]} units that validation chooses",
            band([one.test for one in measured.ties]),
        ),
        (
            "… random units of the same layers, ordered alike",
            band([t.random for t in measured.ties]),
        ),
    ]
    sorted_all = [one.sorted_all for one in measured.ties if one.sorted_all is not None]
    if sorted_all:
        found.append(("… all examined units, ordered alike", band(sorted_all)))
    return found


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
