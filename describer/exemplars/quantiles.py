"""A quantile per unit over a stream of activations: exact counts of the upper tail. numpy only.

    tail = Tail(units=64, quantile=0.99, positions=images * height * width)
    tail.add(keys(values, units))           # those of a batch that reach tail.thresholds[unit]
    tail.levels(seen)                       # float32 (units,)

Only the upper tail decides a high quantile. Among N values the 0.99 quantile lies between the two
values of which N / 100 are larger, so once a unit has that many values above some bound, smaller
ones can never matter again and are not even counted: the bound is the unit's threshold. As N is
the number of positions of the *whole* probing set, known before the first image, this holds in
every shard of it, whatever the order: nothing that the result needs is ever dropped.

Values are counted in fixed bins, the leading `KEPT_BITS` bits of a float32 put in the order of the
numbers (so bins are a constant fraction of the value wide), with the least and greatest value of
each bin. Counts, minima and maxima do not depend on order, hence merging is exact, commutative and
associative. Inside a bin values are taken as evenly spaced between its least and its greatest: a
value that fills a bin alone (zeros after a ReLU, sixes after a ReLU6, a constant unit) is exact.

Memory is that of the occupied bins, not of the values. Nothing here knows layers or images.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Sign, exponent and the first 10 bits of the mantissa: bins 0.1 % wide at most.
KEPT_BITS = 19
DROPPED_BITS = np.uint64(32 - KEPT_BITS)
UNIT_BITS = np.uint64(32)

# Values that are collected before they are sorted and counted, 8 bytes each: at least so many, and
# more while there are many bins, as counting reads all of them.
BUFFER_VALUES = 1 << 19

# The smallest normal float32; what is nearer to zero counts as zero.
TINY = np.finfo(np.float32).tiny

Keys = NDArray[np.uint64]


class Tail:
    """Counts of the largest activations of each unit.

    Attributes:
        thresholds: float32 (units,). Values below their unit's threshold need not be added.
        needed: of how many values of a unit it must be known that they reach an edge of bins, for
            what lies below it to need no adding.
    """

    def __init__(self, units: int, quantile: float, positions: int) -> None:
        """
        Args:
            units: how many units.
            quantile: in (0, 1).
            positions: values each unit has over the whole probing set, at least as many as will
                be seen; the same number in all states that will be merged.
        """
        self.units = units
        self.quantile = quantile
        self.positions = positions
        # Of so many values at the top the lowest is at the quantile or below it.
        self.needed = positions - math.floor((positions - 1) * quantile)
        self.thresholds = np.full(units, -np.inf, dtype=np.float32)
        # Bins in ascending order, by the least and greatest key in each.
        self._least: Keys = np.empty(0, dtype=np.uint64)
        self._greatest: Keys = np.empty(0, dtype=np.uint64)
        self._counts: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._buffer: list[Keys] = []
        self._buffered = 0

    def add(self, keys: Keys) -> None:
        """Count values, as `keys` packs them with their units."""
        self._buffer.append(keys)
        self._buffered += keys.size
        if self._buffered >= max(BUFFER_VALUES, self._counts.size):
            self.settle()

    def settle(self) -> None:
        """Sort and count what was added so far, and raise the thresholds by it."""
        if not self._buffer:
            return
        keys = np.concatenate(self._buffer)
        self._buffer, self._buffered = [], 0
        keys.sort()
        bins = keys >> DROPPED_BITS
        starts = np.flatnonzero(np.append(True, bins[1:] != bins[:-1])[: keys.size])
        ends = np.append(starts[1:], keys.size)[: starts.size]
        self._combine(keys[starts], keys[ends - 1], ends - starts)

    def merge(self, other: "Tail") -> None:
        """Count what another state counted.

        Raises:
            ValueError: the states are not of the same units, quantile and positions.
        """
        if (self.units, self.quantile, self.positions) != (
            other.units,
            other.quantile,
            other.positions,
        ):
            raise ValueError("states of different units, quantiles or probing sets cannot merge")
        other.settle()
        self.settle()
        self._combine(other._least, other._greatest, other._counts)

    def levels(self, seen: int) -> NDArray[np.float32]:
        """The quantile of each unit, float32 (units,).

        As `numpy.quantile(…, method="linear")` defines it, values inside a bin evenly spaced.

        Args:
            seen: how many values each unit has had, counted or not, NaN (as -inf) included.
        """
        self.settle()
        position = (seen - 1) * self.quantile
        below = math.floor(position)
        lower = self._value_at(seen - below)
        upper = self._value_at(max(seen - below - 1, 1))
        # Next to an infinity there is nothing between: the lower value stands.
        finite = np.isfinite(lower) & np.isfinite(upper)
        between = np.subtract(upper, lower, where=finite, out=np.zeros(self.units))
        return (lower + (position - below) * between).astype(np.float32)

    def maxima(self) -> NDArray[np.float32]:
        """The largest value of each unit, float32 (units,); -inf where there was none."""
        self.settle()
        return self._value_at(1).astype(np.float32)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The state as arrays, its own until something is added; `restore` takes them back."""
        self.settle()
        return {"least": self._least, "greatest": self._greatest, "counts": self._counts}

    def restore(self, least: Keys, greatest: Keys, counts: NDArray[np.int64]) -> None:
        """Become the state that `arrays` gave; the arrays are copied."""
        self._least, self._greatest, self._counts = least.copy(), greatest.copy(), counts.copy()
        self._raise_thresholds()

    def _combine(self, least: Keys, greatest: Keys, counts: NDArray[np.int64]) -> None:
        """Add bins, each at most once and in ascending order; then raise the thresholds."""
        bins = least >> DROPPED_BITS
        own = self._least >> DROPPED_BITS
        place = np.searchsorted(own, bins)
        known = np.zeros(bins.size, dtype=np.bool_)
        inside = place < own.size
        known[inside] = own[place[inside]] == bins[inside]
        at = place[known]
        self._counts[at] += counts[known]
        self._least[at] = np.minimum(self._least[at], least[known])
        self._greatest[at] = np.maximum(self._greatest[at], greatest[known])
        if not known.all():
            new = ~known
            # Where each new bin comes to lie once those before it are in.
            at = place[new] + np.arange(np.count_nonzero(new))
            former = np.ones(own.size + at.size, dtype=np.bool_)
            former[at] = False
            self._least = _merged(former, self._least, at, least[new])
            self._greatest = _merged(former, self._greatest, at, greatest[new])
            self._counts = _merged(former, self._counts, at, counts[new])
        self._raise_thresholds()

    def _raise_thresholds(self) -> None:
        """Drop the bins that can no longer matter."""
        first, ends, before = self._segments()
        # The last bin of a unit that has at least `needed` values in it and above it.
        bound = np.searchsorted(before[:-1], before[ends] - self.needed, side="right") - 1
        enough = bound >= first
        self.thresholds = np.full(self.units, -np.inf, dtype=np.float32)
        # The lower edge of the bin, so that a bin is counted whole or not at all. But the zeros of
        # a ReLU, once there are enough of them, need no counting: none of them differs.
        edges = _value((self._least[bound[enough]] >> DROPPED_BITS) << DROPPED_BITS)
        self.thresholds[enough] = np.where(edges == 0, TINY, edges)
        lowest = np.where(enough, bound, first)
        if (lowest > first).any():
            kept = np.repeat(lowest, ends - first) <= np.arange(self._counts.size)
            self._least, self._greatest = self._least[kept], self._greatest[kept]
            self._counts = self._counts[kept]

    def _value_at(self, rank: int) -> NDArray[np.float64]:
        """The rank-th largest value of each unit (1 = the largest); -inf where there are fewer."""
        first, ends, before = self._segments()
        values = np.full(self.units, -np.inf)
        place = before[ends] - rank
        found = place >= before[first]
        place = place[found]
        index = np.searchsorted(before, place, side="right") - 1
        least, greatest = _value(self._least[index]), _value(self._greatest[index])
        steps = np.maximum(self._counts[index] - 1, 1)
        low, high = least.astype(np.float64), greatest.astype(np.float64)
        # A bin of one value, or of equal ones, is exact; an infinity has a bin of its own.
        spread = np.subtract(high, low, where=np.isfinite(low), out=np.zeros(low.size))
        values[found] = low + spread * ((place - before[index]) / steps)
        return values

    def _segments(self) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int64]]:
        """First bin and end of each unit, and how many values all bins before a bin hold."""
        edges = np.arange(self.units + 1, dtype=np.uint64) << UNIT_BITS
        bounds = np.searchsorted(self._least, edges)
        before = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(self._counts)])
        return bounds[:-1], bounds[1:], before


def keys(values: NDArray[np.float32], units: NDArray[np.integer]) -> Keys:
    """Pack values, float32 (n,) without NaN, with their units, any integers (n,), for `Tail.add`.

    The unit is in the upper half of a key and the value, as an integer of the same order, in the
    lower one. Minus zero, and what no normal float32 is as small as, becomes zero.
    """
    packed = units.astype(np.uint64)
    packed <<= UNIT_BITS
    packed |= _ordered(np.where(np.abs(values) < TINY, np.float32(0.0), values))
    return packed


def lower_edges(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The lower edges of the bins of values, float32 (n,) without NaN."""
    packed = keys(values, np.zeros(values.shape, dtype=np.int64))
    return _value((packed >> DROPPED_BITS) << DROPPED_BITS)


def _merged(
    former: NDArray[np.bool_], old: NDArray[Any], at: NDArray[np.intp], new: NDArray[Any]
) -> NDArray[Any]:
    """The old entries where `former` says so, and the new ones at the places left."""
    both = np.empty(former.size, dtype=old.dtype)
    both[former] = old
    both[at] = new
    return both


def _ordered(values: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Integers in the order of the numbers: sign bit set for positives, all flipped for others."""
    bits = values.view(np.int32)
    flips = (bits >> 31).view(np.uint32) | np.uint32(0x80000000)
    return bits.view(np.uint32) ^ flips


def _value(keys: Keys) -> NDArray[np.float32]:
    """The float32 whose `_ordered` integer is in the lower half of each key."""
    ordered = keys.astype(np.uint32)
    flips = np.where(ordered >> 31 == 1, np.uint32(0x80000000), np.uint32(0xFFFFFFFF))
    return (ordered ^ flips).view(np.float32)
