"""What MILAN says about a unit: the sentence, its score, and the whole beam it was chosen from.

    description.text                                    # "Dog faces"
    rerank(description.candidates, 0.3)                 # another weight, without a model

Both log probabilities of every candidate are kept so that the weight of p(d) can be moved later.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


class Candidate(NamedTuple):
    """A sentence that was considered.

    Attributes:
        text: the sentence.
        log_p_given_e: log p(text | exemplars), the stop symbol included.
        log_p: log p(text); NaN when the checkpoint has no language model.
    """

    text: str
    log_p_given_e: float
    log_p: float


@dataclass(frozen=True)
class Description:
    """The description of a unit.

    Attributes:
        text: the sentence.
        score: what the search maximised.
        candidates: all that were considered, best first by the same measure; at least one.
    """

    text: str
    score: float
    candidates: list[Candidate]


def weighted_pmi(candidate: Candidate, temperature: float) -> float:
    """log p(d | E) - temperature * log p(d) (Hernandez et al. 2022, equation 3).

    >>> weighted_pmi(Candidate("dog faces", -3.0, -10.0), 0.2)
    -1.0
    """
    if temperature == 0 or math.isnan(candidate.log_p):
        return candidate.log_p_given_e
    return candidate.log_p_given_e - temperature * candidate.log_p


def rerank(candidates: Iterable[Candidate], temperature: float) -> list[Candidate]:
    """Candidates by falling weighted PMI; equal ones stay in their order."""
    return sorted(candidates, key=lambda candidate: -weighted_pmi(candidate, temperature))
