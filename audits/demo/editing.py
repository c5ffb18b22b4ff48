"""Editing on the demo world (Section 7, Appendix E): text units ablated, with every control.

    found = edit(case)                          # curves over 0, 1, 2… units
    summary, orders, course = sections(found, units=len(case.units))

The validation images are drawn like the training images, half of them with their own word, so they
tell nothing about adversarial signs; the number of units to remove is chosen on them alone, by the
rule of Appendix E: the largest before validation accuracy falls below the start for good. Rule,
images and control seeds are fixed here and never looked for on the test images.

Units are ordered by the likelihood of the right class, in which hardly any are equal. By accuracy
nearly all are, so that that order, Appendix E's, is drawn many times, and what is said of it is a
mean with its spread.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from audits.ablation.curves import Curve, best_count, chosen_count, curve, matched_draws
from audits.ablation.engine.units import by_layer
from audits.ablation.order.importance import UnitImportance, equal_units, importance
from audits.ablation.order.ties import Ranked, TieOrder, spread, tie_order
from audits.figures.intervals import Interval, interval
from audits.network.evaluation import Cache, Evaluator
from audits.network.images import Images
from db.units import Unit
from describer.demo.checks.case import Case
from describer.demo.checks.scores import Estimate, mean
from describer.demo.checks.table import Section
from describer.demo.training import fitting
from describer.demo.world import scene
from describer.demo.world.concepts import concepts_in

Map = Callable[[Callable[[Any], Any], Sequence[Any]], Iterable[Any]]
Which = tuple[str, int, str]

CONTROLS = 5
TIE_ORDERS = 10
STEP = 4
VALIDATION = ("validation", 1000, "spurious")
CLEAN = ("test", 500, "plain")
ADVERSARIAL = ("test", 500, "adversarial")


@dataclass(frozen=True)
class Edit:
    """Everything that the editing table is made of; curves over 0, 1, 2… units ablated.

    controls: adversarial curves of random units of the same layers. sorted_all: adversarial curve
    of all units by importance, cut to as many. images, held: how many test and validation images.
    ties: the same by accuracy, in random orders of equal units; equal: how many of the text units
    are equal to another one by accuracy.
    """

    clean: Estimate
    clean_edited: Estimate
    adversarial: Curve
    validation: Curve
    controls: tuple[Curve, ...]
    sorted_all: Curve
    images: int
    held: int
    ties: tuple[TieOrder, ...]
    equal: int

    def draws(self, count: int) -> list[tuple[Unit, ...]]:
        """The units that each control silences at a count."""
        return [control.order[:count] for control in self.controls]


def drawn(which: Which) -> Images:
    """Rendered images as ablation takes them."""
    split, count, variant = which
    pictures, labels = fitting.paintings(split, range(count), variant=variant)

    def batches() -> list[torch.Tensor]:
        return list(torch.split(fitting.normalise(pictures), 100))

    return Images(
        f"{variant} {split}",
        f"demo-{variant}-{split}-{count}",
        count,
        batches,
        labels.numpy(),
        scene.CLASS_NAMES,
    )


def edit(case: Case, *, side_by_side: Map = map) -> Edit:
    """Ablate the units described with text, word or letter, least important first.

    Args:
        side_by_side: does independent tasks, as `map` does; a pool's does several at once.
    """
    chosen = text_units(case)
    sizes = {layer: max(numbers) + 1 for layer, numbers in by_layer(case.units).items()}
    (everyone,) = side_by_side(_measured, [(case, VALIDATION)])
    text, named = set(chosen), {one.place: one for one in everyone}
    ranked = Ranked(
        tuple(one for one in everyone if one.place in text),
        everyone,
        tuple(matched_draws(sorted(chosen), sizes, trials=CONTROLS, seed=0)),
        named,
    )
    ordered = ranked.ordered("likelihood", 0)
    order = ordered.order
    held, edited, sorted_all, *controls = side_by_side(
        _ablated,
        [
            (case, VALIDATION, order, None),
            *(
                (case, ADVERSARIAL, units, None)
                for units in (order, ordered.everyone, *ordered.draws)
            ),
        ],
    )
    counts = sorted({0, chosen_count(held)})
    (looked,) = side_by_side(_ablated, [(case, CLEAN, order, counts)])
    ties = side_by_side(_in_one_order, [(case, ranked, seed) for seed in range(TIE_ORDERS)])
    return Edit(
        _share(looked.accuracies[0], CLEAN[1]),
        _share(looked.accuracies[-1], CLEAN[1]),
        edited,
        held,
        tuple(controls),
        sorted_all,
        ADVERSARIAL[1],
        VALIDATION[1],
        tuple(ties),
        equal_units(ranked.selected, by="accuracy"),
    )


def _measured(task: tuple[Case, Which]) -> tuple[UnitImportance, ...]:
    """All units of a case, each ablated alone."""
    case, which = task
    return importance(_network(case), drawn(which), by_layer(case.units)).units


def _in_one_order(task: tuple[Case, Ranked, int]) -> TieOrder:
    """The edit by accuracy with equal units in one random order."""
    case, ranked, seed = task
    ordered = ranked.ordered("accuracy", seed)
    return tie_order(_network(case), drawn(VALIDATION), drawn(ADVERSARIAL), ordered)


def _ablated(task: tuple[Case, Which, Sequence[Unit], Sequence[int] | None]) -> Curve:
    case, which, order, counts = task
    return curve(_network(case), drawn(which), order, counts=counts)


def _network(case: Case) -> Evaluator:
    """The network of a case, which keeps what it predicted while one task asks."""
    return Evaluator(case.model, cache=Cache({}, "demo"))


def text_units(case: Case) -> list[Unit]:
    """The units of which MILAN says text, words or letters."""
    return case.of(lambda sentence: "text" in concepts_in(sentence))


def sections(found: Edit, *, units: int) -> list[Section]:
    """Figures 8 and 15: the counts that matter, and the course between them.

    Args:
        units: how many the network has in all.
    """
    return [_summary(found, units), _orders(found), _course(found)]


def _summary(found: Edit, units: int) -> Section:
    """Accuracies at the count that validation chose and at the best one, with controls."""
    text = set(found.adversarial.order)
    start = found.adversarial.at(0)
    chosen, best = chosen_count(found.validation), best_count(found.adversarial)
    rows = [
        ("clean test, before", "", str(found.clean), "", ""),
        (
            "adversarial test, before",
            "0",
            _percent(start, found.images),
            "",
            _percent(found.validation.at(0), found.held),
        ),
    ]
    for label, count in (("chosen on validation", chosen), ("best on test", best)):
        controls = [control.at(count) for control in found.controls]
        after = found.adversarial.at(count)
        rows += [
            (
                f"text units, {label}",
                str(count),
                _percent(after, found.images),
                _gain(after, start),
                _percent(found.validation.at(count), found.held),
            ),
            (
                f"random units, {label}",
                str(count),
                _mean_band(interval(controls), len(controls)),
                _gain(float(np.mean(controls)), start),
                "",
            ),
            (
                f"all units sorted, {label}",
                str(count),
                _percent(found.sorted_all.at(count), found.images),
                _gain(found.sorted_all.at(count), start),
                "",
            ),
        ]
    drawn_text = ", ".join(
        str(len(text.intersection(control.order[:chosen]))) for control in found.controls
    )
    one_more = interval([control.at(chosen) for control in found.controls])
    rows.append(("clean test, after (chosen)", str(chosen), str(found.clean_edited), "", ""))
    return Section(
        "Editing: ablating text units",
        f"{len(found.adversarial.order)} of {units} units are described with text, words or "
        "letters. Least important first, by the likelihood of the right class on validation images "
        "with each alone ablated; controls and all units likewise. Intervals: 95 %, over "
        f"{found.images} test and {found.held} validation images; "
        f"of controls, of the mean of {CONTROLS} draws. A single further draw of {chosen} would "
        f"lie in [{one_more.low:.3f}, {one_more.high:.3f}] in 19 of 20 cases. Of the {chosen} "
        f"units drawn the controls hold {drawn_text} text units: "
        + "; ".join(map(_names, found.draws(chosen)))
        + ".",
        ("condition", "units", "test accuracy", "change", "validation accuracy"),
        tuple(rows),
    )


def _orders(found: Edit) -> Section:
    """What is left of the gain in either order, at the count that validation chooses."""
    start, count = found.adversarial.at(0), chosen_count(found.validation)
    controls = [control.at(count) for control in found.controls]
    counts = [one.count for one in found.ties]
    rows = [
        (
            "text units, by likelihood",
            str(count),
            _gain(found.adversarial.at(count), start),
            "",
            "",
        ),
        ("random units, by likelihood", str(count), _gain(float(np.mean(controls)), start), "", ""),
        ("all units, by likelihood", str(count), _gain(found.sorted_all.at(count), start), "", ""),
    ]
    for name, values in (
        ("text units, by accuracy", [one.test for one in found.ties]),
        ("random units, by accuracy", [one.random for one in found.ties]),
        (
            "all units, by accuracy",
            [one.sorted_all for one in found.ties if one.sorted_all is not None],
        ),
    ):
        one = spread([value - start for value in values])
        rows.append(
            (
                name,
                f"{min(counts)} to {max(counts)}",
                f"{100 * one.mean:+.1f} points",
                f"{100 * one.deviation:.1f}",
                f"{100 * one.low:+.1f} to {100 * one.high:+.1f}",
            )
        )
    return Section(
        "Editing, in other orders",
        f"By accuracy {found.equal} of the {len(found.adversarial.order)} text units are equal to "
        f"others: that order is drawn {len(found.ties)} times, equal units at random, and in each "
        "the number of units is chosen on validation anew. Change of accuracy on "
        f"{found.images} adversarial images; the mean over orders, its standard deviation, and the "
        "least and greatest.",
        ("condition", "units chosen", "change", "standard deviation", "least to greatest"),
        tuple(rows),
    )


def _course(found: Edit) -> Section:
    """Every few units: test and validation accuracy, and random units of the same layers."""
    chosen, best = chosen_count(found.validation), best_count(found.adversarial)
    last = found.adversarial.counts[-1]
    marks = {chosen: "chosen on validation", best: "best on test"}
    if chosen == best:
        marks = {chosen: "chosen on validation, best on test"}
    rows = [
        (
            str(count),
            f"{found.adversarial.at(count):.3f}",
            f"{found.validation.at(count):.3f}",
            _mean_band(interval([control.at(count) for control in found.controls]), CONTROLS),
            marks.get(count, ""),
        )
        for count in sorted({*range(0, last, STEP), chosen, best, last})
    ]
    return Section(
        "Editing, unit by unit",
        f"Text units ablated least important first (Figures 8 and 15): accuracy on {found.images} "
        f"adversarial test and {found.held} validation images, and on the same test images with "
        f"as many random units of the same layers, the mean of {CONTROLS} draws with its 95 % "
        "interval.",
        ("units", "test", "validation", "random units, test", ""),
        tuple(rows),
    )


def _share(accuracy: float, count: int) -> Estimate:
    right = np.zeros(count)
    right[: round(accuracy * count)] = 1
    return mean(right)


def _percent(accuracy: float, count: int) -> str:
    return _share(accuracy, count).precise()


def _mean_band(found: Interval, count: int) -> str:
    """The mean of some draws with the 95 % confidence interval of that mean."""
    half = (found.high - found.mean) / math.sqrt(count + 1)
    return f"{found.mean:.3f} [{found.mean - half:.3f}, {found.mean + half:.3f}]"


def _names(units: Sequence[Unit]) -> str:
    return ", ".join(f"{layer}-{unit}" for layer, unit in sorted(units)) or "none"


def _gain(after: float, before: float) -> str:
    return f"{100 * (after - before):+.1f} points"
