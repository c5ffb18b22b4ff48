"""BLEU of sentences against several references each: the score that stops training early.

corpus_bleu([["dog", "faces"]], [[["dog", "faces"], ["faces", "of", "dogs"]]])
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

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
    found = _bleu().corpus_score([" ".join(candidate)], [[" ".join(truth)] for truth in truths])
    return [*found.counts, *found.totals, found.sys_len, found.ref_len]


def score(summed: Sequence[int]) -> float:
    """BLEU of the summed `counts` of a corpus; 0 for an empty one."""
    if not summed or not summed[0]:
        return 0.0
    said, expected = summed[2 * ORDER :]
    found = _bleu().compute_bleu(
        correct=list(summed[:ORDER]),
        total=list(summed[ORDER : 2 * ORDER]),
        sys_len=said,
        ref_len=expected,
        smooth_method="exp",
        effective_order=True,
    )
    # A perfect score comes as 100.00000000000004.
    return min(1.0, float(found.score) / 100)


@cache
def _bleu() -> Any:
    """sacrebleu's measure of words that are words already."""
    from sacrebleu.metrics import BLEU

    return BLEU(tokenize="none", force=True, effective_order=True)
