"""Folders of exemplars that the published MILAN code wrote, read as they are.

    source = PublishedFolder.open(Path("results/alexnet/imagenet"))
    source.unit("conv5", 12).masks                  # from masks.npy

Such a folder has images.npy (units, k, 3, H, W) and masks.npy (units, k, 1, H, W) a layer, and
perhaps units.npy, ids.csv and activations.csv. It knows no activation maps and no levels: they are
empty here, and masks are what masks.npy says. numpy only.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from db.arrays import read_array
from db.errors import BadInput, NotFound
from describer.exemplars.records import (
    LayerExemplars,
    LayerRecord,
    UnitExemplars,
    read_ids,
    read_table,
)
from describer.layers.catalogue import Layer


@dataclass(frozen=True)
class _Files:
    """One layer's arrays, memory-mapped."""

    images: NDArray[np.uint8]
    masks: NDArray[Any]
    ids: NDArray[np.int64]
    activations: NDArray[np.float32]


@dataclass(frozen=True)
class PublishedFolder:
    """A folder with one sub-folder a layer, each with images.npy and masks.npy."""

    folder: Path
    names: tuple[str, ...]

    @staticmethod
    def open(folder: Path) -> "PublishedFolder":
        """Find the layers of a folder.

        Raises:
            BadInput: there is no layer in it.
        """
        found = folder.glob("*/images.npy") if folder.is_dir() else []
        names = sorted(path.parent.name for path in found)
        if not names:
            raise BadInput(
                f"expected exemplars (exemplars.json, or LAYER/images.npy) in {folder}, found none"
            )
        return PublishedFolder(folder, tuple(names))

    @property
    def layers(self) -> list[str]:
        """Names of the layers, sorted."""
        return list(self.names)

    def units(self, layer: str) -> int:
        """How many units a layer has."""
        return len(self._files(layer).images)

    def hash(self, layer: str) -> str:
        """Identity of a layer's exemplars: the contents of its files."""
        self._files(layer)
        digest = hashlib.blake2b(digest_size=20)
        for name in ("images.npy", "masks.npy"):
            with (self.folder / layer / name).open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    def record(self, layer: str) -> LayerRecord:
        """What is known of a layer; dead units and NaN are not."""
        units, k = self._files(layer).images.shape[:2]
        kept = Layer(layer, "map", units, (0, 0))
        return LayerRecord(kept, self.hash(layer), k, dead=(), nan_units=())

    def exemplars(self, layer: str) -> LayerExemplars:
        """The arrays of a layer, with empty maps (units, k, 0, 0) and levels of 0."""
        files = self._files(layer)
        units, k = files.ids.shape
        return LayerExemplars(
            layer=Layer(layer, "map", units, (0, 0)),
            ids=files.ids,
            activations=files.activations,
            maps=np.zeros((units, k, 0, 0), dtype=np.float16),
            levels=np.zeros(units, dtype=np.float32),
            dead=np.zeros(units, dtype=np.bool_),
            nan_counts=np.zeros(units, dtype=np.int64),
        )

    def image(self, image_id: int) -> NDArray[np.uint8]:
        """An exemplar image, uint8 (3, H, W).

        Raises:
            NotFound: no unit has it among its exemplars.
        """
        if image_id not in self._places:
            raise NotFound(f"expected the id of an exemplar image of {self.folder}, got {image_id}")
        layer, unit, rank = self._places[image_id]
        return np.asarray(self._files(layer).images[unit, rank], dtype=np.uint8)

    def mask(self, layer: str, unit: int, rank: int) -> NDArray[np.bool_]:
        """The mask of one exemplar, bool (H, W)."""
        return np.asarray(self._files(layer).masks[unit, rank, 0]) > 0

    def unit(self, layer: str, unit: int) -> UnitExemplars:
        """One unit's exemplars with their images and masks.

        Raises:
            BadInput: the layer has no such unit.
        """
        files = self._files(layer)
        if not 0 <= unit < len(files.images):
            raise BadInput(f"expected a unit of {layer} (0 to {len(files.images) - 1}), got {unit}")
        return UnitExemplars(
            files.ids[unit],
            files.activations[unit],
            np.asarray(files.images[unit], dtype=np.uint8),
            np.asarray(files.masks[unit]) > 0,
        )

    @cached_property
    def _places(self) -> dict[int, tuple[str, int, int]]:
        """For each image one exemplar that shows it."""
        places: dict[int, tuple[str, int, int]] = {}
        for layer in self.names:
            ids = self._files(layer).ids
            for unit, rank in np.ndindex(*ids.shape):
                places.setdefault(int(ids[unit, rank]), (layer, unit, rank))
        return places

    @cached_property
    def _opened(self) -> dict[str, _Files]:
        return {}

    def _files(self, layer: str) -> _Files:
        if layer not in self.names:
            raise BadInput(
                f"expected a layer of {self.folder} ({', '.join(self.names)}), got {layer!r}"
            )
        if layer not in self._opened:
            self._opened[layer] = self._open(layer)
        return self._opened[layer]

    def _open(self, layer: str) -> _Files:
        folder = self.folder / layer
        images, masks = read_array(folder / "images.npy"), read_array(folder / "masks.npy")
        if (
            images.ndim != 5
            or images.shape[2] != 3
            or images.dtype != np.uint8
            or masks.shape != (*images.shape[:2], 1, *images.shape[3:])
        ):
            raise BadInput(
                "expected images.npy uint8 (units, k, 3, H, W) and masks.npy (units, k, 1, H, W) "
                f"in {folder}, got {images.dtype} {images.shape} and {masks.shape}"
            )
        shape = images.shape[:2]
        ids, activations = self._tables(layer, shape)
        return _Files(images, masks, ids, activations)

    def _tables(
        self, layer: str, shape: tuple[int, ...]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ids and activations; without ids.csv everywhere every exemplar is an image of its own."""
        folder = self.folder / layer
        if all((self.folder / name / "ids.csv").is_file() for name in self.names):
            ids = read_ids(folder / "ids.csv")
        else:
            first = self.names.index(layer) << 40
            ids = np.arange(first, first + shape[0] * shape[1]).reshape(shape)
        activations = np.zeros(shape, dtype=np.float32)
        if (folder / "activations.csv").is_file():
            activations = read_table(folder / "activations.csv").astype(np.float32)
        for name, table in (("ids", ids), ("activations", activations)):
            if table.shape != shape:
                raise BadInput(
                    f"expected {name}.csv of shape {shape} in {folder}, got {table.shape}"
                )
        return ids, activations
