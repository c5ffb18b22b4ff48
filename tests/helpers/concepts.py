"""Concept sets to test with: one square of a thing on an image, in every format."""

import csv
import json
from pathlib import Path

import numpy as np
from PIL import Image

from describer.methods.concepts.shape import Shown

SIZE = (20, 30)
# Rows 5 to 14 and columns 6 to 17 of an image 20 high and 30 wide.
BOX = (5, 15, 6, 18)


def square() -> np.ndarray:
    """bool SIZE: where the thing is."""
    mask = np.zeros(SIZE, dtype=np.bool_)
    mask[BOX[0] : BOX[1], BOX[2] : BOX[3]] = True
    return mask


def shown(path: str = "some/thing.jpg", size: tuple[int, int] = SIZE) -> Shown:
    """An image that its network sees as it is."""
    return Shown(path, np.zeros((3, *size), np.uint8), size, lambda masks: masks)


def segmentation(root: Path) -> Path:
    """Names of three values, the first of which is nothing, and one label map."""
    (root / "labels" / "some").mkdir(parents=True)
    (root / "names.txt").write_text("\nsky\tscene\ndog\n")
    Image.fromarray((square() * 2).astype(np.uint8)).save(root / "labels" / "some" / "thing.png")
    return root


def yolo(root: Path) -> Path:
    """Two names; a polygon and an image without things."""
    root.mkdir(parents=True)
    (root / "names.txt").write_text("sky\n\ndog\n")
    top, bottom, left, right = BOX
    corners = [(left, top), (right - 1, top), (right - 1, bottom - 1), (left, bottom - 1)]
    outline = " ".join(f"{x / SIZE[1]:.6f} {y / SIZE[0]:.6f}" for x, y in corners)
    (root / "thing.txt").write_text(f"1 {outline}\n\n")
    (root / "empty.txt").write_text("")
    return root


def coco(path: Path) -> Path:
    """A thing as run lengths, another as a polygon, on two images."""
    flat = square().T.reshape(-1)
    edges = np.flatnonzero(np.diff(flat.astype(np.int8))) + 1
    counts = np.diff([0, *edges, flat.size]).tolist()
    top, bottom, left, right = BOX
    outline = [left, top, right - 1, top, right - 1, bottom - 1, left, bottom - 1]
    height, width = SIZE
    path.write_text(
        json.dumps(
            {
                "categories": [
                    {"id": 7, "name": "dog", "supercategory": "animal"},
                    {"id": 3, "name": "sky"},
                ],
                "images": [
                    {"id": 1, "file_name": "thing.jpg", "height": height, "width": width},
                    {"id": 2, "file_name": "other.jpg", "height": height, "width": width},
                ],
                "annotations": [
                    {
                        "image_id": 1,
                        "category_id": 7,
                        "segmentation": {"counts": counts, "size": [height, width]},
                    },
                    {"image_id": 2, "category_id": 7, "segmentation": [outline]},
                ],
            }
        )
    )
    return path


def broden(root: Path) -> Path:
    """Two categories: an object as a label map, a scene of the whole image."""
    (root / "images").mkdir(parents=True)
    values = np.zeros((*SIZE, 3), np.uint8)
    values[square()] = (1, 1, 0)
    Image.fromarray(values).save(root / "images" / "thing_object.png")
    with (root / "label.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [["number", "name", "category"], [257, "dog", "object(12)"], [3, "street", "scene(4)"]]
        )
    with (root / "index.csv").open("w", newline="") as file:
        columns = ["image", "split", "ih", "iw", "sh", "sw", "color", "object", "scene"]
        row = ["some/thing.jpg", "train", 20, 30, 20, 30, "", "thing_object.png", "3"]
        csv.writer(file).writerows([columns, row])
    return root
