"""Measures against scipy and scikit-learn, ties against all ways to draw them."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics

from describer.faithfulness import measures
from describer.faithfulness.measures import Active, score


def alone(active: np.ndarray, degree: np.ndarray, holds: np.ndarray) -> dict[str, float]:
    found = score(Active.of(active[:, None]), np.array([0]), degree[:, None], holds[:, None])
    return {name: float(values[0]) for name, values in found.items()}


def by_libraries(
    active: np.ndarray, degree: np.ndarray, holds: np.ndarray, strong: np.ndarray
) -> dict[str, float]:
    """Plain calls, for data of which every number is defined."""
    rest = active[~holds]
    return {
        "correlation": stats.pearsonr(active, degree).statistic,
        "cosine": metrics.pairwise.cosine_similarity(active[None], degree[None])[0, 0],
        "auprc": metrics.average_precision_score(strong, degree),
        "f1": metrics.f1_score(strong, holds),
        "iou": metrics.jaccard_score(strong, holds),
        "auroc": metrics.roc_auc_score(strong, degree),
        "cosy_auc": metrics.roc_auc_score(holds, active),
        "mad": (active[holds].mean() - rest.mean()) / rest.std(),
    }


def top(active: np.ndarray, share: float = 0.1) -> np.ndarray:
    strong = np.zeros(len(active), dtype=bool)
    strong[np.argsort(-active)[: max(1, round(share * len(active)))]] = True
    return strong


@pytest.mark.parametrize("seed", range(5))
def test_measures_are_those_of_scipy_and_sklearn(seed: int) -> None:
    generator = np.random.default_rng(seed)
    active = generator.normal(size=120)
    # Rounded, so that many images hold alike.
    degree = np.maximum(0, np.round(active + generator.normal(size=120), 1))
    holds = degree > 0.3
    assert alone(active, degree, holds) == pytest.approx(
        by_libraries(active, degree, holds, top(active)), abs=1e-12
    )


@pytest.mark.parametrize("seed", range(4))
def test_ties_of_activations_give_the_mean_over_all_ways_to_draw_them(seed: int) -> None:
    generator = np.random.default_rng(seed)
    # Of 40 images 4 are active: one for sure, and three of the seven that tie.
    active = np.concatenate([[9.0], np.full(7, 5.0), generator.random(32)])
    degree = np.round(generator.random(40), 1)
    holds = degree >= 0.5
    drawn = []
    for some in combinations(range(1, 8), 3):
        strong = np.zeros(40, dtype=bool)
        strong[[0, *some]] = True
        drawn.append(by_libraries(active, degree, holds, strong))
    expected = {name: np.mean([each[name] for each in drawn]) for name in measures.NAMES}
    assert alone(active, degree, holds) == pytest.approx(expected, abs=1e-12)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=2, max_size=40).filter(
        lambda rows: len({active for active, _ in rows}) == 2
    )
)
def test_curves_agree_with_counting_pairs_and_thresholds(rows: list[tuple[bool, int]]) -> None:
    strong = np.array([row[0] for row in rows])
    degree = np.array([float(row[1]) for row in rows])
    units = Active.of(strong[:, None].astype(float), share=strong.mean())
    precision, area = measures.by_degree(units, degree[:, None])
    pairs = [(a, b) for a in degree[strong] for b in degree[~strong]]
    assert area[0] == pytest.approx(
        np.mean([1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs])
    )
    total, before = 0.0, 0
    for threshold in sorted(set(degree), reverse=True):
        taken = degree >= threshold
        hits = int((taken & strong).sum())
        total += (hits - before) / strong.sum() * hits / taken.sum()
        before = hits
    assert precision[0] == pytest.approx(total)


def test_pairs_are_alone_what_they_are_together_and_unseen_images_do_not_count() -> None:
    generator = np.random.default_rng(0)
    active, degree = generator.normal(size=(50, 4)), generator.random((50, 3))
    seen = generator.random((50, 4)) > 0.3
    columns, texts = np.array([0, 3, 3, 1]), np.array([2, 0, 1, 1])
    holds = degree > 0.6
    found = score(Active.of(active, seen), columns, degree, holds, texts)
    for row, (unit, text) in enumerate(zip(columns, texts, strict=True)):
        own = seen[:, unit]
        expected = alone(active[own, unit], degree[own, text], holds[own, text])
        assert {name: each[row] for name, each in found.items()} == pytest.approx(expected)


def test_memory_is_cut_into_pieces_that_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(1)
    active, degree = generator.normal(size=(30, 9)), generator.random((30, 9))
    units = Active.of(active)
    whole = score(units, np.arange(9), degree, degree > 0.5)
    monkeypatch.setattr(measures, "CELLS", 60)
    for name, values in score(units, np.arange(9), degree, degree > 0.5).items():
        np.testing.assert_array_equal(values, whole[name])


def test_a_silent_unit_is_active_where_it_is_above_its_least() -> None:
    active = np.zeros((100, 2))
    active[:3, 0] = (1.0, 2.0, 1.0)
    units = Active.of(active)
    assert units.count.tolist() == [3, 0]
    found = score(units, np.array([0, 1]), np.ones((100, 2)), np.ones((100, 2), dtype=bool))
    assert found["auprc"].tolist() == [0.03, 0.0]
    assert found["correlation"].tolist() == [0.0, 0.0]


def test_a_constant_sentence_has_the_level_of_chance() -> None:
    active = np.abs(np.random.default_rng(2).normal(size=(200, 3)))
    found = measures.constant(Active.of(active))
    assert found["correlation"].tolist() == [0.0] * 3
    assert found["auprc"] == pytest.approx(0.1)
    assert found["f1"] == pytest.approx(2 * 20 / 220)
    assert found["iou"] == pytest.approx(0.1)
    assert found["auroc"] == pytest.approx(0.5)
    assert found["cosine"] == pytest.approx(active.mean(0) / np.sqrt((active**2).mean(0)))


def test_half_precision_does_not_overflow() -> None:
    active = np.linspace(0, 60_000, 50).astype(np.float16)[:, None]
    found = score(Active.of(active), np.array([0]), active > 30_000, active > 30_000)
    assert found["correlation"][0] == pytest.approx(
        stats.pearsonr(active[:, 0].astype(float), (active[:, 0] > 30_000).astype(float)).statistic
    )


@pytest.mark.parametrize(
    ("values", "seen", "message"),
    [
        (np.zeros(4), None, r"got \(4,\)"),
        (np.zeros((4, 2)), np.ones((4, 3), dtype=bool), r"\(4, 3\)"),
        (np.full((4, 2), np.nan), None, "NaN"),
    ],
)
def test_what_cannot_be_scored_is_refused(
    values: np.ndarray, seen: np.ndarray | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Active.of(values, seen)
