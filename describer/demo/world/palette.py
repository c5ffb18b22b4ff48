"""The demo world's eleven colours and its ways of mixing them; needs nothing but chance."""

from describer.demo.world.canvas import BOARD, TEXTURES, Colour, Ink, Texture
from describer.demo.world.chance import Chance

COLOURS: dict[str, Colour] = {
    "red": (212, 46, 42),
    "orange": (240, 140, 34),
    "yellow": (248, 212, 62),
    "green": (66, 158, 72),
    "blue": (48, 108, 210),
    "purple": (132, 70, 172),
    "pink": (242, 150, 188),
    "brown": (128, 82, 48),
    "black": (36, 36, 40),
    "white": (244, 244, 240),
    "grey": (142, 146, 152),
}

BRIGHT = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white")
SKINS: tuple[Colour, ...] = ((250, 214, 186), (232, 184, 144), (196, 140, 98), (138, 90, 60))


def ink(chance: Chance, *names: str) -> Ink:
    """One of the named colours (any when none is named), a little lighter or darker each time."""
    name = chance.pick(names or tuple(COLOURS))
    light = chance.between(-14, 14)
    red, green, blue = (
        min(255, max(0, round(channel + light + chance.between(-6, 6))))
        for channel in COLOURS[name]
    )
    return Ink(name, (red, green, blue))


def other(chance: Chance, taken: Ink, *names: str) -> Ink:
    """A colour that is not the one taken."""
    rest = [name for name in (names or tuple(COLOURS)) if name != taken.name]
    return ink(chance, *rest)


def texture(chance: Chance, base: Ink, *kinds: str, low: float = 4, high: float = 8) -> Texture:
    """A pattern that can be told from the base colour, period between low and high pixels."""
    contrast = "black" if base.name in ("white", "yellow", "pink") else "white"
    second = ink(chance, contrast) if chance.happens(0.5) else other(chance, base, *BRIGHT)
    return Texture(
        chance.pick(kinds or TEXTURES),
        second,
        period=chance.between(low, high),
        turn=chance.whole(0, 2),
        offset=(chance.whole(0, BOARD - 1), chance.whole(0, BOARD - 1)),
    )


def maybe(chance: Chance, probability: float, base: Ink, *kinds: str) -> Texture | None:
    """A pattern with some probability."""
    return texture(chance, base, *kinds) if chance.happens(probability) else None
