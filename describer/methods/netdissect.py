"""NetDissect: the concept whose regions overlap most with where a unit is active (Bau et al. 2017).

    overlaps = Overlaps(units, concepts.categories)
    for masks, present, labels in images:                 # one image at a time
        overlaps.add(masks, present, labels)
    overlaps.iou()                                        # (units, concepts)

A unit's mask on an image is its upsampled activation above its 0.995 quantile. With M_k the masks
of unit k and L_c the regions of concept c over all images,

    IoU(k, c) = sum |M_k and L_c| / (U(k, c) + sum |L_c| - sum |M_k and L_c|)

where U counts the unit's pixels only on images in which its mask touches a concept of c's category:
an image without labelled textures says nothing about textures. That is what the published code does
(NetDissect-Lite); `whole=True` counts the unit's pixels on every image instead. A unit is called a
detector of its best concept from an IoU of 0.04.

This module knows masks and counts; networks and concept sets are known elsewhere. numpy only.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from db.errors import BadInput

QUANTILE = 0.995
DETECTOR = 0.04

Bools = NDArray[np.bool_]
Counts = NDArray[np.int64]
Doubles = NDArray[np.float64]


class Overlaps:
    """Counts of pixels over images, from which the IoU of every unit and concept follows.

    Memory is that of a few (units, concepts) tables, however many images there are. Counts of
    several parts of a probing set add up: `merge`.
    """

    def __init__(self, units: int, categories: Sequence[str]) -> None:
        """Start with nothing seen.

        Args:
            units: how many units.
            categories: the category of each concept ("object", "color", …).
        """
        self.categories = tuple(categories)
        self._groups = sorted(set(categories))
        self._group = np.array([self._groups.index(each) for each in categories], dtype=np.int64)
        self.together: Counts = np.zeros((units, len(categories)), np.int64)
        self.concept_pixels: Counts = np.zeros(len(categories), np.int64)
        self.unit_pixels: Counts = np.zeros(units, np.int64)
        self.touched_pixels: Counts = np.zeros((units, len(self._groups)), np.int64)

    def add(self, masks: Bools, present: NDArray[np.int64], labels: Bools) -> None:
        """See one image.

        Args:
            masks: (units, height, width), where each unit is active.
            present: (n,), which concepts the image has.
            labels: (n, height, width), where each of those is.

        Raises:
            BadInput: shapes that do not go together.
        """
        units = len(self.unit_pixels)
        if (
            masks.ndim != 3
            or len(masks) != units
            or labels.shape != (len(present), *masks.shape[1:])
        ):
            raise BadInput(
                f"expected masks ({units}, height, width) and labels (concepts, height, width) of "
                f"{len(present)} concepts, got {masks.shape} and {labels.shape}"
            )
        # (units, pixels) and (n, pixels): counts below 2**24 are exact in float32.
        flat = masks.reshape(units, -1).astype(np.float32)
        own = flat.sum(axis=1).astype(np.int64)
        self.unit_pixels += own
        if not len(present):
            return
        regions = labels.reshape(len(present), -1).astype(np.float32)
        common = (flat @ regions.T).astype(np.int64)  # (units, n)
        self.together[:, present] += common
        self.concept_pixels[present] += regions.sum(axis=1).astype(np.int64)
        for group in np.unique(self._group[present]):
            touched = common[:, self._group[present] == group].any(axis=1)
            self.touched_pixels[:, group] += np.where(touched, own, 0)

    def merge(self, other: "Overlaps") -> None:
        """Add what another part of the probing set gave.

        Raises:
            BadInput: it is about other units or concepts.
        """
        if other.together.shape != self.together.shape or other.categories != self.categories:
            raise BadInput(
                f"expected counts of {self.together.shape} units and concepts of the same "
                f"categories, got {other.together.shape}"
            )
        for name in ("together", "concept_pixels", "unit_pixels", "touched_pixels"):
            getattr(self, name).__iadd__(getattr(other, name))

    def iou(self, *, whole: bool = False) -> Doubles:
        """Intersection over union, float64 (units, concepts) in [0, 1]; 0 where nothing is seen."""
        own = self.unit_pixels[:, None] if whole else self.touched_pixels[:, self._group]
        union = own + self.concept_pixels[None] - self.together
        found: Doubles = self.together / np.maximum(union, 1)
        return found


def best(iou: Doubles, generator: np.random.Generator) -> NDArray[np.int64]:
    """The concept with the largest IoU of each unit, (units,); equal ones are drawn from at random.

    A unit that overlaps with no concept has -1.
    """
    largest = iou.max(axis=1, keepdims=True)
    noise = generator.random(iou.shape)
    chosen = np.where(iou == largest, noise, -1.0).argmax(axis=1)
    found: NDArray[np.int64] = np.where(largest[:, 0] > 0, chosen, -1)
    return found
