"""Polygons drawn into masks, as YOLO's and COCO's labels have them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw


def drawn(outlines: Sequence[Sequence[float]], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Where any of the polygons is: bool (height, width).

    Args:
        outlines: x1 y1 x2 y2 … in pixels of an image of that size; at least three points each.
        size: (height, width).
    """
    board = Image.new("1", (size[1], size[0]))
    brush = ImageDraw.Draw(board)
    for outline in outlines:
        brush.polygon([float(value) for value in outline], fill=1)
    mask: NDArray[np.bool_] = np.array(board, dtype=np.bool_)
    return mask
