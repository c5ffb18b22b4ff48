"""Masked exemplars as pictures: one sharp grid a unit, a strip for tables, single tiles to enlarge.

    jpeg = render(images, masks, PICTURES["grid"])
    address(unit, "grid")                # "/pictures/17/grid.jpg?v=1a2b3c4d"

What lies outside a mask is dimmed and the border is drawn as a thin line, so that no colour of ours
tints what must be judged. Pillow and NumPy only; masks come ready-made, see `db.describe.masks`.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from db.describe.exemplars import UnitRow
from db.errors import BadInput, NotFound

# 0 leaves what is outside the mask as it is, 1 makes it black (Appendix A shows 0.75).
DIMMING = 0.75
GAP = 6
_BACKGROUND = (255, 255, 255)


@dataclass(frozen=True)
class Picture:
    """How exemplars are laid out.

    Attributes:
        tile: side of one exemplar in pixels.
        columns: exemplars in a row.
        limit: how many of the exemplars are shown, the strongest first.
        masked: whether what lies outside the mask is dimmed.
        scale: 2 makes the same picture of twice as many pixels each way, gaps and lines included.
    """

    tile: int
    columns: int
    limit: int
    masked: bool = True
    scale: int = 1

    @property
    def gap(self) -> int:
        """Pixels between two exemplars."""
        return self.scale * (GAP if self.tile >= 128 else 2)

    @property
    def width(self) -> int:
        """Pixels of a whole row."""
        return self.columns * (self.scale * self.tile + self.gap) - self.gap


# What people judge by, which is also there in double size for dense and for large screens.
_JUDGED = {
    "grid": Picture(tile=256, columns=5, limit=15),
    "open": Picture(tile=256, columns=5, limit=15, masked=False),
    "grid-tall": Picture(tile=256, columns=3, limit=15),
    "open-tall": Picture(tile=256, columns=3, limit=15, masked=False),
    "ten": Picture(tile=256, columns=5, limit=10),
    "ten-tall": Picture(tile=256, columns=3, limit=10),
}
PICTURES = {
    **_JUDGED,
    **{f"{name}-2x": replace(picture, scale=2) for name, picture in _JUDGED.items()},
    "report": Picture(tile=128, columns=5, limit=15),
    "strip": Picture(tile=88, columns=5, limit=5),
}
_TILE = re.compile(r"tile-(0|[1-9][0-9]?)(-open)?")


def address(unit: UnitRow, picture: str) -> str:
    """Where the app serves a picture of a unit; it changes when the exemplars do."""
    return f"/pictures/{unit.unit_id}/{picture}.jpg?v={unit.hash[:12]}"


def addresses(unit: UnitRow, picture: str) -> str:
    """A picture and its double, each with its width, as the page's `srcset` takes them."""
    return ", ".join(
        f"{address(unit, name)} {PICTURES[name].width}w" for name in (picture, f"{picture}-2x")
    )


def rendered(images: npt.NDArray[np.uint8], masks: npt.NDArray[np.bool_], picture: str) -> bytes:
    """Render the picture of that name: one of `PICTURES`, or `tile-3`, `tile-3-open`.

    Args:
        images: (k, 3, H, W), strongest first.
        masks: (k, 1, H, W).

    Raises:
        NotFound: there is no picture of that name.
    """
    check_name(picture, len(images))
    if picture in PICTURES:
        return render(images, masks, PICTURES[picture])
    match = _TILE.fullmatch(picture)
    assert match is not None
    index = int(match[1])
    tile = Picture(tile=768, columns=1, limit=1, masked=match[2] is None)
    return render(images[index : index + 1], masks[index : index + 1], tile)


def check_name(picture: str, k: int) -> None:
    """Refuse what names no picture of k exemplars; a name that passes is safe in a path.

    Raises:
        NotFound: there is no picture of that name.
    """
    match = _TILE.fullmatch(picture)
    if picture not in PICTURES and (match is None or not int(match[1]) < k):
        raise NotFound(f"expected the name of a picture of {k} exemplars, got {picture!r}")


def render(images: npt.NDArray[np.uint8], masks: npt.NDArray[np.bool_], picture: Picture) -> bytes:
    """Render exemplars as one JPEG.

    Args:
        images: (k, 3, H, W).
        masks: (k, 1, H, W), True inside.

    Raises:
        BadInput: the shapes do not belong together.
    """
    return _jpeg(sheet(images, masks, picture))


def sheet(
    images: npt.NDArray[np.uint8], masks: npt.NDArray[np.bool_], picture: Picture
) -> Image.Image:
    """What `render` writes, before it becomes a file; shapes and errors are the same."""
    if (
        images.ndim != 4
        or images.shape[1] != 3
        or masks.shape != (len(images), 1, *images.shape[2:])
    ):
        raise BadInput(
            "expected images (k, 3, H, W) and masks (k, 1, H, W), "
            f"got {images.shape} and {masks.shape}"
        )
    tiles = [
        _tile(image, mask[0], picture)
        for image, mask in zip(images[: picture.limit], masks[: picture.limit], strict=True)
    ]
    return _sheet(tiles, picture)


def _tile(
    image: npt.NDArray[np.uint8], mask: npt.NDArray[np.bool_], picture: Picture
) -> Image.Image:
    size = (picture.scale * picture.tile,) * 2
    whole = Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0)))
    whole = whole.resize(size, Image.Resampling.BICUBIC)
    if not picture.masked:
        return whole
    # Smoothed before it is cut at one half: a mask of few pixels gets a round border, not stairs.
    soft = Image.fromarray(mask.astype(np.uint8) * 255).resize(size, Image.Resampling.BILINEAR)
    sharp = soft.point([255 * (value > 127) for value in range(256)])
    dimmed = whole.point([round(value * (1 - DIMMING)) for value in range(256)] * 3)
    shown = Image.composite(whole, dimmed, sharp)
    inside = np.asarray(sharp) > 0
    line = _grown(inside, picture.scale) & ~inside
    shown.paste((235, 235, 235), mask=Image.fromarray(line.astype(np.uint8) * 255))
    return shown


def _grown(inside: npt.NDArray[np.bool_], by: int) -> npt.NDArray[np.bool_]:
    """What lies inside or at most `by` pixels beside it, (side, side); Pillow's filter is slow."""
    height, width = inside.shape
    padded = np.pad(inside, by)
    reach = range(2 * by + 1)
    tall = np.logical_or.reduce([padded[start : start + height] for start in reach])
    grown: npt.NDArray[np.bool_] = np.logical_or.reduce(
        [tall[:, start : start + width] for start in reach]
    )
    return grown


def _sheet(tiles: Sequence[Image.Image], picture: Picture) -> Image.Image:
    columns = min(picture.columns, max(len(tiles), 1))
    rows = max(-(-len(tiles) // columns), 1)
    gap = picture.gap
    step = picture.scale * picture.tile + gap
    sheet = Image.new("RGB", (columns * step - gap, rows * step - gap), _BACKGROUND)
    for index, tile in enumerate(tiles):
        sheet.paste(tile, ((index % columns) * step, (index // columns) * step))
    return sheet


def _jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
