"""Judges from a word: the one that was asked for, or the best that is there.

    with opened("", Images.of(study), watch, db=db) as judge: …     # None where there is none
    with opened("coco:instances.json", images, watch) as judge: …

A word is `demo` or FORMAT:PLACE or the name of a set of concepts of the workspace, `model:NAME` for
an image-text model, `classes` for the names of the images' folders, or `none`. Without a word the
first that is there is taken, those that know most in front: the truth about the demo's own images,
the workspace's sets of concepts that know any of the images, an image-text model of the workspace,
the names of classes. Colours alone are no judge unless they are asked for: every image has some.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sqlite_utils import Database

from db.describe import concept_sets
from db.errors import BadInput
from db.jobs import Watch
from describer.demo.world import albums, scene
from describer.faithfulness.judges import labels, likeness
from describer.faithfulness.judges.classes import Classes, lemmas
from describer.faithfulness.judges.shape import Judge
from describer.images.probing import ProbingSet
from describer.methods import image_text
from describer.methods import opening as methods
from describer.methods.concepts import demo
from describer.methods.concepts.shape import ConceptSet
from describer.methods.models import folder
from describer.methods.study import Study
from describer.subjects.definition import Subject

NONE, CLASSES, DEMO, MODEL = "none", "classes", "demo", "model:"
COLOURS = "colours"
WORDS = "demo, FORMAT:PLACE, model:NAME, classes or none"

WORDS = "demo, FORMAT:PLACE, model:NAME, classes or none"


@dataclass(frozen=True)
class Images:
    """What a judge is to judge.

    Attributes:
        probing: the images; None where there are none.
        subject: the network that they are prepared for, for labels.
        models: a folder of models. device: where those run.
        vectors, source: of texts, for the names of classes; what `lemmas` gives by default.
    """

    probing: ProbingSet | None
    subject: Subject | None = None
    models: Path | None = None
    device: str = "cpu"
    vectors: Callable[[Sequence[str]], NDArray[np.floating]] = lemmas
    source: str = "shared content words (lemmas)"

    @classmethod
    def of(cls, study: Study) -> "Images":
        """The images that a study's exemplars come from."""
        return cls(study.probing, study.subject, study.models, study.device)


@contextmanager
def opened(
    word: str, given: Images, watch: Watch, *, db: Database | None = None, names: str = ""
) -> Iterator[Judge | None]:
    """The judge that a word names, the best there is for ""; None for `none`, or where none is.

    Args:
        names: of concepts of YOLO that the workspace does not know.

    Raises:
        BadInput, NotFound: what is named is not here, or knows none of the images.
        Cancelled: the watch said so.
    """
    images = given.probing
    if word == NONE or images is None or (not word and images.seeds):
        yield None
        return
    if word:
        with _named(word, given, images, watch, db, names) as judge:
            yield judge
        return
    for way in (_truth, _concepts, _model, _classes):
        found = way(given, images, db)
        if found is None:
            continue
        if isinstance(found, tuple):
            concepts, name = found
            try:
                with _labelled(given, images, concepts, name, watch) as judge:
                    yield judge
                return
            except _KnowsNone:
                continue
        if isinstance(found, image_text.ImageText):
            yield likeness.ImageTextJudge.of(found, images, watch)
        else:
            yield found
        return
    yield None


def identity(word: str, given: Images, db: Database | None) -> list[object]:
    """What the choice of a judge depends on: it is the same while this is."""
    if word or db is None:
        return [word]
    known = [[row.name, row.hash] for row in concept_sets.every(db)]
    return [word, known, [path.name for path in _models(given.models)]]


def vectors_of(word: str, given: Images) -> image_text.ImageText | None:
    """The image-text model whose vectors tell how clear a unit is: the judge's, or the first."""
    if word.startswith(MODEL):
        return _load(word.removeprefix(MODEL), given)
    if given.probing is None or given.probing.seeds:
        return None
    return _model(given, given.probing, None)


class _KnowsNone(Exception):
    """A set of concepts that knows none of the images."""


@contextmanager
def _labelled(
    given: Images, images: ProbingSet, concepts: ConceptSet, name: str, watch: Watch
) -> Iterator[Judge]:
    if given.subject is None:
        raise BadInput(f"expected the network (--subject) whose images {name} is about, got none")
    looked = labels.labelled(images, given.subject, concepts, name, watch)
    try:
        judge = looked.__enter__()
    except BadInput as error:
        raise _KnowsNone(str(error)) from error
    try:
        yield judge
    finally:
        looked.__exit__(None, None, None)


@contextmanager
def _named(
    word: str, given: Images, images: ProbingSet, watch: Watch, db: Database | None, names: str
) -> Iterator[Judge]:
    if word.startswith(MODEL):
        model = _load(word.removeprefix(MODEL), given)
        yield likeness.ImageTextJudge.of(model, images, watch)
        return
    if word == CLASSES:
        found = _classes(given, images, db)
        if found is None:
            raise BadInput(f"expected images in folders of classes, got {images.root}")
        yield found
        return
    if word == DEMO:
        word = f"{DEMO}:{images.root.name}"
    concepts = methods.open_concepts((word,), db, names=names)
    name = labels.TRUTH if isinstance(concepts, demo.Demo) else f"the concepts of {word}"
    try:
        with _labelled(given, images, concepts, name, watch) as judge:
            yield judge
    except _KnowsNone as error:
        raise BadInput(str(error)) from error


def _truth(
    _given: Images, images: ProbingSet, _db: Database | None
) -> tuple[ConceptSet, str] | None:
    """The demo's truth, if these are the demo's images: the first one has to be as it is drawn."""
    album = next((known for known in albums.IMAGES if known.name == images.root.name), None)
    if album is None or images.seeds or images.packed is not None:
        return None
    try:
        number = int(Path(images.paths[0]).stem)
        with Image.open(images.root / images.paths[0]) as file:
            pixels = np.asarray(file.convert("RGB"))
    except (OSError, ValueError):
        return None
    drawn = scene.render(album.split, number, variant=album.variant).image.transpose(1, 2, 0)
    return (demo.read(album.name), labels.TRUTH) if np.array_equal(pixels, drawn) else None


def _concepts(
    _given: Images, _images: ProbingSet, db: Database | None
) -> tuple[ConceptSet, str] | None:
    rows = concept_sets.every(db) if db is not None else []
    chosen = tuple(row.name for row in rows if row.format not in (DEMO, COLOURS))
    if not chosen:
        return None
    concepts = methods.open_concepts(chosen, db)
    coloured = [row.name for row in rows if row.format == COLOURS]
    if coloured:
        concepts = labels.WithColours(concepts, methods.open_concepts((coloured[0],), db))
    return concepts, f"the concepts of {', '.join((*chosen, *coloured[:1]))}"


def _models(models: Path | None) -> Sequence[Path]:
    if models is None or not models.is_dir():
        return []
    return [path for path in sorted(models.iterdir()) if folder.kind(path) == "likeness"]


def _model(given: Images, _images: ProbingSet, _db: Database | None) -> image_text.ImageText | None:
    found = _models(given.models)
    return image_text.load(str(found[0]), device=given.device) if found else None


def _load(name: str, given: Images) -> image_text.ImageText:
    path = Path(name).expanduser()
    return image_text.load(
        str(path if path.is_dir() else folder.locate(name, given.models)), device=given.device
    )


def _classes(given: Images, images: ProbingSet, _db: Database | None) -> Classes | None:
    if images.labels is None:
        return None
    return Classes(
        images.classes,
        np.array(images.labels, dtype=np.int64),
        given.vectors,
        given.source,
    )
