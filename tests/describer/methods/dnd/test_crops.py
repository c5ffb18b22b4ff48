"""Attention crops: boxes around what is active, apart from each other, never the whole image."""

import numpy as np
import pytest

from db.errors import BadInput
from describer.methods.dnd.crops import Box, boxes, overlap


def spots(*places: tuple[int, int, int, int], size: int = 16) -> np.ndarray:
    found = np.zeros((size, size), np.float32)
    for top, left, bottom, right in places:
        found[top:bottom, left:right] = 1.0
    return found


def test_each_region_has_its_box_largest_first_in_pixels_of_the_image() -> None:
    found = boxes(spots((2, 2, 6, 8), (10, 10, 13, 13)), (64, 64))
    assert len(found) == 2
    for box, planted in zip(found, (Box(8, 8, 24, 32), Box(40, 40, 52, 52)), strict=True):
        assert overlap(box, planted) > 0.7


@pytest.mark.parametrize("scale", [1e-6, 1.0, 3.7, 1e5])
@pytest.mark.parametrize("shift", [0.0, -5.0])
def test_only_the_shape_of_a_map_counts_and_not_its_range(scale: float, shift: float) -> None:
    generator = np.random.default_rng(1)
    values = spots((2, 3, 9, 8)) + generator.random((16, 16)).astype(np.float32) * 0.2
    assert boxes(values * scale + shift * scale, (32, 32)) == boxes(values, (32, 32))


def test_at_most_four_are_kept_and_none_that_is_nearly_the_whole() -> None:
    many = [
        (2 + 3 * row, 2 + 3 * column, 4 + 3 * row, 4 + 3 * column)
        for row in range(4)
        for column in range(4)
    ]
    assert len(boxes(spots(*many), (16, 16))) == 4
    assert boxes(spots((0, 0, 16, 15)), (16, 16), largest_share=0.6) == []
    assert boxes(np.full((7, 7), 3.0), (32, 32)) == []


def test_boxes_that_overlap_a_larger_one_are_left_out() -> None:
    # Two regions whose boxes overlap: an L and a spot in its corner.
    ring = spots((2, 2, 14, 4), (12, 2, 14, 14), (4, 6, 10, 13))
    apart = boxes(ring, (16, 16), largest_overlap=0.1)
    together = boxes(ring, (16, 16), largest_overlap=0.9)
    assert (len(apart), len(together)) == (1, 2)


@pytest.mark.parametrize("values", [np.zeros(4), np.full((2, 2), np.nan)])
def test_what_is_no_map_is_refused(values: np.ndarray) -> None:
    with pytest.raises(BadInput, match="finite activation map"):
        boxes(values, (8, 8))
