"""Compositional Explanations: formulas of concepts by beam search (Mu and Andreas, 2020).

    found = explain(masks, concept_regions, names)        # one unit over all images
    found[0].text                                         # "(water OR river) AND NOT blue"

A formula begins with one concept and grows by OR, AND or AND NOT with another one, three concepts
at the most. It is scored by the IoU of where it holds with where the unit is active, over all
images. The beam starts with the five best single concepts; every step extends each formula by every
concept and keeps the five best of old and new. Equal scores stay in random order.

Only two counts a formula and concept are needed, |F and L| and |M and F and L|; those of OR and AND
NOT follow from them. One matrix product over the pixels gives them for all concepts at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from db.errors import BadInput

LENGTH = 3
BEAM = 5

Operator = Literal["OR", "AND", "AND NOT"]
OPERATORS: tuple[Operator, ...] = ("OR", "AND", "AND NOT")
Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Formula:
    """A formula over concepts, by their numbers, with its IoU in [0, 1].

    concepts: in the order in which they were joined; operators: one fewer.
    """

    concepts: tuple[int, ...]
    operators: tuple[Operator, ...]
    iou: float

    def said(self, names: Sequence[str]) -> str:
        """The formula in words.

        >>> Formula((0, 2, 1), ("OR", "AND NOT"), 0.5).said(["water", "blue", "river"])
        '(water OR river) AND NOT blue'
        """
        text = names[self.concepts[0]]
        for place, operator in enumerate(self.operators):
            text = f"({text})" if place else text
            text = f"{text} {operator} {names[self.concepts[place + 1]]}"
        return text

    def holds(self, regions: Bools) -> Bools:
        """Where it holds: regions (concepts, pixels) -> (pixels,)."""
        found: Bools = regions[self.concepts[0]]
        for operator, concept in zip(self.operators, self.concepts[1:], strict=True):
            found = joined(found, operator, regions[concept])
        return found


def joined(formula: Bools, operator: Operator, concept: Bools) -> Bools:
    """Where a formula joined with a concept holds."""
    if operator == "OR":
        return formula | concept
    return formula & (concept if operator == "AND" else ~concept)


def explain(
    masks: Bools,
    regions: Bools,
    generator: np.random.Generator,
    *,
    length: int = LENGTH,
    beam: int = BEAM,
    penalty: float = 1.0,
) -> list[Formula]:
    """The best formulas of one unit, best first, at most `beam`; none where nothing overlaps.

    Args:
        masks: (pixels,), where the unit is active: the pixels of all images, one after the other.
        regions: (concepts, pixels), where each concept is.
        generator: breaks ties.
        length: the most concepts in a formula.
        beam: how many formulas are kept at each step.
        penalty: an IoU counts times penalty ** (concepts - 1); 1 is the published value.

    Raises:
        BadInput: shapes that do not go together, or a length or beam below 1.
    """
    if regions.ndim != 2 or masks.shape != regions.shape[1:]:
        raise BadInput(
            f"expected masks (pixels,) and regions (concepts, pixels), got {masks.shape} and "
            f"{regions.shape}"
        )
    if length < 1 or beam < 1:
        raise BadInput(f"expected a length and a beam of at least 1, got {length} and {beam}")
    counted = _Counts(masks, regions)
    singles = [
        Formula((concept,), (), iou)
        for concept, iou in enumerate(counted.iou(counted.common, counted.sizes))
    ]
    kept = _strongest(singles, beam, generator, penalty)
    for _ in range(length - 1):
        longer = [each for formula in kept for each in counted.extended(formula)]
        kept = _strongest([*kept, *longer], beam, generator, penalty)
    return kept


class _Counts:
    """Pixels of a unit and of concepts, alone and together."""

    def __init__(self, masks: Bools, regions: Bools) -> None:
        self.masks, self.regions = masks, regions
        self.pixels = int(masks.sum())
        self._floats: Floats = regions.astype(np.float32)
        self.sizes = self._floats.sum(axis=1, dtype=np.float64)
        self.common = self._with(masks)

    def _with(self, pixels: Bools) -> NDArray[np.float64]:
        """How many of these pixels each concept has, (concepts,)."""
        chosen = np.flatnonzero(pixels)
        found: NDArray[np.float64] = self._floats[:, chosen].sum(axis=1, dtype=np.float64)
        return found

    def iou(self, common: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = common / np.maximum(self.pixels + sizes - common, 1)
        return found

    def extended(self, formula: Formula) -> list[Formula]:
        """Every formula that has one more concept."""
        holds = formula.holds(self.regions)
        own, within = float(holds.sum()), float((holds & self.masks).sum())
        both, all_three = self._with(holds), self._with(holds & self.masks)
        scores = {
            "AND": self.iou(all_three, both),
            "AND NOT": self.iou(within - all_three, own - both),
            "OR": self.iou(within + self.common - all_three, own + self.sizes - both),
        }
        return [
            Formula((*formula.concepts, concept), (*formula.operators, operator), float(iou))
            for operator in OPERATORS
            for concept, iou in enumerate(scores[operator])
            if concept not in formula.concepts
        ]


def _strongest(
    formulas: Sequence[Formula], count: int, generator: np.random.Generator, penalty: float
) -> list[Formula]:
    """The best of some formulas; none without overlap, equal ones in random order."""
    scores = np.array([each.iou * penalty ** (len(each.concepts) - 1) for each in formulas])
    order = np.lexsort((generator.random(len(formulas)), -scores))
    return [formulas[place] for place in order[:count] if scores[place] > 0]
