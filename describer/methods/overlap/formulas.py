"""What NetDissect and Compositional Explanations say: a concept, or a formula of several.

    formula = Formula((0, 2, 1), ("OR", "AND NOT"), 0.5)
    formula.said(names); formula.holds(regions)
    Formula.from_record(formula.record(concepts), 0.5) == formula

One concept is a formula without operators: both methods keep the same record of what they say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from describer.methods.concepts.shape import ConceptSet, Labels

Operator = Literal["OR", "AND", "AND NOT"]
OPERATORS: tuple[Operator, ...] = ("OR", "AND", "AND NOT")
Bools = NDArray[np.bool_]


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
        """Where it holds: regions (concepts, …) -> (…)."""
        found: Bools = regions[self.concepts[0]]
        for operator, concept in zip(self.operators, self.concepts[1:], strict=True):
            found = joined(found, operator, regions[concept])
        return found

    def record(self, concepts: ConceptSet) -> dict[str, Any]:
        """The formula as plain JSON values, with the names and categories of its concepts."""
        return {
            "formula": {"concepts": list(self.concepts), "operators": list(self.operators)},
            "concepts": [concepts.names[number] for number in self.concepts],
            "categories": [concepts.categories[number] for number in self.concepts],
        }

    @classmethod
    def from_record(cls, detail: Mapping[str, Any], iou: float) -> "Formula":
        """The formula that a sentence's detail keeps."""
        kept = detail["formula"]
        return cls(tuple(kept["concepts"]), tuple(kept["operators"]), iou)

    def in_image(self, labels: Labels | None, size: tuple[int, int]) -> Bools:
        """Where it holds in an image of that size: bool (H, W); nowhere where nothing is known."""
        regions = np.zeros((max(self.concepts) + 1, *size), np.bool_)
        if labels is None:
            return np.zeros(size, np.bool_)
        for number, mask in zip(labels.present.tolist(), labels.masks, strict=True):
            if number < len(regions):
                regions[number] = mask
        return self.holds(regions)


def joined(formula: Bools, operator: Operator, concept: Bools) -> Bools:
    """Where a formula joined with a concept holds."""
    if operator == "OR":
        return formula | concept
    return formula & (concept if operator == "AND" else ~concept)
