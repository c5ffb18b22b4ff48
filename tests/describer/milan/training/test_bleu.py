"""BLEU of corpora whose numbers of references differ; sums of counts give that of sacrebleu."""

import random

import pytest

from describer.milan.training.bleu import corpus_bleu


def random_sentence(chance: random.Random) -> list[str]:
    return [chance.choice("abcde") for _ in range(chance.randint(1, 8))]


@pytest.mark.parametrize("seed", range(40))
def test_it_equals_sacrebleu(seed: int) -> None:
    metrics = pytest.importorskip("sacrebleu.metrics")
    chance = random.Random(seed)
    count = chance.randint(1, 6)
    said = [random_sentence(chance) for _ in range(count)]
    truths = [[random_sentence(chance) for _ in range(3)] for _ in range(count)]
    reference = metrics.BLEU(tokenize="none", force=True, effective_order=True).corpus_score(
        [" ".join(words) for words in said],
        [[" ".join(three[place]) for three in truths] for place in range(3)],
    )
    assert corpus_bleu(said, truths) == pytest.approx(reference.score / 100, abs=1e-9)


def test_the_best_of_several_references_counts() -> None:
    said, far, near = ["dog", "faces"], ["blue", "sky"], ["dog", "faces"]
    assert corpus_bleu([said], [[far]]) == 0.0
    assert corpus_bleu([said], [[far, near]]) == corpus_bleu([said], [[near]]) == 1.0


def test_units_may_have_different_numbers_of_references() -> None:
    said = [["dog", "faces"], ["blue", "sky"]]
    assert corpus_bleu(said, [[said[0]], [["sky"], said[1], ["sky"]]]) == 1.0


def test_saying_nothing_scores_zero() -> None:
    assert corpus_bleu([[]], [[["dog"]]]) == 0.0
    assert corpus_bleu([], []) == 0.0


@pytest.mark.parametrize("references", [[], [[]], [[["dog"]], [["cat"]]]])
def test_every_sentence_needs_references(references: list[list[list[str]]]) -> None:
    with pytest.raises(ValueError, match="references for each of 1 sentences"):
        corpus_bleu([["dog"]], references)
