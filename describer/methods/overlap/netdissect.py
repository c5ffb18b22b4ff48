"""NetDissect: the concept whose regions overlap most with where a unit is active (Bau et al. 2017).

    overlaps = Overlaps(units, concepts.categories)
    for sighting in seen:                                 # one image at a time
        overlaps.see(sighting)
    overlaps.iou()                                        # (units, concepts)

A unit's mask on an image is its upsampled activation above its 0.995 quantile. With M_k the masks
of unit k and L_c the regions of concept c over all images,

    IoU(k, c) = sum |M_k and L_c| / (U(k, c) + sum |L_c| - sum |M_k and L_c|)

where U counts the unit's pixels only on images in which its mask touches a concept of c's category:
an image without labelled textures says nothing about textures. That is what the published code does
(NetDissect-Lite); `whole=True` counts the unit's pixels on every image instead. A unit is called a
detector of its best concept from an IoU of 0.04.

The counts know neither networks nor images; `NetDissect` has them looked at (`looking.py`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from db.errors import BadInput
from db.jobs import Watch
from describer.methods.concepts.shape import ConceptSet
from describer.methods.overlap.formulas import Formula
from describer.methods.overlap.sightings import Sighting
from describer.methods.study import Provenance, Sentence, Study, Units, seed_of

METHOD = "netdissect"
QUANTILE = 0.995
DETECTOR = 0.04
CANDIDATES = 10

Bools = NDArray[np.bool_]
Counts = NDArray[np.int64]
Doubles = NDArray[np.float64]


class Overlaps:
    """Counts of pixels over images, from which the IoU of every unit and concept follows.

    Memory is that of a few (units, concepts) tables, however many images there are. Counts of
    several parts of a probing set add up: `merge`.
    """

    def __init__(self, units: int, categories: Sequence[str]) -> None:
        """Start with nothing seen.

        Args:
            units: how many units.
            categories: the category of each concept ("object", "color", …).
        """
        self.categories = tuple(categories)
        self._groups = sorted(set(categories))
        self._group = np.array([self._groups.index(each) for each in categories], dtype=np.int64)
        self.together: Counts = np.zeros((units, len(categories)), np.int64)
        self.concept_pixels: Counts = np.zeros(len(categories), np.int64)
        self.unit_pixels: Counts = np.zeros(units, np.int64)
        self.touched_pixels: Counts = np.zeros((units, len(self._groups)), np.int64)

    def add(self, masks: Bools, present: NDArray[np.int64], labels: Bools) -> None:
        """See one image.

        Args:
            masks: (units, height, width), where each unit is active.
            present: (n,), which concepts the image has.
            labels: (n, height, width), where each of those is.

        Raises:
            BadInput: shapes that do not go together.
        """
        units = len(self.unit_pixels)
        if (
            masks.ndim != 3
            or len(masks) != units
            or labels.shape != (len(present), *masks.shape[1:])
        ):
            raise BadInput(
                f"expected masks ({units}, height, width) and labels (concepts, height, width) of "
                f"{len(present)} concepts, got {masks.shape} and {labels.shape}"
            )
        pixels = masks.shape[1] * masks.shape[2]
        flat = masks.reshape(units, pixels), labels.reshape(len(present), pixels)
        self.see(Sighting.of(flat[0], present, flat[1]))

    def see(self, sighting: Sighting) -> None:
        """See one image whose masks are pairs of units and pixels."""
        units, present = len(self.unit_pixels), sighting.present
        own = np.bincount(sighting.units, minlength=units)
        self.unit_pixels += own
        if not len(present):
            return
        common = sighting.common(units).astype(np.int64)  # (units, n)
        self.together[:, present] += common
        self.concept_pixels[present] += sighting.masks.sum(axis=1)
        for group in np.unique(self._group[present]):
            touched = common[:, self._group[present] == group].any(axis=1)
            self.touched_pixels[:, group] += np.where(touched, own, 0)

    def merge(self, other: "Overlaps") -> None:
        """Add what another part of the probing set gave.

        Raises:
            BadInput: it is about other units or concepts.
        """
        if other.together.shape != self.together.shape or other.categories != self.categories:
            raise BadInput(
                f"expected counts of {self.together.shape} units and concepts of the same "
                f"categories, got {other.together.shape}"
            )
        for name in ("together", "concept_pixels", "unit_pixels", "touched_pixels"):
            getattr(self, name).__iadd__(getattr(other, name))

    def iou(self, *, whole: bool = False) -> Doubles:
        """Intersection over union, float64 (units, concepts) in [0, 1]; 0 where nothing is seen."""
        own = self.unit_pixels[:, None] if whole else self.touched_pixels[:, self._group]
        union = own + self.concept_pixels[None] - self.together
        found: Doubles = self.together / np.maximum(union, 1)
        return found


def strongest(
    iou: Doubles, generator: np.random.Generator, count: int = CANDIDATES
) -> NDArray[np.int64]:
    """The concepts with the largest IoU of one unit, (concepts,), largest first.

    Equal ones come in random order; those without overlap are left out.
    """
    order = np.lexsort((generator.random(len(iou)), -iou))[:count]
    found: NDArray[np.int64] = order[iou[order] > 0]
    return found


@dataclass(frozen=True)
class NetDissect:
    """The method with its options, see `describer.methods.study`.

    Attributes:
        concepts: what units are compared with.
        quantile: of a unit's activations, above which its mask lies.
        whole: whether a unit's pixels count on every image (see above).
        seed: of ties.
    """

    concepts: ConceptSet
    quantile: float = QUANTILE
    whole: bool = False
    seed: int = 0

    def provenance(self, _models: Path | None = None) -> Provenance:
        """What sentences were made of."""
        values = {
            "concepts": self.concepts.hash,
            "quantile": self.quantile,
            "whole": self.whole,
            "seed": self.seed,
        }
        return Provenance(METHOD, values)

    def __call__(self, study: Study, units: Units, watch: Watch) -> Iterator[list[Sentence]]:
        """A layer's units at a time."""
        from describer.methods.overlap import looking

        for layer, wanted in units.items():
            if not wanted:
                continue
            overlaps = Overlaps(len(wanted), self.concepts.categories)
            with looking.look(
                study, layer, wanted, self.concepts, quantile=self.quantile, watch=watch
            ) as seen:
                for sighting in seen:
                    overlaps.see(sighting)
            scores = overlaps.iou(whole=self.whole)
            yield [
                self._sentence(layer, unit, row) for unit, row in zip(wanted, scores, strict=True)
            ]

    def _sentence(self, layer: str, unit: int, iou: Doubles) -> Sentence:
        generator = np.random.default_rng(seed_of(self.seed, layer, unit))
        found = strongest(iou, generator)
        if not found.size:
            return Sentence(layer, unit, "", None, detail={"reason": "overlaps with no concept"})
        best = int(found[0])
        return Sentence(
            layer,
            unit,
            self.concepts.names[best],
            float(iou[best]),
            [(self.concepts.names[place], float(iou[place]), 0.0) for place in found.tolist()],
            {
                **Formula((best,), (), float(iou[best])).record(self.concepts),
                "detector": bool(iou[best] >= DETECTOR),
            },
        )
