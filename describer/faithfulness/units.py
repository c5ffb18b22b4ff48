"""A unit by itself, without any sentence: how clear, how many things, how common, how active.

    figures = describe(vectors)                 # float (units, k, size), NaN where no exemplar
    figures.clarity, figures.polysemanticity, figures.redundancy            # (units,)
    histogram(activations)                      # of one unit

By vectors of the exemplar images (Dreyer et al. 2025, SemanticLens, arXiv 2501.05398): clarity is
the mean cosine between two exemplars; a unit is polysemantic as far as the centres of two clusters
of its exemplars differ; it is redundant as far as another unit of the layer has the same mean.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BINS = 20
MOST_ALONE = 10


@dataclass(frozen=True)
class Figures:
    """float64 (units,) each; NaN where a unit has too few exemplars.

    clarity: -1 / (k - 1) to 1. polysemanticity: 0 to 2. redundancy: -1 to 1.
    """

    clarity: Floats
    polysemanticity: Floats
    redundancy: Floats


@dataclass(frozen=True)
class Histogram:
    """How often activations lie in bins of equal width between the least and the largest."""

    low: float
    high: float
    counts: tuple[int, ...]


def describe(vectors: NDArray[np.floating]) -> Figures:
    """Figures of units by the vectors of their exemplars, (units, k, size)."""
    own = [_unit(each[np.isfinite(each).all(axis=1)].astype(np.float64)) for each in vectors]
    means = np.array([each.mean(axis=0) if len(each) else np.zeros(each.shape[1]) for each in own])
    return Figures(
        np.array([clarity(each) for each in own]),
        np.array([polysemanticity(each) for each in own]),
        redundancy(means, np.array([len(each) > 0 for each in own], dtype=np.bool_)),
    )


def clarity(vectors: Floats) -> float:
    """The mean cosine between two of the vectors, (k, size); NaN for fewer than two.

    >>> round(clarity(np.eye(3)), 3) + 0.0, round(clarity(np.ones((4, 2))), 3)
    (0.0, 1.0)
    """
    count = len(vectors)
    if count < 2:
        return float("nan")
    mean = _unit(vectors).mean(axis=0)
    return float((mean @ mean - 1 / count) * count / (count - 1))


def polysemanticity(vectors: Floats, *, seed: int = 0) -> float:
    """1 less the clarity of the centres of two clusters (k-means); NaN for fewer than three.

    A cluster of one is an outlier and no second meaning: then the mean of all is compared with
    vectors alone, ten of them at most, as the published code does.
    """
    if len(vectors) < 3:
        return float("nan")
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        # Exemplars that are all alike make one cluster, which is an answer.
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = KMeans(n_clusters=2, n_init=10, random_state=seed).fit(vectors)
    if np.bincount(found.labels_, minlength=2).min() >= 2:
        return 1 - clarity(found.cluster_centers_.astype(np.float64))
    mean = vectors.mean(axis=0)
    pairs = [clarity(np.stack([mean, each])) for each in vectors[:MOST_ALONE]]
    return 1 - float(np.mean(pairs))


def redundancy(means: Floats, there: NDArray[np.bool_]) -> Floats:
    """The cosine of each unit's mean vector with that of the unit most like it: float64 (units,).

    Args:
        means: (units, size). there: bool (units,), which have one.
    """
    lengths = _unit(means)
    likeness = lengths @ lengths.T
    likeness[:, ~there] = -np.inf
    np.fill_diagonal(likeness, -np.inf)
    found = likeness.max(axis=1, initial=-np.inf)
    return np.where(there & np.isfinite(found), found, np.nan)


def histogram(activations: NDArray[np.floating]) -> Histogram:
    """A histogram of one unit's activations, (images,); what is no number does not count."""
    values = activations[np.isfinite(activations)].astype(np.float64)
    if not len(values):
        return Histogram(0.0, 0.0, (0,) * BINS)
    low, high = float(values.min()), float(values.max())
    counts, _ = np.histogram(values, bins=BINS, range=(low, high if high > low else low + 1))
    return Histogram(low, high, tuple(counts.tolist()))


def _unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    found: Floats = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return found
