"""BLEU of sentences against several references each: the score that stops training early.

corpus_bleu([["dog", "faces"]], [[["dog", "faces"], ["faces", "of", "dogs"]]])
"""

import math
from collections import Counter
from collections.abc import Sequence

Words = Sequence[str]

ORDER = 4


def corpus_bleu(candidates: Sequence[Words], references: Sequence[Sequence[Words]]) -> float:
    """BLEU-4 of a corpus (Papineni et al. 2002), precisions pooled over all sentences.

    Each candidate is compared with all of its references, whose number may differ. Descriptions are
    short, and without two habits of sacrebleu the score of a beginner would stay at zero: an order
    without any match counts as half a match, the next one as a quarter ("exponential" smoothing),
    and orders for which every candidate is too short are left out ("effective order").

    Args:
        candidates: tokenized sentences.
        references: for each candidate at least one tokenized sentence.

    Returns:
        Between 0 and 1.

    Raises:
        ValueError: not as many lists of references as candidates, or an empty one.

    >>> said = ["a", "dog", "on", "the", "grass"]
    >>> round(corpus_bleu([said], [[["a", "dog", "on", "a", "grass"], ["dog", "faces"]]]), 4)
    0.4273
    >>> corpus_bleu([said], [[said]])
    1.0
    """
    if len(candidates) != len(references) or not all(references):
        raise ValueError(
            f"expected references for each of {len(candidates)} sentences, got "
            f"{sum(map(bool, references))} lists of them"
        )
    return score([sum(column) for column in zip(*map(counts, candidates, references), strict=True)])


def counts(candidate: Words, truths: Sequence[Words]) -> list[int]:
    """What one sentence adds to a corpus: matches and n-grams of orders 1 to 4, and two lengths.

    The sum of many sentences' counts, column by column, is what `score` takes.
    """
    matches, totals = [], []
    for order in range(1, ORDER + 1):
        found = _ngrams(candidate, order)
        most: Counter[tuple[str, ...]] = Counter()
        for truth in truths:
            most |= _ngrams(truth, order)
        matches.append((found & most).total())
        totals.append(found.total())
    closest = _closest_length(len(candidate), [len(truth) for truth in truths])
    return [*matches, *totals, len(candidate), closest]


def score(summed: Sequence[int]) -> float:
    """BLEU of the summed `counts` of a corpus; 0 for an empty one."""
    matches, totals = summed[:ORDER], summed[ORDER : 2 * ORDER]
    if not summed or not matches[0]:
        return 0.0
    said, expected = summed[2 * ORDER :]
    logarithms = []
    credit = 1.0
    for matched, total in zip(matches, totals, strict=True):
        if not total:
            break
        if not matched:
            credit /= 2
        logarithms.append(math.log((matched or credit) / total))
    brevity = min(0.0, 1 - expected / said)
    return math.exp(brevity + sum(logarithms) / len(logarithms))


def _ngrams(words: Words, order: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[start : start + order]) for start in range(len(words) - order + 1))


def _closest_length(length: int, candidates: list[int]) -> int:
    """The reference length nearest to a candidate's, the shorter one of two as near."""
    return min(candidates, key=lambda other: (abs(other - length), other))
