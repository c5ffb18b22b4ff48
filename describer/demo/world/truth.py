"""What a unit of a demo network really responds to: its masks against the world's masks.

    atlas = Atlas.of(scenes)                           # once for a probing set
    profile = atlas.profile(ids, masks)                # one unit
    profile.main, profile.also                         # "wheel", ("black", "circle")

The main concept of a unit has the largest share of its mask pixels, at least half of them, and at
least three times its share of all pixels. A part lies within its thing, so shares tie or nearly
do: of the concepts within a tenth of the largest share, the one that is rarest in the world is
the main one ("wheel", not "car").
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from describer.demo.world.concepts import EDGES, FACE_ATTRIBUTES, NAMES, with_families
from describer.demo.world.scene import Scene

HALF = 0.5
LIFT = 3.0
TIE = 0.9
NOTICED = 0.2
STRIKING = 5.0


@dataclass(frozen=True)
class Profile:
    """A unit's mask against the world.

    main: the main concept, or None. also: further concepts that hold on at least 45 % of the mask
    and at least twice as often as anywhere, most frequent first. pair: without a main concept,
    the two concepts that together cover at least half of the mask, if any. corner: the mask lies
    mostly in the top left quarter. shares: float (concepts,) share of the mask, in NAMES' order.
    pixels: mask pixels. attributes: what distinguishes the faces, where one can see it: on at least
    a fifth of the mask and five times as often as anywhere, most frequent first.
    """

    main: str | None
    also: tuple[str, ...]
    pair: tuple[str, str] | None
    corner: bool
    shares: NDArray[np.float64]
    pixels: int
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Atlas:
    """The concepts of a probing set's pixels.

    parts: uint8 (images, 64, 64). tables: per image, bool (parts of the image, concepts). edges:
    bool (images, 3, 64, 64). base: float (concepts,), each concept's share of all pixels.
    """

    parts: NDArray[np.uint8]
    tables: tuple[NDArray[np.bool_], ...]
    edges: NDArray[np.bool_]
    base: NDArray[np.float64]

    @classmethod
    def of(cls, scenes: Sequence[Scene]) -> "Atlas":
        """The atlas of scenes, in their order."""
        parts = np.stack([scene.parts for scene in scenes])
        edges = edge_masks(parts)
        cache: dict[tuple[tuple[str, ...], ...], NDArray[np.bool_]] = {}
        tables = tuple(cache.setdefault(s.names, _table(s.names)) for s in scenes)
        total = np.zeros(len(NAMES))
        for index, table in enumerate(tables):
            counts = np.bincount(parts[index].ravel(), minlength=len(table))
            total += counts @ table
        total[_EDGE_COLUMNS] = edges.sum(axis=(0, 2, 3))
        return cls(parts, tables, edges, total / parts.size)

    def counts(self, image: int, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
        """float (concepts,): in how many of a mask's (64, 64) pixels each concept holds."""
        table = self.tables[image]
        counts = np.bincount(self.parts[image][mask], minlength=len(table))
        result: NDArray[np.float64] = (counts @ table).astype(np.float64)
        result[_EDGE_COLUMNS] = (self.edges[image] & mask).sum(axis=(1, 2))
        return result

    def fractions(self) -> NDArray[np.float64]:
        """float (images, concepts): each concept's share of each image."""
        everything = np.ones(self.parts.shape[1:], dtype=bool)
        counts = [self.counts(image, everything) for image in range(len(self.parts))]
        return np.stack(counts) / everything.size

    def masks(self, image: int, concepts: Sequence[str]) -> NDArray[np.bool_]:
        """bool (concepts, 64, 64): where the named concepts hold in an image."""
        columns = [NAMES.index(concept) for concept in concepts]
        masks = self.tables[image][:, columns].T[:, self.parts[image]]
        for row, concept in enumerate(concepts):
            if concept in EDGES:
                masks[row] = self.edges[image, EDGES.index(concept)]
        return masks

    def profile(self, ids: Sequence[int] | NDArray[np.int64], masks: NDArray[np.bool_]) -> Profile:
        """The truth about a unit.

        Args:
            ids: the numbers of its exemplars' images in the atlas; negative ones are skipped.
            masks: bool (k, 64, 64), or (k, 1, 64, 64), the exemplars' masks.
        """
        masks = np.asarray(masks, dtype=bool).reshape(len(masks), *self.parts.shape[1:])
        pairs = [(int(i), mask) for i, mask in zip(ids, masks, strict=True) if i >= 0]
        pixels = int(sum(mask.sum() for _, mask in pairs))
        if pixels == 0:
            return Profile(None, (), None, False, np.zeros(len(NAMES)), 0)
        shares = sum((self.counts(i, mask) for i, mask in pairs), np.zeros(len(NAMES))) / pixels
        main = _main(shares, self.base)
        also = tuple(
            NAMES[i]
            for i in np.argsort(-shares, kind="stable")
            if shares[i] >= 0.45 and shares[i] >= 2 * self.base[i] and NAMES[i] != main
        )
        half = masks.shape[-1] // 2
        corner = sum(int(mask[:half, :half].sum()) for _, mask in pairs) >= 0.8 * pixels
        pair = None if main else _pair(shares, self.base)
        attributes = [
            i
            for i in map(NAMES.index, FACE_ATTRIBUTES)
            if shares[i] >= NOTICED and shares[i] >= STRIKING * self.base[i]
        ]
        seen = tuple(NAMES[i] for i in sorted(attributes, key=lambda i: -shares[i]))
        return Profile(main, also, pair, corner, shares, pixels, seen)


def edge_masks(parts: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """bool (images, 3, H, W): pixels beside horizontal, vertical and diagonal boundaries of parts.

    A boundary is horizontal where, in the 5 x 5 pixels around, parts change between neighbours
    above each other at least 2.5 times as often as between neighbours beside each other.
    """
    across = np.zeros(parts.shape, dtype=np.float32)
    along = np.zeros(parts.shape, dtype=np.float32)
    across[:, :-1] = parts[:, 1:] != parts[:, :-1]
    along[:, :, :-1] = parts[:, :, 1:] != parts[:, :, :-1]
    near = np.zeros(parts.shape, dtype=bool)
    for mask, axis in ((across, 1), (along, 2)):
        near |= (mask > 0) | (np.roll(mask, 1, axis=axis) > 0)
    up, side = _window(across), _window(along)
    level = near & (up > 0) & (up >= 2.5 * side)
    upright = near & (side > 0) & (side >= 2.5 * up)
    return np.stack([level, upright, near & ~level & ~upright], axis=1)


_EDGE_COLUMNS = [NAMES.index(name) for name in EDGES]


def _window(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums over 5 x 5 windows, zero outside."""
    padded = np.pad(values, ((0, 0), (2, 2), (2, 2)))
    H, W = values.shape[1:]
    rows = sum((padded[:, i : i + H] for i in range(5)), np.zeros((1, 1, 1), np.float32))
    return sum((rows[:, :, i : i + W] for i in range(5)), np.zeros((1, 1, 1), np.float32))


def _table(names: Sequence[tuple[str, ...]]) -> NDArray[np.bool_]:
    sets = [with_families(concepts) for concepts in names]
    return np.array([[name in concepts for name in NAMES] for concepts in sets])


def _main(shares: NDArray[np.float64], base: NDArray[np.float64]) -> str | None:
    fits = (shares >= HALF) & (shares >= LIFT * base)
    if not fits.any():
        return None
    near = fits & (shares >= TIE * shares[fits].max())
    return NAMES[int(np.argmin(np.where(near, base, np.inf)))]


def _pair(shares: NDArray[np.float64], base: NDArray[np.float64]) -> tuple[str, str] | None:
    """The two most frequent concepts of which neither is what the other is."""
    fits = [i for i in np.argsort(-shares) if shares[i] >= 0.25 and shares[i] >= LIFT * base[i]]
    for first in fits:
        for second in fits:
            if first < second and HALF <= shares[first] + shares[second] <= 1.0:
                one, two = sorted((first, second), key=lambda i: -shares[i])
                return NAMES[one], NAMES[two]
    return None
