"""What the cut-and-paste page works on: a network kept open, a unit's pieces, images to paste on.

    bench = Bench(workspace)
    network = bench.network("resnet18")
    bases = bench.bases("resnet18", "val", unit_id)         # images that leave the unit quiet
    pieces = bench.pieces(unit_id)                          # its exemplars with their masks

Opening takes seconds and is done once for the same weights and images; everything else is quick.
"""

import functools
import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from audits.edit.export import pack
from audits.network.images import Network, open_entered
from audits.network.labels import distinct
from audits.paste.adversaries import (
    Arrangement,
    Batch,
    Outgoing,
    Placing,
    Shown,
    batch,
    class_name,
    outgoing,
    probabilities,
    save,
    strength,
)
from audits.paste.pixels import Mask, Pasted, Pixels, box, closed, corners, cut, paste, polygon
from db.describe import descriptions, exemplars, subjects
from db.describe.subjects import SubjectRow
from db.errors import BadInput
from db.workspace import Workspace, open_database
from describer import workspace_files
from describer.images import probing

P = ParamSpec("P")
R = TypeVar("R")

# While torch.fx traces a network it replaces how every module of the process is called, so that
# another thread's pass would be traced with it: one handler at a time.
_TURN = threading.RLock()

SAMPLE = 160
BASES = 12
OTHERS = 60
TOWARD = 3


def _in_turn(function: Callable[P, R]) -> Callable[P, R]:
    @functools.wraps(function)
    def waits(*args: P.args, **kwargs: P.kwargs) -> R:
        with _TURN:
            return function(*args, **kwargs)

    return waits


@dataclass(frozen=True)
class Arranged:
    """A pasted piece: where it was cut, where it lies, and the network's probabilities (classes,)
    before and after."""

    base: Shown
    source: Shown
    mask: Mask
    pasted: Pasted
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Bench:
    """Networks, images and exemplars of a workspace, for pasting."""

    workspace: Workspace

    @_in_turn
    def network(self, name: str) -> Network:
        """A network of the workspace, on the processor, kept open.

        Raises:
            NotFound, BadInput: it is not there or cannot be built any more.
        """
        with open_database(self.workspace) as db:
            row = subjects.get(db, name)
        return _open(row)

    def pieces(self, unit_id: int) -> list[Shown]:
        """The exemplars of a unit with the masks of what it looks at.

        Raises:
            BadInput: the unit has no pictures.
        """
        with open_database(self.workspace) as db:
            unit = exemplars.unit(db, unit_id)
        if not unit.folder:
            raise BadInput(f"expected a unit with exemplars, got {unit.name}, which has none")
        shown = workspace_files.source_of(self.workspace, unit).unit(unit.layer, unit.unit)
        return [
            Shown(f"{unit.name} exemplar {place + 1}", image, mask[0])
            for place, (image, mask) in enumerate(zip(shown.images, shown.masks, strict=True))
            if mask.any()
        ]

    def others(self, unit_id: int, *, seed: int = 0) -> list[Pixels]:
        """Exemplar images of other units of the same layer, drawn at random: for controls."""
        with open_database(self.workspace) as db:
            unit = exemplars.unit(db, unit_id)
        source = workspace_files.source_of(self.workspace, unit)
        ids = source.exemplars(unit.layer).ids
        own = {int(each) for each in ids[unit.unit]}
        rest = np.array(sorted({int(each) for each in ids.ravel()} - own - {-1}))
        drawn = np.random.default_rng(seed).permutation(rest)[:OTHERS]
        return [source.image(int(each)) for each in drawn]

    @_in_turn
    def bases(self, name: str, images: str, unit_id: int) -> tuple[Shown, ...]:
        """Images of a folder on which the unit is quietest, those that are recognised first.

        They are chosen from an even sample of the folder.

        Raises:
            NotFound, BadInput: no such images, or they cannot be read.
        """
        with open_database(self.workspace) as db:
            row, root = subjects.get(db, name), subjects.get_probing_set(db, images).root
            unit = exemplars.unit(db, unit_id)
        return _bases(row, str(root), unit.layer, unit.unit)

    @_in_turn
    def arranged(self, name: str, images: str, unit_id: int, how: Arrangement) -> Arranged:
        """Cut, paste, and ask the network before and after.

        Raises:
            BadInput: nothing to cut, or an impossible place.
        """
        network, pieces = self.network(name), self.pieces(unit_id)
        bases = self.bases(name, images, unit_id)
        if not pieces:
            raise BadInput("expected a unit with a mask on some exemplar, got one without any")
        base = bases[min(how.base, len(bases)) - 1]
        source = pieces[min(how.piece, len(pieces)) - 1]
        mask = mask_of(source, how)
        pasted = paste(base.image, cut(source.image, mask), x=how.x, y=how.y, scale=how.scale)
        shares = probabilities(network, [base.image, pasted.image])
        return Arranged(base, source, mask, pasted, shares[0], shares[1], network.subject.classes)

    @_in_turn
    def tried(
        self, name: str, images: str, unit_id: int, how: Arrangement, *, pairs: int
    ) -> tuple[Batch, Outgoing]:
        """Every piece on every base, as many of both as give some `pairs`, beside the control.

        Pieces are scaled so that each covers as much as the arranged one does.
        """
        side = max(1, round(pairs**0.5))
        bases, pieces = self.bases(name, images, unit_id)[:side], self.pieces(unit_id)[:side]
        covered = self.arranged(name, images, unit_id, how).pasted.covered
        classes = self.classes_of(name, unit_id)
        found = batch(
            self.network(name),
            bases,
            [replace(each, mask=mask_of(each, how)) for each in pieces],
            self.others(unit_id),
            toward=classes.first(TOWARD),
            placing=Placing(how.x, how.y, max(covered, 0.01)),
        )
        return found, classes

    def keep(
        self, name: str, images: str, unit_id: int, how: Arrangement, *, pairs: int
    ) -> tuple[Path, int]:
        """Write what `tried` pastes into a zip file among the reports; returns it, and its images.

        Equal sets are the same file. The folder of the same name beside it holds the same.
        """
        found, classes = self.tried(name, images, unit_id, how, pairs=pairs)
        network = self.network(name)
        with open_database(self.workspace) as db:
            unit = exemplars.unit(db, unit_id)
            said = [each.text for each in descriptions.of_unit(db, unit_id)[:1]]
        band, names = found.random_band, network.subject.classes
        card = {
            "network": f"{name}, weights {network.weights}",
            "unit": f"{unit.layer}-{unit.unit}, {said[0] if said else 'not described'}",
            "images pasted on": images,
            "cut": how.by,
            "first choice changed": f"{found.changed:.1%} of {len(found.attacks)} pairs; pieces of "
            f"other images: {band.mean:.1%} ({band.low:.1%} to {band.high:.1%})",
            "classes the unit speaks for": ", ".join(
                class_name(names, each) for each in classes.first(TOWARD)
            ),
        }
        question = repr((network.identity, unit.hash, unit.unit, images, how, pairs))
        mark = hashlib.sha256(question.encode()).hexdigest()[:10]
        folder = self.workspace.reports / f"pasted-{unit_id}-{mark}"
        save(folder, found.attacks, names, card)
        return pack(folder), len(found.attacks)

    @_in_turn
    def classes_of(self, name: str, unit_id: int) -> Outgoing:
        """The classes that a unit speaks for, measured on its exemplars where need be."""
        return _classes(self, name, unit_id)


def mask_of(piece: Shown, how: Arrangement) -> Mask:
    """What is cut from an exemplar: its mask with a margin, a box, or a polygon.

    Raises:
        BadInput: a box or polygon that is none.
    """
    size = (piece.image.shape[1], piece.image.shape[2])
    if how.by == "box":
        return box(how.edges, size)
    if how.by == "polygon":
        return polygon(corners(how.polygon), size)
    assert piece.mask is not None
    return closed(piece.mask, how.margin)


@functools.lru_cache(maxsize=2)
def _open(row: SubjectRow) -> Network:
    return open_entered(row)


@functools.lru_cache(maxsize=64)
def _classes(bench: Bench, name: str, unit_id: int) -> Outgoing:
    with open_database(bench.workspace) as db:
        unit = exemplars.unit(db, unit_id)
    images = [each.image for each in bench.pieces(unit_id)]
    return outgoing(bench.network(name), unit.layer, unit.unit, images)


@functools.lru_cache(maxsize=64)
def _bases(row: SubjectRow, root: str, layer: str, unit: int) -> tuple[Shown, ...]:
    network, (sample, said) = _open(row), _read(row, root)
    driven = strength(network, layer, unit, [each.image for each in sample])
    wrong = [
        each.truth is not None and each.truth != choice
        for each, choice in zip(sample, said, strict=True)
    ]
    order = sorted(range(len(sample)), key=lambda i: (wrong[i], driven[i], i))
    return tuple(sample[i] for i in order[:BASES])


@functools.lru_cache(maxsize=4)
def _read(row: SubjectRow, root: str) -> tuple[tuple[Shown, ...], tuple[int, ...]]:
    """An even sample of a folder as the network takes it, and what the network says to it."""
    network, folder = _open(row), probing.open_folder(Path(root))
    ids = np.linspace(0, len(folder) - 1, min(SAMPLE, len(folder))).astype(int).tolist()
    names = distinct(network.subject.classes)
    shown = []
    for part in probing.batches(folder, network.subject, ids=ids):
        for image_id, image in zip(part.ids.tolist(), part.images, strict=True):
            label = None if folder.labels is None else folder.classes[folder.labels[image_id]]
            truth = names.index(label) if label in names else None
            shown.append(Shown(folder.paths[image_id], image, truth=truth))
    if not shown:
        raise BadInput(f"expected images that can be read in {root}, got none")
    said = probabilities(network, [each.image for each in shown]).argmax(axis=1)
    return tuple(shown), tuple(int(each) for each in said)
