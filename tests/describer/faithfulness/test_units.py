"""Figures of units by image vectors, against plain sums."""

from itertools import combinations

import numpy as np
import pytest

from describer.faithfulness import units


def test_clarity_is_the_mean_cosine_of_pairs() -> None:
    vectors = np.random.default_rng(0).normal(size=(6, 5))
    lengths = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = np.mean([lengths[i] @ lengths[j] for i, j in combinations(range(6), 2)])
    assert units.clarity(vectors) == pytest.approx(expected)


def test_two_things_make_a_unit_polysemantic_and_one_does_not() -> None:
    generator = np.random.default_rng(1)
    one, other = np.eye(8)[0], np.eye(8)[1]
    noise = 0.05 * generator.normal(size=(10, 8))
    both = np.concatenate([np.tile(one, (5, 1)), np.tile(other, (5, 1))]) + noise
    assert units.polysemanticity(both) > 0.8
    assert units.polysemanticity(np.tile(one, (10, 1)) + noise) < 0.1
    # A single outlier is no second thing.
    assert units.polysemanticity(np.concatenate([both[:5], other[None]])) < 0.5
    assert units.polysemanticity(np.ones((5, 8))) == pytest.approx(0)


def test_redundancy_is_the_likeness_to_the_nearest_other_unit() -> None:
    vectors = np.stack([np.tile(row, (4, 1)) for row in ([1.0, 0], [1.0, 1.0], [0, 1.0])])
    found = units.describe(vectors)
    assert found.redundancy == pytest.approx([np.sqrt(0.5)] * 3)
    assert found.clarity == pytest.approx([1.0] * 3)


def test_exemplars_that_are_not_there_do_not_count() -> None:
    vectors = np.random.default_rng(0).normal(size=(3, 5, 4))
    vectors[0, 3:], vectors[1] = np.nan, np.nan
    found = units.describe(vectors)
    assert found.clarity[0] == pytest.approx(units.clarity(vectors[0, :3]))
    assert np.isnan([found.clarity[1], found.polysemanticity[1], found.redundancy[1]]).all()
    assert np.isfinite(found.redundancy[[0, 2]]).all()


def test_a_histogram_counts_every_number_once() -> None:
    found = units.histogram(np.array([0.0, 0.0, 1.0, 0.5, np.nan], dtype=np.float16))
    assert (found.low, found.high, sum(found.counts)) == (0.0, 1.0, 4)
    assert (found.counts[0], found.counts[-1]) == (2, 1)
    assert sum(units.histogram(np.full(7, 3.0)).counts) == 7
    assert sum(units.histogram(np.full(2, np.nan)).counts) == 0
