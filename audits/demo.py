"""MILAN's applications on the demo world: editing (Section 7) and unit importance (Section 5).

    sections = applications(verified, report=print)

`verified` is what `describer.demo.verify` found: held-out networks with their units' descriptions.
The validation images are drawn like the training images, so they tell nothing about adversarial
signs; the number of units to remove is chosen on them alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from audits import criteria
from audits.attributes import by_attribute
from audits.curves import (
    Curve,
    Interval,
    Unit,
    best_count,
    by_layer,
    chosen_count,
    curve,
    interval,
    matched_draws,
)
from audits.evaluation import Cache, Images
from audits.importance import importance
from describer.demo import lessons, world
from describer.demo.concepts import concepts_in
from describer.demo.scores import Estimate, mean
from describer.demo.table import Section
from describer.demo.verify import Case, Verified
from describer.milan.model import Model

Report = Callable[[str], None]

CONTROLS = 5
VALIDATION = ("validation", 400, "spurious")
CLEAN = ("test", 500, "plain")
ADVERSARIAL = ("test", 500, "adversarial")
IMPORTANCE_IMAGES = ("test", 200, "people")


@dataclass(frozen=True)
class Edit:
    """Everything that the editing table is made of; curves over 0, 1, 2… units ablated.

    controls: adversarial curves of random units of the same layers. sorted_all: adversarial curve
    of all units by importance, cut to as many.
    """

    clean: Estimate
    clean_edited: Estimate
    adversarial: Curve
    validation: Curve
    controls: tuple[Curve, ...]
    sorted_all: Curve
    images: int


def applications(verified: Verified, report: Report) -> list[Section]:
    """The tables of both applications, on the networks that `demo verify` has described."""
    return [
        editing(verified.case("signs"), report=report),
        feature_importance(verified.case("people-sharp"), verified.model, report=report),
    ]


def drawn(which: tuple[str, int, str]) -> Images:
    """Rendered images as ablation takes them."""
    split, count, variant = which
    pictures, labels = lessons.paintings(split, range(count), variant=variant)

    def batches() -> list[torch.Tensor]:
        return list(torch.split(lessons.normalise(pictures), 100))

    return Images(
        f"{variant} {split}",
        f"demo-{variant}-{split}-{count}",
        count,
        batches,
        labels.numpy(),
        world.CLASS_NAMES,
    )


def edit(case: Case, *, report: Report, units: Sequence[Unit] | None = None) -> Edit:
    """Ablate the units described with text, word or letter, least important first."""
    chosen = list(units) if units is not None else text_units(case)
    cache = Cache({}, case.recipe.name)
    validation, clean, adversarial = drawn(VALIDATION), drawn(CLEAN), drawn(ADVERSARIAL)
    every = by_layer(case.units)
    ranking = importance(case.model, validation, every, cache=cache).units
    report("units ranked on validation images")
    all_in_order: list[Unit] = [(one.layer, one.unit) for one in ranking]
    order = [unit for unit in all_in_order if unit in set(chosen)]
    sizes = {layer: max(numbers) + 1 for layer, numbers in every.items()}
    draws = matched_draws(order, sizes, trials=CONTROLS, seed=0)
    curves = [
        curve(case.model, adversarial, units, cache=cache)
        for units in (order, all_in_order[: len(order)], *draws)
    ]
    report("adversarial curves drawn")
    held = curve(case.model, validation, order, cache=cache)
    number = chosen_count(held)
    looked = [curve(case.model, clean, order, counts=[count]) for count in sorted({0, number})]
    return Edit(
        _share(looked[0].accuracies[0], clean.count),
        _share(looked[-1].accuracies[-1], clean.count),
        curves[0],
        held,
        tuple(curves[2:]),
        curves[1],
        adversarial.count,
    )


def text_units(case: Case) -> list[Unit]:
    """The units of which MILAN says text, words or letters."""
    return case.of(lambda sentence: "text" in concepts_in(sentence))


def editing(case: Case, *, report: Report) -> Section:
    """Figures 8 and 15 as a table."""
    found = edit(case, report=report)
    start = found.adversarial.at(0)
    chosen, best = chosen_count(found.validation), best_count(found.adversarial)
    rows = [
        ("clean test, before", "", str(found.clean), ""),
        ("adversarial test, before", "0", _percent(start, found.images), ""),
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
            ),
            (
                f"random units, {label}",
                str(count),
                _band(interval(controls)),
                _gain(float(np.mean(controls)), start),
            ),
            (
                f"all units sorted, {label}",
                str(count),
                f"{found.sorted_all.at(count):.3f}",
                _gain(found.sorted_all.at(count), start),
            ),
        ]
    rows.append(("clean test, after (chosen)", str(chosen), str(found.clean_edited), ""))
    return Section(
        "Editing: ablating text units",
        f"{len(found.adversarial.order)} of {len(case.units)} units are described with text, words "
        f"or letters. Intervals: 95 %, over {found.images} images; of controls, where one of 20 "
        "more draws would lie outside.",
        ("condition", "units", "accuracy", "change"),
        tuple(rows),
    )


def feature_importance(case: Case, model: Model, *, report: Report) -> Section:
    """Figure 4: accuracy as units are ablated in the order of seven criteria, and at random."""
    images = drawn(IMPORTANCE_IMAGES)
    scored = criteria.score(list(case.sentences["MILAN"]), model)
    found = by_attribute(
        case.model, images, case.units, scored.values, cache=Cache({}, case.recipe.name)
    )
    report("units ablated in the order of every criterion")
    band = interval([float(np.mean(line.accuracies)) for line in found.random_curves])
    rows = [("random", *_points(found.random_curves), _band(band), "")]
    for name, line in found.curves.items():
        layers = ", ".join(f"{layer} {value:.2f}" for layer, value in found.layers[name].items())
        rows.append((name, *_points([line]), f"{np.mean(line.accuracies):.3f}", layers))
    return Section(
        "Unit importance by kind of description",
        f"{case.recipe.name}, {images.count} images, units ablated in steps of 2 %, highest score "
        f"first. Words by {scored.source}; word differences by {scored.vectors}. The mean is over "
        f"all {len(found.random)} steps, of random orders with the interval of {CONTROLS}.",
        ("criterion", "10 %", "20 %", "40 %", "mean accuracy", "mean score by layer"),
        tuple(rows),
    )


def _points(lines: Sequence[Curve]) -> tuple[str, str, str]:
    """Mean accuracy at 10, 20 and 40 % of the units."""
    last = len(lines[0].counts) - 1
    places = [round(share * last) for share in (0.1, 0.2, 0.4)]
    first, second, third = (
        f"{np.mean([line.accuracies[place] for line in lines]):.3f}" for place in places
    )
    return first, second, third


def _share(accuracy: float, count: int) -> Estimate:
    right = np.zeros(count)
    right[: round(accuracy * count)] = 1
    return mean(right)


def _percent(accuracy: float, count: int) -> str:
    found = _share(accuracy, count)
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def _band(found: Interval) -> str:
    return f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}]"


def _gain(after: float, before: float) -> str:
    return f"{100 * (after - before):+.1f} points"
