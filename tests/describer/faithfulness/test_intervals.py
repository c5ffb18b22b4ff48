"""Intervals over images against plain resampling."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from describer.faithfulness import intervals, measures
from describer.faithfulness.measures import SOUND, Active

PLAIN = {
    "correlation": lambda active, degree, _strong, _holds: stats.pearsonr(active, degree).statistic,
    "cosine": lambda active, degree, _strong, _holds: metrics.pairwise.cosine_similarity(
        active[None], degree[None]
    )[0, 0],
    "auprc": lambda _active, degree, strong, _holds: metrics.average_precision_score(
        strong, degree
    ),
    "f1": lambda _active, _degree, strong, holds: metrics.f1_score(strong, holds),
    "iou": lambda _active, _degree, strong, holds: metrics.jaccard_score(strong, holds),
}


@pytest.mark.parametrize("name", SOUND)
def test_a_draw_is_the_measure_of_the_drawn_images(name: str) -> None:
    generator = np.random.default_rng(0)
    active, degree = generator.random((80, 2)), np.round(generator.random((80, 2)), 1)
    degree[:, 0] += active[:, 0]
    holds = degree > 0.7
    units = Active.of(active)
    counts = intervals.draws(80, seed=0, count=5)
    rows = np.arange(2)
    found = intervals.redrawn(name, units, rows, degree, holds, rows, counts)
    for draw, times in enumerate(counts.astype(int)):
        images = np.repeat(np.arange(80), times)
        for pair in range(2):
            expected = PLAIN[name](
                active[images, pair],
                degree[images, pair],
                units.sure[images, pair] | units.tied[images, pair],
                holds[images, pair],
            )
            assert found[draw, pair] == pytest.approx(expected, abs=1e-9)
    once = np.ones((1, 80))
    whole = intervals.redrawn(name, units, rows, degree, holds, rows, once)
    assert whole[0] == pytest.approx(measures.score(units, rows, degree, holds)[name])


def test_draws_depend_on_the_seed_and_the_number_of_images_alone() -> None:
    assert (intervals.draws(30, seed=1) == intervals.draws(30, seed=1)).all()
    assert (intervals.draws(30, seed=1) != intervals.draws(30, seed=2)).any()
    assert (intervals.draws(30, seed=1).sum(axis=1) == 30).all()


def test_intervals_hold_the_true_correlation_about_as_often_as_they_say() -> None:
    generator = np.random.default_rng(3)
    # 200 units on 150 images; the true correlation of each with its sentence is 0.6.
    degree = generator.normal(size=(150, 200))
    active = 0.6 * degree + 0.8 * generator.normal(size=(150, 200))
    rows = np.arange(200)
    counts = intervals.draws(150, seed=0)
    drawn = intervals.redrawn(
        "correlation", Active.of(active), rows, degree, degree > 0, rows, counts
    )
    low, high = intervals.ends(drawn)
    assert 0.9 <= ((low <= 0.6) & (high >= 0.6)).mean() <= 0.99


def test_a_constant_sentence_is_constant_in_every_draw() -> None:
    active = np.random.default_rng(0).random((40, 1))
    flat = np.full((40, 1), 0.3)
    row = np.array([0])
    counts = intervals.draws(40, seed=0, count=20)
    drawn = intervals.redrawn("correlation", Active.of(active), row, flat, flat > 0, row, counts)
    assert (drawn == 0).all()


def test_only_sound_measures_have_intervals() -> None:
    row, column = np.array([0]), np.ones((4, 1))
    with pytest.raises(ValueError, match="got 'mad'"):
        intervals.redrawn("mad", Active.of(column), row, column, column > 0, row, np.ones((1, 4)))
