"""The people of the demo world: heads with hair, glasses, hats and beards, on dressed shoulders.

`draw(canvas, chance, look, …)` draws one and returns the box of the face, which the variant with
blurred faces blurs. `LOOKS` ties each class that people appear with to a look, so that a network
can learn more from a face than that somebody is there.
"""

from dataclasses import dataclass

from describer.demo.world.canvas import (
    Canvas,
    Ink,
    Pen,
    circle,
    ellipse,
    line,
    polygon,
    rectangle,
    ring,
)
from describer.demo.world.chance import Chance
from describer.demo.world.palette import BRIGHT, SKINS, ink, maybe

HAIR = ("black", "brown", "yellow", "orange", "grey", "red")


@dataclass(frozen=True)
class Look:
    """What a person wears and how they wear their hair."""

    hair: str
    long_hair: bool = False
    glasses: bool = False
    hat: bool = False
    beard: bool = False


LOOKS: dict[str, Look] = {
    "balloon": Look("orange", long_hair=True),
    "boat": Look("grey", beard=True),
    "car": Look("black", glasses=True),
    "cup": Look("yellow", long_hair=True, glasses=True),
    "fish": Look("brown", hat=True),
    "cat": Look("red"),
}


def anybody(chance: Chance) -> Look:
    """A look by chance."""
    return Look(
        chance.pick(HAIR),
        long_hair=chance.happens(0.4),
        glasses=chance.happens(0.35),
        hat=chance.happens(0.25),
        beard=chance.happens(0.25),
    )


def draw(
    canvas: Canvas, chance: Chance, look: Look, *, x: float, y: float, radius: float
) -> tuple[float, float, float, float]:
    """Draw a person whose face has its centre at (x, y), pixels of 64; returns the face's box."""
    pen = Pen(canvas, x, y, radius, flip=chance.happens(0.5), concepts=("person",))
    head = Pen(canvas, x, y, radius, flip=pen.flip, concepts=("person", "face"))
    skin = Ink("", chance.pick(SKINS))
    shirt = ink(chance, *BRIGHT, "black", "grey")
    hair = ink(chance, look.hair)
    if look.long_hair:
        pen.paint(rectangle(-1.12, -0.7, 1.12, 1.25, 3), hair, "hair")
    pen.paint(rectangle(-0.3, 0.7, 0.3, 1.6), skin.shaded(0.9), "neck", outline=False)
    pattern = maybe(chance, 0.4, shirt, "stripes", "dots", "checks", "zigzags")
    pen.paint(rectangle(-1.7, 1.35, 1.7, 6, 3), shirt, "shirt", texture=pattern)
    for side in (-0.98, 0.98):
        pen.paint(circle(side, 0.1, 0.2), skin, "ears")
    pen.paint(ellipse(-1.04, -1.2, 1.04, 0.5), hair, "hair")
    head.paint(ellipse(-0.92, -0.98, 0.92, 1.05), skin)
    fringe = polygon(
        (-0.94, -0.2),
        (-0.85, -0.9),
        (0, -1.18),
        (0.85, -0.9),
        (0.94, -0.2),
        (0.5, -0.62),
        (-0.4, -0.55),
    )
    pen.paint(fringe, hair, "hair", outline=False)
    if look.beard:
        shape = polygon(
            (-0.9, 0.1),
            (-0.62, 0.34),
            (0, 0.26),
            (0.62, 0.34),
            (0.9, 0.1),
            (0.72, 0.85),
            (0, 1.25),
            (-0.72, 0.85),
        )
        head.paint(shape, hair, "beard", outline=False)
    for side in (-0.38, 0.38):
        head.paint(circle(side, -0.1, 0.2), ink(chance, "white"), "eyes", outline=False)
        head.paint(circle(side + 0.04, -0.09, 0.12), ink(chance, "black"), "eyes", outline=False)
    head.paint(
        line([(0.02, 0.02), (0.1, 0.26), (-0.04, 0.28)], 0.5),
        skin.shaded(0.75),
        "nose",
        outline=False,
    )
    lips = ink(chance, "red", "pink")
    if chance.happens(0.7):
        head.paint(ring(-0.4, 0.1, 0.4, 0.68, 1.1, 20, 160), lips, "mouth", outline=False)
    else:
        head.paint(ellipse(-0.24, 0.46, 0.24, 0.7), lips, "mouth", outline=False)
    if look.glasses:
        frame = ink(chance, "black", "black", "red", "blue")
        for side in (-0.4, 0.4):
            head.paint(
                ring(side - 0.34, -0.44, side + 0.34, 0.24, 0.9, 0, 360),
                frame,
                "glasses",
                outline=False,
            )
        head.paint(line([(-0.1, -0.1), (0.1, -0.1)], 0.9), frame, "glasses", outline=False)
    if look.hat:
        felt = ink(chance, *BRIGHT, "black", "brown")
        pen.paint(
            rectangle(-0.8, -1.75, 0.8, -0.72, 1.5),
            felt,
            "hat",
            texture=maybe(chance, 0.3, felt, "stripes", "dots"),
        )
        pen.paint(ellipse(-1.35, -0.9, 1.35, -0.5), felt.shaded(0.85), "hat")
    return x - 1.3 * radius, y - 1.35 * radius, x + 1.3 * radius, y + 1.4 * radius
