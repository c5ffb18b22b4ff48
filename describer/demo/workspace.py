"""The demo as files, made from the shipped weights: what a workspace is filled with at first start.

    content = prepare(folder, store=ImageStore(workspace.images), said=sayings.read())

Everything is written below `folder`: `subjects/` (SUBJECT.toml files with their weights),
`images/NAME/class/number.png` (ImageFolder layout), `exemplars/NAME` (an exemplar folder for each
network). What was written is returned as plain values; nothing here knows the database.
"""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from db.arrays import ImageStore
from describer import milan, probing, subjects
from describer.demo import albums, curriculum, shipped, teaching, world
from describer.demo.albums import DemoImages
from describer.demo.annotators import ANNOTATORS
from describer.demo.crew import crew
from describer.demo.curriculum import Recipe
from describer.demo.sayings import DemoAnnotation, DemoDescription, Sayings
from describer.demo.truth import Atlas
from describer.demo.units import Source, study
from describer.exemplars import layout
from describer.exemplars import study as exemplars
from describer.exemplars.layout import ExemplarFolder
from describer.milan.describing import SearchOptions, UnitDescription

Progress = Callable[[int, int, str], None]
Place = tuple[str, str, int]

SHOWN = ("signs", "people-sharp", "people-blurred", "transformer", "generator")
ANNOTATED = "transformer"
CAMPAIGN_UNITS = 24


@dataclass(frozen=True)
class DemoSubject:
    """A network with its file, its exemplars among `images`, and a sentence about it."""

    name: str
    about: str
    file: Path
    exemplars: Path
    images: str


@dataclass(frozen=True)
class DemoContent:
    """All of the demo. checkpoint: the MILAN that describes, also loadable as "demo"."""

    images: tuple[DemoImages, ...]
    subjects: tuple[DemoSubject, ...]
    checkpoint: Path
    said: Sayings


def prepare(
    folder: Path,
    *,
    store: ImageStore | None = None,
    images: Sequence[DemoImages] = albums.IMAGES,
    shown: Sequence[str] = SHOWN,
    said: Sayings | None = None,
    beam_size: int = 50,
    progress: Progress | None = None,
) -> DemoContent:
    """Write the demo's files, and describe its units unless that was done before.

    Args:
        folder: where; made if needed.
        store: where exemplar images are kept; by default in each exemplar folder.
        images: the image folders; the first is the one that units are looked at with.
        shown: names of the networks.
        said: what is said about just these networks and images; None: find it out now.
        progress: called with steps done, steps in all, and a message.

    Raises:
        BadInput: the shipped weights are missing.
    """
    steps = _Steps(progress, total=1 + len(shown) * (1 if said else 2) + (said is None))
    steps.done("drawing pictures")
    drawn = albums.draw(folder / "images", images)
    files = {name: _copy_subject(curriculum.subject(name), folder / "subjects") for name in shown}
    targets = {name: folder / "exemplars" / name for name in shown}
    with crew(min(len(shown), os.cpu_count() or 1)) as pool:
        # The last ones take longest, so they begin.
        waiting = {
            pool.submit(_study, files[name], drawn[0].root, targets[name], store): name
            for name in reversed(shown)
        }
        for future in as_completed(waiting):
            future.result()
            steps.done(f"{waiting[future]}: exemplars found")
    networks = [
        DemoSubject(
            name, curriculum.subject(name).about, files[name], targets[name], images[0].name
        )
        for name in shown
    ]
    sources = {
        name: ExemplarFolder(target, store or ImageStore(target / layout.IMAGES))
        for name, target in targets.items()
    }
    if said is None:
        said = say(sources, images[0], beam_size=beam_size, steps=steps)
    return DemoContent(tuple(drawn), tuple(networks), shipped.CHECKPOINT, said)


def say(
    sources: Mapping[str, ExemplarFolder], album: DemoImages, *, beam_size: int, steps: "_Steps"
) -> Sayings:
    """Describe all units with the demo's MILAN, and begin a campaign with simulated annotators."""
    model = milan.load("demo")
    descriptions = []
    for name, source in sources.items():
        steps.done(f"{name}: describing units")
        for batch in milan.describe(source, model, options=SearchOptions(beam_size=beam_size)):
            for unit in batch:
                descriptions.append(_described(name, unit))
    steps.done("simulated annotators write")
    name = ANNOTATED if ANNOTATED in sources else next(iter(sources))
    campaign, answers = _campaign(name, sources[name], album)
    return Sayings(tuple(descriptions), campaign, answers)


def _study(file: Path, images: Path, target: Path, store: ImageStore | None) -> None:
    """Find a network's exemplars, in a process of its own."""
    exemplars.study(subjects.read(file), probing.open_folder(images), target, store=store)


def _described(name: str, unit: UnitDescription) -> DemoDescription:
    found = unit.description
    candidates = tuple((each.text, each.log_p_given_e, each.log_p) for each in found.candidates)
    return DemoDescription(name, unit.layer, unit.unit, found.text, found.score, candidates)


def _copy_subject(recipe: Recipe, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in ("toml", "safetensors"):
        shutil.copyfile(
            shipped.SUBJECTS / f"{recipe.name}.{suffix}", folder / f"{recipe.name}.{suffix}"
        )
    return folder / f"{recipe.name}.toml"


def _campaign(
    name: str, source: ExemplarFolder, album: DemoImages
) -> tuple[tuple[Place, ...], tuple[DemoAnnotation, ...]]:
    """Units of a network to annotate, those with a clear truth first, and simulated answers.

    Of every three units one has no answer yet, one has one, one has two.
    """
    scenes = world.render_many(album.split, albums.numbers(album), variant=album.variant)
    atlas = Atlas.of(scenes)
    studies = [study(source.exemplars(layer), atlas) for layer in source.layers]
    images = np.stack([scene.image for scene in scenes])
    written = teaching.annotate(name, Source({s.layer: s for s in studies}, images))
    clear = [
        unit
        for unit in written
        for profile in (studies[source.layers.index(unit[0])].profiles[unit[1]],)
        if profile.main is not None
    ]
    step = max(1, len(clear) // CAMPAIGN_UNITS)
    chosen = clear[::step][:CAMPAIGN_UNITS]
    answers = [
        DemoAnnotation(name, layer, unit, annotator, sentence)
        for place, (layer, unit) in enumerate(chosen)
        for annotator, sentence in zip(
            ANNOTATORS[: place % 3], written[layer, unit][: place % 3], strict=True
        )
    ]
    return tuple((name, layer, unit) for layer, unit in chosen), tuple(answers)


@dataclass
class _Steps:
    """Counts steps for the progress line."""

    progress: Progress | None
    total: int
    count: int = 0

    def done(self, message: str) -> None:
        if self.progress is not None:
            self.progress(self.count, self.total, message)
        self.count += 1
