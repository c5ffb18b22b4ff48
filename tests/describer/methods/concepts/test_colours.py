"""The eleven colours: plain patches have their names, and every pixel has exactly one."""

import numpy as np
import pytest

from describer.methods.concepts.colours import NAMES, Colours, named
from helpers.concepts import shown

PATCHES = {
    "black": [(0, 0, 0), (20, 20, 25)],
    "white": [(255, 255, 255), (240, 240, 235)],
    "grey": [(128, 128, 128), (90, 95, 92)],
    "red": [(255, 0, 0), (180, 20, 30)],
    "green": [(0, 160, 0), (60, 180, 75), (20, 80, 30)],
    "blue": [(0, 0, 255), (30, 90, 200), (110, 170, 230)],
    "yellow": [(255, 230, 0), (240, 220, 80)],
    "orange": [(255, 140, 0), (240, 120, 30)],
    "brown": [(120, 70, 20), (139, 90, 43)],
    "pink": [(255, 150, 180), (255, 105, 180)],
    "purple": [(128, 0, 160), (150, 80, 190)],
}


@pytest.mark.parametrize("name", NAMES)
def test_plain_patches_have_their_names(name: str) -> None:
    for patch in PATCHES[name]:
        image = np.broadcast_to(np.array(patch, np.uint8)[:, None, None], (3, 2, 2))
        assert {NAMES[number] for number in named(image).ravel()} == {name}, patch


def test_every_pixel_has_one_colour() -> None:
    image = np.random.default_rng(0).integers(0, 256, (3, 40, 40), dtype=np.uint8)
    picture = shown(size=(40, 40))
    labels = Colours().labels(type(picture)("x.png", image, (40, 40), picture.fit))
    assert np.array_equal(labels.masks.sum(axis=0), np.ones((40, 40)))
    assert labels.present.size == len(NAMES)
