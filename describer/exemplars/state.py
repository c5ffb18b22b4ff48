"""What the pass knows about one layer so far: the k strongest images and the tail of activations.

    state = LayerState(layer, settings, images=len(probing_set))
    state.add(ids, output)                  # for each batch, the layer's output on it
    state.merge(other)                      # of other images of the same probing set
    exemplars = state.exemplars()

Adding images in any order, or in any number of states that are then merged, gives the same
exemplars to the bit, as long as the network gives the same outputs. Size does not depend on how
many images were seen. Outputs are only read, while they are there; nothing of them is kept but the
maps that enter a unit's top k. Scanning is spread over threads, as numpy lets go of the GIL.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from describer.exemplars.quantiles import Keys, Tail, keys
from describer.exemplars.records import LayerExemplars, Settings
from describer.exemplars.topk import TopImages
from describer.layers import Layer, as_maps

# Values scanned at a time: few enough to stay in the processor's cache between the two readings.
CHUNK_VALUES = 1 << 18
# Few: what is scanned ahead is scanned with older thresholds, and lets more values through.
CHUNKS_AHEAD = 4

FLOAT16_LIMIT = float(torch.finfo(torch.float16).max)

Floats = NDArray[np.float32]
Counts = NDArray[np.int64]
Scanned = tuple[Floats, Keys, Counts]


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
        scan = _scan_on_device if maps.device.type != "cpu" else _scan
        if maps.device.type == "cpu":
            maps = maps.float().contiguous()
        # (n, units, h * w)
        values = maps.flatten(2)
        per_image = values.shape[1] * values.shape[2]
        step = max(1, CHUNK_VALUES // per_image)
        chunks = [values[start : start + step] for start in range(0, len(values), step)]

        def work(chunk: torch.Tensor) -> Scanned:
            # Thresholds only rise, so an older one merely lets more values through.
            return scan(chunk, self._tail.thresholds, self.settings.pooling)

        pooled = []
        spoilt = False
        for part, candidates, nans in _spread(work, chunks, pool):
            pooled.append(part)
            self._tail.add(candidates)
            self.nan_counts += nans
            spoilt = spoilt or bool(nans.any())
        entries = self._top.offer(ids, np.concatenate(pooled))
        self._top.fill(entries, _gather(maps, entries.images, entries.units, spoilt=spoilt))
        self.seen += len(ids)

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


def _spread(
    work: Callable[[torch.Tensor], Scanned],
    chunks: Iterable[torch.Tensor],
    pool: ThreadPoolExecutor | None,
) -> Iterator[Scanned]:
    """Work on chunks in threads, in their order, a few ahead of the caller."""
    if pool is None:
        yield from map(work, chunks)
        return
    waiting: deque[Future[Scanned]] = deque()
    for chunk in chunks:
        waiting.append(pool.submit(work, chunk))
        if len(waiting) > CHUNKS_AHEAD:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _scan(chunk: torch.Tensor, thresholds: Floats, pooling: str) -> Scanned:
    """Pool maps, float32 (n, units, positions) in the processor's memory, and pick the candidates.

    Returns:
        pooled (n, units); the keys (m,) of the values that reach their unit's threshold; how many
        NaN each unit has (units,).
    """
    values = chunk.numpy()
    units, positions = values.shape[1:]
    pooled = values.max(axis=2) if pooling == "max" else values.mean(axis=2)
    nans = np.zeros(units, dtype=np.int64)
    spoilt = np.nonzero(np.isnan(pooled))
    if spoilt[0].size:
        rows = values[spoilt]
        np.add.at(nans, spoilt[1], np.isnan(rows).sum(axis=1))
        pooled[spoilt] = _pool_without_nan(rows, pooling)
    # NaN is not above any threshold.
    index = np.flatnonzero(values >= thresholds[:, None])
    # Candidates lie map after map, so where maps begin tells whose they are.
    begins = np.searchsorted(index, np.arange(0, values.size + 1, positions))
    owners = np.repeat(np.arange(pooled.size) % units, np.diff(begins))
    return pooled, keys(values.reshape(-1)[index], owners), nans


def _scan_on_device(chunk: torch.Tensor, thresholds: Floats, pooling: str) -> Scanned:
    """The same as `_scan` where the values are, so that only what is kept crosses to the host."""
    values = chunk.float()
    units = values.shape[1]
    missing = values.isnan()
    values = values.masked_fill(missing, -torch.inf)
    pooled = values.amax(dim=2) if pooling == "max" else values.mean(dim=2)
    # Next to an inf, -inf has no mean.
    pooled = pooled.masked_fill(pooled.isnan(), -torch.inf)
    nans = missing.sum(dim=(0, 2))
    bounds = torch.from_numpy(thresholds).to(values.device)[:, None]
    kept = (values >= bounds) & ~missing
    owners = torch.arange(units, device=values.device)[:, None].expand_as(values)[kept]
    candidates = keys(values[kept].cpu().numpy(), owners.cpu().numpy())
    return pooled.cpu().numpy(), candidates, nans.cpu().numpy()


def _pool_without_nan(rows: Floats, pooling: str) -> Floats:
    """Pool maps (n, positions) that hold NaN, which count as -inf."""
    filled = np.where(np.isnan(rows), np.float32(-np.inf), rows)
    if pooling == "max":
        return np.asarray(filled.max(axis=1), dtype=np.float32)
    # One -inf makes the mean -inf; next to an inf there is no mean, which counts the same.
    return np.full(len(rows), -np.inf, dtype=np.float32)


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
