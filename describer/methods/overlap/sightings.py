"""Images in which one knows where units are active and where concepts are. numpy and scipy only.

    for sighting in sightings:                  # any number of times, always in the same order
        sighting.common(units=64)               # float32 (units, n): pixels of both

A unit is active in few pixels (half a percent at the published quantile), so its masks are kept as
pairs of a unit and a pixel. `Kept` holds any number of sightings in a file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Places = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Sighting:
    """One image.

    Attributes:
        units, pixels: int64 (m,): unit `units[i]` is active in pixel `pixels[i]`.
        present: int64 (n,), which concepts the image has.
        masks: bool (n, all pixels of the image), where each of those is.
    """

    units: Places
    pixels: Places
    present: Places
    masks: Bools

    @classmethod
    def of(cls, active: Bools, present: Places, masks: Bools) -> "Sighting":
        """A sighting of masks of units, bool (units, pixels), and of concepts, bool (n, pixels)."""
        units, pixels = np.nonzero(active)
        return cls(units.astype(np.int64), pixels.astype(np.int64), present, masks)

    def common(self, units: int, only: Bools | None = None) -> Floats:
        """In how many pixels both a unit and a concept are: (units, n), whole numbers.

        Args:
            units: how many units there are.
            only: bool (m,), which of the pairs count; all by default.
        """
        from scipy.sparse import csr_array

        rows, columns = self.units, self.pixels
        if only is not None:
            rows, columns = rows[only], columns[only]
        # Counts of an image are below 2**24, so that float32 is exact.
        ones = np.ones(len(rows), np.float32)
        active = csr_array((ones, (rows, columns)), shape=(units, self.masks.shape[1]))
        found: Floats = active @ self.masks.T.astype(np.float32)
        return found


class Kept:
    """Sightings in a file, one after the other, so that memory does not grow with them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0

    def add(self, sighting: Sighting) -> None:
        """Keep one more."""
        with self.path.open("ab") as file:
            for array in (
                sighting.units.astype(np.int32),
                sighting.pixels.astype(np.int32),
                sighting.present.astype(np.int32),
                np.packbits(sighting.masks, axis=1),
                np.array(sighting.masks.shape[1]),
            ):
                np.save(file, array, allow_pickle=False)
        self.count += 1

    def __iter__(self) -> Iterator[Sighting]:
        """All of them, in the order in which they came."""
        if not self.count:
            return
        with self.path.open("rb") as file:
            for _ in range(self.count):
                units, pixels, present = (_next(file).astype(np.int64) for _ in range(3))
                packed, length = _next(file), int(_next(file))
                masks = np.unpackbits(packed, axis=1, count=length).astype(np.bool_)
                yield Sighting(units, pixels, present, masks)


def _next(file: BinaryIO) -> NDArray[Any]:
    array: NDArray[Any] = np.load(file, allow_pickle=False)
    return array
