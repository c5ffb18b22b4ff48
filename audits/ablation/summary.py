"""A measurement as it is stored with its experiment and written in words and numbers.

found = summarised(measured)        # a Summary
rows(measured)                      # [("accuracy without ablation (500 test images)", "81.2%")]
"""

import math
from collections.abc import Callable, Sequence

from audits.ablation.measure import Line, Measured
from audits.ablation.result import ClassAccuracy, ClassCurve, ClassCurves, Draw, Summary, WholeLayer
from audits.ablation.ties import spread
from audits.figures.intervals import too_few

CLASSES = 24


def summarised(measured: Measured) -> Summary:
    """A measurement as it is stored; what is beside it (head, weights, data) is left empty."""
    lines = [line for line in measured.lines if line.split == "test"]
    chosen = measured.chosen.n_ablated if measured.chosen else 0
    return Summary(
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
        rows=tuple(rows(measured)),
    )


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


def rows(measured: Measured) -> list[tuple[str, str]]:
    """The measurement in words and numbers, as a page shows it."""
    count = len(measured.before.predictions)
    digits = 1 if count >= 1000 or count == 0 else 2
    what = measured.before.measure

    def percent(value: float | None) -> str:
        return "not measured" if value is None else f"{value:.{digits}%}"

    found = [(f"{what} without ablation ({count} test images)", percent(measured.start.test))]
    for name, point in (
        ("chosen on validation", measured.chosen),
        ("best on test (an oracle's choice)", measured.best),
        ("all", measured.end),
    ):
        if point is None:
            continue
        units = f"{point.n_ablated} unit{'s' * (point.n_ablated != 1)}, {name}"
        found.append((f"{what} without {units}", percent(point.test)))
        if point.random is not None:
            found.append(
                (
                    f"… without as many random units of the same layers ({units})",
                    f"{percent(point.random.mean)} (95 % of draws: {percent(point.random.low)} "
                    f"to {percent(point.random.high)})"
                    f"{too_few(point.random.low, point.random.high, len(measured.random))}"
                    if not math.isnan(point.random.low)
                    else f"{percent(point.random.mean)} (one draw)",
                )
            )
        if point.sorted_all is not None:
            found.append((f"… sorting all examined units ({units})", percent(point.sorted_all)))
    found += _over_ties(measured, percent)
    for line in measured.lines:
        if line.condition == "whole_layer" and line.split == "test":
            layer, size = line.curve.order[0][0], line.curve.counts[-1]
            found.append(
                (f"{what} without all {size} units of {layer}", percent(line.curve.at(size)))
            )
    return found


def _over_ties(measured: Measured, percent: Callable[[float | None], str]) -> list[tuple[str, str]]:
    """What other orders of equal units give, each at the count that it chooses on validation."""
    if not measured.ties:
        return []

    def band(values: Sequence[float]) -> str:
        one = spread(values)
        return f"{percent(one.mean)} ({percent(one.low)} to {percent(one.high)})"

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
