"""What the pass may keep of every image: the mean and maximum of each unit's map.

    pooled = Pooled(folder, layers, images=len(probing_set), anew=True)
    pooled.beside(state)                        # takes what the state takes, in the same pass
    pooled.finish(folder)
    read(source, "layer4", "mean")              # float16 (images, units), memory-mapped; or None

Rows of images that could not be read are NaN. Nothing of this is part of a folder's hash: what it
holds beside does not change.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from db.arrays import read_array
from db.errors import BadInput
from describer.exemplars.layout import ExemplarFolder, Source
from describer.exemplars.one_pass import Receiver
from describer.exemplars.records import POOLINGS, folder_of
from describer.exemplars.state import FLOAT16_LIMIT
from describer.layers.catalogue import Layer, as_maps

UNFINISHED = ".pooled"

Halves = NDArray[np.float16]


class Pooled:
    """Arrays of pooled activations that are being filled, in files from the beginning."""

    def __init__(self, folder: Path, layers: Sequence[Layer], *, images: int, anew: bool) -> None:
        """
        Args:
            folder: the folder of exemplars.
            images: how many images the probing set has.
            anew: whether nothing was kept; else what an interrupted pass left is gone on with.
        """
        self._files = {
            (layer.name, pooling): folder / UNFINISHED / f"{place}-{pooling}.npy"
            for place, layer in enumerate(layers)
            for pooling in POOLINGS
        }
        (folder / UNFINISHED).mkdir(parents=True, exist_ok=True)
        units = {layer.name: layer.units for layer in layers}
        self._arrays: dict[tuple[str, str], Halves] = {}
        for (name, pooling), path in self._files.items():
            shape = (images, units[name])
            mode: Any = "w+" if anew or not path.is_file() else "r+"
            array = np.lib.format.open_memmap(path, mode, np.float16, shape)
            if mode == "w+":
                array[:] = np.nan
            self._arrays[name, pooling] = array

    def beside(self, state: Receiver) -> Receiver:
        """Who takes what the state takes, and keeps it pooled."""
        return _Both(state, self)

    def add(self, layer: Layer, ids: NDArray[np.int64], output: torch.Tensor) -> None:
        """Keep a layer's output on some images; activations that are no numbers count as lowest."""
        values = as_maps(output.detach(), layer).float().flatten(2)
        for pooling in POOLINGS:
            pooled = values.amax(2) if pooling == "max" else values.mean(2)
            halves = pooled.nan_to_num(-FLOAT16_LIMIT).clamp(-FLOAT16_LIMIT, FLOAT16_LIMIT).half()
            self._arrays[layer.name, pooling][ids] = halves.cpu().numpy()

    def finish(self, folder: Path) -> None:
        """Give the files their place beside the exemplars."""
        for array in self._arrays.values():
            array.flush()  # type: ignore[attr-defined]
        self._arrays.clear()
        for (layer, pooling), path in self._files.items():
            path.replace(_place(folder, layer, pooling))
        (folder / UNFINISHED).rmdir()


class _Both:
    def __init__(self, state: Receiver, pooled: Pooled) -> None:
        self.layer = state.layer
        self._state = state
        self._pooled = pooled

    def add(
        self, ids: NDArray[np.int64], output: torch.Tensor, *, pool: ThreadPoolExecutor | None
    ) -> None:
        self._pooled.add(self.layer, ids, output)
        self._state.add(ids, output, pool=pool)


def there(folder: Path, layers: Sequence[str]) -> bool:
    """Whether a folder keeps the pooled activations of all these layers."""
    return all(_place(folder, layer, pooling).is_file() for layer in layers for pooling in POOLINGS)


def read(source: Source, layer: str, pooling: str) -> Halves | None:
    """The pooled activations of a layer: float16 (images, units); None where none were kept.

    Raises:
        BadInput: another pooling, or a file that is none.
    """
    if pooling not in POOLINGS:
        raise BadInput(f"expected pooling {' or '.join(POOLINGS)}, got {pooling!r}")
    if not isinstance(source, ExemplarFolder):
        return None
    path = _place(source.folder, layer, pooling)
    return read_array(path) if path.is_file() else None


def _place(folder: Path, layer: str, pooling: str) -> Path:
    return folder_of(folder, layer) / f"pooled-{pooling}.npy"
