"""Masks of exemplar images, from low-resolution activation maps. numpy only.

A mask is `upsample(map) > level`, where level is the unit's 0.99 quantile (MILAN, section 3.2), so
masks are computed when they are looked at and never stored at image size:

    mask(exemplars.maps[unit], exemplars.levels[unit], 224)     # bool (k, 224, 224)

Upsampling is bilinear with half-pixel centres, source = (target + 0.5) / scale - 0.5, and positions
outside the map count as zero: what `grid_sample(padding_mode="zeros", align_corners=False)` does
and the published masks show. `interpolate` clamps at the border instead, and gives other masks.

This module does not know images, layers or where maps are kept.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Size = int | tuple[int, int]


def interpolation_matrix(source: int, target: int) -> NDArray[np.float32]:
    """The linear map that resamples one axis of `source` cells to `target` cells.

    Returns:
        (target, source), float32, entries in [0, 1]; a row sums to 1 inside the map and to less
        within half a source cell of its border, where the outside counts as zero.

    >>> interpolation_matrix(2, 4)
    array([[0.75, 0.  ],
           [0.75, 0.25],
           [0.25, 0.75],
           [0.  , 0.75]], dtype=float32)
    """
    if source < 1 or target < 1:
        raise ValueError(f"sizes are at least 1, got source {source} and target {target}")
    centres = (np.arange(target) + 0.5) * (source / target) - 0.5
    distances = np.abs(centres[:, None] - np.arange(source)[None, :])
    return np.asarray(np.maximum(0.0, 1.0 - distances), dtype=np.float32)


def upsample(maps: ArrayLike, size: Size) -> NDArray[np.float32]:
    """Resample maps to an image size.

    Args:
        maps: (…, h, w), any float type.
        size: one number for a square, or (H, W).

    Returns:
        (…, H, W), float32.
    """
    values: NDArray[np.float32] = np.asarray(maps, dtype=np.float32)
    if values.ndim < 2:
        raise ValueError(f"maps have at least two dimensions (…, h, w), got shape {values.shape}")
    height, width = (size, size) if isinstance(size, int) else size
    rows = interpolation_matrix(values.shape[-2], height)
    columns = interpolation_matrix(values.shape[-1], width)
    # (H, h) @ (…, h, w) @ (w, W) -> (…, H, W)
    return np.asarray(rows @ values @ columns.T, dtype=np.float32)


def mask(maps: ArrayLike, level: ArrayLike, size: Size) -> NDArray[np.bool_]:
    """Where the upsampled maps exceed their level.

    Args:
        maps: (…, h, w), any float type.
        level: one number, or an array that broadcasts against the leading dimensions of maps:
            (units, 1) for maps of shape (units, k, h, w).
        size: one number for a square, or (H, W).

    Returns:
        (…, H, W), bool.
    """
    levels = np.asarray(level, dtype=np.float32)[..., None, None]
    masks: NDArray[np.bool_] = upsample(maps, size) > levels
    return masks
