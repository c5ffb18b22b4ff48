"""Pieces are cut and laid exactly where they were asked for."""

import numpy as np
import pytest

from audits.paste.pixels import Cut, box, closed, corners, cut, paste, polygon, scale_for
from db.errors import BadInput

RED = np.zeros((3, 20, 30), np.uint8)
RED[0] = 200
GREY = np.full((3, 40, 40), 90, np.uint8)


def test_what_is_pasted_is_what_was_cut_and_nothing_else_changes() -> None:
    piece = cut(RED, box((0.0, 0.0, 1 / 3, 0.5), (20, 30)))
    assert piece.alpha.shape == (10, 10)
    found = paste(GREY, piece, x=0.25, y=0.75)
    there = (found.image != GREY).any(axis=0)
    expected = np.zeros((40, 40), bool)
    expected[25:35, 5:15] = True
    np.testing.assert_array_equal(there, expected)
    assert found.image[:, 30, 10].tolist() == [200, 0, 0]
    assert found.covered == pytest.approx(100 / 1600)
    assert (GREY == 90).all()


def test_only_the_polygon_is_laid_not_its_box() -> None:
    mask = polygon([(0, 0), (1, 0), (0, 1)], (20, 20))
    piece = cut(np.full((3, 20, 20), 250, np.uint8), mask)
    found = paste(GREY, piece)
    changed = (found.image != GREY).any(axis=0)
    assert changed[11, 11]
    assert not changed[29, 29]
    assert changed.sum() == mask.sum()


@pytest.mark.parametrize("scale", [0.3, 0.5, 1.7, 3.0])
def test_a_piece_covers_the_share_that_it_is_scaled_for(scale: float) -> None:
    piece = cut(RED, box((0.1, 0.1, 0.5, 0.8), (20, 30)))
    area = paste(GREY, piece, scale=scale).covered
    assert area == pytest.approx(piece.alpha.size * scale**2 / 1600, rel=0.15, abs=0.01)
    wanted = scale_for(piece, (40, 40), 0.2)
    assert paste(GREY, piece, scale=wanted).covered == pytest.approx(0.2, rel=0.1)


def test_what_reaches_over_the_edge_is_left_out() -> None:
    piece = cut(RED, np.ones((20, 30), bool))
    corner = paste(GREY, piece, x=0.0, y=0.0)
    assert corner.covered == pytest.approx(10 * 15 / 1600)
    assert corner.image.shape == GREY.shape


def test_a_mask_is_grown_on_all_sides() -> None:
    spot = np.zeros((20, 20), bool)
    spot[10, 10] = True
    assert closed(spot, 0.1).sum() == 25
    assert closed(spot, 0.0) is spot


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: box((0.5, 0, 0.4, 1), (4, 4)), "left edge is left of its right one"),
        (lambda: polygon([(0, 0), (1, 1)], (4, 4)), "at least three corners of a polygon, got 2"),
        (lambda: polygon([(0, 0), (2, 1), (0, 1)], (4, 4)), "between 0 and 1"),
        (lambda: corners("10,20 30"), "expected corners such as"),
        (lambda: corners("a,b"), "expected corners such as"),
        (lambda: cut(RED, np.zeros((20, 30), bool)), "got an empty mask"),
        (lambda: cut(RED, np.zeros((4, 4), bool)), "a mask .H, W. of its size"),
        (lambda: paste(GREY, cut(RED, np.ones((20, 30), bool)), x=1.2), "between 0 and 1"),
        (lambda: paste(GREY, cut(RED, np.ones((20, 30), bool)), scale=0), "a scale above 0"),
        (lambda: scale_for(Cut(RED, np.ones((20, 30), np.uint8)), (4, 4), 0), "a share of the im"),
    ],
)
def test_impossible_pieces_are_refused(call, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        call()
