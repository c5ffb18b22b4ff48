"""How much sentences resemble the annotators' ones: BLEU, and BERTScore or its offline kin.

    what, match = meaning(model)
    match(sentences, references)                  # float (units,)
    bleu(sentences, references)                   # of all units, with its interval

BERTScore is the product's (`describer.similarity.bertscore`), which needs the language model of the
`offline` extra. Without it `greedy_match` does the
same with the word vectors that MILAN learned, and is to be compared with itself only.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from describer.demo.checks.scores import Estimate, Floats, interval
from describer.milan.model import Model
from describer.milan.training.bleu import counts, score
from describer.milan.vocabulary import tokenize
from describer.similarity import bertscore

Vectors = Mapping[str, NDArray[np.float32]]


def vectors(model: Model) -> Vectors:
    """The unit-length vectors of a model's words, by word."""
    weights = model.decoder.embedding.weight.detach().cpu().numpy()[: len(model.vocabulary.words)]
    lengths = np.linalg.norm(weights, axis=1, keepdims=True)
    return dict(zip(model.vocabulary.words, weights / np.maximum(lengths, 1e-9), strict=True))


Match = Callable[[Sequence[str], Sequence[Sequence[str]]], Floats]


def meaning(model: Model) -> tuple[str, Match]:
    """The measure of likeness that this machine has, and what to call it."""
    if bertscore.missing():
        return "word match", partial(greedy_match, known=vectors(model))
    scorer = bertscore.find()
    return scorer.name, scorer.best


def remark(measure: str) -> str:
    """Why a table has no BERTScore, where it has none."""
    if measure.startswith("BERTScore"):
        return ""
    return (
        "BERTScore needs the language model of the `offline` extra, which is not installed: word "
        "match compares sentences likewise, by the word vectors that the demo's MILAN learned."
    )


def bleu_counts(sentences: Sequence[str], references: Sequence[Sequence[str]]) -> NDArray[np.int64]:
    """Int64 (units, …): what BLEU-4 of any of the units is made of, see
    `describer.milan.training.bleu`."""
    return np.array(
        [
            counts(tokenize(sentence), [tokenize(text) for text in texts])
            for sentence, texts in zip(sentences, references, strict=True)
        ]
    )


def bleu(sentences: Sequence[str], references: Sequence[Sequence[str]]) -> Estimate:
    """BLEU-4 of sentences against all references of their units, in [0, 1]."""
    table = bleu_counts(sentences, references)
    return interval(len(table), lambda rows: score(table[rows].sum(axis=0).tolist()))


def greedy_match(
    sentences: Sequence[str], references: Sequence[Sequence[str]], known: Vectors
) -> Floats:
    """Float (units,): the best F1 of greedily matched word vectors against a reference.

    As in BERTScore (Zhang et al. 2020): each word is matched to the most similar word of the other
    sentence; recall and precision are the mean similarities. Unknown words match only themselves.
    """
    totals = []
    for sentence, texts in zip(sentences, references, strict=True):
        said = tokenize(sentence)
        totals.append(max(_f1(said, tokenize(text), known) for text in texts))
    return np.array(totals, dtype=np.float64)


def _f1(said: Sequence[str], reference: Sequence[str], known: Vectors) -> float:
    if not said or not reference:
        return 0.0
    table = np.array([[_similarity(a, b, known) for b in reference] for a in said])
    precision, recall = table.max(axis=1).mean(), table.max(axis=0).mean()
    return float(2 * precision * recall / (precision + recall)) if precision + recall > 0 else 0.0


def _similarity(first: str, second: str, known: Vectors) -> float:
    if first == second:
        return 1.0
    if first not in known or second not in known:
        return 0.0
    return float(known[first] @ known[second])
