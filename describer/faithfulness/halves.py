"""Which images may judge a unit's sentences, and which half of them chooses among the sentences.

    split = Split.of(contents, readable, seed=0)
    seen = split.unseen(ids)                    # bool (images, units): gave the unit no exemplar
    seen & split.first[:, None]                 # those that choose; the others report

An image is known by its content: another file of the same content as an exemplar is left out as
well, and equal images are always in the same half. The half follows from the seed and the content
alone, so that it is the same whatever else lies in the folder.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Split:
    """The images of a probing set.

    Attributes:
        content: int64 (images,), a number for each content.
        readable: bool (images,). first: bool (images,), whether in the half that chooses.
    """

    content: NDArray[np.int64]
    readable: Bools
    first: Bools

    @classmethod
    def of(cls, contents: Sequence[str], readable: Bools, *, seed: int) -> "Split":
        """Halves of images by the hashes of their contents, in the order of the probing set."""
        numbers: dict[str, int] = {}
        content = [numbers.setdefault(each, len(numbers)) for each in contents]
        first = [_in_first(seed, each) for each in contents]
        return cls(
            np.array(content, dtype=np.int64), np.asarray(readable), np.array(first, dtype=np.bool_)
        )

    def unseen(self, ids: NDArray[np.int64]) -> Bools:
        """Readable images that gave a unit no exemplar: bool (images, units).

        Args:
            ids: int64 (units, k), each unit's exemplars; -1 for none.
        """
        count = int(self.content.max(initial=-1)) + 1
        used = np.zeros((count, len(ids)), dtype=np.bool_)
        for unit, own in enumerate(ids):
            used[self.content[own[own >= 0]], unit] = True
        found: Bools = self.readable[:, None] & ~used[self.content]
        return found


def _in_first(seed: int, content: str) -> bool:
    digest = hashlib.blake2b(f"{seed}/{content}".encode(), digest_size=8).digest()
    return digest[0] < 128
