"""What agreement is measured with, as it is passed in: BERTScore belongs to another package.

app.py passes the one of the whole product, `describer.similarity.bertscore`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Weights = Mapping[int, float]


class Scorer(Protocol):
    """A language model that compares sentences; it prepares them itself."""

    @property
    def name(self) -> str:
        """What stands beside every number: model, layer, weighting and scale."""

    @property
    def hash(self) -> str:
        """Of its weights."""

    def encode(self, sentences: Sequence[str]) -> Mapping[str, Any]:
        """Every distinct sentence as `pairs` takes it."""

    def weights(self, sentences: Sequence[str]) -> Weights:
        """How much each word piece counts, by its rarity among the sentences."""

    def pairs(
        self,
        candidates: Sequence[str],
        references: Sequence[str],
        weights: Weights,
        pieces: Mapping[str, Any] | None = None,
    ) -> npt.NDArray[np.float64]:
        """F1 of each candidate with the reference at its place: float64 (pairs,)."""


class Scorers(Protocol):
    """The scorers of this machine."""

    def find(self, model: str | None = None) -> Scorer:
        """The named one, or the best that is here."""

    def here(self, folder: Path) -> list[str]:
        """The names of those that can be chosen."""

    def named(self, model: str, folder: Path) -> Scorer:
        """One of those."""
