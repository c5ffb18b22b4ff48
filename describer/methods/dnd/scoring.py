"""Which candidate fits a unit best, by the pictures made of each (Describe-and-Dissect, A.1.4).

    ranks = ranks_of(activations)                       # of all pictures, 1 = most active
    topk_squared(ranks, beta=5)                         # lower is better
    topk_squared_image_products(ranks, likeness)        # higher is better: the paper's default

Every candidate has Q pictures; all N * Q are ranked together by the unit's activation on them.
Equal activations share the mean of their ranks, so that no candidate gains by its place in a list.
numpy only: how pictures are made and compared is known elsewhere.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from db.errors import BadInput

Doubles = NDArray[np.float64]
Ranks = Sequence[Sequence[float]]


def ranks_of(activations: ArrayLike) -> list[list[float]]:
    """Ranks of pictures by falling activation, over the pictures of all candidates.

    Args:
        activations: (candidates, pictures).

    Returns:
        For each candidate its pictures' ranks, lowest first; 1 is the most active of all.

    >>> ranks_of([[0.9, 0.1], [0.5, 0.5]])
    [[1.0, 4.0], [2.5, 2.5]]
    """
    from scipy.stats import rankdata

    values = np.asarray(activations, dtype=np.float64)
    if values.ndim != 2 or not values.size or not np.isfinite(values).all():
        raise BadInput(
            "expected finite activations of shape (candidates, pictures), at least one, got "
            f"shape {values.shape}"
        )
    ranks = rankdata(-values.ravel(), method="average").reshape(values.shape)
    return [sorted(row) for row in ranks.tolist()]


def mean_rank(ranks: Ranks) -> list[float]:
    """The mean rank of each candidate's pictures; lower is better.

    >>> mean_rank([[1, 4], [2, 3]])
    [2.5, 2.5]
    """
    return [float(np.mean(row)) for row in _checked(ranks)]


def topk_squared(ranks: Ranks, beta: int = 5) -> list[float]:
    """The mean square of each candidate's `beta` lowest ranks; lower is better.

    Candidates with fewer pictures are scored by those that they have.

    >>> topk_squared([[1, 4], [2, 3]], beta=1)
    [1.0, 4.0]
    """
    if beta < 1:
        raise BadInput(f"expected beta of at least 1 picture, got {beta}")
    return [float(np.mean(np.square(np.sort(row)[:beta]))) for row in _checked(ranks)]


def image_products(
    activations: ArrayLike, made: ArrayLike, exemplars: ArrayLike, *, strongest: int = 10
) -> list[float]:
    """Mean cosine between a candidate's most active pictures and the unit's exemplars.

    The `strongest` pictures are a candidate's own (the paper's D_j^t); the published code takes
    them among all candidates' pictures, which leaves some with none. Where the last of them ties
    with others, those count as much as there are places left.

    Args:
        activations: (candidates, pictures).
        made: (candidates, pictures, size), image vectors of the pictures.
        exemplars: (exemplars, size), image vectors of the unit's exemplars.
        strongest: t, how many pictures of each count.

    Returns:
        One number a candidate in [-1, 1]; higher is better.
    """
    values = np.asarray(activations, dtype=np.float64)
    vectors, shown = (_unit_length(np.asarray(given, np.float64)) for given in (made, exemplars))
    if (
        values.ndim != 2
        or vectors.shape[:2] != values.shape
        or vectors.shape[2:] != shown.shape[1:]
    ):
        raise BadInput(
            "expected activations (candidates, pictures), vectors (candidates, pictures, size) and "
            f"exemplars (n, size), got {values.shape}, {vectors.shape} and {shown.shape}"
        )
    likeness = (vectors @ shown.T).mean(axis=2)  # (candidates, pictures)
    return [
        float(_weights(row, min(strongest, values.shape[1])) @ like)
        for row, like in zip(values, likeness, strict=True)
    ]


def topk_squared_image_products(
    ranks: Ranks, products: Sequence[float], beta: int = 5
) -> list[float]:
    """(N - rank by TopK-squared) times the image product, N candidates; higher is better.

    Ranks start at 1 for the best, so the last candidate always has 0, as in the paper. Equal
    TopK-squared scores share the mean of their ranks.

    >>> topk_squared_image_products([[1, 2], [3, 4]], [0.5, 0.9])
    [0.5, 0.0]
    """
    from scipy.stats import rankdata

    scores = topk_squared(ranks, beta)
    if len(products) != len(scores):
        raise BadInput(f"expected {len(scores)} image products, got {len(products)}")
    places = rankdata(scores, method="average")
    return [
        float((len(scores) - place) * product)
        for place, product in zip(places, products, strict=True)
    ]


def _checked(ranks: Ranks) -> Ranks:
    for candidate, row in enumerate(ranks):
        if not len(row) or min(row) < 1:
            raise BadInput(f"expected ranks from 1 of candidate {candidate}, got {list(row)}")
    return ranks


def _weights(values: Doubles, count: int) -> Doubles:
    """What each picture counts among the `count` most active; ties at the end share their part."""
    last = np.sort(values)[-count]
    above, level = values > last, values == last
    weights = above + level * ((count - above.sum()) / level.sum())
    found: Doubles = weights / count
    return found


def _unit_length(vectors: Doubles) -> Doubles:
    found: Doubles = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    return found
