"""Groups hold units that are all alike, every unit is in one, and pruning has its control."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audits.ablation.engine.hooks import ablated
from audits.network.evaluation import Evaluator
from audits.studies.clusters import cluster, lemma_vectors, loners, prune, terms
from db.audit.words import Word
from db.errors import BadInput
from helpers.networks import Residual, ready
from helpers.noise import SIZES, pictures


def words(text: str) -> list[Word]:
    """A scripted analysis: `word/TAG`, and nouns without a tag."""
    found = []
    for each in text.split():
        lemma, _, tag = each.partition("/")
        found.append(Word(0, len(lemma), lemma, lemma, tag or "NOUN"))
    return found


def test_like_descriptions_come_together() -> None:
    texts = ["dog face", "dog the/DET face", "grass", "green/ADJ grass", "text", "of/ADP"]
    groups = cluster(lemma_vectors([words(text) for text in texts]), threshold=0.7)
    assert groups == ((0, 1), (2,), (3,), (4,), (5,))
    assert loners(groups) == (2, 3, 4, 5)
    assert (2, 3) in cluster(lemma_vectors([words(text) for text in texts]), threshold=0.5)


def test_lemma_vectors_have_length_one_and_rare_words_count_more() -> None:
    vectors = lemma_vectors([words("dog face"), words("dog"), words("dog"), words("of/ADP")])
    assert np.linalg.norm(vectors, axis=1).tolist() == pytest.approx([1, 1, 1, 0])
    assert vectors[0, 1] > vectors[0, 0], "face is rarer than dog"


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 20), st.floats(-0.5, 1.0))
def test_every_unit_is_in_one_group_whose_members_are_all_alike(seed, count, threshold) -> None:
    vectors = np.random.default_rng(seed).normal(size=(count, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    groups = cluster(vectors, threshold=threshold)
    assert sorted(unit for group in groups for unit in group) == list(range(count))
    for group in groups:
        products = vectors[list(group)] @ vectors[list(group)].T
        off_diagonal = products[~np.eye(len(group), dtype=bool)]
        assert (off_diagonal >= threshold - 1e-8).all()
    assert [len(group) for group in groups] == sorted(map(len, groups), reverse=True)


def test_an_impossible_threshold_is_refused() -> None:
    with pytest.raises(BadInput, match="between -1 and 1, got 2"):
        cluster(np.eye(2), threshold=2)


def test_terms_are_counted_once_a_unit() -> None:
    found = terms([words("red/ADJ text"), words("text text"), words("sign of/ADP text")])
    assert [(term.lemma, term.units) for term in found] == [
        ("text", (0, 1, 2)),
        ("red", (0,)),
        ("sign", (2,)),
    ]
    assert found[0].share == 1.0


def test_pruning_stands_beside_random_pruning() -> None:
    model, images = ready(Residual()), pictures(20)
    chosen = [("layer2", unit) for unit in range(8)] + [("conv1", 1)]
    found = prune(Evaluator(model), images, chosen, SIZES[Residual], controls=4, seed=2)
    right = total = 0
    with ablated(model, {"layer2": range(8), "conv1": [1]}):
        for batch in images.batches():
            truth = images.labels[total : total + len(batch)]
            right += int((model(batch).argmax(1).numpy() == truth).sum())
            total += len(batch)
    assert found.after.accuracy == right / total
    assert found.share == pytest.approx(9 / 28)
    assert len({frozenset(draw) for draw in found.draws}) == 4
    assert found.random.low <= found.random.mean <= found.random.high
    assert set(found.after.by_class) == set(found.before.by_class)


def test_pruning_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="at least one unit to prune"):
        prune(Evaluator(ready(Residual())), pictures(), [], SIZES[Residual])
