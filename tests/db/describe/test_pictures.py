"""Pictures: outside a mask is dark, inside is as it was, and every name is checked."""

import io

import numpy as np
import pytest
from PIL import Image

from db.describe import pictures
from db.describe.exemplars import UnitRow
from db.errors import BadInput, NotFound


def exemplars(k: int = 15) -> tuple[np.ndarray, np.ndarray]:
    images = np.full((k, 3, 32, 32), 200, np.uint8)
    masks = np.zeros((k, 1, 32, 32), bool)
    masks[:, :, 8:24, 8:24] = True
    return images, masks


def opened(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("L")).astype(float)


def test_a_grid_holds_fifteen_tiles_in_three_rows_of_five() -> None:
    shape = opened(pictures.rendered(*exemplars(), "grid")).shape
    assert shape == (3 * 256 + 2 * pictures.GAP, 5 * 256 + 4 * pictures.GAP)


def test_outside_is_dimmed_and_inside_is_untouched() -> None:
    grid = opened(pictures.rendered(*exemplars(), "grid"))
    assert grid[128, 128] == pytest.approx(200, abs=3)
    assert grid[10, 10] == pytest.approx(200 * 0.25, abs=3)


def test_the_open_picture_shows_everything() -> None:
    assert opened(pictures.rendered(*exemplars(), "open"))[10, 10] == pytest.approx(200, abs=3)


def test_fewer_exemplars_make_a_smaller_sheet() -> None:
    assert opened(pictures.rendered(*exemplars(2), "strip")).shape == (88, 2 * 88 + 2)


@pytest.mark.parametrize("name", ["grid", "grid-tall", "open", "open-tall", "ten", "ten-tall"])
def test_what_people_judge_by_is_there_in_double_size(name: str) -> None:
    simple = opened(pictures.rendered(*exemplars(), name))
    double = opened(pictures.rendered(*exemplars(), f"{name}-2x"))
    assert double.shape == (2 * simple.shape[0], 2 * simple.shape[1])
    assert double.shape[1] == pictures.PICTURES[f"{name}-2x"].width
    # the same picture: every pixel of the small one is the mean of four, but for the mask's line
    small = double.reshape(simple.shape[0], 2, simple.shape[1], 2).mean(axis=(1, 3))
    assert (abs(small - simple) < 8).mean() > 0.95


def test_the_line_around_a_mask_is_as_wide_as_the_picture_is_dense() -> None:
    for name, thick in (("grid", 1), ("grid-2x", 2)):
        row = opened(pictures.rendered(*exemplars(1), name))[::thick, ::thick][128, :256] / 200
        # dark, the bright line, the inside: the mask begins at a quarter of the tile
        assert row[56] < 0.4
        assert max(row[60:66]) > 1.05
        assert row[100] == pytest.approx(1, abs=0.03)


def test_both_sizes_stand_in_an_address_with_their_widths() -> None:
    unit = UnitRow(7, 1, "a" * 64, "net", "layer4", 3, False, 15, "folder")
    assert pictures.addresses(unit, "grid-tall") == (
        "/pictures/7/grid-tall.jpg?v=aaaaaaaaaaaa 780w, "
        "/pictures/7/grid-tall-2x.jpg?v=aaaaaaaaaaaa 1560w"
    )


@pytest.mark.parametrize(
    "name",
    [
        "grid-3x",
        "strip-2x",
        "tile-1-2x",
        "grid-2x.jpg",
        "-2x",
        "tile-15",
        "tile-01",
        "tile-١",
        "tile-",
        "../secret",
        "grid.jpg",
        "tile-1-shut",
    ],
)
def test_a_name_that_is_no_picture_is_refused(name: str) -> None:
    with pytest.raises(NotFound, match="expected the name of a picture"):
        pictures.rendered(*exemplars(), name)


def test_shapes_that_do_not_belong_together_are_refused() -> None:
    images, masks = exemplars()
    with pytest.raises(BadInput, match=r"got \(15, 3, 32, 32\) and \(14, 1, 32, 32\)"):
        pictures.rendered(images, masks[:14], "grid")


def test_the_address_changes_with_the_exemplars() -> None:
    unit = UnitRow(7, 1, "a" * 64, "net", "layer4", 3, False, 15, "folder")
    assert pictures.address(unit, "grid") == "/pictures/7/grid.jpg?v=aaaaaaaaaaaa"
