"""Compositional explanations: scores against the formulas' own masks, planted formulas, ties."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.errors import BadInput
from describer.methods.overlap.compositional import (
    OPERATORS,
    Formula,
    Search,
    explain,
    explain_all,
    joined,
)
from describer.methods.overlap.sightings import Kept, Sighting

NAMES = ("water", "river", "blue", "dog", "grass")


def regions(seed: int, concepts: int = 5, pixels: int = 400) -> np.ndarray:
    return np.random.default_rng(seed).random((concepts, pixels)) > 0.7


def iou(first: np.ndarray, second: np.ndarray) -> float:
    return float((first & second).sum() / max((first | second).sum(), 1))


@settings(max_examples=50)
@given(st.integers(0, 10_000))
def test_every_score_is_the_overlap_of_where_the_formula_holds(seed: int) -> None:
    concepts = regions(seed)
    masks = np.random.default_rng(seed + 1).random(400) > 0.6
    found = explain(masks, concepts, np.random.default_rng(0))
    assert found
    scores = [formula.iou for formula in found]
    assert scores == sorted(scores, reverse=True)
    for formula in found:
        assert formula.iou == pytest.approx(iou(formula.holds(concepts), masks))


def test_two_steps_with_a_whole_beam_find_the_best_of_all_formulas() -> None:
    concepts = regions(4, concepts=4, pixels=90)
    masks = np.random.default_rng(5).random(90) > 0.5
    everything = max(
        iou(joined(joined(concepts[a], first, concepts[b]), second, concepts[c]), masks)
        for a in range(4)
        for b in range(4)
        for c in range(4)
        for first in OPERATORS
        for second in OPERATORS
        if len({a, b, c}) == 3
    )
    found = explain(masks, concepts, np.random.default_rng(0), Search(beam=1_000))
    assert max(formula.iou for formula in found) >= everything - 1e-12


@pytest.mark.parametrize(
    ("operators", "text"),
    [
        ((), "water"),
        (("OR",), "water OR river"),
        (("AND",), "water AND river"),
        (("AND NOT",), "water AND NOT river"),
        (("OR", "AND NOT"), "(water OR river) AND NOT blue"),
    ],
)
def test_a_planted_formula_is_found_and_said(operators: tuple, text: str) -> None:
    concepts = regions(7, pixels=4_000)
    planted = Formula(tuple(range(len(operators) + 1)), operators, 1.0)
    noise = np.random.default_rng(8).random(4_000) > 0.99
    found = explain(planted.holds(concepts) ^ noise, concepts, np.random.default_rng(0))
    same = [one for one in found if np.array_equal(one.holds(concepts), planted.holds(concepts))]
    assert found[0].iou == pytest.approx(max(one.iou for one in same))
    assert planted.said(NAMES) == text


def test_what_overlaps_with_nothing_has_no_formula() -> None:
    masks = np.zeros(400, bool)
    assert explain(masks, regions(0), np.random.default_rng(0)) == []


def test_equal_concepts_are_drawn_from_at_random() -> None:
    same = np.repeat(regions(1, concepts=1), 2, axis=0)
    first = {
        explain(same[0], same, np.random.default_rng(seed), Search(length=1))[0].concepts
        for seed in range(30)
    }
    assert first == {(0,), (1,)}


@pytest.mark.parametrize(
    ("options", "message"), [({"beam": 0}, "beam of at least 1"), ({"length": 0}, "length")]
)
def test_searches_that_cannot_be_are_refused(options: dict, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        Search(**options)
    with pytest.raises(BadInput, match=r"expected masks \(pixels,\)"):
        explain(np.ones(3, bool), regions(0), np.random.default_rng(0))


def cut(masks: np.ndarray, concepts: np.ndarray, images: int) -> list[Sighting]:
    """The pixels of units and concepts cut into images, which lack what they do not show."""
    found = []
    for pixels in np.array_split(np.arange(masks.shape[1]), images):
        present = np.flatnonzero(concepts[:, pixels].any(axis=1))
        found.append(Sighting.of(masks[:, pixels], present, concepts[np.ix_(present, pixels)]))
    return found


def by_brute_force(mask: np.ndarray, concepts: np.ndarray) -> list[float]:
    """The beam's scores as the paper has it: every formula is laid over all pixels."""
    kept = [((concept,), concepts[concept]) for concept in range(len(concepts))]
    for step in range(3):
        if step:
            kept += [
                ((*names, concept), joined(holds, operator, concepts[concept]))
                for (names, holds), operator, concept in product(
                    kept, OPERATORS, range(len(concepts))
                )
                if concept not in names
            ]
        scored = sorted(((iou(holds, mask), names, holds) for names, holds in kept), key=score)
        kept = [(names, holds) for value, names, holds in scored[:5] if value]
    return [value for value, _, _ in scored[:5] if value]


def score(scored: tuple) -> float:
    return -scored[0]


def test_fifty_units_over_images_are_what_brute_force_finds(tmp_path: Path) -> None:
    generator = np.random.default_rng(11)
    concepts = generator.random((8, 1_003)) > 0.8
    concepts[:, :500] &= (np.arange(8) % 3 > 0)[:, None]
    masks = generator.random((50, 1_003)) > 0.9
    kept = Kept(tmp_path / "sightings")
    for sighting in cut(masks, concepts, 9):
        kept.add(sighting)
    found = explain_all(
        kept, concepts=8, generators=[np.random.default_rng(unit) for unit in range(50)]
    )
    for unit, formulas in enumerate(found):
        assert [f.iou for f in formulas] == pytest.approx(by_brute_force(masks[unit], concepts))
        for formula in formulas:
            assert formula.iou == pytest.approx(iou(formula.holds(concepts), masks[unit]))


def test_a_unit_alone_has_the_formulas_that_it_has_among_others() -> None:
    generator = np.random.default_rng(2)
    concepts, masks = regions(3), generator.random((5, 400)) > 0.6
    concepts[1] = concepts[0]
    together = explain_all(
        cut(masks, concepts, 4),
        concepts=5,
        generators=[np.random.default_rng(unit) for unit in range(5)],
    )
    for unit in range(5):
        alone = explain(masks[unit], concepts, np.random.default_rng(unit))
        assert alone == together[unit]
