"""Does editing repair other networks than the one that is shipped? The demo's *signs*, other seeds.

    measure()

Networks are trained by the recipe of `signs` with seeds of their own, described by the shipped
MILAN, and edited as `demo verify` edits: text units least important first, their number chosen on
validation images alone. Ours is the accuracy on adversarial images after the edit, the baseline
the one before; the mean of five draws of random units stands beside. About ten processor minutes
a seed; nothing is chosen by what comes out.
"""

import dataclasses
import tempfile
from pathlib import Path

import numpy as np

from audits.ablation.curves import chosen_count
from audits.demo import editing
from audits.figures.intervals import interval
from benchmarks.measurement import Measurement
from describer import milan
from describer.demo import units
from describer.demo.checks.case import Case
from describer.demo.crew import crew
from describer.demo.sentences import milan as sentence_milan
from describer.demo.training import curriculum, recipes
from describer.demo.units import Source
from describer.milan.describing import SearchOptions

SEEDS = (41, 42, 43)


def measure(*, seeds: tuple[int, ...] = SEEDS) -> list[Measurement]:
    """One measurement a seed."""
    with tempfile.TemporaryDirectory(prefix="milan-editing-") as folder, crew() as pool:
        for which in recipes.subject("signs").pictures:
            pool.submit(curriculum.draw_pictures, Path(folder), *which).result()
        tasks = [(seed, Path(folder)) for seed in seeds]
        return list(pool.map(_edited, tasks))


def _edited(task: tuple[int, Path]) -> Measurement:
    """Train, describe and edit the network of one seed, in a process of its own."""
    seed, folder = task
    recipe = dataclasses.replace(recipes.subject("signs"), name=f"signs-{seed}", seed=seed)
    network = curriculum.train(recipe, folder).eval()
    probe = sentence_milan.gallery(sentence_milan.PROBE)
    source = Source.of(units.examine(network, probe, recipe.layers), probe)
    described = {
        (unit.layer, unit.unit): unit.description.text
        for batch in milan.describe(source, milan.load("demo"), options=SearchOptions())
        for unit in batch
    }
    names = tuple(described)
    case = Case(
        recipe,
        network,
        names,
        tuple(source.studies[layer].profiles[unit] for layer, unit in names),
        (),
        {"MILAN": tuple(described.values())},
        np.empty((0, len(names))),
    )
    found = editing.edit(case)
    count = chosen_count(found.validation)
    random = interval([control.at(count) for control in found.controls])
    before, after = found.adversarial.at(0), found.adversarial.at(count)
    return Measurement(
        name=f"editing, seed {seed}",
        ours=after,
        baseline=before,
        ratio=after / before,
        unit="accuracy on adversarial images",
        what=f"{count} of {len(found.adversarial.order)} text units, chosen on validation; random "
        f"units {random.mean:.3f} ({random.low:.3f} to {random.high:.3f}); best count "
        f"{max(found.adversarial.accuracies):.3f}; clean {found.clean.value:.3f}, after the edit "
        f"{found.clean_edited.value:.3f}",
    )
