"""The shelf: what a workspace has, where its rows and the files that they speak of meet.

Rows are `db`'s, which opens no file of a network; files are `describer.exemplars`', `subjects`' and
`milan`'s, which know no database. Here what people bring is opened once, checked and entered, and
what a row stands for is found again: the folder of a unit, its pictures, its activations. Used by
the Describe tab, its jobs and commands, by the demo, and by audits.

    shelf.enter_subject(db, Path("SUBJECT.toml"))
    shelf.enter_images(db, Path("val"))
    shelf.source_of(workspace, unit)            # the folder of exemplars that a unit lies in
    shelf.picture_of(workspace, unit_id, "grid")

Reading a network or a checkpoint imports torch, inside the function that does it.
"""

import functools
import hashlib
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from db.arrays import ImageStore, new_file
from db.describe import concept_sets, exemplars, pictures, subjects
from db.describe.concept_sets import ConceptSetRow
from db.describe.descriptions import Candidate
from db.describe.exemplars import ExemplarSet, UnitRow
from db.describe.subjects import CheckpointRow, LayerRow, ProbingSetRow, SubjectRow
from db.errors import BadInput, NotFound
from db.workspace import Workspace, open_database
from describer.exemplars import layout
from describer.exemplars.layout import ExemplarFolder, Source

# Of all pictures: those of one number are rendered one after the other.
_RENDERING = tuple(threading.Lock() for _ in range(16))


@dataclass(frozen=True)
class Surveyed:
    """What a workspace wants to know of a network.

    source: its SUBJECT.toml. notes: sentences about how it was built and whether it is steady.
    """

    name: str
    source: Path
    weights_hash: str
    layers: tuple[LayerRow, ...]
    code_hash: str = ""
    notes: tuple[str, ...] = ()


def survey(path: Path) -> Surveyed:
    """Build a network once and list its layers.

    Raises:
        BadInput: the file, the network or its weights cannot be used.
    """
    from describer.images import latents
    from describer.layers import catalogue
    from describer.subjects import definition as files
    from describer.subjects import factory, steadiness
    from describer.subjects.code import code_hash
    from describer.subjects.weights import weights_hash

    subject = files.read(path.expanduser())
    made = factory.make(subject)
    model = made.model
    traced = latents.trace(model, subject)
    chosen = catalogue.find(traced, subject.layers)
    # A file that names no layers leaves the choice among the outermost ones.
    listed = subject.layers or tuple(
        each.name for each in traced if each.plain and "." not in each.name
    )
    offered = {each.name: each for each in (*traced, *chosen)}.values()
    shown = (LayerRow(each.name, each.kind, each.units, each.name in listed) for each in offered)
    return Surveyed(
        subject.name,
        subject.source,
        weights_hash(subject, model),
        tuple(shown),
        code_hash(subject, model),
        (*made.notes, *steadiness.warnings(model, subject)),
    )


def enter_subject(db: Database, found: Path | Surveyed, *, origin: str = "user") -> SubjectRow:
    """Enter a network that was surveyed, or is to be surveyed now.

    Raises:
        BadInput: the file, the network or its weights cannot be used, or the name is taken.
    """
    known = found if isinstance(found, Surveyed) else survey(found)
    return subjects.add(
        db,
        known.name,
        source=known.source,
        weights_hash=known.weights_hash,
        layers=list(known.layers),
        origin=origin,
        code_hash=known.code_hash,
    )


def check_same(row: SubjectRow, *, weights: str, code: str) -> None:
    """Raise BadInput unless a network still is the one that was entered, by both of its hashes."""
    if weights != row.weights_hash:
        raise BadInput(
            f"expected the weights that {row.name} had when it was added, got others in "
            f"{row.source}"
        )
    # Those that were entered before codes were kept are taken as they are.
    if row.code_hash and code != row.code_hash:
        raise BadInput(
            f"expected the code that {row.name} had when it was added, got other code behind the "
            f"factory in {row.source}; to study what it is now, add it under another name"
        )


def enter_images(
    db: Database, folder: Path, *, name: str | None = None, origin: str = "user"
) -> ProbingSetRow:
    """Enter a folder of images under its own name, or another.

    Raises:
        BadInput: it is no folder, holds no images, or the name is taken.
    """
    from describer.images import probing

    opened = probing.open_folder(folder.expanduser())
    return subjects.add_probing_set(
        db,
        name or opened.name,
        root=opened.root,
        images=len(opened),
        classes=opened.classes,
        origin=origin,
    )


def enter_exemplars(
    db: Database, source: ExemplarFolder, *, subject_id: int, probing_set_id: int
) -> list[ExemplarSet]:
    """Enter every layer of a folder that lies in the workspace; the same one again adds nothing."""
    return [
        exemplars.add(
            db,
            hash=source.hash(layer),
            subject_id=subject_id,
            probing_set_id=probing_set_id,
            layer=layer,
            units=source.units(layer),
            k=source.record(layer).k,
            folder=source.folder.name,
            provenance=source.provenance,
            dead=source.record(layer).dead,
        )
        for layer in source.layers
    ]


def enter_checkpoint(db: Database, source: str, *, name: str | None = None) -> CheckpointRow:
    """Load a MILAN checkpoint once, to see that it can be used, and enter it.

    Raises:
        BadInput: it cannot be used, or the name is taken.
    """
    from describer import milan

    path = source if source == milan.DEMO else str(Path(source).expanduser().resolve())
    model = milan.load(path)
    return subjects.add_checkpoint(db, name or Path(path).stem, source=path, hash=model.hash)


def enter_concepts(
    db: Database, place: str, *, form: str = "", name: str = "", names: str = ""
) -> ConceptSetRow:
    """Enter a set of concepts.

    Args:
        place: its folder or file; of the demo the images' name; `colours` for those of the pixels.
        form: its format; none for `colours`.
        name: what to call it; by default as its folder or file.
        names: of YOLO's polygons: "coco" or a file of names.

    Raises:
        BadInput: it cannot be read, or the name is taken.
    """
    from describer.methods.concepts import opening

    if place == "colours" and not form:
        form, place = "colours", ""
    elif form not in ("demo", "colours"):
        place = str(Path(place).expanduser().resolve())
    if names and names != "coco":
        names = str(Path(names).expanduser().resolve())
    found = opening.open_set(form, place, names=names)
    return concept_sets.add(
        db,
        name or Path(place).stem or form,
        format=form,
        place=place,
        names_file=names,
        concepts=len(found.names),
        hash=found.hash,
    )


def enter_published(db: Database, workspace: Workspace, folder: Path, *, subject: str) -> int:
    """Give the units of imported sentences the pictures that lie beside them, as published.

    Args:
        folder: one sub-folder a layer, each with images.npy and masks.npy; they are copied.
        subject: the network's name in the workspace.

    Returns:
        How many layers got pictures: those that sentences were imported for and had none.

    Raises:
        BadInput: the arrays of a layer cannot be read.
    """
    from describer.exemplars.published import PublishedFolder

    waiting = {each.layer: each for each in exemplars.sets(db, subject=subject) if not each.folder}
    if not any(folder.glob("*/images.npy")):
        return 0
    source = PublishedFolder.open(folder)
    found = [layer for layer in source.layers if layer in waiting]
    name = f"published-{hashlib.sha256(subject.encode()).hexdigest()[:16]}"
    for layer in found:
        record = source.record(layer)
        target = workspace.exemplars / name / layer
        target.mkdir(parents=True, exist_ok=True)
        for path in sorted((folder / layer).glob("*.npy")):
            shutil.copyfile(path, target / path.name)
        exemplars.add(
            db,
            hash=waiting[layer].hash,
            subject_id=waiting[layer].subject_id,
            probing_set_id=None,
            layer=layer,
            units=source.units(layer),
            k=record.k,
            folder=name,
            provenance={"imported": True},
        )
    return len(found)


def source_of(workspace: Workspace, unit: UnitRow) -> Source:
    """The folder of exemplars that a unit lies in; kept open, since folders never change."""
    return open_source(workspace, unit.folder)


@functools.lru_cache(maxsize=64)
def open_source(workspace: Workspace, folder: str) -> Source:
    """A folder of exemplars of a workspace, by its name.

    Raises:
        BadInput: the workspace's files are not complete.
    """
    return layout.read(workspace.exemplars / folder, images=ImageStore(workspace.images))


def activations_of(workspace: Workspace, unit: UnitRow) -> list[float]:
    """The activations of a unit's exemplars, strongest first; none where it has no exemplars."""
    if not unit.folder:
        return []
    each = source_of(workspace, unit).exemplars(unit.layer)
    return [
        float(v)
        for v, i in zip(each.activations[unit.unit], each.ids[unit.unit], strict=True)
        if i >= 0
    ]


def picture_of(workspace: Workspace, unit_id: int, picture: str) -> bytes:
    """A picture of a unit as JPEG, rendered when it is first asked for and then kept.

    When several ask for it at once, one renders and the others wait for that.

    Raises:
        NotFound: there is no such unit or picture.
    """
    with open_database(workspace) as db:
        unit = exemplars.unit(db, unit_id)
    if not unit.folder:
        raise NotFound(f"{unit.name} has no exemplars, and so no pictures")
    pictures.check_name(picture, unit.k)
    path = workspace.pictures / unit.hash / f"{unit.unit}-{picture}.jpg"
    if path.is_file():
        return path.read_bytes()
    with _RENDERING[hash(path) % len(_RENDERING)]:
        if path.is_file():
            return path.read_bytes()
        shown = source_of(workspace, unit).unit(unit.layer, unit.unit)
        jpeg = pictures.rendered(shown.images, shown.masks, picture)
        with new_file(path) as temporary:
            temporary.write_bytes(jpeg)
    return jpeg


def ranked(candidates: Sequence[Candidate], lam: float) -> list[Candidate]:
    """Candidates by falling log p(d|E) - lambda log p(d) (equation 3 of MILAN).

    Raises:
        BadInput: lambda is negative.
    """
    if lam < 0:
        raise BadInput(f"expected lambda of at least 0, got {lam}")
    return sorted(candidates, key=lambda each: -(each[1] - lam * each[2] if lam else each[1]))
