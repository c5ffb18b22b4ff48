"""Compositional Explanations: formulas of concepts by beam search (Mu and Andreas, 2020).

    found = explain_all(sightings, units=500, concepts=1_000, generators=generators)
    found[7][0].said(names)                               # "(water OR river) AND NOT blue"

A formula begins with one concept and grows by OR, AND or AND NOT with another one, three concepts
at the most. It is scored by the IoU of where it holds with where the unit is active, over all
images. The beam starts with the five best single concepts; every step extends each formula by every
concept and keeps the five best of old and new. Equal scores stay in random order.

Only two counts a formula and concept are needed, |F and L| and |M and F and L|; those of OR and AND
NOT follow from them. So the images are gone through once a step, for the beams of all units
together, and memory is that of a few (units, beam, concepts) tables, however many images there are.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from db.errors import BadInput
from db.jobs import Watch
from describer.methods.concepts.shape import ConceptSet
from describer.methods.overlap.formulas import OPERATORS, Formula, joined
from describer.methods.overlap.netdissect import QUANTILE
from describer.methods.overlap.sightings import Sighting
from describer.methods.study import Provenance, Sentence, Study, Units, seed_of

METHOD = "compositional"
LENGTH = 3
BEAM = 5

Bools = NDArray[np.bool_]
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Search:
    """How formulas are searched for.

    Attributes:
        length: the most concepts in a formula.
        beam: how many formulas are kept at each step.
        penalty: an IoU counts times penalty ** (concepts - 1); 1 is the published value.

    Raises:
        BadInput: a length or beam below 1.
    """

    length: int = LENGTH
    beam: int = BEAM
    penalty: float = 1.0

    def __post_init__(self) -> None:
        if self.length < 1 or self.beam < 1:
            raise BadInput(
                f"expected a length and a beam of at least 1, got {self.length} and {self.beam}"
            )


USUAL = Search()


def explain(
    masks: Bools, regions: Bools, generator: np.random.Generator, search: Search = USUAL
) -> list[Formula]:
    """The best formulas of one unit over pixels at hand, best first; none where nothing overlaps.

    Args:
        masks: (pixels,), where the unit is active: the pixels of all images, one after the other.
        regions: (concepts, pixels), where each concept is.
        generator: breaks ties.

    Raises:
        BadInput: shapes that do not go together.
    """
    if regions.ndim != 2 or masks.shape != regions.shape[1:]:
        raise BadInput(
            f"expected masks (pixels,) and regions (concepts, pixels), got {masks.shape} and "
            f"{regions.shape}"
        )
    whole = Sighting.of(masks[None], np.arange(len(regions)), regions)
    return explain_all([whole], concepts=len(regions), generators=[generator], search=search)[0]


def explain_all(
    sightings: Iterable[Sighting],
    *,
    concepts: int,
    generators: Sequence[np.random.Generator],
    search: Search = USUAL,
    watch: Watch | None = None,
) -> list[list[Formula]]:
    """The best formulas of every unit, best first, at most a beam; none where nothing overlaps.

    Args:
        sightings: the images, gone through `search.length` times.
        concepts: how many concepts there are.
        generators: one a unit; breaks its ties, so that a unit's formulas do not depend on others.
        watch: asked between two steps.
    """
    watch = watch or Watch()
    singles = _Singles(len(generators), concepts)
    for sighting in sightings:
        singles.see(sighting)
    kept = [
        _strongest([], scores[None, None], [()], generator, search)
        for scores, generator in zip(singles.iou(), generators, strict=True)
    ]
    for step in range(1, search.length):
        watch.check(f"before formulas of {step + 1} concepts")
        watch.progress(step, search.length, f"formulas of {step + 1} concepts")
        joint = _Joint(kept, singles, search.beam)
        for sighting in sightings:
            joint.see(sighting)
        kept = [
            _strongest(formulas, joint.iou(unit), formulas, generators[unit], search)
            for unit, formulas in enumerate(kept)
        ]
    return kept


class _Singles:
    """Pixels of units and of concepts, alone and together."""

    def __init__(self, units: int, concepts: int) -> None:
        self.pixels = np.zeros(units, np.int64)
        self.sizes = np.zeros(concepts, np.int64)
        self.common = np.zeros((units, concepts), np.int64)

    def see(self, sighting: Sighting) -> None:
        self.pixels += np.bincount(sighting.units, minlength=len(self.pixels))
        self.sizes[sighting.present] += sighting.masks.sum(axis=1)
        self.common[:, sighting.present] += sighting.common(len(self.pixels)).astype(np.int64)

    def iou(self) -> Doubles:
        """(units, concepts)."""
        return _iou(self.common, self.sizes, self.pixels[:, None])


class _Joint:
    """Pixels of the formulas in all beams, with every concept and with their units."""

    def __init__(self, beams: Sequence[Sequence[Formula]], singles: _Singles, beam: int) -> None:
        units, concepts = singles.common.shape
        formulas = list(dict.fromkeys((f.concepts, f.operators) for kept in beams for f in kept))
        places = {key: place for place, key in enumerate(formulas)}
        self._singles = singles
        # The place of a unit's formulas among all, -1 where its beam is not full: (units, beam).
        self._of = np.full((units, beam), -1, np.int64)
        for unit, kept in enumerate(beams):
            self._of[unit, : len(kept)] = [places[f.concepts, f.operators] for f in kept]
        longest = max((len(names) for names, _ in formulas), default=1)
        self._concepts = np.full((len(formulas), longest), -1, np.int64)
        self._operators = np.full((len(formulas), longest - 1), -1, np.int64)
        for place, (names, operators) in enumerate(formulas):
            self._concepts[place, : len(names)] = names
            self._operators[place, : len(operators)] = [OPERATORS.index(o) for o in operators]
        self._own = np.zeros(len(formulas), np.int64)
        self._both = np.zeros((len(formulas), concepts), np.int64)
        self._within = np.zeros((units, beam), np.int64)
        self._all_three = np.zeros((units, beam, concepts), np.int64)

    def see(self, sighting: Sighting) -> None:
        which, holds = self._holding(sighting)
        if not which.size:
            return
        present = sighting.present
        self._own[which] += holds.sum(axis=1)
        both = holds.astype(np.float32) @ sighting.masks.T.astype(np.float32)
        self._both[np.ix_(which, present)] += both.astype(np.int64)
        # The row of a formula among those that hold in this image; the last stands for -1.
        row = np.full(len(self._own) + 1, -1, np.int64)
        row[which] = np.arange(which.size)
        units, beam = self._within.shape
        for slot in range(beam):
            rows = row[self._of[sighting.units, slot]]
            inside = (rows >= 0) & holds[rows, sighting.pixels]
            if inside.any():
                self._within[:, slot] += np.bincount(sighting.units[inside], minlength=units)
                common = sighting.common(units, inside).astype(np.int64)
                self._all_three[:, slot, present] += common

    def _holding(self, sighting: Sighting) -> tuple[NDArray[np.int64], Bools]:
        """The formulas that may hold in an image, and where they do: (n,), (n, pixels)."""
        absent = len(sighting.present)
        row = np.full(len(self._singles.sizes) + 1, absent, np.int64)
        row[sighting.present] = np.arange(absent)
        there = row < absent
        likely = there[self._concepts[:, 0]]
        for place, operators in enumerate(self._operators.T, start=1):
            more = there[self._concepts[:, place]]
            likely = np.where(operators == 0, likely | more, likely)
            likely = np.where(operators == 1, likely & more, likely)
        which = np.flatnonzero(likely)
        pixels = sighting.masks.shape[1]
        regions = np.concatenate([sighting.masks, np.zeros((1, pixels), np.bool_)])
        holds: Bools = regions[row[self._concepts[which, 0]]]
        for place, operators in enumerate(self._operators[which].T, start=1):
            more_rows = row[self._concepts[which, place]]
            for number, operator in enumerate(OPERATORS):
                chosen = np.flatnonzero(operators == number)
                holds[chosen] = joined(holds[chosen], operator, regions[more_rows[chosen]])
        return which, holds

    def iou(self, unit: int) -> Doubles:
        """Of a unit's formulas with every concept: (formulas, operators, concepts)."""
        of = self._of[unit][self._of[unit] >= 0]
        common, sizes = self._singles.common[unit], self._singles.sizes
        own, within = self._own[of][:, None], self._within[unit, : len(of)][:, None]
        both, all_three = self._both[of], self._all_three[unit, : len(of)]
        pixels = self._singles.pixels[unit]
        either = _iou(within + common - all_three, own + sizes - both, pixels)
        without = _iou(within - all_three, own - both, pixels)
        return np.stack([either, _iou(all_three, both, pixels), without], axis=1)


def _iou(common: NDArray[np.int64], sizes: NDArray[np.int64], pixels: NDArray[np.int64]) -> Doubles:
    found: Doubles = common / np.maximum(pixels + sizes - common, 1)
    return found


def _strongest(
    kept: Sequence[Formula],
    scores: Doubles,
    grown: Sequence[Formula] | Sequence[tuple[()]],
    generator: np.random.Generator,
    search: Search,
) -> list[Formula]:
    """The best of old formulas and those grown by one concept; none without overlap.

    Args:
        kept: old formulas.
        scores: IoU of (grown, operators, concepts).
        grown: the formulas that the first axis is about; one empty one for single concepts.
        generator: puts equal ones in random order.
    """
    places = np.ones(scores.shape, np.bool_)
    for place, formula in enumerate(grown):
        if isinstance(formula, Formula):
            places[place][:, list(formula.concepts)] = False
    flat = np.flatnonzero(places)
    lengths = [len(f.concepts) if isinstance(f, Formula) else 0 for f in grown]
    weights = np.array([search.penalty**length for length in lengths], np.float64)
    grades = np.concatenate(
        [
            np.array([f.iou * search.penalty ** (len(f.concepts) - 1) for f in kept], np.float64),
            (scores * weights[:, None, None]).reshape(-1)[flat],
        ]
    )
    order = np.lexsort((generator.random(len(grades)), -grades))[: search.beam]
    found = []
    for place in order[grades[order] > 0].tolist():
        if place < len(kept):
            found.append(kept[place])
            continue
        number = int(flat[place - len(kept)])
        which, operator, concept = (int(one) for one in np.unravel_index(number, scores.shape))
        before, iou = grown[which], float(scores.reshape(-1)[number])
        if isinstance(before, Formula):
            names, operators = (*before.concepts, concept), (*before.operators, OPERATORS[operator])
            found.append(Formula(names, operators, iou))
        else:
            found.append(Formula((concept,), (), iou))
    return found


@dataclass(frozen=True)
class Compositional:
    """The method with its options, see `describer.methods.study`.

    Attributes:
        concepts: what formulas are made of.
        quantile: of a unit's activations, above which its mask lies.
        search: length, beam, penalty.
        seed: of ties.
    """

    concepts: ConceptSet
    quantile: float = QUANTILE
    search: Search = USUAL
    seed: int = 0

    def provenance(self, _models: Path | None = None) -> Provenance:
        """What sentences were made of."""
        values = {
            "concepts": self.concepts.hash,
            "quantile": self.quantile,
            "length": self.search.length,
            "beam": self.search.beam,
            "penalty": self.search.penalty,
            "seed": self.seed,
        }
        return Provenance(METHOD, values)

    def __call__(self, study: Study, units: Units, watch: Watch) -> Iterator[list[Sentence]]:
        """A layer's units at a time."""
        from describer.methods.overlap import looking

        for layer, wanted in units.items():
            if not wanted:
                continue
            seeds = [seed_of(self.seed, layer, unit) for unit in wanted]
            with looking.look(
                study, layer, wanted, self.concepts, quantile=self.quantile, watch=watch
            ) as seen:
                found = explain_all(
                    seen,
                    concepts=len(self.concepts.names),
                    generators=[np.random.default_rng(seed) for seed in seeds],
                    search=self.search,
                    watch=watch,
                )
            yield [
                self._sentence(layer, unit, formulas)
                for unit, formulas in zip(wanted, found, strict=True)
            ]

    def _sentence(self, layer: str, unit: int, formulas: Sequence[Formula]) -> Sentence:
        if not formulas:
            return Sentence(layer, unit, "", None, detail={"reason": "overlaps with no concept"})
        said = [(formula.said(self.concepts.names), formula.iou, 0.0) for formula in formulas]
        detail = formulas[0].record(self.concepts)
        return Sentence(layer, unit, said[0][0], formulas[0].iou, said, detail)
