"""Editing on the demo world (Section 7, Appendix E): text units ablated, with every control.

    found = edit(case)                          # curves over 0, 1, 2… units
    summary, course = sections(found, units=len(case.units))

The validation images are drawn like the training images, half of them with their own word, so they
tell nothing about adversarial signs; the number of units to remove is chosen on them alone, by the
rule of Appendix E: the largest before validation accuracy falls below the start for good. Rule,
images and control seeds are fixed here and never looked for on the test images.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from audits.ablation.curves import Curve, best_count, chosen_count, curve, matched_draws
from audits.ablation.engine.units import by_layer
from audits.ablation.importance import importance
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

Spread = Callable[[Callable[[Any], Any], Sequence[Any]], Iterable[Any]]
Which = tuple[str, int, str]

CONTROLS = 5
STEP = 4
VALIDATION = ("validation", 1000, "spurious")
CLEAN = ("test", 500, "plain")
ADVERSARIAL = ("test", 500, "adversarial")


@dataclass(frozen=True)
class Edit:
    """Everything that the editing table is made of; curves over 0, 1, 2… units ablated.

    controls: adversarial curves of random units of the same layers. sorted_all: adversarial curve
    of all units by importance, cut to as many. images, held: how many test and validation images.
    """

    clean: Estimate
    clean_edited: Estimate
    adversarial: Curve
    validation: Curve
    controls: tuple[Curve, ...]
    sorted_all: Curve
    images: int
    held: int

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


def edit(case: Case, *, spread: Spread = map) -> Edit:
    """Ablate the units described with text, word or letter, least important first.

    Args:
        spread: does independent tasks, as `map` does; a pool's does them side by side.
    """
    chosen = text_units(case)
    sizes = {layer: max(numbers) + 1 for layer, numbers in by_layer(case.units).items()}
    (all_in_order,) = spread(_ranked, [(case, VALIDATION)])
    order = [unit for unit in all_in_order if unit in set(chosen)]
    draws = matched_draws(order, sizes, trials=CONTROLS, seed=0)
    held, edited, sorted_all, *controls = spread(
        _ablated,
        [
            (case, VALIDATION, order, None),
            *(
                (case, ADVERSARIAL, units, None)
                for units in (order, all_in_order[: len(order)], *draws)
            ),
        ],
    )
    counts = sorted({0, chosen_count(held)})
    (looked,) = spread(_ablated, [(case, CLEAN, order, counts)])
    return Edit(
        _share(looked.accuracies[0], CLEAN[1]),
        _share(looked.accuracies[-1], CLEAN[1]),
        edited,
        held,
        tuple(controls),
        sorted_all,
        ADVERSARIAL[1],
        VALIDATION[1],
    )


def _ranked(task: tuple[Case, Which]) -> list[Unit]:
    """All units of a case, least important first."""
    case, which = task
    found = importance(_network(case), drawn(which), by_layer(case.units))
    return [one.place for one in found.units]


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
    return [_summary(found, units), _course(found)]


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
        f"letters. Intervals: 95 %, over {found.images} test and {found.held} validation images; "
        f"of controls, of the mean of {CONTROLS} draws. A single further draw of {chosen} would "
        f"lie in [{one_more.low:.3f}, {one_more.high:.3f}] in 19 of 20 cases. Of the {chosen} "
        f"units drawn the controls hold {drawn_text} text units: "
        + "; ".join(map(_names, found.draws(chosen)))
        + ".",
        ("condition", "units", "test accuracy", "change", "validation accuracy"),
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
