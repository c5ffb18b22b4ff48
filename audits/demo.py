"""MILAN's applications on the demo world: editing (Section 7) and unit importance (Section 5).

    sections = applications(verified, report=print)

`verified` is what `describer.demo.verify` found: held-out networks with their units' descriptions.
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
    curve_predictions,
    interval,
    matched_draws,
)
from audits.evaluation import Cache, Images
from audits.importance import importance
from describer.demo import lessons, world
from describer.demo.concepts import concepts_in
from describer.demo.crew import crew
from describer.demo.scores import Estimate, mean
from describer.demo.table import Section
from describer.demo.verify import Case, Verified

Report = Callable[[str], None]
Spread = Callable[[Callable[[Any], Any], Sequence[Any]], Iterable[Any]]
Which = tuple[str, int, str]

CONTROLS = 5
VALIDATION = ("validation", 1000, "spurious")
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

    def draws(self, count: int) -> list[tuple[Unit, ...]]:
        """The units that each control silences at a count."""
        return [control.order[:count] for control in self.controls]


def applications(verified: Verified, report: Report) -> list[Section]:
    """The tables of both applications, on the networks that `demo verify` has described."""
    people = verified.case("people-sharp")
    with crew() as pool:
        ranked = pool.submit(
            feature_importance, people, criteria.score(people.sentences["MILAN"], verified.model)
        )
        edited = editing(verified.case("signs"), spread=pool.map)
        report("text units ablated, with controls")
        sections = [edited, ranked.result()]
        report("units ablated in the order of every criterion")
    return sections


def drawn(which: Which) -> Images:
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
    )


def _ranked(task: tuple[Case, Which]) -> list[Unit]:
    """All units of a case, least important first."""
    case, which = task
    found = importance(case.model, drawn(which), by_layer(case.units), cache=Cache({}, "demo"))
    return [(one.layer, one.unit) for one in found.units]


def _ablated(task: tuple[Case, Which, Sequence[Unit], Sequence[int] | None]) -> Curve:
    case, which, order, counts = task
    return curve(case.model, drawn(which), order, counts=counts, cache=Cache({}, "demo"))


def text_units(case: Case) -> list[Unit]:
    """The units of which MILAN says text, words or letters."""
    return case.of(lambda sentence: "text" in concepts_in(sentence))


def editing(case: Case, *, spread: Spread = map) -> Section:
    """Figures 8 and 15 as a table; spread: as of `edit`."""
    found = edit(case, spread=spread)
    text = set(found.adversarial.order)
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
                _mean_band(interval(controls), len(controls)),
                _gain(float(np.mean(controls)), start),
            ),
            (
                f"all units sorted, {label}",
                str(count),
                _percent(found.sorted_all.at(count), found.images),
                _gain(found.sorted_all.at(count), start),
            ),
        ]
    drawn_text = ", ".join(
        str(len(text.intersection(control.order[:chosen]))) for control in found.controls
    )
    one_more = interval([control.at(chosen) for control in found.controls])
    rows.append(("clean test, after (chosen)", str(chosen), str(found.clean_edited), ""))
    return Section(
        "Editing: ablating text units",
        f"{len(found.adversarial.order)} of {len(case.units)} units are described with text, words "
        f"or letters. Intervals: 95 %, over {found.images} images; of controls, of the mean of "
        f"{CONTROLS} draws. A single further draw of {chosen} would lie in "
        f"[{one_more.low:.3f}, {one_more.high:.3f}] in 19 of 20 cases. Of the {chosen} units drawn "
        f"the controls hold {drawn_text} text units: "
        + "; ".join(map(_names, found.draws(chosen)))
        + ".",
        ("condition", "units", "accuracy", "change"),
        tuple(rows),
    )


def feature_importance(case: Case, scored: criteria.Scored) -> Section:
    """Figure 4: accuracy as units are ablated in the order of seven criteria, and at random."""
    images = drawn(IMPORTANCE_IMAGES)
    cache = Cache({}, case.recipe.name)
    found = by_attribute(case.model, images, case.units, scored.values, cache=cache)
    band = interval([float(np.mean(line.accuracies)) for line in found.random_curves])
    rows = [("random", *_points(found.random_curves), _band(band), "")]
    for name, line in found.curves.items():
        layers = ", ".join(f"{layer} {value:.2f}" for layer, value in found.layers[name].items())
        # every prediction is in the cache by now
        right = (
            curve_predictions(case.model, images, line.order, line.counts, cache=cache)
            == images.labels
        )
        rows.append((name, *_points([line]), _three(mean(right.mean(axis=0))), layers))
    return Section(
        "Unit importance by kind of description",
        f"{case.recipe.name}, {images.count} images, units ablated in steps of 2 %, highest score "
        f"first. Words by {scored.source}; word differences by {scored.vectors}. The mean is over "
        f"all {len(found.random)} steps, with its interval over images; of random orders, where "
        f"one more than these {CONTROLS} would lie.",
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
    return _three(_share(accuracy, count))


def _three(found: Estimate) -> str:
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def _mean_band(found: Interval, count: int) -> str:
    """The mean of some draws with the 95 % confidence interval of that mean."""
    half = (found.high - found.mean) / math.sqrt(count + 1)
    return f"{found.mean:.3f} [{found.mean - half:.3f}, {found.mean + half:.3f}]"


def _names(units: Sequence[Unit]) -> str:
    return ", ".join(f"{layer}-{unit}" for layer, unit in sorted(units)) or "none"


def _band(found: Interval) -> str:
    return f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}]"


def _gain(after: float, before: float) -> str:
    return f"{100 * (after - before):+.1f} points"
