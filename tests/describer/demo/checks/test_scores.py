"""The scores of sentences: by hand, against an independent implementation, and at chance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr
from sklearn import metrics

from describer.demo.checks import scores
from describer.demo.world import scene as world_scene
from describer.demo.world.concepts import NAMES
from describer.demo.world.truth import Atlas, Profile


def profile(main: str | None, **shares: float) -> Profile:
    column = np.zeros(len(NAMES))
    for name, share in shares.items():
        column[NAMES.index(name)] = share
    return Profile(main, (), None, False, column, 100)


def test_naming_counts_the_main_concept_and_what_does_not_hold() -> None:
    profiles = [profile("wheel", wheel=0.9, black=0.8), profile("text", text=1.0), profile(None)]
    found = scores.naming(["black tires", "red roofs", "wheels"], profiles)
    assert found.named.tolist() == [True, False]
    assert found.right.tolist() == [2, 0]
    assert found.wrong.tolist() == [0, 2]
    assert found.share().value == 0.5
    assert found.f1().value == pytest.approx(0.5)


def test_concept_f1_is_one_for_the_truth_and_zero_for_its_opposite() -> None:
    profiles = [profile("text", text=0.8), profile("car", car=0.8)] * 5
    assert scores.concept_f1(["words on signs", "cars"] * 5, profiles, "text").value == 1.0
    assert scores.concept_f1(["cars", "letters"] * 5, profiles, "text").value == 0.0


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=2, max_size=40).filter(
        lambda rows: len({positive for positive, _ in rows}) == 2
    )
)
def test_curves_agree_with_counting_pairs_and_thresholds(rows: list[tuple[bool, int]]) -> None:
    positive = np.array([row[0] for row in rows])
    score = np.array([float(row[1]) for row in rows])
    pairs = [(a, b) for a in score[positive] for b in score[~positive]]
    assert scores.auroc(positive, score) == pytest.approx(
        np.mean([1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs])
    )
    area, before = 0.0, 0
    for threshold in sorted(set(score), reverse=True):
        taken = score >= threshold
        hits = int((taken & positive).sum())
        area += (hits - before) / positive.sum() * hits / taken.sum()
        before = hits
    assert scores.auprc(positive, score) == pytest.approx(area)


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=40)
)
def test_curves_and_correlation_equal_those_of_the_libraries(
    rows: list[tuple[bool, float, float]],
) -> None:
    positive, score = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    other = np.array([round(row[2], 3) for row in rows])
    if positive.any() and not positive.all():
        assert scores.auroc(positive, score) == pytest.approx(
            metrics.roc_auc_score(positive, score)
        )
        found = metrics.average_precision_score(positive, score)
        assert scores.auprc(positive, score) == pytest.approx(found)
    rounded = np.round(score, 3)
    if rounded.std() > 1e-3 and other.std() > 1e-3:
        found = pearsonr(rounded, other).statistic
        assert scores.correlation(rounded, other) == pytest.approx(found, abs=1e-9)


def test_a_sparse_unit_counts_where_it_is_active_alone_and_ties_are_drawn() -> None:
    active = np.zeros(200)
    active[[50, 90, 130, 170]] = 1
    assert scores.strongest(active).nonzero()[0].tolist() == [50, 90, 130, 170]
    tied = np.r_[np.ones(100), np.zeros(100)]
    firsts = np.arange(200) < 20
    shares = [(scores.strongest(tied, seed=seed) & firsts).sum() / 20 for seed in range(20)]
    assert all((scores.strongest(tied, seed=seed) <= (tied > 0)).all() for seed in range(20))
    assert 0.1 < np.mean(shares) < 0.3, "the first of equal ones are not preferred"


def test_a_constant_description_detects_at_chance() -> None:
    atlas = Atlas.of(world_scene.render_many("scores", range(30)))
    activations = np.random.default_rng(0).random((30, 4))
    found = scores.detection(["things"] * 4, activations, scores.Holdings(atlas))
    assert (found.auroc == 0.5).all()
    np.testing.assert_allclose(found.auprc, 0.1)
    assert (found.correlation == 0).all()


def test_a_right_description_detects_its_unit() -> None:
    scenes = world_scene.render_many("scores", range(60))
    atlas = Atlas.of(scenes)
    cars = np.array([scene.mask("car").mean() for scene in scenes])[:, None]
    right = scores.detection(["cars"], cars, scores.Holdings(atlas))
    wrong = scores.detection(["fish"], cars, scores.Holdings(atlas))
    assert right.auroc[0] == 1.0
    assert right.correlation[0] > 0.99
    assert wrong.auprc[0] < right.auprc[0]


def test_joined_phrases_hold_where_either_does_and_adjectives_narrow() -> None:
    atlas = Atlas.of(world_scene.render_many("scores", range(40)))
    holdings = scores.Holdings(atlas)
    either = holdings.of("cars and trees")
    assert (either >= np.maximum(holdings.of("cars"), holdings.of("trees"))).all()
    assert (holdings.of("red cars") <= holdings.of("cars")).all()


def test_intervals_hold_the_value_and_count_rows() -> None:
    found = scores.mean(np.arange(50.0))
    assert found.low < found.value < found.high
    assert found.count == 50
    assert scores.interval(0, lambda rows: 1.0).count == 0
