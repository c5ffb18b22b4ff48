"""The ten things of the demo world that its networks learn to tell apart.

Each function draws one thing with a pen whose half size is one, in colours drawn by chance, and
names its parts. `CLASSES` maps the class name, which is also the word on its sign, to the
function.
"""

import math
from collections.abc import Callable

from describer.demo.world.canvas import Pen, circle, ellipse, line, polygon, rectangle, ring
from describer.demo.world.chance import Chance
from describer.demo.world.palette import BRIGHT, ink, maybe, other, texture

BLACK, WHITE = "black", "white"


def car(pen: Pen, chance: Chance) -> None:
    """A car from the side."""
    body = ink(chance, *BRIGHT, "black", "grey")
    glass = ink(chance, "blue", "white", "grey")
    pattern = maybe(chance, 0.25, body, "stripes", "checks", "dots")
    pen.paint(polygon((-0.62, -0.1), (-0.38, -0.6), (0.34, -0.6), (0.66, -0.1)), body, "cabin")
    pen.paint(
        polygon((-0.48, -0.1), (-0.31, -0.48), (-0.03, -0.48), (-0.03, -0.1)), glass, "window"
    )
    pen.paint(polygon((0.05, -0.1), (0.05, -0.48), (0.29, -0.48), (0.5, -0.1)), glass, "window")
    pen.paint(rectangle(-1, -0.14, 1, 0.42, 2), body, "body", texture=pattern)
    pen.paint(circle(0.88, 0.06, 0.11), ink(chance, "yellow"), "lamp", "circle")
    for x in (-0.55, 0.55):
        pen.paint(circle(x, 0.42, 0.3), ink(chance, BLACK), "wheel", "circle")
        pen.paint(circle(x, 0.42, 0.13), ink(chance, "grey"), "wheel", "circle")


def house(pen: Pen, chance: Chance) -> None:
    """A house with a gable roof."""
    wall = ink(chance, "white", "yellow", "pink", "orange", "blue", "grey", "brown", "red")
    roof = other(chance, wall, "red", "brown", "black", "grey", "purple", "green")
    pane = ink(chance, "yellow", "blue", "black")
    pattern = texture(chance, wall, "bricks", high=6) if chance.happens(0.35) else None
    tiles = maybe(chance, 0.3, roof, "waves", "checks", "zigzags")
    pen.paint(rectangle(0.34, -0.95, 0.56, -0.3), ink(chance, "brown", "red", "grey"), "chimney")
    pen.paint(rectangle(-0.74, -0.22, 0.74, 0.9), wall, "wall", "square", texture=pattern)
    pen.paint(
        polygon((-0.98, -0.18), (0, -1), (0.98, -0.18)), roof, "roof", "triangle", texture=tiles
    )
    pen.paint(rectangle(-0.18, 0.3, 0.18, 0.9), other(chance, wall, *BRIGHT, "brown"), "door")
    frame = ink(chance, "white", "brown")
    for x in (-0.46, 0.46):
        pen.paint(rectangle(x - 0.2, 0.0, x + 0.2, 0.4), pane, "window", "square")
        pen.paint(line([(x, 0.02), (x, 0.38)], 0.8), frame, "window", outline=False)
        pen.paint(line([(x - 0.18, 0.2), (x + 0.18, 0.2)], 0.8), frame, "window", outline=False)


def tree(pen: Pen, chance: Chance) -> None:
    """A round tree or a fir."""
    leaves = ink(chance, "green", "green", "green", "orange", "red", "pink")
    pen.paint(rectangle(-0.13, 0.1, 0.13, 1), ink(chance, "brown"), "trunk")
    if chance.happens(0.4):
        for top, half, bottom in ((-1, 0.45, -0.35), (-0.65, 0.6, 0.1), (-0.3, 0.75, 0.55)):
            pen.paint(
                polygon((-half, bottom), (0, top), (half, bottom)), leaves, "leaves", "triangle"
            )
        return
    for x, y, radius in (
        (-0.36, -0.1, 0.42),
        (0.36, -0.1, 0.42),
        (0, -0.48, 0.5),
        (0, -0.05, 0.45),
    ):
        pen.paint(circle(x, y, radius), leaves, "leaves", outline=radius > 0.45)
    if chance.happens(0.5):
        fruit = other(chance, leaves, "red", "yellow", "orange", "pink", "white")
        for x, y in (
            (-0.4, -0.1),
            (0.35, -0.2),
            (0.02, -0.55),
            (0.05, 0.05),
            (-0.25, -0.5),
            (0.5, 0.1),
        ):
            pen.paint(circle(x, y, 0.11), fruit, "fruit", "circle")


def boat(pen: Pen, chance: Chance) -> None:
    """A sailing boat."""
    hull = ink(chance, *BRIGHT, "brown", "black")
    sail = ink(chance, "white", "white", *BRIGHT)
    pattern = maybe(chance, 0.4, sail, "stripes", "dots", "checks", "zigzags")
    pen.paint(line([(0.02, -1), (0.02, 0.4)], 1.2), ink(chance, "brown"), "mast", outline=False)
    pen.paint(
        polygon((0.1, -0.92), (0.1, 0.28), (0.86, 0.28)), sail, "sail", "triangle", texture=pattern
    )
    pen.paint(
        polygon((-0.06, -0.7), (-0.06, 0.28), (-0.66, 0.28)), sail.shaded(0.93), "sail", "triangle"
    )
    pen.paint(polygon((0.02, -1.0), (0.02, -0.84), (-0.26, -0.92)), ink(chance, *BRIGHT), "flag")
    pen.paint(polygon((-1, 0.36), (1, 0.36), (0.62, 0.86), (-0.66, 0.86)), hull, "hull")


def flower(pen: Pen, chance: Chance) -> None:
    """A flower with round petals on a stem."""
    petal = ink(chance, "red", "orange", "yellow", "purple", "pink", "white", "blue")
    count = chance.whole(5, 8)
    green = ink(chance, "green")
    pen.paint(line([(0, -0.3), (0.05, 0.4), (0, 1)], 1.5), green, "stem", outline=False)
    pen.paint(ellipse(0.04, 0.42, 0.6, 0.68), green, "leaf")
    pen.paint(ellipse(-0.58, 0.56, -0.02, 0.82), green, "leaf")
    turn = chance.between(0, 1)
    for index in range(count):
        angle = 2 * math.pi * (index + turn) / count
        x, y = 0.4 * math.cos(angle), -0.36 + 0.4 * math.sin(angle)
        pen.paint(circle(x, y, 0.3 if count < 7 else 0.24), petal, "petals")
    middle = other(chance, petal, "yellow", "brown", "black", "orange")
    pen.paint(circle(0, -0.36, 0.24), middle, "flower centre", "circle")


def fish(pen: Pen, chance: Chance) -> None:
    """A fish."""
    body = ink(chance, *BRIGHT, "grey")
    fins = body.shaded(0.85) if chance.happens(0.4) else other(chance, body, *BRIGHT)
    pattern = maybe(chance, 0.5, body, "stripes", "waves", "dots", "checks")
    pen.paint(polygon((-0.5, 0), (-1, -0.5), (-0.88, 0), (-1, 0.5)), fins, "tail", "triangle")
    pen.paint(polygon((-0.15, -0.36), (-0.3, -0.78), (0.34, -0.38)), fins, "fin", "triangle")
    pen.paint(polygon((-0.1, 0.36), (-0.22, 0.7), (0.24, 0.38)), fins, "fin", "triangle")
    pen.paint(ellipse(-0.68, -0.48, 0.96, 0.48), body, "body", texture=pattern)
    pen.paint(circle(0.55, -0.12, 0.17), ink(chance, WHITE), "eyes", "circle")
    pen.paint(circle(0.59, -0.11, 0.09), ink(chance, BLACK), "eyes", "circle")
    pen.paint(ring(0.62, 0.0, 0.98, 0.26, 0.7, 60, 170), ink(chance, BLACK), "mouth", outline=False)


def bird(pen: Pen, chance: Chance) -> None:
    """A bird, standing."""
    body = ink(chance, *BRIGHT, "brown", "black", "grey")
    wing = body.shaded(0.75) if chance.happens(0.4) else other(chance, body)
    pattern = maybe(chance, 0.35, wing, "stripes", "dots", "waves", "zigzags")
    leg = ink(chance, "orange", "brown")
    for x in (-0.12, 0.14):
        pen.paint(line([(x, 0.4), (x, 0.88), (x + 0.16, 0.9)], 0.9), leg, "legs", outline=False)
    pen.paint(polygon((-0.45, 0.05), (-1, -0.2), (-0.92, 0.3)), wing, "tail", "triangle")
    pen.paint(ellipse(-0.62, -0.28, 0.52, 0.56), body, "body")
    pen.paint(
        polygon((0.78, -0.56), (1.1, -0.4), (0.76, -0.3)),
        ink(chance, "orange", "yellow"),
        "beak",
        "triangle",
    )
    pen.paint(circle(0.5, -0.44, 0.36), body, "head", "circle")
    pen.paint(circle(0.6, -0.5, 0.12), ink(chance, WHITE), "eyes", "circle")
    pen.paint(circle(0.63, -0.5, 0.07), ink(chance, BLACK), "eyes", "circle")
    pen.paint(ellipse(-0.5, -0.1, 0.22, 0.32), wing, "wing", texture=pattern)


def cup(pen: Pen, chance: Chance) -> None:
    """A cup of something hot."""
    side = ink(chance, *BRIGHT, "black", "brown")
    pattern = maybe(chance, 0.45, side, "stripes", "dots", "zigzags", "checks")
    drink = ink(chance, "brown", "black")
    steam = ink(chance, WHITE)
    pen.paint(
        ring(0.4, -0.22, 1.0, 0.46, 1.8, -100, 130), side.shaded(0.85), "handle", outline=False
    )
    pen.paint(ellipse(-0.85, 0.72, 0.8, 0.94), ink(chance, WHITE, "grey"), "saucer")
    pen.paint(
        polygon((-0.68, -0.36), (0.64, -0.36), (0.44, 0.84), (-0.48, 0.84)),
        side,
        "body",
        texture=pattern,
    )
    pen.paint(ellipse(-0.68, -0.5, 0.64, -0.2), drink, "drink")
    for x in (-0.28, 0.02, 0.3):
        curve = [(x, -0.56), (x + 0.1, -0.7), (x - 0.02, -0.84), (x + 0.08, -0.98)]
        pen.paint(line(curve, 0.8), steam, "steam", outline=False)


def cat(pen: Pen, chance: Chance) -> None:
    """A sitting cat."""
    fur = ink(chance, "orange", "grey", "black", "white", "brown")
    pattern = maybe(chance, 0.4, fur, "stripes", "dots")
    iris = ink(chance, "green", "yellow", "blue")
    dark = ink(chance, BLACK) if fur.name != BLACK else ink(chance, "pink")
    pen.paint(ring(0.2, 0.06, 0.96, 0.86, 2.0, -70, 110), fur.shaded(0.85), "tail", outline=False)
    pen.paint(ellipse(-0.58, -0.1, 0.58, 0.96), fur, "body", texture=pattern)
    for side in (-1, 1):
        pen.paint(
            polygon((side * 0.54, -0.5), (side * 0.5, -1.04), (side * 0.12, -0.78)),
            fur,
            "ears",
            "triangle",
        )
        pen.paint(
            polygon((side * 0.46, -0.62), (side * 0.45, -0.9), (side * 0.25, -0.76)),
            ink(chance, "pink"),
            "ears",
            "triangle",
        )
    pen.paint(ellipse(-0.56, -0.86, 0.56, 0.06), fur, "head", "circle")
    for x in (-0.23, 0.23):
        pen.paint(ellipse(x - 0.13, -0.6, x + 0.13, -0.36), iris, "eyes", "circle")
        pen.paint(ellipse(x - 0.05, -0.58, x + 0.05, -0.38), ink(chance, BLACK), "eyes")
    pen.paint(
        polygon((-0.08, -0.28), (0.08, -0.28), (0, -0.18)), ink(chance, "pink"), "nose", "triangle"
    )
    for y in (-0.22, -0.1):
        for side in (-1, 1):
            pen.paint(
                line([(side * 0.14, y), (side * 0.68, y - 0.04)], 0.4),
                dark,
                "whiskers",
                outline=False,
            )


def balloon(pen: Pen, chance: Chance) -> None:
    """A hot-air balloon."""
    skin = ink(chance, *BRIGHT)
    pattern = maybe(chance, 0.6, skin, "stripes", "checks", "zigzags", "dots", "waves")
    rope = ink(chance, "brown", "black")
    for x in (-0.46, 0.46):
        pen.paint(line([(x, 0.1), (x * 0.4, 0.66)], 0.7), rope, "ropes", outline=False)
    pen.paint(
        polygon((-0.5, 0.12), (0.5, 0.12), (0.16, 0.44), (-0.16, 0.44)),
        skin.shaded(0.85),
        "envelope",
    )
    pen.paint(circle(0, -0.28, 0.7), skin, "envelope", "circle", texture=pattern)
    pen.paint(
        rectangle(-0.22, 0.64, 0.22, 0.96), ink(chance, "brown", "orange"), "basket", "square"
    )


CLASSES: dict[str, Callable[[Pen, Chance], None]] = {
    "balloon": balloon,
    "bird": bird,
    "boat": boat,
    "car": car,
    "cat": cat,
    "cup": cup,
    "fish": fish,
    "flower": flower,
    "house": house,
    "tree": tree,
}
