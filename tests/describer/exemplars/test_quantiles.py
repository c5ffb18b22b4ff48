"""Tail counts give the quantile, whatever the order, the batches and the merging."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from numpy.typing import NDArray

from describer.exemplars.quantiles import Tail, keys

UNITS = 4
FLOATS = arrays_of.arrays(
    np.float32,
    st.tuples(st.integers(1, 60), st.just(UNITS)),
    elements=st.floats(width=32, allow_nan=False) | st.sampled_from([0.0, -0.0, 1.0, 6.0]),
)


def counted(values: NDArray[np.float32], quantile: float, *, batch: int, total: int) -> Tail:
    """A tail of values (n, units), added as a user would: only what reaches the thresholds."""
    tail = Tail(values.shape[1], quantile, total)
    for start in range(0, len(values), batch):
        part = values[start : start + batch]
        rows, units = np.nonzero(part >= tail.thresholds)
        tail.add(keys(part[rows, units], units))
    return tail


def rank_error(values: NDArray[np.float32], level: float, quantile: float) -> float:
    """How far the ranks that the level has are from the quantile; ties have many ranks."""
    lowest, highest = (values < level).mean(), (values <= level).mean()
    return float(max(lowest - quantile, quantile - highest, 0.0))


DISTRIBUTIONS = {
    "normal": lambda draw, shape: draw.normal(size=shape),
    "after a ReLU, ever sparser": lambda draw, shape: np.maximum(
        draw.normal(size=shape) - np.linspace(0, 3, shape[1]), 0
    ),
    "narrow, far from zero": lambda draw, shape: draw.normal(10, 0.05, size=shape),
    "negative": lambda draw, shape: -np.exp(draw.normal(size=shape)),
    "saturated": lambda draw, shape: np.clip(3 * draw.normal(size=shape), 0, 6),
    "tiny": lambda draw, shape: 1e-6 * draw.normal(size=shape),
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_the_rank_of_the_level_is_that_of_the_quantile(name: str) -> None:
    values = DISTRIBUTIONS[name](np.random.default_rng(0), (100_000, UNITS)).astype(np.float32)
    tail = counted(values, 0.99, batch=3000, total=len(values))
    for unit, level in enumerate(tail.levels(len(values))):
        assert rank_error(values[:, unit], float(level), 0.99) <= 3e-4


@given(FLOATS, st.floats(0.01, 0.99), st.integers(1, 20), st.randoms(use_true_random=False))
def test_order_batches_and_merging_change_nothing(values, quantile, batch, random) -> None:
    total = len(values)
    once = counted(values, quantile, batch=total, total=total)
    order = random.sample(range(total), total)
    cut = random.randint(0, total)
    parts = [
        counted(values[part], quantile, batch=batch, total=total)
        for part in (order[:cut], order[cut:])
    ]
    random.shuffle(parts)
    parts[0].merge(parts[1])
    assert parts[0].levels(total).tobytes() == once.levels(total).tobytes()
    assert parts[0].maxima().tobytes() == once.maxima().tobytes()


@given(st.floats(width=32, allow_nan=False, allow_subnormal=False), st.floats(0.01, 0.99))
def test_a_constant_is_its_own_quantile(value, quantile) -> None:
    values = np.full((50, 1), value, dtype=np.float32)
    assert counted(values, quantile, batch=7, total=50).levels(50)[0] == np.float32(value)


@given(FLOATS)
def test_the_maximum_is_exact(values) -> None:
    tail = counted(values, 0.9, batch=5, total=len(values))
    tiny = np.abs(values) < np.finfo(np.float32).tiny
    np.testing.assert_array_equal(tail.maxima(), np.where(tiny, 0, values).max(axis=0))


def test_few_values_give_nearly_the_exact_quantile() -> None:
    values = np.random.default_rng(1).normal(size=(37, UNITS)).astype(np.float32)
    levels = counted(values, 0.8, batch=10, total=37).levels(37)
    np.testing.assert_allclose(levels, np.quantile(values, 0.8, axis=0), rtol=2e-3)


def test_values_below_the_threshold_are_never_needed() -> None:
    values = np.random.default_rng(2).normal(size=(20_000, 1)).astype(np.float32)
    tail = counted(values, 0.99, batch=100, total=len(values))
    expected = tail.levels(len(values))
    assert tail.thresholds[0] <= expected[0]
    tail.add(keys(np.full(5000, -3.0, dtype=np.float32), np.zeros(5000, dtype=np.int64)))
    assert tail.levels(len(values)) == expected


def test_memory_is_that_of_the_tail() -> None:
    draw = np.random.default_rng(3)
    values = draw.normal(size=(400_000, 1)).astype(np.float32)
    few, many = (
        counted(values[:count], 0.99, batch=5000, total=count) for count in (100_000, 400_000)
    )
    sizes = [sum(array.nbytes for array in tail.arrays().values()) for tail in (few, many)]
    assert sizes[1] < 2 * sizes[0] < 100_000


def test_values_that_are_not_there_count_as_lowest() -> None:
    tail = Tail(2, 0.5, 10)
    tail.add(keys(np.array([1.0, 2.0], dtype=np.float32), np.array([0, 0])))
    assert tail.levels(10).tolist() == [-np.inf, -np.inf]
    assert tail.maxima().tolist() == [2.0, -np.inf]


@pytest.mark.parametrize(("quantile", "level"), [(0.1, -np.inf), (0.3, 0.0), (0.9, np.inf)])
def test_infinities_are_values(quantile: float, level: float) -> None:
    values = np.array([[-np.inf], [0.0], [np.inf], [np.inf], [np.inf]], dtype=np.float32)
    assert counted(values, quantile, batch=2, total=5).levels(5)[0] == level


def test_a_state_comes_back_from_its_arrays() -> None:
    values = np.random.default_rng(4).normal(size=(5000, UNITS)).astype(np.float32)
    tail = counted(values[:2000], 0.99, batch=500, total=5000)
    back = Tail(UNITS, 0.99, 5000)
    back.restore(**tail.arrays())
    for each in (tail, back):
        rows, units = np.nonzero(values[2000:] >= each.thresholds)
        each.add(keys(values[2000:][rows, units], units))
    assert back.levels(5000).tobytes() == tail.levels(5000).tobytes()


def test_states_of_other_probing_sets_do_not_merge() -> None:
    with pytest.raises(ValueError, match="cannot merge"):
        Tail(2, 0.99, 10).merge(Tail(2, 0.99, 11))
