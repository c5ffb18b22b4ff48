"""Scores of candidates: the published numbers, definitions written out, and ties shared."""

import json
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.errors import BadInput
from describer.methods.dnd import scoring


def test_scores_are_those_of_the_published_code(shared: Path) -> None:
    cases = json.loads((shared / "golden" / "scores" / "dnd_scores.json").read_text())
    assert len(cases) == 6
    for case in cases:
        ranks = [case["ranks"][str(candidate)] for candidate in range(len(case["ranks"]))]
        for function, published in (
            (scoring.topk_squared, case["topk_sq_mean"]),
            (scoring.mean_rank, case["mean"]),
        ):
            scores = function(ranks)
            for score, candidate in published:
                assert scores[candidate] == pytest.approx(score, abs=1e-5)
            order = [candidate for _, candidate in published]
            assert np.argsort(scores, kind="stable").tolist() == order


@given(st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=1, max_size=5))
def test_ranks_of_ties_are_the_mean_over_all_orders(activations: list[list[int]]) -> None:
    values = np.array(activations, float)
    ranks = np.array(scoring.ranks_of(values))
    assert ranks.sum() == pytest.approx(values.size * (values.size + 1) / 2)
    flat = values.ravel()
    expected = [1 + (flat > value).sum() + ((flat == value).sum() - 1) / 2 for value in flat]
    assert np.allclose(ranks, np.sort(np.reshape(expected, values.shape), axis=1))


def test_image_products_are_the_mean_over_the_strongest_pictures_of_each_candidate() -> None:
    generator = np.random.default_rng(0)
    activations = generator.random((4, 6))
    made, exemplars = generator.normal(size=(4, 6, 8)), generator.normal(size=(3, 8))
    found = scoring.image_products(activations, made, exemplars, strongest=2)
    for candidate in range(4):
        cosines = [
            made[candidate, picture]
            @ shown
            / np.linalg.norm(made[candidate, picture])
            / np.linalg.norm(shown)
            for picture in np.argsort(activations[candidate])[-2:]
            for shown in exemplars
        ]
        assert found[candidate] == pytest.approx(np.mean(cosines))


def test_pictures_that_tie_at_the_cut_share_its_place() -> None:
    made = np.eye(3)[None]
    activations = [[1.0, 0.5, 0.5]]
    products = [
        scoring.image_products(
            np.array(activations)[:, list(order)], made[:, list(order)], np.eye(3)[:1], strongest=2
        )[0]
        for order in permutations(range(3))
    ]
    assert products == pytest.approx([0.5] * 6), "the order of pictures changes nothing"
    assert scoring.topk_squared_image_products([[1, 4], [1, 4]], [1.0, 1.0]) == [0.5, 0.5]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: scoring.topk_squared([[1, 2]], 0), "beta of at least 1 picture, got 0"),
        (lambda: scoring.mean_rank([[1], []]), "ranks from 1 of candidate 1"),
        (lambda: scoring.mean_rank([[0]]), "ranks from 1 of candidate 0"),
        (lambda: scoring.ranks_of([1.0]), r"\(candidates, pictures\)"),
        (lambda: scoring.ranks_of([[np.nan]]), "finite"),
        (lambda: scoring.topk_squared_image_products([[1]], []), "1 image products, got 0"),
        (lambda: scoring.image_products([[1.0]], [[[1.0, 2.0]]], [[1.0]]), "exemplars"),
    ],
)
def test_what_cannot_be_scored_is_refused(call, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        call()
