"""The running top k is the top k of everything, with the maps that belong to it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from numpy.typing import NDArray

from describer.exemplars.topk import TopImages

# Few distinct values: ties are the rule.
POOLED = arrays_of.arrays(
    np.float32,
    st.tuples(st.integers(1, 30), st.integers(1, 3)),
    elements=st.sampled_from([-np.inf, -1.0, 0.0, -0.0, 1.0, 2.0]),
)


def running(pooled: NDArray[np.float32], ids: NDArray[np.int64], k: int, batch: int) -> TopImages:
    """The top k of images `ids`, whose maps hold the image's id and the unit."""
    top = TopImages(pooled.shape[1], k, (1, 2))
    for start in range(0, len(ids), batch):
        some = ids[start : start + batch]
        entries = top.offer(some, pooled[some])
        maps = np.stack([some[entries.images], entries.units], axis=-1)[:, None, :]
        top.fill(entries, maps.astype(np.float16))
    return top


@given(POOLED, st.integers(1, 8), st.integers(1, 9), st.randoms(use_true_random=False))
def test_it_is_the_top_k_of_all_images_whatever_their_order(pooled, k, batch, random) -> None:
    order = np.array(random.sample(range(len(pooled)), len(pooled)), dtype=np.int64)
    ids, activations, maps = running(pooled, order, k, batch).ranked()
    for unit in range(pooled.shape[1]):
        expected = sorted(range(len(pooled)), key=lambda image: (-pooled[image, unit], image))[:k]
        there = len(expected)
        assert ids[unit, :there].tolist() == expected
        assert (ids[unit, there:] == -1).all()
        assert activations[unit, :there].tolist() == pooled[expected, unit].tolist()
        assert maps[unit, :there, 0, 0].tolist() == expected
        assert (maps[unit, :there, 0, 1] == unit).all()


@given(POOLED, st.integers(1, 8), st.randoms(use_true_random=False))
def test_two_halves_merge_into_the_whole(pooled, k, random) -> None:
    order = np.array(random.sample(range(len(pooled)), len(pooled)), dtype=np.int64)
    cut = random.randint(0, len(pooled))
    whole = running(pooled, np.arange(len(pooled)), k, 7)
    halves = [running(pooled, part, k, 4) for part in (order[:cut], order[cut:])]
    halves[0].merge(halves[1])
    for ours, expected in zip(halves[0].ranked(), whole.ranked(), strict=True):
        assert ours.tobytes() == expected.tobytes()
