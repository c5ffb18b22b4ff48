"""The demo as files, made from the shipped weights: what a workspace is filled with at first start.

    content = prepare(folder, store=ImageStore(workspace.images), said=sayings.read())

Everything is written below `folder`: `subjects/` (SUBJECT.toml files with their weights),
`images/NAME/class/number.png` (ImageFolder layout), `exemplars/NAME` (an exemplar folder for each
network). What was written is returned as plain values; nothing here knows the database.
"""

import shutil
from collections.abc import Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path

from db.arrays import ImageStore
from db.jobs import Progress
from describer.demo import shipped
from describer.demo.crew import crew
from describer.demo.sentences.shipped import Sayings
from describer.demo.training import recipes
from describer.demo.training.recipes import Recipe
from describer.demo.world import albums
from describer.demo.world.albums import DemoImages
from describer.exemplars import records
from describer.exemplars.layout import ExemplarFolder
from describer.workspace_files import Surveyed, survey

SHOWN = ("signs", "people-sharp", "people-blurred", "transformer", "generator")


@dataclass(frozen=True)
class DemoSubject:
    """A network with what is known of it, its exemplars among `images`, and a sentence about it."""

    name: str
    about: str
    surveyed: Surveyed
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
    files = {name: _copy_subject(recipes.subject(name), folder / "subjects") for name in shown}
    targets = {name: folder / "exemplars" / name for name in shown}
    with crew() as pool:
        probe = next(albums.draw(pool, folder / "images", images[:1]))
        # The last ones take longest, so they begin.
        waiting = {
            pool.submit(_study, files[name], probe.root, targets[name], store): name
            for name in reversed(shown)
        }
        # Drawn by whoever has nothing else to do.
        others = albums.draw(pool, folder / "images", images[1:])
        found = {}
        for future in as_completed(waiting):
            found[waiting[future]] = future.result()
            steps.done(f"{waiting[future]}: exemplars found")
        drawn = [probe, *others]
    networks = [
        DemoSubject(name, recipes.subject(name).about, found[name], targets[name], images[0].name)
        for name in shown
    ]
    sources = {
        name: ExemplarFolder(target, store or ImageStore(target / records.IMAGES))
        for name, target in targets.items()
    }
    if said is None:
        # Imported here: with everything said before, nothing of MILAN is needed.
        from describer.demo.sentences.make import say

        said = say(sources, images[0], beam_size=beam_size, tell=steps.done)
    return DemoContent(tuple(drawn), tuple(networks), shipped.CHECKPOINT, said)


def _study(file: Path, images: Path, target: Path, store: ImageStore | None) -> Surveyed:
    """Find a network's exemplars, in a process of its own that alone loads torch."""
    from describer.exemplars import run as exemplars
    from describer.images import probing
    from describer.subjects import definition

    exemplars.study(definition.read(file), probing.open_folder(images), target, store=store)
    return survey(file)


def _copy_subject(recipe: Recipe, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in ("toml", "safetensors"):
        shutil.copyfile(
            shipped.SUBJECTS / f"{recipe.name}.{suffix}", folder / f"{recipe.name}.{suffix}"
        )
    return folder / f"{recipe.name}.toml"


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
