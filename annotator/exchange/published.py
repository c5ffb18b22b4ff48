"""The folder that the published code loads: a table at a network's root beside its layers' arrays.

    written = write(folder, records, pictures, Layout(sizes, sentences=3))
    for layer in survey(records, Layout(sizes), about=units): layer.short

Made for `AnnotatedTopImagesDataset` of evandez/neuron-descriptions (Hernandez et al. 2022), which
takes every folder below the root for a layer, reads one `annotations.csv` at the root, and, with an
`annotation_count`, looks up the pictures of unit n in row n, whatever `units.npy` says, and leaves
out units with fewer sentences. So arrays are as long as the layer; rows without sentences are black
and stand in `empty.csv`.

    NETWORK/annotations.csv        layer,unit,summary
    NETWORK/empty.csv              layer,unit of the empty rows, where there are any
    NETWORK/LAYER/images.npy       uint8 (units, k, 3, H, W)
    NETWORK/LAYER/masks.npy        uint8 (units, k, 1, H, W)
    NETWORK/LAYER/units.npy        int64 (units), 0 to units - 1
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from annotator.exchange import exports, tables
from annotator.exchange.exports import Pictures
from db import tables as text_tables
from db.annotate.transfers import Record
from db.errors import BadInput

# of a network and a layer the exemplars of one hash
Key = tuple[str, str, str]
SENTENCES = 3
TABLE = "annotations.csv"


class About(Protocol):
    """A unit of a campaign: a `db.describe.exemplars.UnitRow`, for one."""

    @property
    def subject(self) -> str:
        """Its network."""

    @property
    def layer(self) -> str:
        """Its layer."""

    @property
    def hash(self) -> str:
        """Identity of the layer's exemplars."""

    @property
    def unit(self) -> int:
        """Its index in the layer."""


@dataclass(frozen=True)
class Layout:
    """How the folder is to be.

    Attributes:
        sizes: how many units a layer has, by the hash of its exemplars; where a hash is missing,
            the layer ends with the last unit that was described.
        sentences: how many a unit is to have, the loader's `annotation_count`.
        complete: write only layers in which every unit has so many.
    """

    sizes: Mapping[str, int] = field(default_factory=dict)
    sentences: int = SENTENCES
    complete: bool = False


@dataclass(frozen=True)
class Layer:
    """What of a layer there is to write.

    Attributes:
        units: how many the layer has, and its arrays rows.
        short: units of the campaign with fewer sentences than asked, each with how many.
        empty: units without a sentence; their rows are black.
    """

    subject: str
    layer: str
    hash: str
    units: int
    short: tuple[tuple[int, int], ...]
    empty: tuple[int, ...]

    @property
    def complete(self) -> bool:
        """Whether every unit has as many sentences as asked."""
        return not self.short and not self.empty

    @property
    def named_by_digits(self) -> bool:
        """Whether the loader finds its sentences only when an `annotation_count` is given."""
        return self.layer.isdigit()


def survey(records: Iterable[Record], layout: Layout, about: Iterable[About] = ()) -> list[Layer]:
    """What the folder would hold, a line a layer, before anything is written.

    Args:
        about: the campaign's units, so that those without any answer are counted too.
    """
    counts: dict[Key, Counter[int]] = defaultdict(Counter)
    for each in about:
        counts[each.subject, each.layer, each.hash][each.unit] += 0
    records = list(records)
    for record in records:
        counts[_key(record)][record.unit] += 0
    for record in exports.counting(records):
        counts[_key(record)][record.unit] += 1
    return [_layer(key, found, layout) for key, found in sorted(counts.items())]


def _key(record: Record) -> Key:
    return record.subject, record.layer, record.exemplar_hash


def _layer(key: Key, found: Counter[int], layout: Layout) -> Layer:
    units = max(layout.sizes.get(key[2], 0), max(found) + 1)
    return Layer(
        *key,
        units=units,
        short=tuple(sorted((unit, n) for unit, n in found.items() if n < layout.sentences)),
        empty=tuple(unit for unit in range(units) if not found[unit]),
    )


def write(
    folder: Path, records: Sequence[Record], pictures: Pictures, layout: Layout | None = None
) -> list[Path]:
    """Write a folder a network; returns the layers' folders.

    Where a layer has several sets of exemplars, each is a layer that is named by the start of its
    hash as well, in the table too.

    Raises:
        BadInput: nothing counts or no layer is complete, units of one layer differ in the size of
            their pictures, or a name is no folder's.
    """
    asked = layout or Layout()
    kept = exports.counting(records)
    if not kept:
        raise BadInput("expected sentences that count for the export, got none")
    layers = survey(kept, asked)
    chosen = [layer for layer in layers if layer.complete or not asked.complete]
    if not chosen:
        raise BadInput(
            f"expected a layer in which every unit has {asked.sentences} sentences, got none "
            f"among {len(layers)}; leave complete layers off to write those with gaps"
        )
    groups: dict[Key, list[Record]] = defaultdict(list)
    for record in kept:
        groups[_key(record)].append(record)
    sets = Counter((layer.subject, layer.layer) for layer in layers)
    rows: dict[str, list[Record]] = defaultdict(list)
    gaps: dict[str, list[tuple[str, int]]] = defaultdict(list)
    written = []
    for layer in chosen:
        name = layer.layer
        if sets[layer.subject, layer.layer] > 1:
            name = f"{name}-{layer.hash[:8]}"
        target = _target(folder, layer.subject, name)
        group = groups[layer.subject, layer.layer, layer.hash]
        _write_arrays(target, layer, sorted({record.unit for record in group}), pictures)
        rows[layer.subject] += [replace(record, layer=name) for record in group]
        gaps[layer.subject] += [(name, unit) for unit in layer.empty]
        written.append(target)
    for subject, own in rows.items():
        tables.write(folder / subject / TABLE, exports.milannotations_rows(own))
        if gaps[subject]:
            path = folder / subject / "empty.csv"
            text_tables.write(path, ("layer", "unit"), gaps[subject])
    return written


def _target(folder: Path, subject: str, name: str) -> Path:
    target = folder / subject / name
    inside = folder.resolve() in (folder / subject).resolve().parents
    if not inside or target.resolve().parent != (folder / subject).resolve():
        raise BadInput(f"expected names that are folders, got {subject!r} and {name!r}")
    target.mkdir(parents=True, exist_ok=True)
    return target


def _write_arrays(target: Path, layer: Layer, units: Sequence[int], pictures: Pictures) -> None:
    """Write the pictures of one unit after the other: a layer's need not fit into memory."""
    images: npt.NDArray[np.uint8] | None = None
    masks: npt.NDArray[np.uint8] | None = None
    for unit in units:
        shown, regions = pictures(layer.subject, layer.layer, unit, layer.hash)
        if images is None or masks is None:
            # rows that nobody writes stay black and take no room on the disk
            images, masks = (
                np.lib.format.open_memmap(
                    target / name, mode="w+", dtype=np.uint8, shape=(layer.units, *array.shape)
                )
                for name, array in (("images.npy", shown), ("masks.npy", regions))
            )
        if (shown.shape, regions.shape) != (images.shape[1:], masks.shape[1:]):
            raise BadInput(
                f"expected pictures of one size in {target.name}, got {shown.shape} for unit "
                f"{unit} beside {images.shape[1:]}"
            )
        images[unit], masks[unit] = shown, regions
    np.save(target / "units.npy", np.arange(layer.units))


def root(table: Path) -> Path:
    """The network's folder of a table: where it lies, or above where it lies in a layer's folder.

    The published code and `write` put one beside the layers; older exports put one into each.
    """
    here = table.resolve().parent
    arrays = any((each / "images.npy").is_file() for each in here.iterdir() if each.is_dir())
    return here if arrays else here.parent
