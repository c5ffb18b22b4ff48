"""Ablate the selected units of a network in order, and measure it beside its controls.

    found = measure(model, selected, test=test, validation=validation, sizes=sizes, plan=Plan())
    found.order                     # least important first
    found.curves                    # Line("keyword", 0, "test", …), Line("random", 3, "test", …)
    found.chosen, found.best        # counts chosen on validation, and by an oracle

Source: MILAN, Section 7 and Appendix E: units are ordered by validation accuracy with each alone
ablated, then ablated one after another; the controls are as many random units of the same layers,
and all examined units in the same kind of order. What is chosen is chosen on validation images
and reported on test images.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from audits.ablation import curves
from audits.ablation.curves import Curve
from audits.ablation.engine.hooks import Rule, check_units
from audits.ablation.engine.units import by_layer
from audits.ablation.importance import Ranking, UnitImportance, importance
from audits.figures import intervals
from audits.figures.intervals import Interval
from audits.network.evaluation import Cache, Evaluation, evaluate
from audits.network.images import Images
from db.errors import BadInput
from db.jobs import Progress
from db.units import Unit

# Random draws below this are warned of: their interval says little.
ENOUGH = 5

Condition = Literal["keyword", "random", "sorted_all", "whole_layer"]
Split = Literal["validation", "test"]


@dataclass(frozen=True)
class Plan:
    """How to measure.

    Attributes:
        rule: what ablated units become; "mean" needs `means`.
        means: float (C,) by layer.
        controls: random draws, matched by layer.
        seed: of the draws.
        max_units: the order is cut after so many units.
        sort_all: also measure all examined units in order (their importance costs the most).
        whole_layers: also measure each layer of the selected units without all of its units.
        order: the selected units as they are to be ablated, instead of by importance.
    """

    rule: Rule = "zero"
    means: Mapping[str, Tensor] | None = None
    controls: int = 5
    seed: int = 0
    max_units: int | None = None
    sort_all: bool = True
    whole_layers: bool = False
    order: tuple[Unit, ...] | None = None


@dataclass(frozen=True)
class Line:
    """One curve of the measurement."""

    condition: Condition
    trial: int
    split: Split
    curve: Curve


@dataclass(frozen=True)
class Point:
    """The measurement at one count: accuracies, and the controls' interval at that count."""

    n_ablated: int
    validation: float | None
    test: float
    random: Interval | None
    sorted_all: float | None


@dataclass(frozen=True)
class Measured:
    """What a measurement found.

    `ranking` holds the selected units, least important first (all of them, also beyond
    `max_units`); it is empty where the plan gave an order. `start`, `chosen`, `best` and `end` are
    the points without ablation, at the count chosen on validation images (None without them), at
    an oracle's, and at the last unit.
    `before` and `after` are the test images without ablation and at the chosen count, or at the
    last unit where none or 0 was chosen; `random` the draws of the controls at that count.
    """

    ranking: tuple[UnitImportance, ...]
    order: tuple[Unit, ...]
    lines: tuple[Line, ...]
    start: Point
    chosen: Point | None
    best: Point
    end: Point
    before: Evaluation
    after: Evaluation
    random: tuple[Evaluation, ...]
    warnings: tuple[str, ...]


def measure(
    model: nn.Module,
    selected: Sequence[Unit],
    *,
    test: Images,
    sizes: Mapping[str, int],
    validation: Images | None = None,
    examined: Sequence[Unit] | None = None,
    plan: Plan | None = None,
    cache: Cache | None = None,
    on_line: Callable[[Line], None] | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Measured:
    """Order, ablate, compare.

    Args:
        model: in evaluation mode.
        selected: the units to ablate.
        test: what accuracies are reported on.
        sizes: the number of units of every layer.
        validation: what units are ordered and counted on; without it the test images are used
            for the order, with a warning, and no count is chosen.
        examined: all units that were looked at, for the sort-all control; `selected` without.
        on_line: called with each curve as far as it is, whenever more of it is measured.

    Raises:
        BadInput: nothing selected, unknown units, labels that do not fit.
        Cancelled: `cancelled()` said so; what was measured stays in the cache.
    """
    plan = plan or Plan()
    if not selected:
        raise BadInput("expected at least one unit to ablate, got none: no description matched")
    if plan.max_units is not None and plan.max_units < 1:
        raise BadInput(f"expected at least one unit to ablate, got a limit of {plan.max_units}")
    everything = sorted({*selected, *(examined or ())})
    check_units(by_layer(everything), sizes)
    ordered_on = validation or test

    def rank(units: Sequence[Unit]) -> Ranking:
        return importance(
            model,
            ordered_on,
            by_layer(units),
            rule=plan.rule,
            means=plan.means,
            cache=cache,
            progress=progress,
            cancelled=cancelled,
        )

    if plan.order is not None and sorted(plan.order) != sorted(set(selected)):
        raise BadInput("expected an order of the selected units, got other units")
    ranked = sorted(set(selected)) if plan.order is None else []
    everyone = (
        rank(everything if plan.sort_all else ranked).units if ranked or plan.sort_all else ()
    )
    ranking = tuple(one for one in everyone if (one.layer, one.unit) in set(ranked))
    order = plan.order or tuple((one.layer, one.unit) for one in ranking)
    order = order[: plan.max_units]
    orders: list[tuple[Condition, int, tuple[Unit, ...]]] = [("keyword", 0, order)]
    if plan.sort_all:
        best_first = tuple((one.layer, one.unit) for one in everyone[: len(order)])
        orders.append(("sorted_all", 0, best_first))
    draws = curves.matched_draws(order, sizes, trials=plan.controls, seed=plan.seed)
    orders += [("random", trial, draw) for trial, draw in enumerate(draws)]

    sets: list[tuple[Split, Images]] = [("test", test)]
    if validation is not None:
        sets.insert(0, ("validation", validation))
    whole = sorted({layer for layer, _ in order}) if plan.whole_layers else []
    orders += [
        ("whole_layer", place, tuple((layer, unit) for unit in range(sizes[layer])))
        for place, layer in enumerate(whole)
    ]
    lines = []
    for condition, trial, units in orders:
        for split, images in sets:

            def grown(
                part: Curve,
                condition: Condition = condition,
                trial: int = trial,
                split: Split = split,
            ) -> None:
                if on_line is not None:
                    on_line(Line(condition, trial, split, part))

            measured = curves.curve(
                model,
                images,
                units,
                counts=[len(units)] if condition == "whole_layer" else None,
                rule=plan.rule,
                means=plan.means,
                cache=cache,
                on_part=None if on_line is None else grown,
                progress=progress,
                cancelled=cancelled,
            )
            lines.append(Line(condition, trial, split, measured))

    chosen = curves.chosen_count(_keyword(lines, "validation")) if validation else None
    best = curves.best_count(_keyword(lines, "test"))
    shown = chosen or len(order)

    def look(units: Sequence[Unit]) -> Evaluation:
        return evaluate(
            model,
            test,
            units=by_layer(units),
            rule=plan.rule,
            means=plan.means,
            cache=cache,
            cancelled=cancelled,
        )

    return Measured(
        ranking=ranking,
        order=order,
        lines=tuple(lines),
        start=point(lines, 0),
        chosen=None if chosen is None else point(lines, chosen),
        best=point(lines, best),
        end=point(lines, len(order)),
        before=look(()),
        after=look(order[:shown]),
        random=tuple(look(draw[:shown]) for draw in draws),
        warnings=tuple(_warnings(test, validation, order, sizes, plan.controls)),
    )


def point(lines: Sequence[Line], count: int) -> Point:
    """The measurement at one count of the keyword order."""

    def at(condition: Condition, split: Split) -> list[float]:
        return [
            line.curve.at(count)
            for line in lines
            if line.condition == condition and line.split == split
        ]

    random = at("random", "test")
    return Point(
        n_ablated=count,
        validation=next(iter(at("keyword", "validation")), None),
        test=at("keyword", "test")[0],
        random=intervals.accuracy_interval(random) if random else None,
        sorted_all=next(iter(at("sorted_all", "test")), None),
    )


def _keyword(lines: Sequence[Line], split: Split) -> Curve:
    return next(line.curve for line in lines if line.condition == "keyword" and line.split == split)


def _warnings(
    test: Images,
    validation: Images | None,
    order: Sequence[Unit],
    sizes: Mapping[str, int],
    controls: int,
) -> list[str]:
    found = []
    if controls < ENOUGH:
        found.append(
            f"{controls} random draw{'s are' if controls > 1 else ' is'} fewer than {ENOUGH}: "
            "where one more would lie is known badly."
        )
    if validation is None:
        found.append(
            "Units were ordered on the test images themselves, so the curve flatters them; "
            "give validation images to order and count on."
        )
    elif validation.digest == test.digest:
        found.append(
            "Validation and test images are the same, so what was chosen on them is not tested."
        )
    if test.labels is None:
        found.append(
            "The test images have no labels: the curve is agreement with the unedited network."
        )
    for layer, units in by_layer(order).items():
        if len(units) == sizes[layer]:
            found.append(
                f"All {len(units)} units of layer {layer} are ablated, so that random units of "
                "that layer are the same ones."
            )
    return found
