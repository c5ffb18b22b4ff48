"""The one shape of all concept sets, and what they are asked about.

    labels = concepts.labels(shown)             # None: the set knows nothing of this image
    labels.present, labels.masks                # int64 (n,), bool (n, height, width)

`shown.image` is the picture as the network saw it, and the masks are in its frame: a format draws
them in the frame of the upright file and calls `shown.fit`, which does to them what was done to the
file. numpy only.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from db.errors import BadInput

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Shown:
    """An image of a probing set.

    Attributes:
        path: relative to the probing set, with slashes.
        image: uint8 (3, H, W), as the network saw it.
        size: (height, width) of the file's picture, upright.
        fit: brings masks bool (n, *size) into the frame of `image`: bool (n, H, W).
    """

    path: str
    image: NDArray[np.uint8]
    size: tuple[int, int]
    fit: Callable[[Bools], Bools]


@dataclass(frozen=True)
class Labels:
    """Where concepts are in an image; those that are nowhere are left out.

    Attributes:
        present: int64 (n,), which concepts, rising.
        masks: bool (n, H, W), where each of them is.
    """

    present: NDArray[np.int64]
    masks: Bools


class ConceptSet(Protocol):
    """Concepts with a category each, and where they are in an image."""

    @property
    def names(self) -> tuple[str, ...]:
        """What the concepts are called."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Of each concept: "object", "color", …"""

    @property
    def hash(self) -> str:
        """Identity of the set with all its labels."""

    def labels(self, shown: Shown) -> Labels | None:
        """Where the concepts are in an image; None when the set does not know the image."""


@dataclass(frozen=True)
class Together:
    """Several concept sets as one; an image is known when one of them knows it."""

    parts: tuple[ConceptSet, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What the concepts are called, part after part."""
        return tuple(name for part in self.parts for name in part.names)

    @property
    def categories(self) -> tuple[str, ...]:
        """Of each concept."""
        return tuple(category for part in self.parts for category in part.categories)

    @property
    def hash(self) -> str:
        """Identity of the parts in their order."""
        return digest(part.hash.encode() for part in self.parts)

    def labels(self, shown: Shown) -> Labels | None:
        """What the parts that know the image say of it."""
        present, masks, first = [], [], 0
        for part in self.parts:
            if (found := part.labels(shown)) is not None:
                present.append(found.present + first)
                masks.append(found.masks)
            first += len(part.names)
        return Labels(np.concatenate(present), np.concatenate(masks)) if present else None


def fitted(regions: Mapping[int, Bools], shown: Shown) -> Labels:
    """Labels of regions bool (*shown.size,) by the numbers of their concepts."""
    numbers = sorted(regions)
    if not numbers:
        return Labels(np.zeros(0, np.int64), np.zeros((0, *shown.image.shape[1:]), np.bool_))
    return nonempty(numbers, shown.fit(np.stack([regions[number] for number in numbers])))


def nonempty(numbers: Sequence[int], masks: Bools) -> Labels:
    """Labels without the concepts that are nowhere."""
    there = masks.any(axis=(1, 2))
    return Labels(np.array(numbers, np.int64)[there], masks[there])


class Files:
    """Label files found by the images they are about: by the whole path, else by the last part.

    Suffixes do not count; a last part that two files share finds neither.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._whole: dict[str, str] = {}
        self._last: dict[str, str | None] = {}
        for path in paths:
            self._whole[_stem(path)] = path
            last = PurePosixPath(path).stem
            self._last[last] = None if last in self._last else path

    def find(self, image: str) -> str | None:
        """The file about an image, or None."""
        return self._whole.get(_stem(image)) or self._last.get(PurePosixPath(image).stem)


def digest(parts: Iterable[bytes]) -> str:
    """The hash of parts, which no other cut into parts has."""
    total = hashlib.blake2b(digest_size=20)
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.hexdigest()


def lines(path: Path) -> list[str]:
    """The lines of a text file, stripped; empty ones stay.

    Raises:
        BadInput: there is no such text file.
    """
    try:
        return [line.strip() for line in path.read_text("utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"expected a text file at {path}: {error}") from error


def _stem(path: str) -> str:
    # A table may call an image ".", which has no suffix to take off.
    whole = PurePosixPath(path)
    return whole.with_suffix("").as_posix() if whole.name else whole.as_posix()
