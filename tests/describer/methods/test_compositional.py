"""Compositional explanations: scores against the formulas' own masks, planted formulas, ties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.errors import BadInput
from describer.methods.compositional import OPERATORS, Formula, explain, joined

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
    found = explain(masks, concepts, np.random.default_rng(0), beam=1_000)
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
        explain(same[0], same, np.random.default_rng(seed), length=1)[0].concepts
        for seed in range(30)
    }
    assert first == {(0,), (1,)}


@pytest.mark.parametrize(
    ("options", "message"), [({"beam": 0}, "beam of at least 1"), ({"length": 0}, "length")]
)
def test_searches_that_cannot_be_are_refused(options: dict, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        explain(np.ones(400, bool), regions(0), np.random.default_rng(0), **options)
    with pytest.raises(BadInput, match=r"expected masks \(pixels,\)"):
        explain(np.ones(3, bool), regions(0), np.random.default_rng(0))
