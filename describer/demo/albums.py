"""The demo's image folders, in ImageFolder layout: what they hold, and drawing them.

    drawn = draw(folder, IMAGES)

Every file can be found again by `world.render`, and with it the truth about each of its pixels.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

from describer.demo import world


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


def draw(folder: Path, wanted: Sequence[DemoImages]) -> list[DemoImages]:
    """Render image folders below `folder`, on all processor cores."""
    chunks = [
        (folder / images.name, images.split, images.variant, range(first, images.count, 8))
        for images in wanted
        for first in range(8)
    ]
    # Spawned, not forked: the app that calls this has threads.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        list(pool.map(_draw_some, chunks))
    return [replace(images, root=folder / images.name) for images in wanted]


def file_name(number: int) -> str:
    """Relative path of an image by its number in its split."""
    name = world.CLASS_NAMES[number % len(world.CLASS_NAMES)]
    return f"{name}/{number:05d}.png"


def numbers(images: DemoImages) -> list[int]:
    """The numbers of a folder's images in the order of the folder."""
    return sorted(range(images.count), key=file_name)


def _draw_some(chunk: tuple[Path, str, str, Sequence[int]]) -> None:
    folder, split, variant, wanted = chunk
    for number in wanted:
        path = folder / file_name(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = world.render(split, number, variant=variant).image.transpose(1, 2, 0)
        Image.fromarray(np.ascontiguousarray(pixels)).save(path, compress_level=1)
