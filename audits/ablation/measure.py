"""Ablate the selected units of a network in order, and measure it beside its controls.

    found = measure(Evaluator(model), selected, Sets(test, validation), sizes=sizes, how=How())
    found.order                     # least important first, by `how.order`
    found.curves                    # Line("keyword", 0, "test", …), Line("random", 3, "test", …)
    found.chosen, found.best        # counts chosen on validation, and by an oracle

Source: MILAN, Section 7 and Appendix E: units are ordered by what the network does on validation
images with each alone ablated, then ablated one after another; the controls are as many random
units of the same layers, and all examined units, all in the same kind of order. What is chosen is
chosen on validation images and reported on test images.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from audits.ablation import curves
from audits.ablation.curves import Curve
from audits.ablation.engine.hooks import check_units
from audits.ablation.engine.units import by_layer
from audits.ablation.order.importance import UnitImportance, equal_units, importance
from audits.ablation.order.ties import Ordered, Ranked, TieOrder, tie_order
from audits.ablation.plan import MEASURED, How
from audits.ablation.result import Point
from audits.figures import intervals
from audits.network.evaluation import Evaluation, Evaluator
from audits.network.images import Images
from db.errors import BadInput
from db.jobs import Watch
from db.units import Unit

# Random draws below this are warned of: their interval says little.
ENOUGH = 5

Condition = Literal["keyword", "random", "sorted_all", "whole_layer"]
Split = Literal["validation", "test"]


@dataclass(frozen=True)
class Sets:
    """What is measured on.

    Accuracies are reported on `test`. Units are ordered and counted on `validation`; without it
    the test images are used for the order, with a warning, and no count is chosen.
    """

    test: Images
    validation: Images | None = None

    @property
    def ordered_on(self) -> Images:
        """The images that units are ordered on."""
        return self.validation or self.test

    def splits(self) -> list[tuple[Split, Images]]:
        """The sets that there are, by name."""
        found: list[tuple[Split, Images]] = [("test", self.test)]
        return [("validation", self.validation), *found] if self.validation else found


@dataclass(frozen=True)
class Line:
    """One curve of the measurement."""

    condition: Condition
    trial: int
    split: Split
    curve: Curve


@dataclass(frozen=True)
class Measured:
    """What a measurement found.

    `ranking` holds the selected units, least important first (all of them, also beyond
    `max_units`); it is empty where the units came in an order. `start`, `chosen`, `best` and `end`
    are the points without ablation, at the count chosen on validation images (None without them),
    at an oracle's, and at the last unit.
    `before` and `after` are the test images without ablation and at the chosen count, or at the
    last unit where none or 0 was chosen; `random` the draws of the controls at that count.
    `ties` says, where units are ordered by accuracy, what other orders of equal units give, and
    `equal` how many of the selected units share their value with another.
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
    ties: tuple[TieOrder, ...] = ()
    equal: int = 0

    def drawn(self, count: int) -> list[float]:
        """Test accuracies without so many units of every random draw."""
        return [
            line.curve.at(count)
            for line in self.lines
            if (line.condition, line.split) == ("random", "test")
        ]


def measure(
    network: Evaluator,
    selected: Sequence[Unit],
    sets: Sets,
    *,
    sizes: Mapping[str, int],
    examined: Sequence[Unit] | None = None,
    how: How | None = None,
    on_line: Callable[[Line], None] | None = None,
    watch: Watch | None = None,
) -> Measured:
    """Order, ablate, compare.

    Args:
        network: with the rule of `how`.
        selected: the units to ablate, in their order where `how` does not ask for importance.
        sizes: the number of units of every layer.
        examined: all units that were looked at, for the sort-all control; `selected` without.
        on_line: called with each curve as far as it is, whenever more of it is measured.

    Raises:
        BadInput: nothing selected, unknown units, labels that do not fit.
        Cancelled: the watch said so; what was measured stays in the cache.
    """
    how = how or How()
    if not selected:
        raise BadInput("expected at least one unit to ablate, got none: no description matched")
    if how.max_units is not None and how.max_units < 1:
        raise BadInput(f"expected at least one unit to ablate, got a limit of {how.max_units}")
    everything = sorted({*selected, *(examined or ())})
    check_units(by_layer(everything), sizes)
    ranked = _ranked(network, selected, everything, sets, sizes=sizes, how=how, watch=watch)
    ordered = _ordered(ranked, selected, sizes, how)
    order, draws = ordered.order, ordered.draws
    orders: list[tuple[Condition, int, tuple[Unit, ...]]] = [("keyword", 0, order)]
    if how.sort_all:
        orders.append(("sorted_all", 0, ordered.everyone))
    orders += [("random", trial, draw) for trial, draw in enumerate(draws)]
    whole = sorted(by_layer(order)) if how.whole_layers else []
    orders += [
        ("whole_layer", place, tuple((layer, unit) for unit in range(sizes[layer])))
        for place, layer in enumerate(whole)
    ]
    lines = tuple(
        _line(network, Line(condition, trial, split, Curve(units, (), ())), images, on_line, watch)
        for condition, trial, units in orders
        for split, images in sets.splits()
    )
    chosen = curves.chosen_count(_keyword(lines, "validation")) if sets.validation else None
    shown = chosen or len(order)

    def look(units: Sequence[Unit]) -> Evaluation:
        return network.evaluate(sets.test, by_layer(units), watch=watch)

    return Measured(
        ranking=ranked.selected,
        order=order,
        lines=lines,
        start=point(lines, 0),
        chosen=None if chosen is None else point(lines, chosen),
        best=point(lines, curves.best_count(_keyword(lines, "test"))),
        end=point(lines, len(order)),
        before=look(()),
        after=look(order[:shown]),
        random=tuple(look(draw[:shown]) for draw in draws),
        warnings=tuple(_warnings(sets, order, sizes, how.controls)),
        ties=_ties(network, ranked, sets, how, watch),
        equal=equal_units(ranked.selected, by=MEASURED[how.order]) if ranked.selected else 0,
    )


def _ranked(
    network: Evaluator,
    selected: Sequence[Unit],
    everything: Sequence[Unit],
    sets: Sets,
    *,
    sizes: Mapping[str, int],
    how: How,
    watch: Watch | None,
) -> Ranked:
    """Whatever is to be put in order, with its importance on the images that order."""
    measured = how.order in MEASURED
    # Controls of before were in random order, and are drawn when the order is known.
    alike = measured and how.order != "importance"
    draws = (
        curves.matched_draws(sorted(selected), sizes, trials=how.controls, seed=how.seed)
        if alike
        else []
    )
    wanted = {unit for draw in draws for unit in draw}
    wanted |= {*everything} if how.sort_all else {*selected} if measured else set()
    if not wanted:
        return Ranked(())
    by = MEASURED.get(how.order, "likelihood")
    seed = None if how.order == "importance" else how.seed
    units = by_layer(sorted(wanted))
    found = importance(network, sets.ordered_on, units, by=by, seed=seed, watch=watch).units
    chosen, known = {*selected} if measured else set(), {*everything}
    drawn = {unit for draw in draws for unit in draw}
    return Ranked(
        tuple(one for one in found if one.place in chosen),
        tuple(one for one in found if one.place in known) if how.sort_all else (),
        tuple(draws),
        {one.place: one for one in found if one.place in drawn},
    )


def _ordered(
    ranked: Ranked, selected: Sequence[Unit], sizes: Mapping[str, int], how: How
) -> Ordered:
    """The orders that are measured, cut to as many units as are asked for."""
    if ranked.draws:
        return _cut(ranked.ordered(MEASURED[how.order], how.seed), how)
    order = tuple(one.place for one in ranked.selected) or tuple(selected)
    order = order[: how.max_units]
    draws = curves.matched_draws(order, sizes, trials=how.controls, seed=how.seed)
    everyone = tuple(one.place for one in ranked.everyone[: len(order)])
    return Ordered(order, everyone, tuple(draws))


def _ties(
    network: Evaluator, ranked: Ranked, sets: Sets, how: How, watch: Watch | None
) -> tuple[TieOrder, ...]:
    """By accuracy, what other orders of equal units give; the first is the one that is shown."""
    if how.order != "accuracy" or sets.validation is None:
        return ()
    return tuple(
        tie_order(
            network,
            sets.validation,
            sets.test,
            _cut(ranked.ordered("accuracy", how.seed + turn), how),
            watch=watch,
        )
        for turn in range(how.tie_orders)
    )


def _cut(ordered: Ordered, how: How) -> Ordered:
    return Ordered(
        ordered.order[: how.max_units],
        ordered.everyone[: how.max_units],
        tuple(draw[: how.max_units] for draw in ordered.draws),
    )


def _line(
    network: Evaluator,
    begun: Line,
    images: Images,
    on_line: Callable[[Line], None] | None,
    watch: Watch | None,
) -> Line:
    """Measure the curve of a line, whose order is known; a whole layer goes at once."""

    def grown(part: Curve) -> None:
        if on_line is not None:
            on_line(replace(begun, curve=part))

    order = begun.curve.order
    found = curves.curve(
        network,
        images,
        order,
        counts=[len(order)] if begun.condition == "whole_layer" else None,
        on_part=None if on_line is None else grown,
        watch=watch,
    )
    return replace(begun, curve=found)


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
        random=intervals.of_draws(random) if random else None,
        sorted_all=next(iter(at("sorted_all", "test")), None),
    )


def _keyword(lines: Sequence[Line], split: Split) -> Curve:
    return next(line.curve for line in lines if line.condition == "keyword" and line.split == split)


def _warnings(
    sets: Sets, order: Sequence[Unit], sizes: Mapping[str, int], controls: int
) -> list[str]:
    found, test, validation = [], sets.test, sets.validation
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
