"""What training again brought, on units that it did not see: BLEU before and after, with intervals.

    found = measure(before, after, references)
    found.bleu.difference, found.bleu.low, found.bleu.high

Sentences of both models about the same held-out units against what people wrote of them; the level
of chance is the new model's sentences against those of other units. Intervals are by the bootstrap
over units, of both models with the same draws.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from describer.milan.training import bleu
from describer.milan.vocabulary import tokenize

RESAMPLES = 1000

Floats = npt.NDArray[np.float64]
# Sentences and the references of each: how alike, one number (0 to 1) each.
Likeness = Callable[[Sequence[str], Sequence[Sequence[str]]], Sequence[float]]


@dataclass(frozen=True)
class Row:
    """One measure: before, after, by chance, the difference and its 95 % interval."""

    before: float
    after: float
    chance: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class Gain:
    """What was measured on held-out units. likeness: by a language model; None: there is none."""

    bleu: Row
    likeness: Row | None

    def to_json(self) -> dict[str, Any]:
        """Plain values, as a job keeps them."""
        return asdict(self)


def measure(
    before: Sequence[str],
    after: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    likeness: Likeness | None = None,
    seed: int = 0,
) -> Gain:
    """Compare two models' sentences about the same units.

    Args:
        before, after: a sentence a unit.
        references: what people wrote of each, at least one.

    Raises:
        ValueError: not as many of each, or fewer than two units.
    """
    if not len(before) == len(after) == len(references) or len(references) < 2:
        raise ValueError(
            f"expected two sentences for each of two units or more, got {len(before)}, "
            f"{len(after)} and {len(references)}"
        )
    draw = np.random.default_rng(seed)
    picked = draw.integers(len(references), size=(RESAMPLES, len(references)))
    # Each unit's references become the next unit's: none keeps its own.
    others = [*references[1:], references[0]]
    return Gain(
        _bleu(before, after, references, others, picked),
        None if likeness is None else _mean(before, after, references, others, picked, likeness),
    )


def _bleu(
    before: Sequence[str],
    after: Sequence[str],
    references: Sequence[Sequence[str]],
    others: Sequence[Sequence[str]],
    picked: npt.NDArray[np.int64],
) -> Row:
    def counted(said: Sequence[str], truths: Sequence[Sequence[str]]) -> npt.NDArray[np.int64]:
        return np.array(
            [
                bleu.counts(tokenize(text), [tokenize(truth) for truth in own])
                for text, own in zip(said, truths, strict=True)
            ]
        )

    old, new = counted(before, references), counted(after, references)
    differences = [
        bleu.score(new[rows].sum(axis=0).tolist()) - bleu.score(old[rows].sum(axis=0).tolist())
        for rows in picked
    ]
    low, high = np.quantile(differences, (0.025, 0.975))
    first, second = bleu.score(old.sum(axis=0).tolist()), bleu.score(new.sum(axis=0).tolist())
    chance = bleu.score(counted(after, others).sum(axis=0).tolist())
    return Row(first, second, chance, second - first, float(low), float(high))


def _mean(
    before: Sequence[str],
    after: Sequence[str],
    references: Sequence[Sequence[str]],
    others: Sequence[Sequence[str]],
    picked: npt.NDArray[np.int64],
    likeness: Likeness,
) -> Row:
    old, new, chance = (
        np.array(likeness(said, truths), float)
        for said, truths in ((before, references), (after, references), (after, others))
    )
    low, high = np.quantile((new - old)[picked].mean(axis=1), (0.025, 0.975))
    return Row(
        float(old.mean()),
        float(new.mean()),
        float(chance.mean()),
        float((new - old).mean()),
        float(low),
        float(high),
    )
