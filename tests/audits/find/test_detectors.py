"""Detectors on a real face and on printed words; skipped where they are not installed."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from audits.find import detectors

SIZE = 224


def masks(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    """bool (k, 1, SIZE, SIZE), each inside (left, top, right, bottom)."""
    made = np.zeros((len(boxes), 1, SIZE, SIZE), dtype=bool)
    for mask, (left, top, right, bottom) in zip(made, boxes, strict=True):
        mask[0, top:bottom, left:right] = True
    return made


def twice(picture: Image.Image) -> np.ndarray:
    return np.stack([np.asarray(picture.convert("RGB")).transpose(2, 0, 1)] * 2)


def test_a_face_counts_where_the_mask_lies_on_it() -> None:
    if not detectors._has_cascades():
        pytest.skip('no face detector: `pip install "opencv-python-headless<5"`')
    skimage = pytest.importorskip("skimage", reason="its portrait of an astronaut is the face")
    portrait = Image.fromarray(skimage.data.astronaut()).resize((SIZE, SIZE))
    found = detectors.look(twice(portrait), masks((70, 20, 130, 90), (10, 150, 100, 220)))
    faces = next(each for each in found if each.detector.startswith("faces"))
    assert (faces.found, faces.regions) == (1, 2)


def test_a_word_counts_where_the_mask_lies_on_it() -> None:
    if not detectors._has_tesseract():
        pytest.skip("no text detector: `pip install pytesseract` and the program `tesseract`")
    board = Image.new("RGB", (SIZE, SIZE), "white")
    font = ImageFont.load_default(size=36)
    ImageDraw.Draw(board).text((20, 20), "HOTEL", fill="black", font=font)
    found = detectors.look(twice(board), masks((15, 15, 150, 65), (20, 120, 200, 200)))
    text = next(each for each in found if each.detector.startswith("text"))
    assert (text.found, text.regions) == (1, 2)
