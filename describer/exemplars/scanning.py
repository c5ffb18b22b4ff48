"""Reading a layer's output once: pooled activations, and the few values that may be in the tail.

    bounds = likely_bounds(values, tail.needed)
    for scanned in spread(lambda chunk: scan(chunk, bounds, "max"), chunks(values), pool):
        scanned.pooled, scanned.keys

Outputs are large (a batch of ResNet-18's first layer is 100 MB) and reading them is what the pass
costs beside the network. So they are read in pieces that stay in the processor's cache, by several
threads (numpy lets go of the GIL), and only about one value in thirty is looked at again.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from describer.exemplars.quantiles import Keys, keys, lower_edges

# Values read at a time: few enough to stay in the processor's cache between two readings.
CHUNK_VALUES = 1 << 18
# Few: what is scanned ahead is scanned with older thresholds, and lets more values through.
CHUNKS_AHEAD = 4

# Values of a unit that a guess is made from.
SAMPLE_VALUES = 1 << 12
# How many standard errors a guess stays on the safe side.
CAUTION = 4.0

Floats = NDArray[np.float32]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Scanned:
    """What was found in a piece of a layer's output.

    Attributes:
        pooled: float32 (n, units), one activation per image and unit; -inf for NaN.
        keys: uint64 (m,), the values that reach their unit's threshold, packed with the unit.
        counts: int64 (units,), how many those are.
        nans: int64 (units,), how many values are not numbers.
    """

    pooled: Floats
    keys: Keys
    counts: Counts
    nans: Counts


def chunks(values: torch.Tensor) -> list[torch.Tensor]:
    """Cut values (n, units, positions) along the images into pieces for `scan`."""
    step = max(1, CHUNK_VALUES // (values.shape[1] * values.shape[2]))
    return [values[start : start + step] for start in range(0, len(values), step)]


def spread(
    work: Callable[[torch.Tensor], Scanned],
    pieces: Iterable[torch.Tensor],
    pool: ThreadPoolExecutor | None,
) -> Iterator[Scanned]:
    """Work on pieces in threads, in their order, a few ahead of the caller."""
    if pool is None:
        yield from map(work, pieces)
        return
    waiting: deque[Future[Scanned]] = deque()
    for piece in pieces:
        waiting.append(pool.submit(work, piece))
        if len(waiting) > CHUNKS_AHEAD:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def scan(chunk: torch.Tensor, thresholds: Floats, pooling: str) -> Scanned:
    """Read values (n, units, positions) of any float type, wherever they are."""
    if chunk.device.type == "cpu":
        return _scan_here(chunk.float(), thresholds, pooling)
    return _scan_there(chunk, thresholds, pooling)


def likely_bounds(values: torch.Tensor, needed: int) -> Floats:
    """For each unit a bound that probably at least `needed` values of it reach.

    Args:
        values: (n, units, positions).
        needed: how many.

    Returns:
        float32 (units,), lower edges of bins; -inf where there are too few values to tell.
    """
    images, units, positions = values.shape
    share = needed / (images * positions)
    # An odd stride meets all columns of a map.
    stride = max(1, images * positions // SAMPLE_VALUES) | 1
    sample = values[:, :, ::stride].float().cpu().numpy()
    size = images * sample.shape[2]
    rank = int(size * share + CAUTION * (size * share) ** 0.5) + 1
    if 2 * rank > size:
        return np.full(units, -np.inf, dtype=np.float32)
    # (n, units, some) -> (units, n * some)
    mixed = np.nan_to_num(sample.transpose(1, 0, 2).reshape(units, size), nan=-np.inf)
    return lower_edges(np.partition(mixed, size - rank, axis=1)[:, size - rank])


def keys_between(values: torch.Tensor, units: Counts, lowest: Floats, bounds: Floats) -> Keys:
    """The values of some units, packed, that lie from `lowest` to below `bounds`, both (units,)."""
    device = values.device
    part = values.index_select(1, torch.from_numpy(units).to(device)).float()
    low, high = (torch.from_numpy(each).to(device)[:, None] for each in (lowest, bounds))
    kept = (part >= low) & (part < high)
    owners = torch.from_numpy(units).to(device)[:, None].expand_as(part)[kept]
    return keys(part[kept].cpu().numpy(), owners.cpu().numpy())


def _scan_here(chunk: torch.Tensor, thresholds: Floats, pooling: str) -> Scanned:
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
    each = np.diff(np.searchsorted(index, np.arange(0, values.size + 1, positions)))
    owners = np.repeat(np.arange(pooled.size) % units, each)
    counts = each.reshape(-1, units).sum(axis=0)
    return Scanned(pooled, keys(values.reshape(-1)[index], owners), counts, nans)


def _scan_there(chunk: torch.Tensor, thresholds: Floats, pooling: str) -> Scanned:
    """The same on the device, so that only what is kept crosses to the host."""
    values = chunk.float()
    missing = values.isnan()
    values = values.masked_fill(missing, -torch.inf)
    pooled = values.amax(dim=2) if pooling == "max" else values.mean(dim=2)
    # Next to an inf, -inf has no mean.
    pooled = pooled.masked_fill(pooled.isnan(), -torch.inf)
    kept = (values >= torch.from_numpy(thresholds).to(values.device)[:, None]) & ~missing
    owners = torch.arange(values.shape[1], device=values.device)[:, None].expand_as(values)[kept]
    return Scanned(
        pooled.cpu().numpy(),
        keys(values[kept].cpu().numpy(), owners.cpu().numpy()),
        kept.sum(dim=(0, 2)).cpu().numpy(),
        missing.sum(dim=(0, 2)).cpu().numpy(),
    )


def _pool_without_nan(rows: Floats, pooling: str) -> Floats:
    """Pool maps (n, positions) that hold NaN, which count as -inf."""
    filled = np.where(np.isnan(rows), np.float32(-np.inf), rows)
    if pooling == "max":
        return np.asarray(filled.max(axis=1), dtype=np.float32)
    # One -inf makes the mean -inf; next to an inf there is no mean, which counts the same.
    return np.full(len(rows), -np.inf, dtype=np.float32)
