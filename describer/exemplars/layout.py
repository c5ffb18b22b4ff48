"""A folder of exemplars: what the pass leaves, and what MILAN, the pages and the exports read.

    write(folder, exemplars, images=…, paths=…, …)
    source = read(folder)                           # ours, or one that the published code wrote
    source.unit("layer4", 427).masks                # bool (k, 1, H, W)

    probe.csv           id,path of every image of the probing set
    exemplars.json      provenance, a record a layer, the images' names, what was skipped
    probe-images/       every distinct exemplar image once, as the network saw it (`ImageStore`)
    <layer>/            ids.csv, activations.csv (units x k), levels.npy, maps.npy (float16)
    <layer>/            with `publish`: images.npy, masks.npy, units.npy as the published code
    <layer>/            where asked for: pooled-max.npy, pooled-mean.npy (`pooled`)

Masks are not kept: they are `upsample(map) > level` when somebody looks. A workspace keeps the
images of all its folders in one store. numpy only.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from db import reading
from db.arrays import ImageStore, new_file, new_folder, read_array
from db.describe import masks
from db.errors import BadInput, NotFound
from describer.exemplars.description import Description, check_layer
from describer.exemplars.records import (
    IMAGES,
    LayerExemplars,
    LayerRecord,
    UnitExemplars,
    folder_of,
    read_ids,
    read_table,
)
from describer.images.probing import Skipped
from describer.layers.catalogue import Layer

FORMAT = "milan-workbench exemplars 1"
DESCRIPTION = "exemplars.json"


class Source(Protocol):
    """Exemplars of some layers, wherever they come from."""

    @property
    def layers(self) -> list[str]:
        """Names of the layers, in the order of the network."""

    def units(self, layer: str) -> int:
        """How many units a layer has."""

    def hash(self, layer: str) -> str:
        """Identity of a layer's exemplars."""

    def record(self, layer: str) -> LayerRecord:
        """What is known of a layer without opening its arrays."""

    def exemplars(self, layer: str) -> LayerExemplars:
        """The arrays of a layer."""

    def image(self, image_id: int) -> NDArray[np.uint8]:
        """An image, uint8 (3, H, W)."""

    def mask(self, layer: str, unit: int, rank: int) -> NDArray[np.bool_]:
        """The mask of one exemplar, bool (H, W)."""

    def unit(self, layer: str, unit: int) -> UnitExemplars:
        """One unit's exemplars with their images and masks."""


@dataclass(frozen=True)
class Written:
    """What is written beside the arrays.

    Attributes:
        hashes: of each layer's exemplars.
        provenance: plain JSON values: weights, images, preprocessing, settings.
        paths: of all images of the probing set; their places are their ids.
        names: for each distinct exemplar image its name in the store.
        size: (H, W) of the images.
        skipped: images that could not be read.
        notes: sentences about the network and its images, for whoever reads the folder.
    """

    hashes: Mapping[str, str]
    provenance: Mapping[str, Any]
    paths: Sequence[str]
    names: Mapping[int, str]
    size: tuple[int, int]
    skipped: Sequence[Skipped]
    notes: Sequence[str] = ()


def write(folder: Path, exemplars: Mapping[str, LayerExemplars], written: Written) -> None:
    """Write exemplars; images are in their store already. `exemplars.json` comes last."""
    with new_file(folder / "probe.csv") as path, path.open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("id", "path"))
        rows.writerows(enumerate(written.paths))
    for name, each in exemplars.items():
        with new_folder(folder_of(folder, name)) as temporary:
            np.savetxt(temporary / "ids.csv", each.ids, fmt="%d", delimiter=",")
            np.savetxt(temporary / "activations.csv", each.activations, fmt="%.9g", delimiter=",")
            np.save(temporary / "levels.npy", each.levels, allow_pickle=False)
            np.save(temporary / "maps.npy", each.maps, allow_pickle=False)
    description = {
        "format": FORMAT,
        "provenance": dict(written.provenance),
        "layers": {name: _describe(each, written.hashes[name]) for name, each in exemplars.items()},
        "images": {str(image_id): name for image_id, name in sorted(written.names.items())},
        "size": list(written.size),
        "skipped": [[each.path, each.reason] for each in written.skipped],
        **({"notes": list(written.notes)} if written.notes else {}),
    }
    with new_file(folder / DESCRIPTION) as path:
        path.write_text(json.dumps(description, indent=1, ensure_ascii=False) + "\n", "utf-8")


def publish(folder: Path, source: Source) -> None:
    """Add images.npy, masks.npy and units.npy to each layer, as the published code writes them.

    images is uint8 (units, k, 3, H, W), masks uint8 (units, k, 1, H, W) of 0 and 1, units int64.
    Written unit by unit: a layer may be larger than the memory.
    """
    for layer in source.layers:
        units = source.units(layer)
        first = source.unit(layer, 0)
        k, (_, height, width) = source.record(layer).k, first.images.shape[1:]
        for name, channels in (("images", 3), ("masks", 1)):
            with new_file(folder_of(folder, layer) / f"{name}.npy") as path:
                array = np.lib.format.open_memmap(
                    path, "w+", np.uint8, (units, k, channels, height, width)
                )
                for unit in range(units):
                    each = source.unit(layer, unit)
                    array[unit, : len(each.ids)] = getattr(each, name)
                array.flush()
        with new_file(folder_of(folder, layer) / "units.npy") as path, path.open("wb") as file:
            np.save(file, np.arange(units), allow_pickle=False)


def read(folder: Path, *, images: ImageStore | None = None) -> Source:
    """Open a folder of exemplars: ours, or one of the published code.

    Args:
        folder: what `write` wrote, or a folder of layers with images.npy and masks.npy.
        images: where the images are, if not in the folder.

    Raises:
        BadInput: it is neither, or incomplete.
    """
    if (folder / DESCRIPTION).is_file():
        return ExemplarFolder(folder, images or ImageStore(folder / IMAGES))
    from describer.exemplars.published import PublishedFolder

    return PublishedFolder.open(folder)


@dataclass(frozen=True)
class ExemplarFolder:
    """A folder that `write` wrote; arrays are memory-mapped when they are first asked for."""

    folder: Path
    store: ImageStore

    @cached_property
    def description(self) -> Description:
        """The contents of exemplars.json.

        Raises:
            BadInput: it is no description of exemplars.
        """
        path, what = self.folder / DESCRIPTION, "a description of exemplars"
        found = reading.of_json_file(path, Any, what)
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise BadInput(f"expected {FORMAT!r} in {path}, got another format")
        description: Description = reading.checked(found, Description, what, path)
        for name, layer in description["layers"].items():
            check_layer(name, layer, path)
        return description

    @property
    def layers(self) -> list[str]:
        """Names of the layers, in the order in which they were computed."""
        return list(self.description["layers"])

    @property
    def provenance(self) -> dict[str, Any]:
        """What the exemplars were computed from."""
        return dict(self.description["provenance"])

    @property
    def skipped(self) -> list[Skipped]:
        """Images that could not be read."""
        return [Skipped(path, reason) for path, reason in self.description["skipped"]]

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about the network and its images; folders of earlier versions have none."""
        return tuple(self.description.get("notes", ()))

    def units(self, layer: str) -> int:
        """How many units a layer has."""
        return self.record(layer).layer.units

    def hash(self, layer: str) -> str:
        """Identity of a layer's exemplars."""
        return self.record(layer).hash

    def record(self, layer: str) -> LayerRecord:
        """What is known of a layer without opening its arrays.

        Raises:
            BadInput: the folder has no such layer.
        """
        if layer not in self.description["layers"]:
            raise BadInput(
                f"expected a layer of {self.folder} ({', '.join(self.layers)}), got {layer!r}"
            )
        values = self.description["layers"][layer]
        return LayerRecord(
            layer=Layer(layer, **values["layer"]),
            hash=values["hash"],
            k=values["k"],
            dead=values["dead"],
            nan_units=values["nan_units"],
        )

    def exemplars(self, layer: str) -> LayerExemplars:
        """The arrays of a layer.

        Raises:
            BadInput: a file is missing or of another shape than its record says.
        """
        if layer not in self._opened:
            self._opened[layer] = self._open(layer)
        return self._opened[layer]

    def image(self, image_id: int) -> NDArray[np.uint8]:
        """An exemplar image, uint8 (3, H, W).

        Raises:
            NotFound: no unit has it among its exemplars.
        """
        name = self.description["images"].get(str(image_id))
        if name is None:
            raise NotFound(f"expected the id of an exemplar image of {self.folder}, got {image_id}")
        return self.store.get(name)

    def mask(self, layer: str, unit: int, rank: int) -> NDArray[np.bool_]:
        """The mask of one exemplar, bool (H, W)."""
        each = self.exemplars(layer)
        height, width = self.description["size"]
        return _masks(each, unit, rank, (height, width))

    def unit(self, layer: str, unit: int) -> UnitExemplars:
        """One unit's exemplars with their images and masks.

        Raises:
            BadInput: the layer has no such unit.
        """
        each = self.exemplars(layer)
        if not 0 <= unit < len(each.ids):
            raise BadInput(f"expected a unit of {layer} (0 to {len(each.ids) - 1}), got {unit}")
        there = np.flatnonzero(each.ids[unit] >= 0)
        if not len(there):
            raise BadInput(f"expected exemplars of {layer} {unit} in {self.folder}, got none")
        found = [self.image(int(image_id)) for image_id in each.ids[unit, there]]
        if {image.shape for image in found} != {(3, *self.description["size"])}:
            raise BadInput(
                f"expected images of {self.description['size']} pixels in {self.folder}, got "
                f"{found[0].shape}"
            )
        images = np.stack(found)
        shown = _masks(each, unit, there, images.shape[2:])
        return UnitExemplars(
            each.ids[unit, there], each.activations[unit, there], images, shown[:, None]
        )

    @cached_property
    def _opened(self) -> dict[str, LayerExemplars]:
        return {}

    def _open(self, layer: str) -> LayerExemplars:
        record = self.record(layer)
        folder = folder_of(self.folder, layer)
        units, k = record.layer.units, record.k
        arrays: dict[str, NDArray[Any]] = {
            "ids": read_ids(folder / "ids.csv"),
            "activations": read_table(folder / "activations.csv").astype(np.float32),
            "levels": read_array(folder / "levels.npy"),
            "maps": read_array(folder / "maps.npy"),
        }
        shapes = {
            "ids": (units, k),
            "activations": (units, k),
            "levels": (units,),
            "maps": (units, k, *record.layer.grid),
        }
        for name, array in arrays.items():
            kind = "f" if name != "ids" else "i"
            if array.shape != shapes[name] or array.dtype.kind != kind:
                raise BadInput(
                    f"expected {name} of shape {shapes[name]} in {folder}, got {array.dtype} "
                    f"{array.shape}"
                )
        counts = np.zeros(units, dtype=np.int64)
        for unit, count in self.description["layers"][layer]["nan_counts"]:
            counts[unit] = count
        dead = np.zeros(units, dtype=np.bool_)
        dead[list(record.dead)] = True
        return LayerExemplars(record.layer, **arrays, dead=dead, nan_counts=counts)


def _masks(
    each: LayerExemplars, unit: int, ranks: int | NDArray[np.intp], size: tuple[int, int]
) -> NDArray[np.bool_]:
    """Masks of some exemplars, bool (…, H, W); a unit of a vector sees all of its image."""
    if each.layer.kind == "vector":
        return np.ones((*np.shape(ranks), *size), dtype=np.bool_)
    return masks.mask(each.maps[unit, ranks], each.levels[unit], size)


def _describe(each: LayerExemplars, hash: str) -> dict[str, Any]:
    layer = each.layer
    spoilt = np.flatnonzero(each.nan_counts)
    return {
        "hash": hash,
        "k": each.ids.shape[1],
        "layer": {
            "kind": layer.kind,
            "units": layer.units,
            "grid": list(layer.grid),
            "prefix_tokens": layer.prefix_tokens,
            "channels_last": layer.channels_last,
            "calls": layer.calls,
            **_elsewhere(layer),
        },
        "dead": np.flatnonzero(each.dead).tolist(),
        "nan_units": spoilt.tolist(),
        "nan_counts": [[int(unit), int(each.nan_counts[unit])] for unit in spoilt],
    }


def _elsewhere(layer: Layer) -> dict[str, Any]:
    """What a record says of layers that are not the last call of a module with images first."""
    plain = Layer(layer.name, layer.kind, layer.units, layer.grid)
    names = ("module", "call", "axis", "batch_axis", "rectified", "order")
    values = {name: getattr(layer, name) for name in names}
    return {name: value for name, value in values.items() if value != getattr(plain, name)}
