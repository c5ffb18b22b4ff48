"""Uses of descriptions, on planted truths: a unit that knows a class, pairs that are alike."""

import numpy as np
import pytest

from audits.studies import uses
from db.audit.words import Word
from db.errors import BadInput


def brute_auroc(scores: np.ndarray, inside: np.ndarray) -> float:
    """The share of (inside, outside) pairs that are in order, ties half."""
    pairs = [np.sign(a - b) for a in scores[inside] for b in scores[~inside]]
    return float(np.mean([(sign + 1) / 2 for sign in pairs]))


def test_auroc_is_the_share_of_pairs_in_order() -> None:
    generator = np.random.default_rng(0)
    scores = generator.integers(0, 4, (25, 3)).astype(float)  # with many ties
    labels = generator.integers(0, 2, 25)
    found = uses.auroc(scores, labels, 3)
    for number in (0, 1):
        for unit in range(3):
            expected = brute_auroc(scores[:, unit], labels == number)
            assert found[number, unit] == pytest.approx(expected)
    assert np.isnan(found[2]).all(), "a class without images has no curve"


def test_the_nearest_description_stands_for_a_class_and_ties_share_it() -> None:
    generator = np.random.default_rng(0)
    labels = np.repeat([0, 1], 30)
    active = generator.normal(size=(60, 6))
    active[:, 2] += 5 * (labels == 0)
    active[:, 4] += 5 * (labels == 0)
    units = np.zeros((6, 3))
    units[[2, 4], 0] = 1.0
    units[[0, 1, 3, 5], 2] = 1.0
    classes = np.array([[1.0, 0, 0], [0, 1.0, 0]])
    found = uses.classify(["dog", "cat"], labels, active, classes, units, seed=0)
    (dog,) = found.classes
    assert (dog.name, dog.units, dog.nearness) == ("dog", (2, 4), 1.0)
    assert dog.auroc > 0.99
    assert found.left == ("cat",)
    assert found.mean is not None
    assert found.chance is not None
    assert found.chance.low < 0.7 < found.mean.value


def test_without_a_near_description_there_is_no_mean() -> None:
    labels = np.array([0, 1])
    found = uses.classify(["a", "b"], labels, np.ones((2, 1)), np.eye(2), np.zeros((1, 2)), seed=0)
    assert (found.classes, found.left, found.mean) == ((), ("a", "b"), None)


def test_likeness_finds_what_is_alike_and_shuffled_pairs_do_not() -> None:
    generator = np.random.default_rng(1)
    kinds = generator.normal(size=(5, 8))
    kind = generator.integers(0, 5, 40)
    said = kinds[kind] + 0.1 * generator.normal(size=(40, 8))
    seen = kinds[kind] @ generator.normal(size=(8, 12)) + 3.0
    found = uses.likeness(said, seen, ["a"] * 20 + ["b"] * 20, seed=0, pairs=200)
    assert found.pairs == 200
    assert found.correlation.low > found.chance.high
    assert found.chance.low < 0 < found.chance.high
    unrelated = uses.likeness(said, generator.normal(size=(40, 12)), ["a"] * 40, seed=0, pairs=200)
    assert abs(unrelated.correlation.value) < 0.2


def test_pairs_lie_in_one_layer() -> None:
    with pytest.raises(BadInput, match="expected at least 3 pairs of units in a layer, got 1"):
        uses.likeness(np.eye(3), np.eye(3), ["a", "a", "b"], seed=0)


def test_groups_are_named_by_what_most_of_them_say_and_classed_by_the_nearest_word() -> None:
    def words(*lemmas: str) -> tuple[Word, ...]:
        return tuple(Word(0, 1, lemma, lemma, "NOUN") for lemma in lemmas)

    said = [words("red", "dog"), words("dog"), words("car"), words("house")]
    assert uses.group_names([(0, 1), (2, 3)], said) == ["dog", "various"]
    vectors = np.eye(3)
    named = {"animals": np.array([[0, 1.0, 0], [1.0, 0, 0]]), "cars": np.array([[0, 0.1, 0.9]])}
    assert uses.super_classes(vectors, [(0,), (2,)], named) == ["animals", "cars"]
    assert uses.super_classes(vectors, [(2,)], {"animals": named["animals"]}) == ["other"]


def test_auroc_is_what_scikit_learn_computes() -> None:
    from sklearn.metrics import roc_auc_score

    generator = np.random.default_rng(3)
    scores = generator.integers(0, 6, (40, 4)).astype(float)
    labels = generator.integers(0, 3, 40)
    found = uses.auroc(scores, labels, 3)
    for number in range(3):
        for unit in range(4):
            expected = roc_auc_score(labels == number, scores[:, unit])
            assert found[number, unit] == pytest.approx(expected)
