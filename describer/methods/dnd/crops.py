"""Attention crops: the parts of an image that a unit is active on, as images (A.1.1).

    for box in boxes(activation_map, image.shape[1:]):
        crop = image[:, box.top : box.bottom, box.left : box.right]

The activation map is scaled to [0, 1] by its own range and split by Otsu's threshold; every
connected region above it has a box, drawn in the image's pixels. The largest are kept while none
overlaps an earlier one too much, and none is nearly the whole image, which is in the probing set
already. The published code turned raw activations into bytes, which wraps around above one; this
module scales them first.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from db.describe.masks import upsample
from db.errors import BadInput

MOST = 4
OVERLAP = 0.5
WHOLE = 0.8


@dataclass(frozen=True)
class Box:
    """A part of an image in pixels: rows top to bottom - 1, columns left to right - 1."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def area(self) -> int:
        """Pixels in the box."""
        return (self.bottom - self.top) * (self.right - self.left)


def overlap(first: Box, second: Box) -> float:
    """Intersection over union of two boxes, in [0, 1].

    >>> overlap(Box(0, 0, 2, 2), Box(0, 1, 2, 3))
    0.3333333333333333
    """
    height = min(first.bottom, second.bottom) - max(first.top, second.top)
    width = min(first.right, second.right) - max(first.left, second.left)
    common = max(height, 0) * max(width, 0)
    return common / (first.area + second.area - common)


def boxes(
    activations: NDArray[np.floating],
    size: tuple[int, int],
    *,
    most: int = MOST,
    largest_overlap: float = OVERLAP,
    largest_share: float = WHOLE,
) -> list[Box]:
    """The boxes of the most active regions, largest first; none where the map is constant.

    Args:
        activations: (height, width), the unit's map on the image.
        size: height and width of the image.
        most: alpha, how many boxes at the most.
        largest_overlap: eta, the largest overlap (IoU) of a box with a larger one that was kept.
        largest_share: boxes that cover this share of the image or more (IoU with it) are dropped.

    Raises:
        BadInput: the map is not two-dimensional or not finite.
    """
    from skimage.filters import threshold_otsu
    from skimage.measure import label, regionprops

    values = np.asarray(activations, dtype=np.float32)
    if values.ndim != 2 or not np.isfinite(values).all():
        raise BadInput(f"expected a finite activation map (height, width), got {values.shape}")
    low, high = values.min(), values.max()
    if not high > low:
        return []
    scaled = upsample((values - low) / (high - low), size)
    regions = regionprops(label(scaled > threshold_otsu(scaled)))
    whole = Box(0, 0, *size)
    kept: list[Box] = []
    found = (Box(*(int(edge) for edge in region.bbox)) for region in regions)
    # Of boxes of one size the upper and then the left one is first: places, not names.
    for box in sorted(found, key=lambda box: (-box.area, box.top, box.left)):
        apart = all(overlap(box, other) <= largest_overlap for other in kept)
        if apart and overlap(box, whole) < largest_share:
            kept.append(box)
        if len(kept) == most:
            break
    return kept
