"""The demo as files, made from the shipped weights: what a workspace is filled with at first start.

    content = prepare(folder, store=ImageStore(workspace.images), progress=progress)

Everything is written below `folder`: `subjects/` (SUBJECT.toml files with their weights),
`images/NAME/class/number.png` (ImageFolder layout), `exemplars/NAME` (an exemplar folder for each
network). What was written is returned as plain values; nothing here knows the database.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

from db.arrays import ImageStore
from describer import milan, probing, subjects
from describer.demo import curriculum, shipped, teaching, world
from describer.demo.annotators import ANNOTATORS
from describer.demo.curriculum import Recipe
from describer.demo.truth import Atlas
from describer.demo.units import Source, study
from describer.exemplars import study as exemplars
from describer.exemplars.layout import ExemplarFolder
from describer.milan.describing import SearchOptions, UnitDescription

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class DemoImages:
    """A folder of images. name: what to call it; about: a sentence; variant, split, count: of
    `world.render`, so that the truth about every file can be found again."""

    name: str
    about: str
    split: str
    count: int
    variant: str
    root: Path = Path()


@dataclass(frozen=True)
class DemoSubject:
    """A network with its file, its exemplars among `images`, and a sentence about it.

    validation, test: names of the image folders that its ablation is measured on.
    """

    name: str
    about: str
    file: Path
    exemplars: Path
    images: str
    validation: str
    test: str


@dataclass(frozen=True)
class DemoDescription:
    """A sentence of the demo's MILAN about a unit of a subject, with its candidates."""

    subject: str
    unit: UnitDescription


@dataclass(frozen=True)
class DemoAnnotation:
    """A simulated annotator's sentence; to be stored as of kind `simulated`."""

    subject: str
    layer: str
    unit: int
    annotator: str
    sentence: str


@dataclass(frozen=True)
class DemoContent:
    """All of the demo.

    checkpoint: the MILAN checkpoint that made the descriptions (also loadable as "demo").
    to_annotate: (subject, layer, unit) of a small campaign; `annotations` holds simulated answers
    for some of its slots. to_audit: (subject, preset of keywords).
    """

    images: tuple[DemoImages, ...]
    subjects: tuple[DemoSubject, ...]
    checkpoint: Path
    descriptions: tuple[DemoDescription, ...]
    to_annotate: tuple[tuple[str, str, int], ...]
    annotations: tuple[DemoAnnotation, ...]
    to_audit: tuple[tuple[str, str], ...]


PROBE = DemoImages("demo-probe", "a mixed album to look at units with", *teaching.PROBE, "probe")
IMAGES = (
    PROBE,
    DemoImages(
        "demo-signs-validation",
        "like the training images of “signs”: half carry their own word",
        "validation",
        400,
        "spurious",
    ),
    DemoImages("demo-signs-test", "every image carries a random word", "test", 600, "adversarial"),
    DemoImages("demo-people-validation", "scenes with people", "validation", 300, "people"),
    DemoImages("demo-people-test", "more scenes with people", "test", 300, "people"),
)
SHOWN = ("signs", "people-sharp", "people-blurred", "transformer")
CAMPAIGN_UNITS = 24
BEAM_SIZE = 10


def prepare(
    folder: Path,
    *,
    store: ImageStore | None = None,
    images: Sequence[DemoImages] = IMAGES,
    shown: Sequence[str] = SHOWN,
    progress: Progress | None = None,
) -> DemoContent:
    """Write the demo's files and describe its units.

    Args:
        folder: where; made if needed.
        store: where exemplar images are kept; by default in each exemplar folder.
        images: the image folders; the first is the one that units are looked at with.
        shown: names of the networks; the last one's units are to be annotated.
        progress: called with steps done, steps in all, and a message.

    Raises:
        BadInput: the shipped weights are missing.
    """
    steps = _Steps(progress, total=2 + 2 * len(shown))
    steps.done("drawing pictures")
    drawn = draw(folder / "images", images)
    probe = probing.open_folder(drawn[0].root)
    model = milan.load("demo")
    networks, descriptions, sources = [], [], {}
    for name in shown:
        recipe = curriculum.subject(name)
        steps.done(f"{name}: looking for exemplars")
        file = _copy_subject(recipe, folder / "subjects")
        target = folder / "exemplars" / name
        found = exemplars.study(subjects.read(file), probe, target, store=store)
        sources[name] = found
        people = name.startswith("people")
        networks.append(
            DemoSubject(
                name,
                recipe.about,
                file,
                target,
                images[0].name,
                "demo-people-validation" if people else "demo-signs-validation",
                "demo-people-test" if people else "demo-signs-test",
            )
        )
        steps.done(f"{name}: describing units")
        options = SearchOptions(beam_size=BEAM_SIZE)
        for batch in milan.describe(found, model, options=options):
            descriptions += [DemoDescription(name, unit) for unit in batch]
    steps.done("simulated annotators write")
    campaign, annotations = _campaign(shown[-1], sources[shown[-1]], images[0])
    return DemoContent(
        images=tuple(drawn),
        subjects=tuple(networks),
        checkpoint=shipped.CHECKPOINT,
        descriptions=tuple(descriptions),
        to_annotate=campaign,
        annotations=annotations,
        to_audit=(("signs", "text"), ("people-sharp", "face"), ("people-blurred", "face")),
    )


def draw(folder: Path, wanted: Sequence[DemoImages]) -> list[DemoImages]:
    """Render image folders, on all processor cores."""
    chunks = [
        (folder / images.name, images.split, images.variant, range(first, images.count, 8))
        for images in wanted
        for first in range(8)
    ]
    with _pool() as pool:
        list(pool.map(_draw_some, chunks))
    return [
        DemoImages(i.name, i.about, i.split, i.count, i.variant, folder / i.name) for i in wanted
    ]


def file_name(number: int) -> str:
    """Relative path of an image by its number in its split."""
    name = world.CLASS_NAMES[number % len(world.CLASS_NAMES)]
    return f"{name}/{number:05d}.png"


def numbers(images: DemoImages) -> list[int]:
    """The numbers of a folder's images in the order of the folder."""
    return sorted(range(images.count), key=file_name)


def _draw_some(chunk: tuple[Path, str, str, Sequence[int]]) -> None:
    folder, split, variant, wanted = chunk
    for number in wanted:
        path = folder / file_name(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = world.render(split, number, variant=variant).image.transpose(1, 2, 0)
        Image.fromarray(np.ascontiguousarray(pixels)).save(path, compress_level=1)


@contextmanager
def _pool() -> Iterator[ProcessPoolExecutor]:
    # Spawned, not forked: the app that calls this has threads.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        yield pool


def _copy_subject(recipe: Recipe, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in ("toml", "safetensors"):
        shutil.copyfile(
            shipped.SUBJECTS / f"{recipe.name}.{suffix}", folder / f"{recipe.name}.{suffix}"
        )
    return folder / f"{recipe.name}.toml"


def _campaign(
    name: str, source: ExemplarFolder, album: DemoImages
) -> tuple[tuple[tuple[str, str, int], ...], tuple[DemoAnnotation, ...]]:
    """Units of a network to annotate, those with a clear truth first, and simulated answers.

    Of every three units one has no answer yet, one has one, one has two.
    """
    scenes = world.render_many(album.split, numbers(album), variant=album.variant)
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
