"""What optional detectors see in the masked regions of a unit: evidence for a reviewer, no verdict.

    look(images, masks)                 # [Seen("faces (OpenCV …)", 11, 15)]
    absent()                            # what could look and is not installed, with the command

A face counts for a region when at least half of the smaller of the two lies in the other. Nothing
is ever downloaded here.
"""

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from db.audit.evidence import Evidence

Images = npt.NDArray[np.uint8]
Masks = npt.NDArray[np.bool_]
Box = tuple[int, int, int, int]

_FACES = "faces (OpenCV, frontal Haar cascade)"
_TEXT = "text (Tesseract)"
# Haar cascades know faces from 24 pixels on; small pictures are enlarged to about this width.
_WIDTH = 448
_SHARE = 0.5


def absent() -> list[str]:
    """Detectors that are not installed, each with what brings it."""
    lines = []
    if not _has_cascades():
        lines.append('faces: `pip install "opencv-python-headless<5"`')
    if not _has_tesseract():
        lines.append("text: `pip install pytesseract` and the program `tesseract`")
    return lines


def look(images: Images, masks: Masks) -> list[Evidence]:
    """Ask every detector that is installed about the regions of one unit.

    Args:
        images: uint8 (k, 3, height, width).
        masks: bool (k, 1, height, width).
    """
    found = []
    if _has_cascades():
        found.append(count(_FACES, [_faces(image) for image in images], masks))
    if _has_tesseract():
        found.append(count(_TEXT, [_words(image) for image in images], masks))
    return found


def count(detector: str, boxes: list[list[Box]], masks: Masks) -> Evidence:
    """In how many regions a detector's boxes (left, top, width, height) lie; empty masks are none.

    >>> mask = np.zeros((1, 1, 4, 4), bool); mask[..., :2, :2] = True
    >>> count("d", [[(0, 0, 2, 2)]], mask).found, count("d", [[(2, 2, 2, 2)]], mask).found
    (1, 0)
    """
    regions = hits = 0
    for each, mask in zip(boxes, masks[:, 0], strict=True):
        if not mask.any():
            continue
        regions += 1
        area = int(mask.sum())
        hits += any(
            mask[top : top + height, left : left + width].sum()
            >= _SHARE * min(area, width * height)
            for left, top, width, height in each
        )
    return Evidence(detector, hits, regions)


def _faces(image: Images) -> list[Box]:
    import cv2

    scale = max(1.0, _WIDTH / image.shape[2])
    grey = cv2.cvtColor(np.ascontiguousarray(image.transpose(1, 2, 0)), cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    file = Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"
    boxes = cv2.CascadeClassifier(str(file)).detectMultiScale(grey, 1.1, 5)
    return [_scaled(box, scale) for box in boxes]


def _words(image: Images) -> list[Box]:
    import pytesseract
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0)))
    scale = max(1.0, _WIDTH / picture.width)
    picture = picture.resize((round(picture.width * scale), round(picture.height * scale)))
    # Page mode 11: sparse text, in no particular order.
    table: dict[str, Any] = pytesseract.image_to_data(
        picture, config="--psm 11", output_type=pytesseract.Output.DICT
    )
    columns = (table[name] for name in ("left", "top", "width", "height", "conf", "text"))
    return [
        _scaled((left, top, width, height), scale)
        for left, top, width, height, sure, text in zip(*columns, strict=True)
        if float(sure) >= 50 and any(letter.isalnum() for letter in text)
    ]


def _scaled(box: Any, scale: float) -> Box:
    left, top, width, height = (round(float(side) / scale) for side in box)
    return left, top, width, height


def _has_cascades() -> bool:
    """Version 5 of OpenCV comes without the cascades."""
    if importlib.util.find_spec("cv2") is None:
        return False
    import cv2

    return hasattr(cv2, "CascadeClassifier")


def _has_tesseract() -> bool:
    installed = importlib.util.find_spec("pytesseract") is not None
    return installed and shutil.which("tesseract") is not None
