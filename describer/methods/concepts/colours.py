"""The eleven basic colours (Berlin and Kay 1969), computed from the pixels themselves: no labels.

Every pixel has exactly one. Rules are of our own, on lightness, chroma and hue of CIELAB: dark
pixels are black; those with little chroma black, grey or white; the others go by hue, where dark
orange and yellow are brown, and light red is pink.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from describer.methods.concepts.shape import Labels, Shown, digest, nonempty

NAMES = (
    "black",
    "blue",
    "brown",
    "grey",
    "green",
    "orange",
    "pink",
    "purple",
    "red",
    "white",
    "yellow",
)
CATEGORY = "color"
VERSION = "1"
# Where a hue begins, in degrees of CIELAB: what lies below the next edge has the name.
HUES = (
    (0.0, "pink"),
    (18.0, "red"),
    (48.0, "orange"),
    (80.0, "yellow"),
    (112.0, "green"),
    (205.0, "blue"),
    (307.0, "purple"),
    (338.0, "pink"),
)
PALE = 14.0  # chroma below which there is no hue
DARK, LIGHT = 20.0, 82.0  # lightness of black and white
BROWN = 58.0  # orange and yellow below it are brown
ROSY = 62.0  # red above it is pink

_TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], np.float32
)
_WHITE = np.array([0.9505, 1.0, 1.089], np.float32)


@dataclass(frozen=True)
class Colours:
    """The eleven colours; every image is known."""

    @property
    def names(self) -> tuple[str, ...]:
        """The colours, by alphabet but for the British grey."""
        return NAMES

    @property
    def categories(self) -> tuple[str, ...]:
        """All are colours."""
        return (CATEGORY,) * len(NAMES)

    @property
    def hash(self) -> str:
        """Identity of the rules."""
        return digest([b"eleven colours", VERSION.encode()])

    def labels(self, shown: Shown) -> Labels:
        """Where each colour is in the image as the network saw it."""
        found = named(shown.image)
        return nonempty(range(len(NAMES)), found == np.arange(len(NAMES))[:, None, None])


def named(image: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The colour of each pixel: (3, H, W) -> int64 (H, W), places in NAMES."""
    lightness, chroma, hue = _lch(image)
    edges = np.array([edge for edge, _ in HUES])
    by_hue = np.array([NAMES.index(name) for _, name in HUES])
    found = by_hue[np.searchsorted(edges, hue, side="right") - 1]
    place = {name: number for number, name in enumerate(NAMES)}
    warm = (found == place["orange"]) | (found == place["yellow"])
    found[warm & (lightness < BROWN)] = place["brown"]
    found[(found == place["red"]) & (lightness > ROSY)] = place["pink"]
    grey = np.where(lightness > LIGHT, place["white"], place["grey"])
    found = np.where(chroma < PALE, grey, found)
    black = (lightness < DARK) & (chroma < 2 * PALE)
    return np.where(black | (lightness < DARK / 2), place["black"], found)


def _lch(image: NDArray[np.uint8]) -> tuple[NDArray[np.float32], ...]:
    """Lightness, chroma and hue in degrees of pixels in sRGB, each float32 (H, W)."""
    values = image.astype(np.float32) / 255
    linear = np.where(values > 0.04045, ((values + 0.055) / 1.055) ** 2.4, values / 12.92)
    xyz = np.tensordot(_TO_XYZ, linear, axes=1) / _WHITE[:, None, None]
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    first, second = 500 * (root[0] - root[1]), 200 * (root[1] - root[2])
    hue = np.degrees(np.arctan2(second, first)) % 360
    return 116 * root[1] - 16, np.hypot(first, second), hue
