"""The values that the exemplar pass makes and everything else reads. numpy only.

`LayerExemplars` is one layer as arrays, `UnitExemplars` one unit as pictures and masks,
`LayerRecord` what a folder says about a layer without opening its arrays.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from db import reading
from db.errors import BadInput
from describer.layers.address import folder_name
from describer.layers.catalogue import Layer

POOLINGS = ("max", "mean")


@dataclass(frozen=True)
class Settings:
    """What is kept of a unit.

    Attributes:
        k: how many exemplar images.
        quantile: activations above this quantile (over all positions of all images) are the mask.
        pooling: a unit's activation on an image is the spatial "max" (MILAN) or "mean" of its map.

    Raises:
        BadInput: k below 1, a quantile outside (0, 1), or another pooling.
    """

    k: int = 15
    quantile: float = 0.99
    pooling: str = "max"

    def __post_init__(self) -> None:
        if self.k < 1:
            raise BadInput(f"expected k of at least 1, got {self.k}")
        if not 0.0 < self.quantile < 1.0:
            raise BadInput(f"expected a quantile between 0 and 1, got {self.quantile}")
        if self.pooling not in POOLINGS:
            raise BadInput(f"expected pooling {' or '.join(POOLINGS)}, got {self.pooling!r}")


@dataclass(frozen=True)
class LayerExemplars:
    """The exemplars of every unit of a layer; exemplars in order of falling activation.

    Attributes:
        layer: the layer.
        ids: int64 (units, k), positions in the probing set; -1 where there is no exemplar (fewer
            than k readable images).
        activations: float32 (units, k), the pooled activation; -inf where there is no exemplar.
        maps: float16 (units, k, h, w), the activation maps, clipped to what float16 can hold.
        levels: float32 (units,), the quantile that a mask exceeds.
        dead: bool (units,), no activation above zero on any image.
        nan_counts: int64 (units,), activations that were not numbers (they count as -inf).
    """

    layer: Layer
    ids: NDArray[np.int64]
    activations: NDArray[np.float32]
    maps: NDArray[np.float16]
    levels: NDArray[np.float32]
    dead: NDArray[np.bool_]
    nan_counts: NDArray[np.int64]


@dataclass(frozen=True)
class UnitExemplars:
    """One unit's exemplars as a person or an encoder sees them.

    Attributes:
        ids: int64 (k,), only those that exist, so k may be smaller than asked.
        activations: float32 (k,), falling.
        images: uint8 (k, 3, H, W).
        masks: bool (k, 1, H, W).
    """

    ids: NDArray[np.int64]
    activations: NDArray[np.float32]
    images: NDArray[np.uint8]
    masks: NDArray[np.bool_]


@dataclass(frozen=True)
class LayerRecord:
    """What a folder of exemplars says about one of its layers.

    Attributes:
        layer: the layer.
        hash: identity of the exemplars (weights, layer, images, preprocessing, k, quantile,
            pooling); for a folder that the published code wrote, of its files' contents.
        k: exemplars a unit.
        dead: indices of the units with no activation above zero.
        nan_units: indices of the units with activations that were not numbers.
    """

    layer: Layer
    hash: str
    k: int
    dead: tuple[int, ...]
    nan_units: tuple[int, ...]


IMAGES = "probe-images"


def folder_of(folder: Path, layer: str) -> Path:
    """The folder of a layer in a folder of exemplars: its name, escaped where it must be."""
    return folder / folder_name(layer, taken=(IMAGES,))


def read_table(path: Path) -> NDArray[np.float64]:
    """The numbers of a table without header, float64 (rows, columns).

    Raises:
        BadInput: there is no such file, or something in it is no number.
    """
    content = reading.text_of(path, "a table of numbers")
    if not content.strip():
        raise BadInput(f"expected a table of numbers in {path}, got an empty file")
    try:
        table: NDArray[np.float64] = np.loadtxt(
            content.splitlines(), delimiter=",", ndmin=2, dtype=np.float64
        )
    except (ValueError, OverflowError) as error:
        raise BadInput(f"expected a table of numbers in {path}: {error}") from error
    return table


def read_ids(path: Path) -> NDArray[np.int64]:
    """The ids of images in a table, int64 (units, k); -1 where there is no exemplar.

    Raises:
        BadInput: as `read_table`, or a number is no id.
    """
    table = read_table(path)
    # Numbers above are not whole in float64 and of no image.
    if not bool(((table >= -1) & (table < 2**53) & (table == np.floor(table))).all()):
        raise BadInput(f"expected ids of images in {path}, got another number")
    return table.astype(np.int64)
