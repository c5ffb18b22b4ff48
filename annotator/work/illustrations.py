"""The worked examples of the guidelines as drawn picture sets, so that they need no network.

jpeg = sheet("eyes")                  # one of NAMES, drawn when it is first asked for
await respond(request)                # the same as the answer of /examples/{name}.jpg

Each is fifteen drawn scenes with their masks, laid out by the same function as the exemplars that
people will judge, so that what is explained looks like what follows.
"""

import functools
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from db.describe import pictures
from db.describe.pictures import Picture
from db.errors import NotFound

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

NAMES = ("eyes", "grids")
SHEET = Picture(tile=128, columns=5, limit=15, scale=2)
HEIGHT = 3 * SHEET.scale * SHEET.tile + 2 * SHEET.gap
# Scenes are drawn at this side and made half as large, which smooths their edges.
_SIDE = 512
_FURS = ("#8d5a33", "#c8965a", "#5b5650", "#e3d2b4", "#3d3029", "#a8a29a")
_GROUNDS = ("#9cc5e3", "#b9d8a2", "#e8cf9a", "#d7b9c9", "#a7cfc9", "#c9c3e0")
Pen = ImageDraw.ImageDraw
Scene = Callable[[Pen, Pen, random.Random], None]


@functools.cache
def sheet(name: str) -> bytes:
    """A worked example as one JPEG: fifteen scenes, masked.

    Raises:
        NotFound: there is no example of that name.
    """
    if name not in NAMES:
        raise NotFound(f"expected an example of {', '.join(NAMES)}, got {name!r}")
    chance = random.Random(name)
    scenes = list(_SCENES[name])
    chance.shuffle(scenes)
    drawn = [_drawn(scene, chance) for scene in scenes]
    # (15, 3, side, side) and (15, 1, side, side)
    images = np.stack([np.asarray(image).transpose(2, 0, 1) for image, _ in drawn])
    masks = np.stack([np.asarray(mask)[None] > 127 for _, mask in drawn])
    return pictures.render(images, masks, SHEET)


async def respond(request: "Request") -> "Response":
    """An example for the page; it shows nobody's data, so it asks for no sign-in."""
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import PlainTextResponse, Response

    try:
        jpeg = await run_in_threadpool(sheet, request.path_params["name"])
    except NotFound as error:
        return PlainTextResponse(str(error), 404)
    headers = {"cache-control": "public, max-age=86400"}
    return Response(jpeg, media_type="image/jpeg", headers=headers)


def _drawn(scene: Scene, chance: random.Random) -> tuple[Image.Image, Image.Image]:
    image = Image.new("RGB", (_SIDE, _SIDE), chance.choice(_GROUNDS))
    mask = Image.new("L", (_SIDE, _SIDE), 0)
    scene(ImageDraw.Draw(image), ImageDraw.Draw(mask), chance)
    half = (_SIDE // 2, _SIDE // 2)
    return image.resize(half, Image.Resampling.LANCZOS), mask.resize(half)


def _circle(pen: Pen, x: float, y: float, wide: float, high: float, colour: str | int) -> None:
    pen.ellipse((x - wide, y - high, x + wide, y + high), fill=colour)


def _eyes(
    pen: Pen, mask: Pen, x: float, y: float, apart: float, *, iris: str, slit: bool = False
) -> None:
    """Two eyes around (x, y), which are what the mask shows."""
    for side in (-1, 1):
        at = x + side * apart
        _circle(pen, at, y, 36, 30, "#fdfdf8")
        _circle(pen, at, y, 23, 24, iris)
        _circle(pen, at, y, 8 if slit else 12, 21 if slit else 12, "#111111")
        _circle(pen, at + 8, y - 9, 5, 5, "#ffffff")
        _circle(mask, at, y, 50, 43, 255)


def _dog(pen: Pen, mask: Pen, chance: random.Random) -> None:
    x, y = chance.randint(215, 300), chance.randint(225, 275)
    fur, ear = chance.sample(_FURS, 2)
    _circle(pen, x, y + 270, 180, 190, fur)
    _circle(pen, x, y, 150, 160, fur)
    for side in (-1, 1):
        _circle(pen, x + side * 150, y - 5, 48, 125, ear)
    _circle(pen, x, y + 85, 82, 66, "#efe3cf")
    _circle(pen, x, y + 55, 30, 22, "#1c1917")
    pen.line((x, y + 75, x, y + 112), fill="#1c1917", width=6)
    pen.arc((x - 44, y + 80, x + 44, y + 132), 20, 160, fill="#1c1917", width=6)
    _eyes(pen, mask, x, y - 40, 66, iris="#6b4423")


def _cat(pen: Pen, mask: Pen, chance: random.Random) -> None:
    x, y = chance.randint(215, 300), chance.randint(235, 285)
    fur, inner = chance.choice(_FURS), "#e7a9a4"
    _circle(pen, x, y + 270, 165, 180, fur)
    for side in (-1, 1):
        tip, foot = (x + side * 135, y - 215), (x + side * 30, y - 110)
        pen.polygon([tip, foot, (x + side * 145, y - 50)], fill=fur)
        pen.polygon(
            [(x + side * 122, y - 175), (x + side * 60, y - 110), (x + side * 126, y - 80)],
            fill=inner,
        )
    _circle(pen, x, y, 152, 138, fur)
    pen.polygon([(x - 20, y + 38), (x + 20, y + 38), (x, y + 60)], fill="#c97b76")
    pen.line((x, y + 58, x, y + 80), fill="#2a2522", width=5)
    for side in (-1, 1):
        for drop in (-16, 8, 32):
            pen.line(
                (x + side * 45, y + 66, x + side * 190, y + 56 + drop), fill="#f4f1ea", width=4
            )
    iris = chance.choice(["#6fae4f", "#d6a838", "#5aa3b8"])
    _eyes(pen, mask, x, y - 28, 66, iris=iris, slit=True)


def _child(pen: Pen, mask: Pen, chance: random.Random) -> None:
    x, y = 256, 260
    _circle(pen, x, y - 40, 172, 180, "#4a2f1d")
    pen.rounded_rectangle((x - 170, y + 170, x + 170, 560), 70, fill="#c2473d")
    _circle(pen, x, y + 10, 145, 165, "#d9a27a")
    pen.pieslice((x - 150, y - 180, x + 150, y + 20), 180, 360, fill="#4a2f1d")
    _circle(pen, x, y + 45, 16, 12, "#c28660")
    pen.arc((x - 60, y + 40, x + 60, y + 120), 25, 155, fill="#8f3b33", width=9)
    _eyes(pen, mask, x, y - 25, 64, iris="#4b3322")


def _bricks(pen: Pen, mask: Pen, chance: random.Random) -> None:
    top, high, wide = chance.randint(60, 210), chance.randint(42, 58), chance.randint(96, 128)
    brick = chance.choice(["#a8503a", "#b9694c", "#8e4632", "#c08a5e"])
    pen.rectangle((0, top, _SIDE, _SIDE), fill="#d8cfc4")
    for row, y in enumerate(range(top, _SIDE, high)):
        for x in range(-wide + (row % 2) * wide // 2, _SIDE + wide, wide):
            pen.rectangle((x + 5, y + 5, x + wide - 5, y + high - 5), fill=brick)
    mask.rectangle((0, top, _SIDE, _SIDE), fill=255)
    # a door in the wall is no part of the pattern
    left = chance.randint(40, 330)
    for each, colour in ((pen, "#4f6d57"), (mask, 0)):
        each.rectangle((left, 300, left + 130, _SIDE), fill=colour)
    _circle(pen, left + 108, 410, 8, 8, "#e4c96a")


def _fence(pen: Pen, mask: Pen, chance: random.Random) -> None:
    top, step = chance.randint(110, 220), chance.randint(54, 84)
    pen.rectangle((0, 330, _SIDE, _SIDE), fill=chance.choice(["#7da35a", "#95a867", "#b39b6b"]))
    _circle(pen, chance.randint(80, 420), 60, 40, 40, "#f6dd74")
    low = 455
    wire = Image.new("L", (_SIDE, _SIDE), 0)
    lattice = ImageDraw.Draw(wire)
    for x in range(-_SIDE, 2 * _SIDE, step):
        for lean in (-1, 1):
            lattice.line((x, top, x + lean * (low - top), low), fill=255, width=8)
    lattice.rectangle((0, 0, _SIDE, top), fill=0)
    pen.bitmap((0, 0), wire, fill="#55595e")
    for x in range(chance.randint(10, 120), _SIDE, 230):
        pen.rectangle((x, top - 24, x + 18, 490), fill="#8a8f94")
    pen.rectangle((0, top - 8, _SIDE, top + 6), fill="#8a8f94")
    mask.rectangle((0, top - 8, _SIDE, low), fill=255)


def _chessboard(pen: Pen, mask: Pen, chance: random.Random) -> None:
    pen.rectangle((0, 150, _SIDE, _SIDE), fill="#8b5e3c")
    _circle(pen, chance.randint(60, 450), 90, 46, 60, "#e9e3d6")
    edge = chance.randint(34, 40)
    left, top = chance.randint(60, 500 - 8 * edge), chance.randint(160, 500 - 8 * edge)
    dark, light = chance.choice([("#2f2a26", "#efe6d2"), ("#3f5d46", "#f2eedf")])
    for row in range(8):
        for column in range(8):
            x, y = left + column * edge, top + row * edge
            colour = dark if (row + column) % 2 else light
            pen.rectangle((x, y, x + edge, y + edge), fill=colour)
    mask.rectangle((left, top, left + 8 * edge, top + 8 * edge), fill=255)


_SCENES: dict[str, tuple[Scene, ...]] = {
    "eyes": (*[_dog] * 8, *[_cat] * 6, _child),
    "grids": (*[_bricks] * 5, *[_fence] * 7, *[_chessboard] * 3),
}
