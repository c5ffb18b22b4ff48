"""What the checks look at: a held-out network, its units' truth and what methods said of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from db.units import Unit
from describer.demo.training.recipes import Recipe
from describer.demo.world.truth import Profile

# The methods whose sentences are compared: MILAN's ranking, and by p(d | E) alone.
OURS, WITHOUT_PRIOR = "MILAN", "p(d | E)"


@dataclass(frozen=True)
class Case:
    """A held-out subject with everything that its scores need; rows are its living units.

    sentences: by method. activations: float (fresh images, rows). strips: the exemplars of the
    units with a face attribute.
    """

    recipe: Recipe
    model: nn.Module
    units: tuple[Unit, ...]
    profiles: tuple[Profile, ...]
    references: tuple[tuple[str, ...], ...]
    sentences: Mapping[str, tuple[str, ...]]
    activations: NDArray[np.float64]
    strips: Mapping[Unit, Image.Image] = field(default_factory=dict)

    def of(self, concept_test: Callable[[str], bool], method: str = OURS) -> list[Unit]:
        """The units whose sentence passes a test."""
        rows = zip(self.units, self.sentences[method], strict=True)
        return [unit for unit, sentence in rows if concept_test(sentence)]
