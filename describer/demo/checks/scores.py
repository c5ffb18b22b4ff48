"""How right sentences are about units whose truth is known.

    naming(sentences, profiles)                 # does it name the main concept?
    detection(sentences, activations, Holdings(gallery.atlas))   # does it hold where it is active?

Three views, because none of them alone is to be trusted: names against the planted truth,
detection of the unit's activity on fresh images, and likeness to the annotators' sentences.
Intervals are bootstrap percentiles over units (`interval`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from describer.demo.world.concepts import NAMES, concepts_in
from describer.demo.world.truth import Atlas, Profile

Floats = NDArray[np.float64]

ACTIVE_SHARE = 0.1
LEAST_PIXELS = 4


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval over `count` units or images."""

    value: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"

    def precise(self) -> str:
        """With three decimals.

        >>> Estimate(0.5, 0.25, 0.75, 9).precise()
        '0.500 [0.250, 0.750]'
        """
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"

    def signed(self) -> str:
        """With three decimals and signs, as differences are written.

        >>> Estimate(0.5, -0.25, 0.75, 9).signed()
        '+0.500 [-0.250, +0.750]'
        """
        return f"{self.value:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


@dataclass(frozen=True)
class Naming:
    """Per unit with a main concept: is it named, and how many named concepts hold or do not.

    named: bool (units,). right, wrong: int (units,), concepts of the sentence that hold on at
    least 45 % of the unit's mask, and that do not.
    """

    named: NDArray[np.bool_]
    right: NDArray[np.int64]
    wrong: NDArray[np.int64]

    def share(self) -> Estimate:
        """The share of units whose main concept is named."""
        return interval(len(self.named), lambda rows: float(self.named[rows].mean()))

    def f1(self) -> Estimate:
        """F1 of recall (main concepts named) and precision (concept words that hold)."""
        return interval(len(self.named), self.f1_of)

    def f1_of(self, rows: NDArray[np.int64]) -> float:
        """F1 of some of the units."""
        recall = self.named[rows].mean()
        said = self.right[rows].sum() + self.wrong[rows].sum()
        precision = self.right[rows].sum() / said if said else 0.0
        return float(2 * recall * precision / (recall + precision)) if recall + precision else 0.0


def naming(sentences: Sequence[str], profiles: Sequence[Profile]) -> Naming:
    """Compare sentences with the profiles of their units; units without a main concept drop out."""
    named, right, wrong = [], [], []
    for sentence, profile in zip(sentences, profiles, strict=True):
        if profile.main is None:
            continue
        found = concepts_in(sentence)
        holds = [profile.shares[NAMES.index(name)] >= 0.45 for name in found]
        named.append(profile.main in found)
        right.append(sum(holds))
        wrong.append(len(found) - sum(holds))
    return Naming(np.array(named, dtype=bool), np.array(right), np.array(wrong))


def concept_f1(sentences: Sequence[str], profiles: Sequence[Profile], concept: str) -> Estimate:
    """F1 of "the sentence names the concept" against "it holds on at least half of the mask"."""
    said = np.array([concept in concepts_in(sentence) for sentence in sentences])
    column = NAMES.index(concept)
    true = np.array([profile.shares[column] >= 0.5 for profile in profiles])

    def f1(rows: NDArray[np.int64]) -> float:
        hits = (said[rows] & true[rows]).sum()
        both = said[rows].sum() + true[rows].sum()
        return float(2 * hits / both) if both else 0.0

    return interval(len(said), f1)


@dataclass(frozen=True)
class Detection:
    """Per unit, how well "the description holds in this image" tells where the unit is active.

    auroc, auprc, correlation: float (units,). Positives are the tenth of the images on which the
    unit is most active, so that a constant description has an AUROC of 0.5 and an AUPRC of 0.1.
    """

    auroc: Floats
    auprc: Floats
    correlation: Floats


class Holdings:
    """On which share of each image of an atlas sentences hold; each is computed once."""

    def __init__(self, atlas: Atlas) -> None:
        self._atlas = atlas
        self._known: dict[frozenset[frozenset[str]], Floats] = {}

    def of(self, sentence: str) -> Floats:
        """float (images,): the share of each image on which a sentence holds.

        A sentence is cut at "and", "or" and commas; a piece holds where all its concepts do, or,
        where its concepts meet nowhere, where its rarest does; the sentence holds where any piece
        holds. Shares below four pixels count as zero.
        """
        pieces = sentence.lower().replace(",", " and ").replace(" or ", " and ").split(" and ")
        wanted = frozenset(concepts_in(piece) for piece in pieces) - {frozenset()}
        if wanted not in self._known:
            self._known[wanted] = self._share(wanted)
        return self._known[wanted]

    def _share(self, wanted: frozenset[frozenset[str]]) -> Floats:
        atlas = self._atlas
        union = np.zeros(atlas.parts.shape, dtype=bool)
        for piece in sorted(map(sorted, wanted)):
            together = self._where(piece)
            if not together.any():
                rarest = min(piece, key=lambda name: atlas.base[NAMES.index(name)])
                together = self._where([rarest])
            union |= together
        pixels = union.sum(axis=(1, 2))
        return np.where(pixels >= LEAST_PIXELS, pixels / union[0].size, 0.0)

    def _where(self, concepts: Sequence[str]) -> NDArray[np.bool_]:
        images = range(len(self._atlas.parts))
        return np.stack([self._atlas.masks(image, concepts).all(axis=0) for image in images])


def detection(sentences: Sequence[str], activations: Floats, holdings: Holdings) -> Detection:
    """Score sentences against activations on fresh images.

    Args:
        activations: (images, units), each unit's activation on the images of the holdings.
    """
    rows = []
    for sentence, activation in zip(sentences, activations.T, strict=True):
        held = holdings.of(sentence)
        active = np.zeros(len(activation), dtype=bool)
        active[np.argsort(-activation, kind="stable")[: round(ACTIVE_SHARE * len(active))]] = True
        rows.append((auroc(active, held), auprc(active, held), correlation(activation, held)))
    columns = np.array(rows, dtype=np.float64).reshape(-1, 3).T
    return Detection(*columns)


def strongest(activation: NDArray[np.floating], *, seed: int = 0) -> NDArray[np.bool_]:
    """The images on which a unit is most active: bool (images,), a tenth of them at most.

    Images at the unit's least activation are never among them, so a unit that is silent on most
    images has fewer, and one that is alike active on all has none. Which of several equal ones are
    taken is drawn, as files are sorted by class and their order would name one.

    >>> strongest(np.zeros(20)).sum(), strongest(np.arange(20)).nonzero()[0].tolist()
    (np.int64(0), [18, 19])
    """
    shuffled = np.random.default_rng(seed).permutation(len(activation))
    order = shuffled[np.argsort(-activation[shuffled], kind="stable")]
    chosen = np.zeros(len(activation), dtype=bool)
    chosen[order[: max(1, round(ACTIVE_SHARE * len(activation)))]] = True
    chosen &= activation > activation.min()
    return chosen


def auroc(positive: NDArray[np.bool_], score: Floats) -> float:
    """Area under the ROC curve, ties counted half; 0.5 without both kinds.

    By ranks, as in Mann and Whitney's test: scikit-learn's equal number takes a hundred times as
    long, and a study asks for tens of thousands of them.

    >>> auroc(np.array([True, False]), np.array([1.0, 0.0]))
    1.0
    """
    count, rest = int(positive.sum()), int((~positive).sum())
    if not count or not rest:
        return 0.5
    from scipy.stats import rankdata

    ranks = rankdata(score)
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * rest))


def auprc(positive: NDArray[np.bool_], score: Floats) -> float:
    """Average precision; images with equal scores are taken at once, so constants give the base.

    Equal to scikit-learn's and by hand for the reason that `auroc` is; 0 without positives.

    >>> float(round(auprc(np.array([True, False, False, False]), np.zeros(4)), 2))
    0.25
    """
    _, places = np.unique(-score, return_inverse=True)
    hits = np.bincount(places, weights=positive)
    precision = np.cumsum(hits) / np.cumsum(np.bincount(places))
    return float((precision * hits).sum() / max(1, positive.sum()))


def correlation(first: Floats, second: Floats) -> float:
    """Pearson's correlation; 0 when one of them is constant."""
    if first.std() == 0 or second.std() == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def interval(
    count: int, statistic: Callable[[NDArray[np.int64]], float], *, draws: int = 500
) -> Estimate:
    """A statistic of rows with its bootstrap interval; `statistic` takes int64 rows."""
    if count == 0:
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    generator = np.random.default_rng(0)
    values = [statistic(generator.integers(0, count, count)) for _ in range(draws)]
    low, high = np.percentile(values, [2.5, 97.5])
    return Estimate(statistic(np.arange(count)), float(low), float(high), count)


def mean(values: Floats) -> Estimate:
    """The mean of values with its interval."""
    return interval(len(values), lambda rows: float(values[rows].mean()))
