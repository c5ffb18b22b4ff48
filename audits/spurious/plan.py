"""What a person asks of the spurious-text experiment, checked and queued.

    settings = Settings("cats", images="/data/cats", size=64)
    job_id = enqueue(db, settings, device="auto", person="ada")

An experiment is known by its name: its network, its image folders and its files bear it. The same
name with the same settings goes on or is opened again; other settings want another name. Nothing
here loads a network.
"""

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args

from sqlite_utils import Database

from audits.network import held_out
from audits.spurious.writing import CORNERS, Corner
from db import jobs
from db.describe import subjects
from db.errors import BadInput
from db.workspace import Workspace
from describer.images import probing

KIND = "spurious"
SMALL = "small"
SETS = ("training", "validation", "clean", "adversarial")
MOST_JOBS = 10_000
LEAST_A_CLASS = 4
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")


@dataclass(frozen=True)
class Settings:
    """One experiment. Shares are of the images of each class.

    Attributes:
        name: of the experiment and its network.
        images: a folder of classes.
        test: a folder of the same classes to test on, none of whose images are among the first;
            "" holds images back for that.
        network: "small" (five layers, for 32 to 224 pixels), a torchvision network by name (both
            from random weights), or a SUBJECT.toml, whose weights are begun with if it has any.
        size: side of the images in pixels; smaller ones are enlarged first, so that words can be
            read. A SUBJECT.toml says its own.
        share: of training and validation images that carry the name of their class.
        corner, height, font: of the words (audits/spurious/writing.py).
        validation_share: held out to stop on, to order units and to choose their number.
        test_share: held out to report on; not used with `test`.
        checkpoint: the MILAN checkpoint that describes units: its name in the workspace, or a file.
        k, beam_size: exemplars a unit; beam of the search.
        learning_rate, batch_size, patience, max_epochs: of the training
            (audits/spurious/training.py).
        controls: random draws, matched by layer.
        sort_all: also measure all units in order of importance.
        seed: of the split, the words, the weights, the training and the controls.
    """

    name: str
    images: str
    test: str = ""
    network: str = SMALL
    size: int = 64
    share: float = 0.5
    corner: Corner = "top-left"
    height: float = 0.2
    font: str = ""
    validation_share: float = 0.15
    test_share: float = 0.25
    checkpoint: str = "demo"
    k: int = 15
    beam_size: int = 50
    learning_rate: float = 3e-3
    batch_size: int = 32
    patience: int = 4
    max_epochs: int = 100
    controls: int = 5
    sort_all: bool = True
    seed: int = 0


def free_name(db: Database, images: str) -> str:
    """A name for an experiment on a folder of images that is not taken yet."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(images).name).strip("-_")[:40] or "images"
    taken = {each.name for each in subjects.every(db)}
    taken |= {each.args["name"] for each in jobs.latest(db, kinds=[KIND], limit=MOST_JOBS)}
    names = (f"{stem}-text{number}" for number in ("", *range(2, MOST_JOBS)))
    return next(name for name in names if name not in taken)


def folder_of(workspace: Workspace, name: str) -> Path:
    """Where an experiment keeps its images and its network."""
    return workspace.experiments / name


def set_name(name: str, which: str) -> str:
    """What the workspace calls one of an experiment's image folders."""
    return f"{name}-{which}"


def enqueue(db: Database, settings: Settings, *, device: str, person: str) -> int:
    """Queue an experiment as a job of kind `spurious` and return the job's id.

    The same experiment again is the same job, which goes on if it was stopped.

    Raises:
        BadInput: something was not chosen, does not fit, or the name is taken.
    """
    check(settings)
    args = {**asdict(settings), "checkpoint": _checkpoint(db, settings.checkpoint)}
    for each in jobs.latest(db, kinds=[KIND], limit=MOST_JOBS):
        if each.args == args:
            if each.state in ("failed", "cancelled", "interrupted"):
                jobs.requeue(db, each.job_id)
            return each.job_id
        if each.args["name"] == settings.name:
            raise BadInput(
                f"expected a new name for an experiment of other settings, got {settings.name!r}, "
                "which this workspace has already"
            )
    if any(each.name == settings.name for each in subjects.every(db)):
        raise BadInput(
            f"expected a name that no other network has, got {settings.name!r}: the experiment's "
            "network will bear it"
        )
    title = f"Spurious text: {settings.name}"
    return jobs.enqueue(db, KIND, args, title=title, device=device, person=person)


def check(settings: Settings) -> None:
    """Raise BadInput unless the settings can be, as far as names, numbers and folders tell."""
    if not settings.images:
        raise BadInput("Choose a folder of labelled images first.")
    if not _NAME.fullmatch(settings.name):
        raise BadInput(
            "expected a name of letters, digits, '-' and '_' for the experiment, got "
            f"{settings.name!r}"
        )
    if settings.corner not in get_args(Corner):
        raise BadInput(f"expected a corner among {', '.join(CORNERS)}, got {settings.corner!r}")
    for what, value in (("that carry a word", settings.share), ("to test on", settings.test_share)):
        if not 0 < value <= 1:
            raise BadInput(f"expected a share of images {what} above 0 and up to 1, got {value}")
    held = settings.validation_share + (0 if settings.test else settings.test_share)
    if not 0 < settings.validation_share < 1 or held > 0.9:
        raise BadInput(
            "expected shares for validation and test above 0 that leave a tenth to train on, got "
            f"{settings.validation_share} and {0 if settings.test else settings.test_share}"
        )
    if not 16 <= settings.size <= 1024:
        raise BadInput(f"expected images of 16 to 1024 pixels, got {settings.size}")
    if settings.controls < 1 or settings.k < 1 or settings.beam_size < 1 or settings.seed < 0:
        raise BadInput(
            "expected at least one control, one exemplar and a beam of one, and a seed of at least "
            f"0, got {settings.controls}, {settings.k}, {settings.beam_size} and {settings.seed}"
        )
    folders = [Path(each).expanduser() for each in (settings.images, settings.test) if each]
    if settings.test:
        held_out.check_folders(folders[0], folders[1], purpose="test")
    classes = [_classes(folder) for folder in folders]
    if classes[0] != classes[-1]:
        odd = sorted(set(classes[0]) ^ set(classes[-1]))
        raise BadInput(
            f"expected the classes of {folders[0]} in {folders[-1]} as well, they differ in "
            f"{', '.join(odd[:3])}"
        )


def _checkpoint(db: Database, wanted: str) -> str:
    """The name of a checkpoint of the workspace, or of a file, which is entered then."""
    known = subjects.every_checkpoint(db)
    for each in known:
        if wanted in (each.name, each.source):
            return each.name
    from describer import workspace_files

    return workspace_files.enter_checkpoint(db, wanted).name


def _classes(folder: Path) -> tuple[str, ...]:
    opened = probing.open_folder(folder)
    if opened.labels is None or len(opened.classes) < 2:
        raise BadInput(
            f"expected at least two sub-folders with images, one a class, in {folder}, got "
            f"{len(opened.classes)}"
        )
    for place, name in enumerate(opened.classes):
        if opened.labels.count(place) < LEAST_A_CLASS:
            raise BadInput(
                f"expected at least {LEAST_A_CLASS} images of each class in {folder}, got "
                f"{opened.labels.count(place)} of {name}"
            )
    return opened.classes
