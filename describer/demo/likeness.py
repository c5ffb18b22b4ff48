"""How much sentences resemble the annotators' ones: BLEU, and an offline kin of BERTScore.

BERTScore needs a language model that has to be downloaded; `greedy_match` does what it does with
the word vectors that MILAN's language model learned, and is to be compared with itself only.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from describer.milan.bleu import corpus_bleu
from describer.milan.model import Model
from describer.milan.vocabulary import tokenize

Vectors = Mapping[str, NDArray[np.float32]]


def vectors(model: Model) -> Vectors:
    """The unit-length vectors of a model's words, by word."""
    weights = model.decoder.embedding.weight.detach().cpu().numpy()[: len(model.vocabulary.words)]
    lengths = np.linalg.norm(weights, axis=1, keepdims=True)
    return dict(zip(model.vocabulary.words, weights / np.maximum(lengths, 1e-9), strict=True))


def bleu(sentences: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """BLEU-4 of sentences against all references of their units, in [0, 1]."""
    return corpus_bleu(
        [tokenize(sentence) for sentence in sentences],
        [[tokenize(text) for text in texts] for texts in references],
    )


def greedy_match(
    sentences: Sequence[str], references: Sequence[Sequence[str]], known: Vectors
) -> float:
    """Mean over units of the best F1 of greedily matched word vectors against a reference.

    As in BERTScore (Zhang et al. 2020): each word is matched to the most similar word of the other
    sentence; recall and precision are the mean similarities. Unknown words match only themselves.
    """
    totals = []
    for sentence, texts in zip(sentences, references, strict=True):
        said = tokenize(sentence)
        totals.append(max(_f1(said, tokenize(text), known) for text in texts))
    return float(np.mean(totals))


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
