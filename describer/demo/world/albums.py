"""The demo's image folders, in ImageFolder layout: what they hold, and drawing them.

    drawn = list(draw(pool, folder, IMAGES))

Every file can be found again by `world.render`, and with it the truth about each of its pixels.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from describer.demo.world import scene


@dataclass(frozen=True)
class DemoImages:
    """A folder of images. name: what to call it; about: a sentence; split, count, variant: of
    `world.render`; root: where it was drawn."""

    name: str
    about: str
    split: str
    count: int
    variant: str
    root: Path = Path()


PROBE = DemoImages("demo-probe", "a mixed album to look at units with", "probe", 1200, "probe")
IMAGES = (
    PROBE,
    DemoImages(
        "demo-signs-validation",
        "like the training images of “signs”: half carry their own word",
        "validation",
        400,
        "spurious",
    ),
    DemoImages("demo-signs-test", "every image carries a random word", "test", 600, "adversarial"),
    DemoImages("demo-people-validation", "scenes with people", "validation", 300, "people"),
    DemoImages("demo-people-test", "more scenes with people", "test", 300, "people"),
)


def draw(pool: Executor, folder: Path, wanted: Sequence[DemoImages]) -> Iterator[DemoImages]:
    """Render image folders below `folder`: all are begun by this call, and each is given when it is
    whole."""
    begun = [
        [
            pool.submit(_draw_some, folder / images.name, images, range(first, images.count, 8))
            for first in range(8)
        ]
        for images in wanted
    ]

    def whole() -> Iterator[DemoImages]:
        for images, parts in zip(wanted, begun, strict=True):
            for part in parts:
                part.result()
            yield replace(images, root=folder / images.name)

    return whole()


def file_name(number: int) -> str:
    """Relative path of an image by its number in its split."""
    name = scene.CLASS_NAMES[number % len(scene.CLASS_NAMES)]
    return f"{name}/{number:05d}.png"


def numbers(images: DemoImages) -> list[int]:
    """The numbers of a folder's images in the order of the folder."""
    return sorted(range(images.count), key=file_name)


def _draw_some(folder: Path, images: DemoImages, numbers: Sequence[int]) -> None:
    for number in numbers:
        path = folder / file_name(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = scene.render(images.split, number, variant=images.variant).image.transpose(1, 2, 0)
        Image.fromarray(np.ascontiguousarray(pixels)).save(path, compress_level=1)
