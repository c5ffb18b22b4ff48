"""Intervals over images: what measures would have been on other images of the same kind.

    counts = draws(images, seed=0)                          # float64 (draws, images)
    values = redrawn("correlation", units, columns, degree, holds, texts, counts)
    low, high = ends(values)                                # 95 %, float64 (pairs,) each

A bootstrap: images are drawn with replacement, and every score is computed from the drawn ones. All
units and all methods are given the same draws, so that differences between them are paired. The
drawn images depend on the seed and on how many there are, and on nothing else. On which images a
unit is active is not decided anew in every draw; those that tie share their places.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from describer.faithfulness import measures
from describer.faithfulness.measures import Active, Bools, Floats, Places

DRAWS = 500
# AUPRC has to be sorted through in every draw, so it is given the first of them alone.
DRAWS_OF_AUPRC = 200
# 95 %.
TAILS = (2.5, 97.5)


def draws(images: int, *, seed: int, count: int = DRAWS) -> Floats:
    """How often each image is drawn: float64 (count, images), rows that sum to `images`."""
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(images, np.full(images, 1 / max(1, images)), size=count)
    return drawn.astype(np.float64)


def redrawn(
    name: str,
    units: Active,
    columns: Places,
    degree: NDArray[np.floating],
    holds: Bools,
    texts: Places,
    counts: Floats,
) -> Floats:
    """A measure of pairs in every draw: float64 (draws, pairs); arguments as `measures.score`.

    Of AUPRC no more than DRAWS_OF_AUPRC draws, the first, are computed.

    Raises:
        ValueError: a measure that is not one of the sound ones.
    """
    if name not in _WAYS:
        raise ValueError(f"expected a measure of {', '.join(_WAYS)}, got {name!r}")
    if name == "auprc":
        counts = counts[:DRAWS_OF_AUPRC]
    step = max(1, measures.CELLS // max(1, len(degree)))
    parts = [np.zeros((len(counts), 0))]
    for first in range(0, len(columns), step):
        part = units.part(columns[first : first + step])
        said = texts[first : first + step]
        far = np.where(part.seen, degree[:, said], 0).astype(np.float64)
        parts.append(_WAYS[name](part, far, holds[:, said] & part.seen, counts))
    return np.concatenate(parts, axis=1)


def ends(values: Floats) -> tuple[Floats, Floats]:
    """The 95 % interval of each column: float64 (pairs,), (pairs,)."""
    if not values.shape[1]:
        return np.zeros(0), np.zeros(0)
    low, high = np.percentile(values, TAILS, axis=0)
    return low, high


def _correlation(units: Active, degree: Floats, _holds: Bools, counts: Floats) -> Floats:
    seen = units.seen.astype(np.float64)
    # Moments about the means of all images, as those about 0 lose digits.
    own = np.maximum(1, seen.sum(axis=0))
    first = np.where(units.seen, units.values - units.values.sum(axis=0) / own, 0.0)
    second = np.where(units.seen, degree - degree.sum(axis=0) / own, 0.0)
    size = np.maximum(1.0, counts @ seen)
    means = counts @ first / size, counts @ second / size
    common = counts @ (first * second) / size - means[0] * means[1]
    spread = [
        counts @ each**2 / size - mean**2 for each, mean in zip((first, second), means, strict=True)
    ]
    # What is left of a constant by rounding is none.
    varies = (spread[0] > 1e-12 * first.var(axis=0)) & (spread[1] > 1e-12 * second.var(axis=0))
    lengths = np.sqrt(np.maximum(0.0, spread[0]) * np.maximum(0.0, spread[1]))
    return _ratio(common, np.where(varies, lengths, 0.0))


def _cosine(units: Active, degree: Floats, _holds: Bools, counts: Floats) -> Floats:
    lengths = np.sqrt((counts @ units.values**2) * (counts @ degree**2))
    return _ratio(counts @ (units.values * degree), lengths)


def _f1(units: Active, _degree: Floats, holds: Bools, counts: Floats) -> Floats:
    weights = units.weights()
    return _ratio(2 * counts @ (weights * holds), counts @ weights + counts @ holds)


def _iou(units: Active, _degree: Floats, holds: Bools, counts: Floats) -> Floats:
    weights = units.weights()
    common = counts @ (weights * holds)
    return _ratio(common, counts @ weights + counts @ holds - common)


def _auprc(units: Active, degree: Floats, _holds: Bools, counts: Floats) -> Floats:
    weights = units.weights()
    found = np.zeros((len(counts), degree.shape[1]))
    for pair in range(degree.shape[1]):
        seen = np.flatnonzero(units.seen[:, pair])
        order = seen[np.argsort(-degree[seen, pair], kind="stable")]
        drawn, far = counts[:, order], degree[order, pair]
        last = np.flatnonzero(np.append(far[1:] != far[:-1], True)[: len(far)])
        taken = drawn.cumsum(axis=1)[:, last]
        hits = (drawn * weights[order, pair]).cumsum(axis=1)[:, last]
        new = np.diff(hits, axis=1, prepend=0.0)
        total = hits[:, -1] if len(last) else np.zeros(len(counts))
        found[:, pair] = _ratio((new * _ratio(hits, taken)).sum(axis=1), total)
    return found


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


_WAYS: dict[str, Callable[[Active, Floats, Bools, Floats], Floats]] = {
    "correlation": _correlation,
    "cosine": _cosine,
    "auprc": _auprc,
    "f1": _f1,
    "iou": _iou,
}
