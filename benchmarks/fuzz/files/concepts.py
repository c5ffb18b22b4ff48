"""Readers of concepts with masks."""

import json
from collections.abc import Callable
from pathlib import Path

from benchmarks.fuzz.files.images import picture
from benchmarks.fuzz.kind import Reader, text_file


def _coco(folder: Path) -> Path:
    things = [
        {
            "image_id": 1,
            "category_id": 7,
            "segmentation": {"counts": [10, 20, 570], "size": [20, 30]},
        },
        {"image_id": 1, "category_id": 3, "segmentation": {"counts": ":d0ja0", "size": [20, 30]}},
        {"image_id": 2, "category_id": 7, "segmentation": [[1, 1, 9, 1, 9, 9, 1, 9]]},
    ]
    return text_file(
        "instances.json",
        json.dumps(
            {
                "categories": [
                    {"id": 7, "name": "dog", "supercategory": "animal"},
                    {"id": 3, "name": "sky"},
                ],
                "images": [
                    {"id": 1, "file_name": "thing.jpg", "height": 20, "width": 30},
                    {"id": 2, "file_name": "other.jpg", "height": 20, "width": 30},
                ],
                "annotations": things,
            }
        ),
    )(folder)


def _yolo(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        text_file("data.yaml", "names:\n  0: sky\n  1: dog\nnc: 2\n")(folder)
        text_file("thing.txt", "1 0.1 0.1 0.9 0.1 0.9 0.9\n0 0.5 0.5 0.2 0.2\n")(folder)
        return folder / name

    return make


def _broden(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / "images").mkdir()
        (folder / "images" / "thing_object.png").write_bytes(picture((20, 30)))
        text_file("label.csv", "number,name,category\n257,dog,object(12)\n3,street,scene(4)\n")(
            folder
        )
        text_file(
            "index.csv",
            "image,split,ih,iw,sh,sw,color,object,scene\n"
            "some/thing.jpg,train,20,30,20,30,,thing_object.png,3\n",
        )(folder)
        return folder / name

    return make


def _segmentation(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        import numpy as np
        from PIL import Image

        (folder / "labels").mkdir()
        Image.fromarray(np.full((20, 30), 2, np.uint8)).save(folder / "labels" / "thing.png")
        text_file("names.txt", "\nsky\tscene\ndog\n")(folder)
        return folder / name

    return make


def _concepts(form: str) -> Callable[[Path], None]:
    def read(target: Path) -> None:
        import numpy as np

        from describer.methods.concepts import opening
        from describer.methods.concepts.shape import Shown

        place = target
        while form != "coco" and not {"labels", "thing.txt", "label.csv"} & {
            path.name for path in (place.iterdir() if place.is_dir() else ())
        }:
            place = place.parent
        found = opening.open_set(form, str(place))
        for name in ("some/thing.jpg", "other.jpg"):
            found.labels(Shown(name, np.zeros((3, 20, 30), np.uint8), (20, 30), lambda m: m))

    return read


READERS: dict[str, Reader] = {
    "COCO json": Reader("json", _coco, _concepts("coco")),
    "YOLO text": Reader("text", _yolo("thing.txt"), _concepts("yolo")),
    "YOLO yaml": Reader("yaml", _yolo("data.yaml"), _concepts("yolo")),
    "Broden label.csv": Reader("csv", _broden("label.csv"), _concepts("broden")),
    "Broden index.csv": Reader("csv", _broden("index.csv"), _concepts("broden")),
    "segmentation names": Reader("text", _segmentation("names.txt"), _concepts("segmentation")),
    "segmentation png": Reader(
        "bytes", _segmentation("labels/thing.png"), _concepts("segmentation")
    ),
}
