"""How right sentences are about units whose truth is known.

    naming(sentences, profiles)                 # does it name the main concept?
    detection(sentences, activations, Holdings(gallery.atlas))   # does it hold where it is active?

Three views, because none of them alone is to be trusted: names against the planted truth,
detection of the unit's activity on fresh images, and likeness to the annotators' sentences.
Intervals are bootstrap percentiles over units (`interval`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from describer.demo.world.concepts import NAMES, concepts_in
from describer.demo.world.truth import Atlas, Profile
from describer.faithfulness import measures
from describer.faithfulness.judges import claims
from describer.faithfulness.judges.claims import Claim
from describer.faithfulness.measures import Active

Floats = NDArray[np.float64]


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

    auroc, auprc, correlation: float (units,), of `describer.faithfulness.measures`. Positives are
    the tenth of the images on which the unit is most active, fewer where it is silent on more, so
    that a constant description has an AUROC of 0.5 and an AUPRC of 0.1 at the most.
    """

    auroc: Floats
    auprc: Floats
    correlation: Floats


class Holdings:
    """On which share of each image of an atlas sentences hold; each claim is looked up once.

    What a sentence claims, and where it holds, is `describer.faithfulness.judges.claims`'.
    """

    def __init__(self, atlas: Atlas) -> None:
        self._atlas = atlas
        self._known: dict[Claim, Floats] = {}

    def of(self, sentence: str) -> Floats:
        """float (images,): the share of each image on which a sentence holds."""
        claim = claims.read(sentence, concepts_in, _NUMBERS)
        if claim not in self._known:
            self._known[claim] = claims.shares([claim], self._look)[:, 0]
        return self._known[claim]

    def _look(self, concepts: Sequence[int]) -> Iterator[NDArray[np.bool_]]:
        names = [NAMES[concept] for concept in concepts]
        for image in range(len(self._atlas.parts)):
            yield self._atlas.masks(image, names).reshape(len(names), self._atlas.parts[0].size)


_NUMBERS = {name: place for place, name in enumerate(NAMES)}


def detection(sentences: Sequence[str], activations: Floats, holdings: Holdings) -> Detection:
    """Score sentences against activations on fresh images.

    Args:
        activations: (images, units), each unit's activation on the images of the holdings.
    """
    if not sentences:
        return Detection(*np.zeros((3, 0)))
    degree = np.stack([holdings.of(sentence) for sentence in sentences], axis=1)
    names = ("auroc", "auprc", "correlation")
    rows = np.arange(len(sentences))
    found = measures.score(Active.of(activations), rows, degree, degree > 0, only=names)
    return Detection(*(found[name] for name in names))


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
