"""The demo world's drawing board: pictures and, pixel for pixel, what was drawn where.

    canvas = Canvas()
    pen = Pen(canvas, 32, 40, 15)                       # centre and half size in pixels of 64
    pen.paint(ellipse(-1, -1, 1, 1), Ink("red", (214, 48, 44)), "ball", "circle")
    image, parts, names = canvas.finish()

Everything is drawn four times too large and averaged down. Each stroke goes to the picture and,
with a part number, to a second board of the same size; the part that covers the centre of a
pixel owns it. A part carries the names of all concepts that hold there ("wheel", "car", "black",
"circle"), so one byte a pixel is an exact mask of every concept. The board knows nothing of what
a wheel is; `world_objects`, `world_people` and `world_scenes` do.
"""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

SIZE = 64
SCALE = 4
BOARD = SIZE * SCALE

Colour = tuple[int, int, int]
Point = tuple[float, float]

TEXTURES = ("stripes", "dots", "checks", "zigzags", "bricks", "waves")

# A shape draws itself, in board coordinates, with a fill and an optional outline.
Place = Callable[[float, float], Point]
Fill = int | Colour | None
Shape = Callable[[ImageDraw.ImageDraw, Place, Fill, Fill], None]


@dataclass(frozen=True)
class Ink:
    """A colour with the name people give it; an empty name means that nobody would name it."""

    name: str
    rgb: Colour

    def shaded(self, factor: float) -> "Ink":
        """The same named colour, darker (factor below 1) or lighter (above 1)."""
        red, green, blue = (min(255, max(0, round(channel * factor))) for channel in self.rgb)
        return Ink(self.name, (red, green, blue))


@dataclass(frozen=True)
class Texture:
    """A pattern in a second colour: kind of `TEXTURES`, period in pixels of 64, turn, offset."""

    kind: str
    ink: Ink
    period: float = 6.0
    turn: int = 0
    offset: tuple[int, int] = (0, 0)


def ellipse(left: float, top: float, right: float, bottom: float) -> Shape:
    """An ellipse in its bounding box, pen coordinates."""

    def draw(board: ImageDraw.ImageDraw, place: Place, fill: Fill, outline: Fill) -> None:
        board.ellipse(_box(place, left, top, right, bottom), fill=fill, outline=outline, width=2)

    return draw


def circle(x: float, y: float, radius: float) -> Shape:
    """A circle around (x, y), pen coordinates."""
    return ellipse(x - radius, y - radius, x + radius, y + radius)


def rectangle(left: float, top: float, right: float, bottom: float, radius: float = 0.0) -> Shape:
    """A rectangle, its corners rounded with a radius in pixels of 64."""

    def draw(board: ImageDraw.ImageDraw, place: Place, fill: Fill, outline: Fill) -> None:
        box = _box(place, left, top, right, bottom)
        board.rounded_rectangle(box, radius * SCALE, fill=fill, outline=outline, width=2)

    return draw


def polygon(*points: Point) -> Shape:
    """A closed polygon."""

    def draw(board: ImageDraw.ImageDraw, place: Place, fill: Fill, outline: Fill) -> None:
        placed = [place(x, y) for x, y in points]
        board.polygon(placed, fill=fill, outline=outline)

    return draw


def line(points: Sequence[Point], width: float) -> Shape:
    """An open line, `width` in pixels of 64, with round corners."""

    def draw(board: ImageDraw.ImageDraw, place: Place, fill: Fill, outline: Fill) -> None:
        placed = [place(x, y) for x, y in points]
        board.line(placed, fill=fill, width=max(1, round(width * SCALE)), joint="curve")

    return draw


def ring(
    left: float, top: float, right: float, bottom: float, width: float, start: float, stop: float
) -> Shape:
    """A piece of an ellipse's rim, angles in degrees clockwise from three o'clock."""

    def draw(board: ImageDraw.ImageDraw, place: Place, fill: Fill, outline: Fill) -> None:
        first, last = start, stop
        if place(1, 0)[0] < place(0, 0)[0]:  # a mirrored pen mirrors the angles
            first, last = 180 - stop, 180 - start
        thickness = max(1, round(width * SCALE))
        board.arc(_box(place, left, top, right, bottom), first, last, fill, thickness)

    return draw


@dataclass
class Canvas:
    """A picture in the making and the parts it is made of."""

    image: Image.Image = field(default_factory=lambda: Image.new("RGB", (BOARD, BOARD)))
    numbers: Image.Image = field(default_factory=lambda: Image.new("L", (BOARD, BOARD)))
    names: list[tuple[str, ...]] = field(default_factory=lambda: [()])

    def __post_init__(self) -> None:
        self._draw = ImageDraw.Draw(self.image)
        self._draw_numbers = ImageDraw.Draw(self.numbers)

    def part(self, concepts: Sequence[str]) -> int:
        """The number of the part with these concepts; the same concepts share a number."""
        key = tuple(sorted({concept for concept in concepts if concept}))
        if key in self.names:
            return self.names.index(key)
        assert len(self.names) < 256, "a scene has at most 255 kinds of parts"
        self.names.append(key)
        return len(self.names) - 1

    def paint(
        self,
        shape: Shape,
        place: Place,
        ink: Ink,
        concepts: Sequence[str],
        *,
        texture: Texture | None = None,
        outline: bool = True,
    ) -> None:
        """Draw a shape, with a pattern in it if a texture is given."""
        line_colour = ink.shaded(0.72).rgb if outline else None
        if texture is None:
            number = self.part([*concepts, ink.name])
            shape(self._draw, place, ink.rgb, line_colour)
            shape(self._draw_numbers, place, number, number)
            return
        inside = Image.new("L", (BOARD, BOARD))
        shape(ImageDraw.Draw(inside), place, 255, 255)
        box = inside.getbbox()
        if box is None:
            return
        pattern = ImageChops.multiply(inside.crop(box), _cut(texture, box))
        shape(self._draw, place, ink.rgb, None)
        self.image.paste(texture.ink.rgb, box, pattern)
        if outline:
            shape(self._draw, place, None, line_colour)
        number = self.part([*concepts, texture.kind, ink.name])
        shape(self._draw_numbers, place, number, number)
        number = self.part([*concepts, texture.kind, texture.ink.name])
        self.numbers.paste(number, box, pattern)

    def fade(self, top: Colour, bottom: Colour, *, above: float) -> None:
        """Fill the picture above a height (pixels of 64) with a vertical gradient; no part."""
        height = max(1, round(above * SCALE))
        share = np.linspace(0, 1, height)[:, None]
        column = np.round(np.array(top) * (1 - share) + np.array(bottom) * share).astype(np.uint8)
        block = Image.fromarray(np.ascontiguousarray(column[:, None, :]))  # (height, 1, 3)
        self.image.paste(block.resize((BOARD, height), Image.Resampling.NEAREST), (0, 0))

    def shadow(self, x: float, y: float, width: float, height: float) -> None:
        """A soft dark ellipse on the ground; the ground keeps its part."""
        soft = 2 * SCALE
        left, top = round((x - width) * SCALE) - soft, round((y - height) * SCALE) - soft
        across, down = round(2 * width * SCALE) + 2 * soft, round(2 * height * SCALE) + 2 * soft
        dark = Image.new("L", (across, down))
        ImageDraw.Draw(dark).ellipse((soft, soft, across - soft, down - soft), fill=80)
        self.image.paste((20, 24, 30), (left, top), dark.filter(ImageFilter.BoxBlur(SCALE)))

    def blur(self, box: tuple[float, float, float, float], radius: float) -> None:
        """Blur the picture inside an ellipse, box and radius in pixels of 64; parts stay."""
        left, top, right, bottom = (round(v * SCALE) for v in box)
        left, top = max(0, left), max(0, top)
        right, bottom = min(BOARD, right), min(BOARD, bottom)
        if right - left < 2 or bottom - top < 2:
            return
        piece = self.image.crop((left, top, right, bottom))
        inside = Image.new("L", piece.size)
        ImageDraw.Draw(inside).ellipse((0, 0, piece.width - 1, piece.height - 1), fill=255)
        smooth = piece.filter(ImageFilter.GaussianBlur(radius * SCALE))
        self.image.paste(smooth, (left, top), inside.filter(ImageFilter.GaussianBlur(3)))

    def finish(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8], tuple[tuple[str, ...], ...]]:
        """The picture uint8 (3, 64, 64), part numbers uint8 (64, 64), concepts of each number."""
        small = np.asarray(self.image.reduce(SCALE), dtype=np.uint8)
        centre = SCALE // 2
        parts = np.asarray(self.numbers, dtype=np.uint8)[centre::SCALE, centre::SCALE]
        return np.ascontiguousarray(small.transpose(2, 0, 1)), parts.copy(), tuple(self.names)


@dataclass(frozen=True)
class Pen:
    """Draws an object in its own coordinates: (0, 0) its centre, 1 its half size, y downwards."""

    canvas: Canvas
    x: float
    y: float
    size: float
    flip: bool = False
    concepts: tuple[str, ...] = ()

    def place(self, x: float, y: float) -> Point:
        """Board coordinates of a point in the object's own coordinates."""
        side = -x if self.flip else x
        return (self.x + side * self.size) * SCALE, (self.y + y * self.size) * SCALE

    def paint(
        self,
        shape: Shape,
        ink: Ink,
        *concepts: str,
        texture: Texture | None = None,
        outline: bool = True,
    ) -> None:
        """Draw a shape as a part of this object."""
        names = (*self.concepts, *concepts)
        self.canvas.paint(shape, self.place, ink, names, texture=texture, outline=outline)


def _box(place: Place, left: float, top: float, right: float, bottom: float) -> list[float]:
    """Board box of a pen box, its corners in the order Pillow wants even when mirrored."""
    (x0, y0), (x1, y1) = place(left, top), place(right, bottom)
    return [min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)]


def _cut(texture: Texture, box: tuple[int, int, int, int]) -> Image.Image:
    """The piece of an endless pattern that lies in a box, "L", 255 where the second colour goes."""
    period = max(_STEP * 2, round(texture.period * SCALE / _STEP) * _STEP)
    x, y = texture.offset[0] % _MARGIN, texture.offset[1] % _MARGIN
    left, top, right, bottom = box
    pattern = _pattern(texture.kind, period, texture.turn % 3)
    return pattern.crop((left + x, top + y, right + x, bottom + y))


_STEP, _MARGIN = 8, 64


@functools.cache
def _pattern(kind: str, period: int, turn: int) -> Image.Image:
    """A board of a pattern with some margin; turn 0, 1, 2 = upright, lying, slanted."""
    v, u = np.mgrid[0 : BOARD + _MARGIN, 0 : BOARD + _MARGIN].astype(np.float64)
    if turn == 1:
        u, v = v, u
    elif turn == 2:
        u, v = (u + v) / math.sqrt(2), (v - u) / math.sqrt(2)
    if kind == "stripes":
        inside = u % period < period / 2
    elif kind == "dots":
        row = np.floor(v / period)
        across = (u + row % 2 * period / 2) % period - period / 2
        down = v % period - period / 2
        inside = across**2 + down**2 < (0.3 * period) ** 2
    elif kind == "checks":
        inside = (np.floor(2 * u / period) + np.floor(2 * v / period)) % 2 == 0
    elif kind == "zigzags":
        inside = (v + np.abs(u % period - period / 2)) % period < period * 0.42
    elif kind == "bricks":
        row = np.floor(2 * v / period)
        joint = period * 0.12
        across = (u + row % 2 * period / 2) % period
        inside = (2 * v % period < 2 * joint) | (across < joint)
    elif kind == "waves":
        inside = (v + 0.22 * period * np.sin(2 * np.pi * u / period)) % period < period * 0.3
    else:
        raise AssertionError(f"no texture is called {kind}")
    return Image.fromarray(np.where(inside, 255, 0).astype(np.uint8))
