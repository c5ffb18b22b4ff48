"""The running k strongest images of each unit, with their activation maps. numpy only.

    top = TopImages(units=64, k=15, grid=(56, 56))
    entries = top.offer(ids, pooled)            # which (image, unit) maps are wanted, and for where
    top.fill(entries, maps)                     # (entries, 56, 56)
    ids, activations, maps = top.ranked()

Only maps of images that enter a unit's top k are ever asked for. Of equal activations the image
with the lower id wins, so the result does not depend on the order in which images come.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# The id of a place that no image has taken; greater than any, so that every image wins against it.
FREE = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Entries:
    """Maps that are wanted: of image `images[i]` of the batch and unit `units[i]`, for the unit's
    place `places[i]`; all int64 (n,)."""

    images: NDArray[np.int64]
    units: NDArray[np.int64]
    places: NDArray[np.int64]


class TopImages:
    """The k strongest images of each unit seen so far, places in no particular order.

    Attributes:
        ids: int64 (units, k); FREE where no image is.
        activations: float32 (units, k); -inf where no image is.
        maps: float16 (units, k, h, w).
    """

    def __init__(self, units: int, k: int, grid: tuple[int, int]) -> None:
        self.ids = np.full((units, k), FREE, dtype=np.int64)
        self.activations = np.full((units, k), -np.inf, dtype=np.float32)
        self.maps = np.zeros((units, k, *grid), dtype=np.float16)

    def offer(self, ids: NDArray[np.int64], pooled: NDArray[np.float32]) -> Entries:
        """Let images compete; those that enter take the places of those that leave.

        Args:
            ids: (n,), distinct, and never offered before.
            pooled: (n, units), one activation per image and unit, no NaN.

        Returns:
            The places whose map `fill` must now set.
        """
        units, k = self.ids.shape
        # (units, k + n): those that are in, then those that ask
        activations = np.concatenate([self.activations, pooled.T], axis=1)
        rivals = np.concatenate([self.ids, np.broadcast_to(ids, (units, ids.size))], axis=1)
        best = np.lexsort((rivals, -activations), axis=-1)[:, :k]
        chosen = np.zeros(activations.shape, dtype=np.bool_)
        np.put_along_axis(chosen, best, True, axis=1)
        # As many enter a unit as leave it, so the two lists run side by side.
        entering_units, images = np.nonzero(chosen[:, k:])
        leaving_units, places = np.nonzero(~chosen[:, :k])
        assert np.array_equal(entering_units, leaving_units)
        self.ids[leaving_units, places] = ids[images]
        self.activations[leaving_units, places] = pooled[images, entering_units]
        return Entries(images, entering_units, places)

    def fill(self, entries: Entries, maps: NDArray[np.float16]) -> None:
        """Set the maps, (n, h, w), of the places that `offer` gave out."""
        self.maps[entries.units, entries.places] = maps

    def merge(self, other: "TopImages") -> None:
        """Let the images of another state, of other images, compete."""
        units, k = self.ids.shape
        activations = np.concatenate([self.activations, other.activations], axis=1)
        ids = np.concatenate([self.ids, other.ids], axis=1)
        best = np.lexsort((ids, -activations), axis=-1)[:, :k]
        rows = np.arange(units)[:, None]
        maps = np.empty_like(self.maps)
        own = best < k
        maps[own] = self.maps[np.broadcast_to(rows, best.shape)[own], best[own]]
        maps[~own] = other.maps[np.broadcast_to(rows, best.shape)[~own], best[~own] - k]
        self.ids, self.activations, self.maps = ids[rows, best], activations[rows, best], maps

    def ranked(
        self,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float16]]:
        """Ids (units, k), activations (units, k) and maps (units, k, h, w), the strongest first.

        Ids are -1 where there is no image.
        """
        order = np.lexsort((self.ids, -self.activations), axis=-1)
        rows = np.arange(order.shape[0])[:, None]
        ids = self.ids[rows, order]
        return np.where(ids == FREE, -1, ids), self.activations[rows, order], self.maps[rows, order]
