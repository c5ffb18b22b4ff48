"""The one shape of all judges: who says in which images a sentence holds.

    held = judge.hold(["a dog on grass", …], watch)
    held.degree, held.holds, held.known            # (images, texts), (images, texts), (texts,)

The judge's name stands beside every number, and so does its rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from db.jobs import Watch

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Held:
    """What a judge says of some texts on all images, in their order.

    Attributes:
        degree: float32 (images, texts), how far each holds, at least 0.
        holds: bool (images, texts), whether that is enough.
        known: bool (texts,), whether the judge has anything to go by; where not, it holds nowhere.
        judged: bool (images,), which images the judge knows; the others judge nothing.
    """

    degree: Floats
    holds: Bools
    known: Bools
    judged: Bools

    def part(self, images: NDArray[np.int64]) -> "Held":
        """Some of the images, in that order."""
        return Held(self.degree[images], self.holds[images], self.known, self.judged[images])

    def of(self, texts: Sequence[int]) -> "Held":
        """Some of the texts, in that order."""
        columns = list(texts)
        return Held(
            self.degree[:, columns], self.holds[:, columns], self.known[columns], self.judged
        )


class Judge(Protocol):
    """Somebody who says where sentences hold."""

    @property
    def name(self) -> str:
        """Who it is, with what it goes by."""

    @property
    def rule(self) -> str:
        """When a sentence counts as holding, in words."""

    def hold(self, texts: Sequence[str], watch: Watch) -> Held:
        """Where each text holds; a text's answer does not depend on the others."""
