"""Masks agree with grid_sample, the resampling of the published masks."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from db.describe import masks


def grid_sampled(maps: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """(n, h, w) -> (n, height, width) with zeros outside, by an independent implementation."""
    identity = torch.eye(2, 3).expand(len(maps), 2, 3)
    grid = functional.affine_grid(identity, [len(maps), 1, height, width], align_corners=False)
    sampled = functional.grid_sample(
        maps[:, None], grid, mode="bilinear", padding_mode="zeros", align_corners=False
    )
    return sampled[:, 0]


@given(
    source=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    target=st.tuples(st.integers(1, 40), st.integers(1, 40)),
)
def test_upsampling_is_that_of_grid_sample(
    source: tuple[int, int], target: tuple[int, int]
) -> None:
    maps = torch.rand(3, *source, generator=torch.Generator().manual_seed(0))
    ours = masks.upsample(maps.numpy(), target)
    assert ours.shape == (3, *target)
    np.testing.assert_allclose(ours, grid_sampled(maps, *target).numpy(), atol=2e-5)


def test_outside_counts_as_zero_so_that_masks_shrink_at_the_border() -> None:
    mask = masks.mask(np.ones((1, 2, 2)), 0.9, 16)[0]
    assert not mask[0].any()
    assert mask[4:12, 4:12].all()


def test_every_unit_has_its_own_level() -> None:
    maps = np.ones((2, 3, 4, 4), dtype=np.float16)
    mask = masks.mask(maps, np.array([[0.5], [1.5]]), 4)
    assert mask.dtype == np.bool_
    assert mask[0].all(axis=(1, 2)).tolist() == [True] * 3
    assert not mask[1].any()


def test_a_map_of_the_images_size_is_left_as_it_is() -> None:
    maps = np.random.default_rng(0).normal(size=(2, 5, 5)).astype(np.float32)
    np.testing.assert_array_equal(masks.upsample(maps, 5), maps)


@pytest.mark.parametrize(("source", "target"), [(0, 4), (4, 0)])
def test_sizes_below_one_are_refused(source: int, target: int) -> None:
    with pytest.raises(ValueError, match="sizes are at least 1"):
        masks.interpolation_matrix(source, target)
