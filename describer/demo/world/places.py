"""The places of the demo world: meadows, seas, streets, rooms, and the small things in them.

`background(canvas, chance, place)` paints a place and returns the height of its horizon;
`clutter` adds things that are no class (balls, boxes, stars, fences); `sign` puts up a board with a
word. `PLACES` says where each class likes to be.
"""

import dataclasses
import functools
import math

from PIL import Image, ImageDraw, ImageFont

from describer.demo.world.canvas import (
    SCALE,
    SIZE,
    Canvas,
    Colour,
    Ink,
    Pen,
    circle,
    ellipse,
    line,
    polygon,
    rectangle,
)
from describer.demo.world.chance import Chance
from describer.demo.world.palette import BRIGHT, ink, maybe, texture

PLACES: dict[str, tuple[str, ...]] = {
    "balloon": ("meadow", "sea", "snow", "dusk"),
    "bird": ("meadow", "beach", "snow", "dusk"),
    "boat": ("sea", "sea", "dusk", "beach"),
    "car": ("street", "street", "meadow", "night"),
    "cat": ("room", "meadow", "street", "night"),
    "cup": ("room", "room", "beach", "meadow"),
    "fish": ("deep", "deep", "deep", "sea"),
    "flower": ("meadow", "room", "beach", "dusk"),
    "house": ("meadow", "street", "snow", "night"),
    "tree": ("meadow", "snow", "night", "dusk"),
}
EVERYWHERE = ("meadow", "sea", "street", "beach", "snow", "night", "dusk", "room", "deep")

_SKIES: dict[str, tuple[str, Colour, Colour]] = {
    "day": ("blue", (108, 172, 236), (190, 222, 246)),
    "grey": ("grey", (146, 152, 162), (196, 200, 206)),
    "dusk": ("orange", (238, 132, 74), (252, 204, 130)),
    "rose": ("pink", (226, 128, 170), (250, 196, 200)),
    "night": ("black", (18, 20, 38), (40, 42, 66)),
}


def background(canvas: Canvas, chance: Chance, place: str) -> float:
    """Paint a place; returns its horizon in pixels from the top."""
    if place == "room":
        return _room(canvas, chance)
    if place == "deep":
        return _deep(canvas, chance)
    whole = Pen(canvas, 0, 0, 1)
    skies = {"dusk": ("dusk", "rose"), "night": ("night",), "snow": ("grey", "day")}
    sky, top, bottom = _SKIES[chance.pick(skies.get(place, ("day", "day", "day", "grey")))]
    horizon = chance.between(34, 46)
    whole.paint(rectangle(0, 0, SIZE, SIZE), Ink(sky, top), "sky", outline=False)
    canvas.fade(top, bottom, above=horizon)
    _heavens(canvas, chance, place)
    if place in ("meadow", "snow", "night", "dusk") and chance.happens(0.6):
        colour = ink(chance, "white") if place == "snow" else ink(chance, "green", "purple", "grey")
        for _ in range(2):
            x, half = chance.between(0, SIZE), chance.between(16, 30)
            whole.paint(
                ellipse(x - half, horizon - half * 0.45, x + half, horizon + half), colour, "hill"
            )
    _ground(whole, chance, place, horizon)
    return horizon


def _heavens(canvas: Canvas, chance: Chance, place: str) -> None:
    """Sun and clouds by day, moon and stars by night."""
    whole = Pen(canvas, 0, 0, 1)
    if place == "night":
        for _ in range(chance.whole(4, 8)):
            star(
                Pen(canvas, chance.between(2, 62), chance.between(2, 32), chance.between(1.2, 2.4)),
                ink(chance, "yellow", "white"),
            )
        whole.paint(
            circle(chance.between(8, 56), chance.between(7, 14), 4.5),
            ink(chance, "white", "yellow"),
            "moon",
            "circle",
        )
        return
    if chance.happens(0.45):
        colour = ink(chance, "red" if place == "dusk" else "yellow", "yellow")
        whole.paint(
            circle(chance.between(6, 58), chance.between(6, 15), chance.between(4, 6.5)),
            colour,
            "sun",
            "circle",
        )
    for _ in range(chance.whole(0, 3)):
        x, y, size = chance.between(4, 60), chance.between(5, 22), chance.between(3, 5)
        white = ink(chance, "white")
        for shift, lift, scale in ((-1.3, 0.25, 0.75), (1.3, 0.3, 0.7), (0, 0, 1)):
            whole.paint(
                ellipse(
                    x + shift * size - scale * size * 1.2,
                    y + lift * size - scale * size * 0.7,
                    x + shift * size + scale * size * 1.2,
                    y + lift * size + scale * size * 0.7,
                ),
                white,
                "cloud",
                outline=False,
            )


def _ground(whole: Pen, chance: Chance, place: str, horizon: float) -> None:
    area = rectangle(0, horizon, SIZE, SIZE)
    if place == "sea" or (place == "dusk" and chance.happens(0.4)):
        water = ink(chance, "blue")
        foam = dataclasses.replace(texture(chance, water, "waves", low=9, high=13), turn=0)
        still = chance.happens(0.4)
        whole.paint(area, water, "water", texture=None if still else foam, outline=False)
    elif place == "beach":
        whole.paint(area, ink(chance, "blue"), "water", outline=False)
        shore = horizon + chance.between(4, 9)
        whole.paint(
            rectangle(0, shore, SIZE, SIZE),
            ink(chance, "yellow").shaded(0.95),
            "sand",
            outline=False,
        )
    elif place == "snow":
        whole.paint(area, ink(chance, "white"), "snow", outline=False)
    else:
        whole.paint(area, ink(chance, "green"), "grass", outline=False)
        for _ in range(chance.whole(5, 12)):
            x, y = chance.between(1, 63), chance.between(horizon + 3, 63)
            blade = ink(chance, "green").shaded(0.8)
            whole.paint(
                line([(x - 1, y - 2), (x, y), (x + 1.2, y - 2)], 0.6), blade, "grass", outline=False
            )
    if place == "street":
        top = horizon + 7
        whole.paint(
            rectangle(0, top, SIZE, SIZE), ink(chance, "grey").shaded(0.75), "road", outline=False
        )
        middle, step = (top + SIZE) / 2 + 3, chance.between(12, 16)
        for index in range(6):
            x = index * step - 6
            whole.paint(
                rectangle(x, middle, x + step * 0.5, middle + 1.6),
                ink(chance, "white"),
                "road",
                outline=False,
            )


def _room(canvas: Canvas, chance: Chance) -> float:
    """A wall, often with wallpaper, over a table or a floor."""
    whole = Pen(canvas, 0, 0, 1)
    wall = ink(chance, "pink", "yellow", "white", "green", "blue", "purple", "grey", "orange")
    paper = maybe(chance, 0.5, wall, "stripes", "dots", "checks", "zigzags", "bricks")
    edge = chance.between(38, 47)
    whole.paint(rectangle(0, 0, SIZE, SIZE), wall, "wall", texture=paper, outline=False)
    if chance.happens(0.4):
        x, y = chance.between(6, 40), chance.between(4, 12)
        pane = ink(chance, "blue", "black", "white")
        whole.paint(
            rectangle(x, y, x + 17, y + 17), ink(chance, "brown", "white"), "window", "square"
        )
        whole.paint(rectangle(x + 1.6, y + 1.6, x + 7.6, y + 15.4), pane, "window", "square")
        whole.paint(rectangle(x + 9.4, y + 1.6, x + 15.4, y + 15.4), pane, "window", "square")
    wood = ink(chance, "brown", "brown", "grey", "red")
    cloth = maybe(chance, 0.25, wood, "checks", "stripes")
    whole.paint(rectangle(0, edge, SIZE, SIZE), wood, "table", texture=cloth, outline=False)
    return edge


def _deep(canvas: Canvas, chance: Chance) -> float:
    """Under water: blue all over, bubbles, weed on the sand."""
    whole = Pen(canvas, 0, 0, 1)
    whole.paint(rectangle(0, 0, SIZE, SIZE), Ink("blue", (60, 130, 205)), "water", outline=False)
    canvas.fade((96, 176, 226), (30, 84, 168), above=SIZE)
    floor = chance.between(52, 58)
    whole.paint(
        rectangle(0, floor, SIZE, SIZE), ink(chance, "yellow").shaded(0.9), "sand", outline=False
    )
    for _ in range(chance.whole(2, 5)):
        x, height = chance.between(3, 61), chance.between(8, 20)
        curve = [(x + 1.5 * math.sin(step), floor + 3 - height * step / 6) for step in range(7)]
        whole.paint(line(curve, 1.6), ink(chance, "green"), "weed", outline=False)
    for _ in range(chance.whole(3, 8)):
        bubble = Ink("", (206, 232, 248))
        whole.paint(
            circle(chance.between(2, 62), chance.between(2, 50), chance.between(0.8, 1.8)),
            bubble,
            "bubbles",
            "circle",
        )
    return floor


def star(pen: Pen, colour: Ink) -> None:
    """A five-pointed star."""
    points = []
    for index in range(10):
        radius, angle = (1.0, 0.42)[index % 2], math.pi * index / 5 - math.pi / 2
        points.append((radius * math.cos(angle), radius * math.sin(angle)))
    pen.paint(polygon(*points), colour, "star")


def clutter(canvas: Canvas, chance: Chance, horizon: float, *, most: int = 2) -> None:
    """Up to `most` things that belong to no class."""
    for _ in range(chance.whole(0, most)):
        colour = ink(chance)
        x, y, size = chance.between(4, 60), chance.between(horizon - 2, 60), chance.between(3.5, 7)
        pen = Pen(canvas, x, y, size)
        kind = chance.pick(("ball", "ball", "box", "box", "star", "fence", "kite"))
        pattern = maybe(chance, 0.5, colour)
        if kind == "ball":
            pen.paint(circle(0, 0, 1), colour, "ball", "circle", texture=pattern)
        elif kind == "box":
            pen.paint(rectangle(-1, -1, 1, 1), colour, "box", "square", texture=pattern)
        elif kind == "star":
            star(Pen(canvas, x, chance.between(6, 56), size), ink(chance, *BRIGHT))
        elif kind == "kite":
            kite = Pen(canvas, x, chance.between(8, 24), size)
            kite.paint(
                polygon((0, -1.2), (0.8, 0), (0, 1.2), (-0.8, 0)), colour, "kite", texture=pattern
            )
            kite.paint(
                line([(0, 1.2), (0.3, 1.8), (-0.1, 2.4)], 0.6),
                ink(chance, "black"),
                "kite",
                outline=False,
            )
        else:
            wood = ink(chance, "brown", "white")
            for post in range(-3, 4):
                pen.paint(rectangle(post * 0.75 - 0.2, -0.9, post * 0.75 + 0.2, 0.6), wood, "fence")
            for rail in (-0.5, 0.2):
                pen.paint(rectangle(-2.6, rail, 2.6, rail + 0.25), wood, "fence", outline=False)


def sign(
    canvas: Canvas,
    chance: Chance,
    word: str,
    *,
    x: float = 1.5,
    y: float = 1.5,
    varied: bool = False,
) -> None:
    """A board with a word, its top left corner at (x, y), pushed inside the picture.

    Boards are white with black letters of one size; varied ones differ in both. The whole board is
    the part "text": a reader of a region says "text", not "strokes".
    """
    board, letters, size = "white", "black", 12.0
    if varied:
        board, letters = chance.pick(_BOARDS)
        size = chance.between(10.5, 12.5)
    size *= SCALE
    left, top, right, bottom = _font(round(size)).getbbox(word)
    width, height = (right - left) / SCALE + 4, (bottom - top) / SCALE + 4
    x, y = min(x, SIZE - 1 - width), min(y, SIZE - 1 - height)
    whole = Pen(canvas, 0, 0, 1, concepts=("text",))
    whole.paint(rectangle(x, y, x + width, y + height, 1.2), ink(chance, board))
    colour = ink(chance, letters)
    origin = (round((x + 2) * SCALE - left), round((y + 2) * SCALE - top))
    strokes = Image.new("L", canvas.image.size)
    ImageDraw.Draw(strokes).text(origin, word, fill=255, font=_font(round(size)), stroke_width=1)
    box = strokes.getbbox()
    assert box is not None, f"the word {word!r} left no stroke on its sign"
    strokes = strokes.crop(box)
    canvas.image.paste(colour.rgb, box, strokes)
    covered = strokes.point([0] * 128 + [255] * 128)
    canvas.numbers.paste(canvas.part(["text", letters]), box, covered)


_BOARDS = (
    ("white", "black"),
    ("yellow", "black"),
    ("black", "white"),
    ("white", "red"),
    ("blue", "white"),
    ("red", "white"),
)


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own letters, which need no font file and are the same everywhere."""
    return ImageFont.load_default(size)
