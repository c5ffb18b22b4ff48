"""Making the demo's weights: `python app.py demo build`. All from scratch, all seeded.

The steps leave their results in a folder of work (`networks/NAME.safetensors`, pictures), so that
a build that was stopped goes on where it was. Networks are trained one a processor core.
"""

import copy
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from db.annotate import campaigns
from db.jobs import Watch
from db.workspace import create
from describer.demo import networks, opening, shipped, workspace
from describer.demo.crew import crew
from describer.demo.models import learning
from describer.demo.sentences import methods as sentence_methods
from describer.demo.sentences import milan
from describer.demo.sentences import shipped as sentence_shipped
from describer.demo.sentences.milan import Lesson
from describer.demo.training import curriculum
from describer.demo.training.recipes import OBSERVER, SUBJECTS, Recipe
from describer.demo.units import Gallery
from describer.demo.world import renderer, scene
from describer.milan.checkpoints import folder
from describer.milan.encoder import PyramidEncoder
from describer.milan.training.loop import Trained

Report = Callable[[str], None]


def train_networks(work: Path, *, report: Report, cores: int | None = None) -> None:
    """Train the observer and every subject that the folder of work does not hold yet."""
    (work / "networks").mkdir(parents=True, exist_ok=True)
    recipes = [r for r in (OBSERVER, *SUBJECTS) if not weights_file(work, r).exists()]
    wanted = {which for r in recipes if r is not OBSERVER for which in r.pictures}
    with crew(cores) as pool:
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
    return shipped.filled(recipe, weights_file(work, recipe))


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


def teach_milan(work: Path, *, report: Report) -> Trained:
    """Train the demo's MILAN on the teachers' units, with simulated annotations."""
    encoder = milan.encoder_of(trained(work, OBSERVER))
    teachers = [OBSERVER, *(recipe for recipe in SUBJECTS if recipe.teaches)]
    lessons = prepare_lessons(work, teachers, encoder, report=report)

    def progress(done: int, total: int, message: str) -> None:
        if done % 4 == 0:
            report(f"MILAN: {message}, epoch {done} of at most {total}")

    result = milan.teach(lessons, encoder, watch=Watch(progress))
    report(f"MILAN: validation BLEU {result.record()['validation_bleu']:.3f}")
    return result


def prepare_lessons(
    work: Path, teachers: Sequence[Recipe], encoder: PyramidEncoder, *, report: Report
) -> list[Lesson]:
    """The annotated and encoded units of the teachers; those that the work folder has are read."""
    (work / "lessons").mkdir(parents=True, exist_ok=True)
    pictures: Gallery | None = None
    lessons = []
    for recipe in teachers:
        path = work / "lessons" / f"{recipe.name}.pt"
        if not path.exists():
            pictures = pictures or milan.gallery(milan.LESSONS)
            found = milan.lesson(recipe, trained(work, recipe), pictures, encoder)
            torch.save(vars(found), path)
            report(f"{recipe.name}: {len(found.unit)} units annotated and encoded")
        lessons.append(Lesson(**torch.load(path)))
    return lessons


def ship_subjects(work: Path) -> None:
    """Put the networks' weights and subject files where the program looks for them."""
    subjects = shipped.SUBJECTS
    subjects.mkdir(exist_ok=True)
    for recipe in SUBJECTS:
        target = subjects / f"{recipe.name}.safetensors"
        target.write_bytes(weights_file(work, recipe).read_bytes())
        (subjects / f"{recipe.name}.toml").write_text(subject_toml(recipe), encoding="utf-8")


def ship_milan(work: Path, result: Trained) -> None:
    """Write the checkpoint `demo`, in half precision, with the observer's weights in it."""
    model = result.model
    assert model.language is not None
    halves = replace(
        model,
        decoder=copy.deepcopy(model.decoder).half(),
        language=copy.deepcopy(model.language).half(),
        network=None,
        encoder_state=load_file(weights_file(work, OBSERVER)),
    )
    folder.save(halves, shipped.CHECKPOINT, training=_brief(result))


def ship_models(work: Path, *, report: Report) -> None:
    """Train the demo's own models and put them, with the renderer, where the program looks."""
    kept = work / "models.pt"
    pair = learning.learn(kept, report=report)
    shutil.rmtree(shipped.MODELS, ignore_errors=True)
    pair.save(shipped.MODELS)
    renderer.write(shipped.MODELS / shipped.RENDERER)


def ship_sayings(work: Path, *, report: Report) -> None:
    """Describe the demo's units with the shipped checkpoint, for all first starts to come."""
    shutil.rmtree(work / "opening", ignore_errors=True)
    content = workspace.prepare(work / "opening", progress=lambda _done, _total, what: report(what))
    sentence_shipped.write(content.said)


def ship_sentences(work: Path, *, report: Report) -> None:
    """Let every method beside MILAN describe the demo's units, in a workspace as users have one.

    The workspace stays in the folder of work: a build that was stopped goes on where it was.
    """
    place = create(work / "workspace")
    opening.open_demo(place, settings=campaigns.Settings("as shipped"))
    found = sentence_methods.say(place, workspace.SHOWN, tell=report)
    said = sentence_shipped.read()
    assert said is not None, "they were just written"
    sentence_shipped.write(sentence_shipped.with_methods(said, *found))


def subject_toml(recipe: Recipe) -> str:
    """The SUBJECT.toml of a recipe."""
    layers = ", ".join(f'"{layer}"' for layer in recipe.layers)
    classes = ", ".join(f'"{name}"' for name in scene.CLASS_NAMES)
    lines = [
        f"# {recipe.about}",
        f'name = "{recipe.name}"',
        f'factory = "describer.demo.networks:{recipe.kind}"',
        f'weights = "{recipe.name}.safetensors"',
        f"layers = [{layers}]",
        "image_size = 64",
        f"mean = {list(networks.MEAN)}",
        f"std = {list(networks.STD)}",
    ]
    if recipe.kind != "generator":
        lines.append(f"classes = [{classes}]")
    return "\n".join(lines) + "\n"


def build(work: Path, *, report: Report) -> None:
    """All of it: networks, MILAN, the demo's own models, and the shipped files."""
    train_networks(work, report=report)
    ship_subjects(work)
    ship_milan(work, teach_milan(work, report=report))
    ship_models(work, report=report)
    ship_sayings(work, report=report)
    ship_sentences(work, report=report)
    report(f"shipped weights: {shipped.size() / 2**20:.1f} MiB of {shipped.LIMIT / 2**20:.0f}")


def _brief(result: Trained) -> dict[str, Any]:
    """Provenance without the list of epochs."""
    record = result.record()
    return {key: value for key, value in record.items() if not key.endswith("_epochs")}
