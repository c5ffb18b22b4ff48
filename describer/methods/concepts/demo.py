"""The demo world's truth as a concept set: every image is drawn again, with what is in it.

Files of the demo's folders are named by their number; which folder they come from is told by the
split and variant it was drawn with.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from PIL import Image

from db.errors import BadInput
from describer.demo.world import albums, scene
from describer.demo.world.concepts import CONCEPTS
from describer.demo.world.concepts import NAMES as WORLD
from describer.demo.world.truth import Atlas
from describer.methods.concepts.shape import Labels, Shown, digest, fitted

_FILE = re.compile(r"\d{5}")


@dataclass(frozen=True)
class Demo:
    """The truth about one of the demo's folders. name: as `albums.IMAGES` has it."""

    name: str
    split: str
    variant: str

    @property
    def names(self) -> tuple[str, ...]:
        """The world's concepts."""
        return WORLD

    @property
    def categories(self) -> tuple[str, ...]:
        """The kinds of the world's concepts."""
        return tuple(concept.kind for concept in CONCEPTS.values())

    @property
    def hash(self) -> str:
        """Identity of the split and variant and the world's words."""
        return digest([self.split.encode(), self.variant.encode(), *(n.encode() for n in WORLD)])

    def labels(self, shown: Shown) -> Labels | None:
        """Where the concepts are in an image."""
        if not _FILE.fullmatch(stem := PurePosixPath(shown.path).stem):
            return None
        drawn = scene.render(self.split, int(stem), variant=self.variant)
        masks = Atlas.of([drawn]).masks(0, WORLD)
        if masks.shape[1:] != shown.size:
            size = (shown.size[1], shown.size[0])
            masks = np.stack(
                [
                    np.array(Image.fromarray(mask).resize(size, Image.Resampling.NEAREST))
                    for mask in masks
                ]
            )
        return fitted({number: mask for number, mask in enumerate(masks) if mask.any()}, shown)


def read(name: str) -> Demo:
    """The truth about a folder of the demo, by its name.

    Raises:
        BadInput: the demo has no such folder.
    """
    for images in albums.IMAGES:
        if images.name == name:
            return Demo(name, images.split, images.variant)
    known = ", ".join(images.name for images in albums.IMAGES)
    raise BadInput(f"expected images of the demo ({known}), got {name!r}")
