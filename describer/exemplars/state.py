"""What the pass knows about one layer so far: the k strongest images and the tail of activations.

    state = LayerState(layer, settings, images=len(probing_set))
    state.add(ids, output)                  # for each batch, the layer's output on it
    state.merge(other)                      # of other images of the same probing set
    exemplars = state.exemplars()

Adding images in any order, or in any number of states that are then merged, gives the same
exemplars to the bit, as long as the network gives the same outputs. Size does not depend on how
many images were seen. Outputs are only read, while they are there; nothing of them is kept but the
maps that enter a unit's top k.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from describer.exemplars import scanning
from describer.exemplars.quantiles import Tail
from describer.exemplars.records import LayerExemplars, Settings
from describer.exemplars.topk import TopImages
from describer.layers.catalogue import Layer, as_maps

FLOAT16_LIMIT = float(torch.finfo(torch.float16).max)

Floats = NDArray[np.float32]
Counts = NDArray[np.int64]


class LayerState:
    """Running exemplars of every unit of a layer."""

    def __init__(self, layer: Layer, settings: Settings, *, images: int) -> None:
        """
        Args:
            layer: the layer.
            settings: k, quantile, pooling.
            images: how many images the whole probing set has, in all states together.
        """
        height, width = layer.grid
        self.layer = layer
        self.settings = settings
        self.images = images
        self.seen = 0
        self._settled = 0
        self.nan_counts = np.zeros(layer.units, dtype=np.int64)
        self._top = TopImages(layer.units, settings.k, layer.grid)
        self._tail = Tail(layer.units, settings.quantile, images * height * width)

    def add(
        self, ids: Counts, output: torch.Tensor, *, pool: ThreadPoolExecutor | None = None
    ) -> None:
        """Take in the layer's output on a batch.

        Args:
            ids: int64 (n,), positions in the probing set, none of them added before.
            output: what the module gave for them, on any device; it is not changed.
            pool: threads to scan with; without, the caller's thread does it.
        """
        maps = as_maps(output.detach(), self.layer)
        if maps.device.type == "cpu":
            maps = maps.float().contiguous()
        # (n, units, h * w)
        values = maps.flatten(2)
        guesses = np.full(self.layer.units, -np.inf, dtype=np.float32)
        if self.seen < len(ids):
            # Later the thresholds, from more images than these, are closer than any guess.
            guesses = scanning.likely_bounds(values, self._tail.needed)

        def work(chunk: torch.Tensor) -> scanning.Scanned:
            # Thresholds only rise, so an older one merely lets more values through.
            bounds = np.maximum(self._tail.thresholds, guesses)
            return scanning.scan(chunk, bounds, self.settings.pooling)

        pooled = []
        counts = np.zeros(self.layer.units, dtype=np.int64)
        nans = np.zeros(self.layer.units, dtype=np.int64)
        for scanned in scanning.spread(work, scanning.chunks(values), pool):
            pooled.append(scanned.pooled)
            self._tail.add(scanned.keys)
            counts += scanned.counts
            nans += scanned.nans
        self._mend_guesses(values, guesses, counts)
        entries = self._top.offer(ids, np.concatenate(pooled))
        chosen = _gather(maps, entries.images, entries.units, spoilt=bool(nans.any()))
        self._top.fill(entries, chosen)
        self.nan_counts += nans
        self.seen += len(ids)
        if self.seen >= 2 * self._settled:
            # Thresholds that are up to date pay most in the beginning.
            self._tail.settle()
            self._settled = self.seen

    def merge(self, other: LayerState) -> None:
        """Take in a state of other images of the same probing set.

        Raises:
            ValueError: it is of another layer, other settings or another probing set.
        """
        if (self.layer, self.settings) != (other.layer, other.settings):
            raise ValueError(
                f"expected a state of {self.layer} with {self.settings}, "
                f"got {other.layer} with {other.settings}"
            )
        self._tail.merge(other._tail)
        self._top.merge(other._top)
        self.nan_counts = self.nan_counts + other.nan_counts
        self.seen += other.seen

    def exemplars(self) -> LayerExemplars:
        """The exemplars of the images seen so far."""
        height, width = self.layer.grid
        ids, activations, maps = self._top.ranked()
        positions = self.seen * height * width
        return LayerExemplars(
            layer=self.layer,
            ids=ids,
            activations=activations,
            maps=maps,
            levels=self._tail.levels(positions)
            if positions
            else np.full(self.layer.units, -np.inf, dtype=np.float32),
            dead=~(self._tail.maxima() > 0),
            nan_counts=self.nan_counts.copy(),
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The state as arrays, its own until something is added; `restore` takes them back."""
        return {
            "ids": self._top.ids,
            "activations": self._top.activations,
            "maps": self._top.maps,
            "nan_counts": self.nan_counts,
            "seen": np.array(self.seen),
            **self._tail.arrays(),
        }

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Become the state that `arrays` gave; the arrays are copied."""
        self._top.ids = arrays["ids"].copy()
        self._top.activations = arrays["activations"].copy()
        self._top.maps = arrays["maps"].copy()
        self.nan_counts = arrays["nan_counts"].copy()
        self.seen = int(arrays["seen"])
        self._tail.restore(arrays["least"], arrays["greatest"], arrays["counts"])

    def _mend_guesses(self, values: torch.Tensor, guesses: Floats, counts: Counts) -> None:
        """Count what a guess left out, for units that it was too high for."""
        thresholds = self._tail.thresholds
        short = np.flatnonzero((counts < self._tail.needed) & (guesses > thresholds))
        if short.size:
            left_out = scanning.keys_between(values, short, thresholds[short], guesses[short])
            self._tail.add(left_out)


def _gather(
    maps: torch.Tensor, images: Counts, units: Counts, *, spoilt: bool
) -> NDArray[np.float16]:
    """The maps (n, h, w) of those images and units, clipped to what float16 holds.

    Where `spoilt` says that there is NaN, it becomes the lowest number.
    """
    rows = torch.from_numpy(images * maps.shape[1] + units).to(maps.device)
    # (N, units, h, w) -> (N * units, h, w) -> (n, h, w)
    chosen = maps.flatten(0, 1).index_select(0, rows)
    if spoilt:
        chosen.nan_to_num_(-FLOAT16_LIMIT)
    return chosen.clamp_(-FLOAT16_LIMIT, FLOAT16_LIMIT).half().cpu().numpy()
