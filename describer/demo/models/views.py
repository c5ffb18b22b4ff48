"""Pictures of the demo world with what they show, to learn from: whole ones and crops of them.

    views = Views.of(scene.render_many("models", range(9000), variant="probe"))
    views.draw(7, chance)                       # (picture uint8 (3, 64, 64), View, where)

A crop is what attention crops of Describe-and-Dissect give a captioner, and what a unit's mask
leaves of a picture: models that never saw a part of a thing alone would not know it.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from describer.demo.models.wording import View
from describer.demo.world.canvas import SIZE
from describer.demo.world.chance import Chance
from describer.demo.world.concepts import NAMES, with_families
from describer.demo.world.scene import Scene

SMALLEST = 14
CROPPED = 0.5
CELLS = 8


@dataclass(frozen=True)
class Shown:
    """What a model is shown: picture uint8 (3, 64, 64), what is in it, and, for each of 8 x 8
    cells, which concepts hold on at least a quarter of it: bool (64, concepts)."""

    picture: NDArray[np.uint8]
    view: View
    cells: NDArray[np.bool_]


@dataclass(frozen=True)
class Views:
    """Scenes to show whole or in part. base: each concept's share of all their pixels."""

    scenes: tuple[Scene, ...]
    base: dict[str, float]

    @classmethod
    def of(cls, scenes: Sequence[Scene]) -> "Views":
        """Scenes with the shares of their concepts."""
        total = np.zeros(len(NAMES))
        for each in scenes:
            counts = np.bincount(each.parts.ravel(), minlength=len(each.names)) / each.parts.size
            total += counts @ _table(each)
        return cls(
            tuple(scenes), dict(zip(NAMES, (total / max(1, len(scenes))).tolist(), strict=True))
        )

    def whole(self, number: int) -> Shown:
        """A scene as it is."""
        return self._shown(number, 0, 0, SIZE)

    def draw(self, number: int, chance: Chance) -> Shown:
        """A scene or a square of it, by chance."""
        if not chance.happens(CROPPED):
            return self.whole(number)
        side = chance.whole(SMALLEST, SIZE - 1)
        return self._shown(number, chance.whole(0, SIZE - side), chance.whole(0, SIZE - side), side)

    def _shown(self, number: int, top: int, left: int, side: int) -> Shown:
        each = self.scenes[number]
        here = (slice(top, top + side), slice(left, left + side))
        picture = each.image[:, here[0], here[1]]
        parts = each.parts[here]
        table = _table(each)
        if side != SIZE:
            whole = Image.fromarray(np.ascontiguousarray(picture.transpose(1, 2, 0)))
            resized = whole.resize((SIZE, SIZE), Image.Resampling.BICUBIC)
            picture = np.asarray(resized).transpose(2, 0, 1)
        places = np.linspace(0, side - 1, SIZE).round().astype(int)
        large = parts[places][:, places].reshape(CELLS, SIZE // CELLS, CELLS, SIZE // CELLS)
        rows = large.transpose(0, 2, 1, 3).reshape(CELLS * CELLS, -1)
        cells = table[rows].mean(axis=1) >= 0.25
        return Shown(picture, View.of(parts, each.names), cells)


@functools.lru_cache(maxsize=20_000)
def _table_of(names: tuple[tuple[str, ...], ...]) -> NDArray[np.bool_]:
    sets = [with_families(concepts) for concepts in names]
    return np.array([[name in concepts for name in NAMES] for concepts in sets])


def _table(scene: Scene) -> NDArray[np.bool_]:
    """bool (parts, concepts): what holds in each part."""
    return _table_of(scene.names)
