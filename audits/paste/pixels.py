"""Cut and paste with pixels: a piece of one image laid onto another, anywhere and at any size.

    piece = cut(image, box((0.2, 0.1, 0.7, 0.6), image.shape[1:]))
    pasted = paste(base, piece, x=0.75, y=0.6, scale=0.5)
    pasted.image, pasted.covered

Places are shares of the width and height, in [0, 1]. Source: MILAN, Appendix D, Figure 14: the
object that a unit looks for is cut from a distractor image and pasted on an image that does not
hold it. NumPy and Pillow only; this module knows no networks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from db.errors import BadInput

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

LARGEST_SCALE = 4.0


@dataclass(frozen=True)
class Cut:
    """A piece of an image, as large as what was cut: pixels uint8 (3, h, w), alpha uint8 (h, w)."""

    pixels: Pixels
    alpha: NDArray[np.uint8]


@dataclass(frozen=True)
class Pasted:
    """image uint8 (3, H, W); covered: the share of it that the piece hides, in [0, 1]."""

    image: Pixels
    covered: float


def box(edges: tuple[float, float, float, float], size: tuple[int, int]) -> Mask:
    """The mask (H, W) of a rectangle from its left, top, right and bottom edge, each in [0, 1].

    >>> box((0.5, 0.0, 1.0, 0.5), (2, 4)).astype(int).tolist()
    [[0, 0, 1, 1], [0, 0, 0, 0]]

    Raises:
        BadInput: edges out of order or outside the image.
    """
    left, top, right, bottom = edges
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise BadInput(
            "expected a box whose left edge is left of its right one and its top above its bottom, "
            f"all inside the image, got {left:g}, {top:g}, {right:g}, {bottom:g}"
        )
    height, width = size
    mask = np.zeros(size, dtype=np.bool_)
    first, last = int(left * width), max(int(left * width) + 1, round(right * width))
    upper, lower = int(top * height), max(int(top * height) + 1, round(bottom * height))
    mask[upper:lower, first:last] = True
    return mask


def polygon(points: Sequence[tuple[float, float]], size: tuple[int, int]) -> Mask:
    """The mask (H, W) of a polygon from its corners (x, y), each in [0, 1].

    Raises:
        BadInput: fewer than three corners, or one outside the image.
    """
    if len(points) < 3:
        raise BadInput(f"expected at least three corners of a polygon, got {len(points)}")
    if not all(0 <= each <= 1 for point in points for each in point):
        raise BadInput("expected corners of a polygon between 0 and 1")
    height, width = size
    drawn = Image.new("L", (width, height))
    corners = [(x * (width - 1), y * (height - 1)) for x, y in points]
    ImageDraw.Draw(drawn).polygon(corners, fill=1, outline=1)
    return np.asarray(drawn).astype(np.bool_)


def corners(text: str) -> list[tuple[float, float]]:
    """The corners that somebody typed, in percent of the width and height.

    >>> corners("10,20 90,20 50,80")
    [(0.1, 0.2), (0.9, 0.2), (0.5, 0.8)]

    Raises:
        BadInput: it is no list of pairs of numbers.
    """
    try:
        pairs = [tuple(float(each) / 100 for each in pair.split(",")) for pair in text.split()]
    except ValueError as error:
        raise BadInput(f"expected corners such as 10,20 90,20 50,80, got {text!r}") from error
    if any(len(pair) != 2 for pair in pairs):
        raise BadInput(f"expected corners such as 10,20 90,20 50,80, got {text!r}")
    return [(x, y) for x, y in pairs]


def closed(mask: Mask, share: float = 0.06) -> Mask:
    """A mask grown by a share of the image's side: a unit's mask is the middle of a thing.

    >>> spot = np.zeros((5, 5), dtype=bool)
    >>> spot[2, 2] = True
    >>> int(closed(spot, 0.2).sum())
    9
    """
    reach = max(0, round(share * max(mask.shape)))
    if reach == 0:
        return mask
    grown = Image.fromarray(mask.astype(np.uint8) * 255).filter(
        ImageFilter.MaxFilter(2 * reach + 1)
    )
    return np.asarray(grown) > 0


def cut(image: Pixels, mask: Mask) -> Cut:
    """Cut what a mask marks out of an image.

    Args:
        image: uint8 (3, H, W).
        mask: bool (H, W).

    Raises:
        BadInput: the mask is empty, or of another size.
    """
    if image.ndim != 3 or image.shape[0] != 3 or image.shape[1:] != mask.shape:
        raise BadInput(
            f"expected an image (3, H, W) and a mask (H, W) of its size, got {image.shape} and "
            f"{mask.shape}"
        )
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        raise BadInput("expected something to cut, got an empty mask")
    place = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    return Cut(
        np.ascontiguousarray(image[:, place[0], place[1]]),
        mask[place].astype(np.uint8) * 255,
    )


def paste(
    base: Pixels, piece: Cut, *, x: float = 0.5, y: float = 0.5, scale: float = 1.0
) -> Pasted:
    """Lay a piece onto an image; what reaches over the edge is left out.

    Args:
        base: uint8 (3, H, W).
        x, y: where the middle of the piece lies, in [0, 1].
        scale: of the piece's own size.

    Raises:
        BadInput: a place outside the image, or an impossible scale.
    """
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise BadInput(f"expected a place between 0 and 1, got {x:g}, {y:g}")
    if not 0 < scale <= LARGEST_SCALE:
        raise BadInput(f"expected a scale above 0 and up to {LARGEST_SCALE:g}, got {scale:g}")
    height, width = (max(1, round(side * scale)) for side in piece.alpha.shape)
    alpha = Image.fromarray(piece.alpha)
    pixels = Image.fromarray(np.ascontiguousarray(piece.pixels.transpose(1, 2, 0)))
    if (height, width) != piece.alpha.shape:
        alpha = alpha.resize((width, height), Image.Resampling.BILINEAR)
        pixels = pixels.resize((width, height), Image.Resampling.BILINEAR)
    whole = Image.fromarray(np.ascontiguousarray(base.transpose(1, 2, 0)))
    corner = (round(x * whole.width - width / 2), round(y * whole.height - height / 2))
    laid = Image.new("L", whole.size)
    laid.paste(alpha, corner)
    whole.paste(pixels, corner, alpha)
    image = np.ascontiguousarray(np.asarray(whole, dtype=np.uint8).transpose(2, 0, 1))
    return Pasted(image, float(np.asarray(laid, dtype=np.float64).mean() / 255))


def scale_for(piece: Cut, size: tuple[int, int], share: float) -> float:
    """The scale at which a piece covers a share of an image (H, W), as far as it fits the limits.

    >>> square = Cut(np.zeros((3, 10, 10), np.uint8), np.full((10, 10), 255, np.uint8))
    >>> scale_for(square, (40, 40), 0.25)
    2.0

    Raises:
        BadInput: the share is none.
    """
    if not 0 < share <= 1:
        raise BadInput(f"expected a share of the image above 0 and up to 1, got {share:g}")
    area = float(piece.alpha.astype(np.float64).sum() / 255)
    return min(LARGEST_SCALE, float(np.sqrt(share * size[0] * size[1] / max(area, 1.0))))
