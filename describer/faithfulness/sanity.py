"""The two sanity tests of NeuronEval, run on the user's own units, sentences and images.

    tried = try_out(units, columns, texts, scores, degree, holds, seed=0)
    tests = judge_measures(tried)
    tests["correlation"].left_out.passed, tests["mad"].left_out.share

Labels left out: the sentence no longer holds in a random half of the images where it did. Labels
added: it also holds in as many images, drawn at random, where it did not. Either makes a sentence
that told where a unit is active a worse one, and a measure has to say so (arXiv 2506.05774,
Section 4; the levels below are ours). Tried is, as there, the sentence that suits a unit best by
the measure, of its own and of those of other units that were scored beside them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from describer.faithfulness import measures
from describer.faithfulness.measures import NAMES, Active, Bools, Floats, Places

# A measure passes when so many of the scores fall at least, and their mean by more than that.
LOSING = 0.9
LOST = 0.001
DRAWS = 5

# Degrees and labels of pairs, which images are seen, and chance, to other degrees and labels.
Change = Callable[[Floats, Bools, Bools, np.random.Generator], tuple[Floats, Bools]]


@dataclass(frozen=True)
class Tried:
    """Scores of the pairs that were tried with one measure: float64 (pairs,) each.

    left_out, added: means over draws of the labels. losses: float64 (2, pairs), in which share of
    the draws the score fell, left out and added.
    """

    before: Floats
    left_out: Floats
    added: Floats
    losses: Floats

    @classmethod
    def joined(cls, parts: Sequence["Tried"]) -> "Tried":
        """Pairs of several layers together."""
        before, left_out, added = (
            np.concatenate([getattr(each, name) for each in parts])
            for name in ("before", "left_out", "added")
        )
        losses = np.concatenate([each.losses for each in parts], axis=1)
        return cls(before, left_out, added, losses)


@dataclass(frozen=True)
class Outcome:
    """One test of one measure.

    share: of pairs and draws whose score fell. before, after: mean scores. passed: None where no
    pair could be tried.
    """

    share: float
    before: float
    after: float
    passed: bool | None


@dataclass(frozen=True)
class Tested:
    """Both tests of a measure, on so many pairs."""

    pairs: int
    left_out: Outcome
    added: Outcome


def try_out(
    units: Active,
    columns: Places,
    texts: Places,
    scores: Mapping[str, Floats],
    degree: NDArray[np.floating],
    holds: Bools,
    *,
    seed: int,
    draws: int = DRAWS,
) -> dict[str, Tried]:
    """Score each unit's best sentence as it is, with labels left out, and with labels added.

    Args:
        units, columns, texts, degree, holds: as for `measures.score`, of the pairs to choose from.
        scores: of these pairs, by measure.
        draws: how often labels are drawn anew.
    """
    there = (holds[:, texts] & units.seen[:, columns]).sum(axis=0)
    seen = units.seen[:, columns].sum(axis=0)
    able = (there >= 2) & (there < seen) & (units.count[columns] > 0)
    found = {}
    for name in NAMES:
        best = _best(columns, np.where(able, scores[name], -np.inf))
        own, said, before = columns[best], texts[best], scores[name][best]
        generator = np.random.default_rng(seed)
        after = np.array(
            [
                [
                    _changed(name, units, (own, said), (degree, holds), change, generator)
                    for _ in range(draws)
                ]
                for change in (_left_out, _added)
            ]
        )
        left_out, added = after.mean(axis=1)
        found[name] = Tried(before, left_out, added, (after < before).mean(axis=1))
    return found


def _best(columns: Places, scores: Floats) -> Places:
    """The place of the best pair of each unit that has one above -inf; the first of equal ones."""
    order = np.lexsort((np.arange(len(columns)), -scores, columns))
    order = order[np.isfinite(scores[order])]
    _, first = np.unique(columns[order], return_index=True)
    best: Places = order[first]
    return best


def judge_measures(tried: Mapping[str, Tried]) -> dict[str, Tested]:
    """What the tests come to, by measure."""
    return {
        name: Tested(
            len(each.before),
            _outcome(each, each.left_out, each.losses[0]),
            _outcome(each, each.added, each.losses[1]),
        )
        for name, each in tried.items()
    }


def _outcome(each: Tried, after: Floats, losses: Floats) -> Outcome:
    if not len(after):
        return Outcome(0.0, 0.0, 0.0, None)
    share, before, now = float(losses.mean()), float(each.before.mean()), float(after.mean())
    return Outcome(share, before, now, share >= LOSING and before - now > LOST)


def _changed(
    name: str,
    units: Active,
    pairs: tuple[Places, Places],
    labels: tuple[NDArray[np.floating], Bools],
    change: Change,
    generator: np.random.Generator,
) -> Floats:
    """Scores of pairs (units, texts) with changed labels, a piece of the pairs at a time."""
    columns, texts = pairs
    degree, holds = labels
    step = max(1, measures.CELLS // max(1, len(degree)))
    parts = [np.zeros(0)]
    for first in range(0, len(columns), step):
        own, said = columns[first : first + step], texts[first : first + step]
        seen = units.seen[:, own]
        far, there = change(
            degree[:, said].astype(np.float64), holds[:, said] & seen, seen, generator
        )
        parts.append(measures.score(units, own, far, there, only=(name,))[name])
    return np.concatenate(parts)


def _left_out(
    degree: Floats, holds: Bools, seen: Bools, generator: np.random.Generator
) -> tuple[Floats, Bools]:
    """Half of the images where a sentence holds, rounded down, become such where it does not."""
    lost = _drawn(holds, holds.sum(axis=0) // 2, generator)
    least = np.where(seen, degree, np.inf).min(axis=0)
    return np.where(lost, least, degree), holds & ~lost


def _added(
    degree: Floats, holds: Bools, seen: Bools, generator: np.random.Generator
) -> tuple[Floats, Bools]:
    """As many images more, with degrees as the others have them; all that there are, if fewer."""
    new = _drawn(seen & ~holds, holds.sum(axis=0), generator)
    changed = degree.copy()
    for pair in range(degree.shape[1]):
        places = np.flatnonzero(new[:, pair])
        changed[places, pair] = generator.choice(degree[holds[:, pair], pair], len(places))
    return changed, holds | new


def _drawn(among: Bools, count: Places, generator: np.random.Generator) -> Bools:
    """bool (images, pairs): in each column so many of the places, all equally likely."""
    luck = np.where(among, generator.random(among.shape), np.inf)
    ranks = luck.argsort(axis=0).argsort(axis=0)
    drawn: Bools = among & (ranks < count)
    return drawn
