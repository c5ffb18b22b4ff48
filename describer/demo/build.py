"""Making the demo's weights: `python app.py demo build`. All from scratch, all seeded.

The steps leave their results in a folder of work (`networks/NAME.safetensors`, pictures), so that
a build that was stopped goes on where it was. Networks are trained one a processor core, each with
one thread: two cores wait for each other less that way, and the result does not depend on how many
there are.
"""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from describer.demo import curriculum
from describer.demo.curriculum import OBSERVER, SUBJECTS, Recipe

Report = Callable[[str], None]


def train_networks(work: Path, *, report: Report, cores: int | None = None) -> None:
    """Train the observer and every subject that the folder of work does not hold yet."""
    (work / "networks").mkdir(parents=True, exist_ok=True)
    recipes = [r for r in (OBSERVER, *SUBJECTS) if not weights_file(work, r).exists()]
    wanted = {which for r in recipes if r is not OBSERVER for which in r.pictures}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        cores or os.cpu_count(), mp_context=context, initializer=_one_thread
    ) as pool:
        drawing = [pool.submit(curriculum.draw_pictures, work, *which) for which in sorted(wanted)]
        for done in as_completed(drawing):
            done.result()
        report(f"{len(drawing)} sets of pictures drawn")
        training = {pool.submit(_train, work, recipe): recipe for recipe in recipes}
        for future in as_completed(training):
            report(f"{training[future].name}: {future.result()}")


def weights_file(work: Path, recipe: Recipe) -> Path:
    """Where a build leaves a network's weights."""
    return work / "networks" / f"{recipe.name}.safetensors"


def trained(work: Path, recipe: Recipe) -> torch.nn.Module:
    """A network as the build trained it, in evaluation mode."""
    model = curriculum.build(recipe)
    model.load_state_dict(
        {
            k: v.float() if v.is_floating_point() else v
            for k, v in load_file(weights_file(work, recipe)).items()
        }
    )
    return model.eval()


def _one_thread() -> None:
    torch.set_num_threads(1)


def _train(work: Path, recipe: Recipe) -> str:
    """Train one network in a process of its own and write it; returns what to report."""
    last = ""

    def progress(_done: int, _total: int, message: str) -> None:
        nonlocal last
        last = message

    model = curriculum.train(recipe, work, progress=progress)
    state = {
        name: (value.half() if value.is_floating_point() else value).contiguous()
        for name, value in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    path = weights_file(work, recipe)
    save_file(state, path.with_suffix(".partial"))
    path.with_suffix(".partial").replace(path)
    return last
