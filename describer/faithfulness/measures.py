"""How well a sentence tells where a unit is active: five sound measures, and three that are not.

    units = Active.of(activations, seen)                       # (images, units)
    scores = score(units, columns, degree, holds)              # of pairs of a unit and a sentence
    scores["correlation"], scores["f1"]                        # float64 (pairs,)

All compare a unit's pooled activation with "the sentence holds in this image", image by image. The
five that NeuronEval (Oikarinen, Yan and Weng 2025, arXiv 2506.05774, Section 4) calls reliable get
worse both when labels are left out and when labels are added; AUROC, CoSy's AUC and MAD do not, and
are there to compare with what others report (`sanity` runs both tests on any data).

F1 and IoU need a unit that is active or not. The rule: a unit is active on the tenth of the images
where its activation is largest, never on those where it is at its least, so that a unit that is
silent on most images has fewer, and one that is alike active on all has none. Of images that tie at
the edge all are equally likely to be in, and scores are the exact means over all ways to draw them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHARE = 0.1
# Numbers worked on at a time in one array, so that memory does not grow with pairs.
CELLS = 1_000_000

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Measure:
    """A measure; `fails` says which sanity test of NeuronEval it fails, "" for a sound one."""

    name: str
    title: str
    fails: str = ""


MEASURES = (
    Measure("correlation", "Pearson correlation"),
    Measure("cosine", "cosine"),
    Measure("auprc", "AUPRC"),
    Measure("f1", "F1"),
    Measure("iou", "IoU"),
    Measure("auroc", "AUROC", "labels added"),
    Measure("cosy_auc", "CoSy's AUC", "labels left out"),
    Measure("mad", "MAD", "labels left out"),
)
SOUND = tuple(each.name for each in MEASURES if not each.fails)
NAMES = tuple(each.name for each in MEASURES)


@dataclass(frozen=True)
class Active:
    """Units on images, and on which of them each is active.

    Attributes:
        values: (images, units), pooled activations; 0 where not seen.
        seen: bool (images, units), which images count for a unit.
        sure: bool, active however ties at the edge are drawn. tied: bool, at the edge.
        drawn: int64 (units,), how many of the tied ones are active.
        ranks: (images, units), mid-ranks of the activations among the seen images, from 1.
    """

    values: Floats
    seen: Bools
    sure: Bools
    tied: Bools
    drawn: Places
    ranks: Floats

    @classmethod
    def of(
        cls, values: NDArray[np.floating], seen: Bools | None = None, *, share: float = SHARE
    ) -> "Active":
        """Units by their activations, (images, units); all images are seen by default.

        Raises:
            ValueError: arrays of other shapes, or a seen activation that is no number.
        """
        if seen is None:
            seen = np.ones(values.shape, dtype=np.bool_)
        if values.ndim != 2 or seen.shape != values.shape:
            raise ValueError(
                f"expected activations (images, units) and which are seen, got {values.shape} and "
                f"{seen.shape}"
            )
        # Float64 from here on: sums of squares of float16 overflow.
        numbers = np.where(seen, values, 0).astype(np.float64)
        if not np.isfinite(numbers).all():
            raise ValueError("expected activations that are numbers, got NaN or infinity")
        from scipy.stats import rankdata

        low = np.where(seen, numbers, np.inf)
        above = seen & (numbers > low.min(axis=0, initial=np.inf))
        wanted = np.maximum(1, np.round(share * seen.sum(axis=0))).astype(np.int64)
        wanted = np.minimum(wanted, above.sum(axis=0))
        falling = -np.sort(-np.where(above, numbers, -np.inf), axis=0)
        if len(falling):
            edge = np.take_along_axis(falling, np.maximum(wanted - 1, 0)[None], axis=0)[0]
        else:
            edge = np.zeros(numbers.shape[1])
        sure = above & (numbers > edge)
        tied = above & (numbers == edge)
        ranks = rankdata(low, axis=0) if len(low) else low
        return cls(numbers, seen, sure, tied, wanted - sure.sum(axis=0), np.where(seen, ranks, 0.0))

    @property
    def count(self) -> Places:
        """int64 (units,): on how many images each unit is active; 0 where alike on all."""
        counts: Places = self.sure.sum(axis=0) + self.drawn
        return counts

    def part(self, columns: Places) -> "Active":
        """Some units, in that order; a unit may come several times."""
        return Active(
            self.values[:, columns],
            self.seen[:, columns],
            self.sure[:, columns],
            self.tied[:, columns],
            self.drawn[columns],
            self.ranks[:, columns],
        )

    def weights(self) -> Floats:
        """float64 (images, units): with which probability a unit counts as active."""
        ties = np.maximum(1, self.tied.sum(axis=0))
        weights: Floats = self.sure + self.tied * (self.drawn / ties)
        return weights


def score(
    units: Active,
    columns: Places,
    degree: NDArray[np.floating],
    holds: Bools,
    texts: Places | None = None,
    *,
    only: tuple[str, ...] = NAMES,
) -> dict[str, Floats]:
    """Every measure of pairs of a unit and a sentence: float64 (pairs,) by name.

    Args:
        columns: int64 (pairs,), the unit of each pair.
        degree: (images, sentences), how far each sentence holds in each image.
        holds: bool (images, sentences), whether it counts as holding, for F1, IoU, CoSy's AUC, MAD.
        texts: int64 (pairs,), the sentence of each pair; by default one sentence a pair.
        only: which measures.
    """
    if texts is None:
        texts = np.arange(degree.shape[1])
    step = max(1, CELLS // max(1, len(degree)))
    found: dict[str, list[Floats]] = {name: [] for name in only}
    for first in range(0, len(columns), step):
        part = units.part(columns[first : first + step])
        sentences = texts[first : first + step]
        far = degree[:, sentences].astype(np.float64)
        for name, values in _scores(part, far, holds[:, sentences], only).items():
            found[name].append(values)
    return {name: np.concatenate(parts) if parts else np.zeros(0) for name, parts in found.items()}


def constant(units: Active, *, only: tuple[str, ...] = NAMES) -> dict[str, Floats]:
    """What a sentence scores that holds everywhere alike: float64 (units,) by measure."""
    images, count = units.values.shape
    everywhere = np.ones((images, 1), dtype=np.bool_)
    places = np.arange(count)
    return score(units, places, everywhere * 1.0, everywhere, np.zeros_like(places), only=only)


def _scores(
    units: Active, degree: Floats, holds: Bools, only: tuple[str, ...]
) -> dict[str, Floats]:
    degree = np.where(units.seen, degree, 0.0)
    holds = holds & units.seen
    ways: dict[str, Callable[[], Floats]] = {
        "correlation": lambda: correlation(units, degree),
        "cosine": lambda: cosine(units, degree),
        "f1": lambda: f1(units, holds),
        "iou": lambda: iou(units, holds),
        "cosy_auc": lambda: cosy_auc(units, holds),
        "mad": lambda: mad(units, holds),
    }
    found = {name: ways[name]() for name in only if name in ways}
    if "auprc" in only or "auroc" in only:
        precision, area = by_degree(units, degree)
        found |= {"auprc": precision, "auroc": area}
    return {name: found[name] for name in only}


def correlation(units: Active, degree: Floats) -> Floats:
    """Pearson's correlation of activation and degree; 0 where one of them is constant."""
    count = np.maximum(1, units.seen.sum(axis=0))
    first = np.where(units.seen, units.values - units.values.sum(axis=0) / count, 0.0)
    second = np.where(units.seen, degree - degree.sum(axis=0) / count, 0.0)
    # By the numbers themselves: means of equal numbers are not always equal to them.
    varies = _varies(units.values, units.seen) & _varies(degree, units.seen)
    lengths = np.sqrt((first**2).sum(axis=0) * (second**2).sum(axis=0))
    return _ratio((first * second).sum(axis=0), lengths, varies)


def cosine(units: Active, degree: Floats) -> Floats:
    """The cosine of activation and degree; 0 where one of them is 0 everywhere."""
    lengths = np.sqrt((units.values**2).sum(axis=0) * (degree**2).sum(axis=0))
    return _ratio((units.values * degree).sum(axis=0), lengths, lengths > 0)


def f1(units: Active, holds: Bools) -> Floats:
    """F1 of "the unit is active" and "the sentence holds"; 0 where neither ever is so."""
    both = (units.weights() * holds).sum(axis=0)
    sizes = units.count + holds.sum(axis=0)
    return _ratio(2 * both, sizes.astype(np.float64), sizes > 0)


def iou(units: Active, holds: Bools) -> Floats:
    """Intersection over union of the images of both; 0 where there are none.

    Not linear in the images in common, so that its mean over draws of ties needs their
    distribution, which is hypergeometric.
    """
    sure = (units.sure & holds).sum(axis=0)
    sizes = units.count + holds.sum(axis=0)
    ties, right = units.tied.sum(axis=0), (units.tied & holds).sum(axis=0)
    certain = sure + np.where(right == ties, units.drawn, 0)
    found = _ratio(certain.astype(np.float64), (sizes - certain).astype(np.float64), sizes > 0)
    open_ones = (units.drawn > 0) & (units.drawn < ties) & (right > 0) & (right < ties)
    for pair in np.flatnonzero(open_ones).tolist():
        hits, chances = _hits(int(ties[pair]), int(right[pair]), int(units.drawn[pair]))
        common = sure[pair] + hits
        found[pair] = float((chances * common / (sizes[pair] - common)).sum())
    return found


def by_degree(units: Active, degree: Floats) -> tuple[Floats, Floats]:
    """AUPRC and AUROC of finding the images on which units are active by where sentences hold.

    Images of equal degree are taken at once. AUPRC is average precision, 0 for a unit that is
    active nowhere; AUROC is 0.5 there.
    """
    key = np.where(units.seen, -degree, np.inf)
    order = np.argsort(key, axis=0, kind="stable")
    key = np.take_along_axis(key, order, axis=0)
    ends = np.ones(key.shape, dtype=np.bool_)
    ends[:-1] = key[1:] != key[:-1]
    ends &= np.isfinite(key)
    taken, surely, edges = (
        np.cumsum(np.take_along_axis(which, order, axis=0), axis=0, dtype=np.float64)
        for which in (units.seen, units.sure, units.tied)
    )
    ties = np.maximum(1.0, units.tied.sum(axis=0))
    hits = surely + edges * (units.drawn / ties)
    new = _new(hits, ends)
    # Of m images drawn from T the numbers in a group, p of T, and up to it, P of T, vary together.
    spread = units.drawn * (ties - units.drawn) / np.maximum(1.0, ties - 1)
    together = spread * (_new(edges, ends) / ties) * (1 - edges / ties)
    precision = np.where(ends, (new * hits + together) / np.maximum(1.0, taken), 0.0).sum(axis=0)
    active, seen = units.count.astype(np.float64), units.seen.sum(axis=0).astype(np.float64)
    ranks = seen - taken + (_new(taken, ends) + 1) / 2
    total = np.where(ends, new * ranks, 0.0).sum(axis=0) - active * (active + 1) / 2
    others = active * (seen - active)
    return (
        _ratio(precision, active, active > 0),
        np.where(others > 0, total / np.maximum(1.0, others), 0.5),
    )


def cosy_auc(units: Active, holds: Bools) -> Floats:
    """CoSy's AUC: how often the unit is more active where the sentence holds than elsewhere.

    Kopf et al. 2024 (arXiv 2405.20331), on the images at hand; ties count half; 0.5 where the
    sentence holds everywhere or nowhere.
    """
    there = holds.sum(axis=0).astype(np.float64)
    pairs = there * (units.seen.sum(axis=0) - there)
    total = (units.ranks * holds).sum(axis=0) - there * (there + 1) / 2
    return np.where(pairs > 0, total / np.maximum(1.0, pairs), 0.5)


def mad(units: Active, holds: Bools) -> Floats:
    """CoSy's MAD: by how many deviations of the other images the mean activation is larger.

    0 where the sentence holds everywhere or nowhere, or the others do not vary.
    """
    rest = units.seen & ~holds
    there, elsewhere = np.maximum(1, holds.sum(axis=0)), np.maximum(1, rest.sum(axis=0))
    mean = np.where(rest, units.values, 0.0).sum(axis=0) / elsewhere
    gain = np.where(holds, units.values, 0.0).sum(axis=0) / there - mean
    spread = np.sqrt((np.where(rest, units.values - mean, 0.0) ** 2).sum(axis=0) / elsewhere)
    usable = holds.any(axis=0) & _varies(units.values, rest)
    return _ratio(gain, spread, usable)


def _new(running: Floats, ends: Bools) -> Floats:
    """What each group adds to a running sum that never falls; only places where one ends count."""
    at_ends = np.where(ends, running, 0.0)
    before = np.zeros_like(at_ends)
    before[1:] = np.maximum.accumulate(at_ends, axis=0)[:-1]
    new: Floats = at_ends - before
    return new


def _varies(values: Floats, where: Bools) -> Bools:
    """bool (columns,): whether the values that count are not all the same."""
    low = np.where(where, values, np.inf).min(axis=0, initial=np.inf)
    high = np.where(where, values, -np.inf).max(axis=0, initial=-np.inf)
    varies: Bools = high > low
    return varies


def _ratio(above: Floats, below: Floats, defined: Bools) -> Floats:
    return np.divide(above, below, out=np.zeros(len(above)), where=defined & (below != 0))


def _hits(ties: int, right: int, drawn: int) -> tuple[Places, Floats]:
    """How many of the drawn can be right ones, and how likely each number is."""
    from scipy.special import gammaln

    def ways(of: NDArray[np.int64] | int, some: NDArray[np.int64] | int) -> Floats:
        logs: Floats = gammaln(np.asarray(of) + 1.0) - gammaln(np.asarray(some) + 1.0)
        logs = logs - gammaln(np.asarray(of) - np.asarray(some) + 1.0)
        return logs

    hits = np.arange(max(0, drawn - (ties - right)), min(drawn, right) + 1)
    logs = ways(right, hits) + ways(ties - right, drawn - hits) - ways(ties, drawn)
    chances = np.exp(logs)
    return hits, chances / chances.sum()
