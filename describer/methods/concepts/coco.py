"""COCO's JSON of instances: polygons or run lengths an annotation, names with a super-category.

Run lengths come as lists or as COCO's own compressed text. Crowds count as their category.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, NotRequired

import numpy as np
from annotated_types import Interval
from numpy.typing import NDArray
from PIL import Image
from typing_extensions import TypedDict

from db import reading
from db.errors import BadInput
from db.reading import Count, Number
from describer.methods.concepts import polygons
from describer.methods.concepts.shape import Files, Labels, Shown, digest, fitted

Bools = NDArray[np.bool_]

_WHAT = "COCO's JSON of instances"
_Side = Annotated[int, Interval(ge=1, le=32_768)]


class _Category(TypedDict):
    id: int
    name: str
    supercategory: NotRequired[str | None]


class _Image(TypedDict):
    id: int
    file_name: str
    height: _Side
    width: _Side


class _RunLengths(TypedDict):
    counts: str | list[Count]
    size: tuple[_Side, _Side]


class _Thing(TypedDict):
    image_id: int
    category_id: int
    segmentation: _RunLengths | list[list[Number]]


class _File(TypedDict):
    categories: list[_Category]
    images: list[_Image]
    annotations: list[_Thing]


@dataclass(frozen=True)
class Coco:
    """A JSON file that was opened.

    sizes: of each image by its file's name, (height, width); things: of each the number of its name
    and its segmentation.
    """

    names: tuple[str, ...]
    categories: tuple[str, ...]
    hash: str
    sizes: dict[str, tuple[int, int]] = field(compare=False)
    things: dict[str, list[tuple[int, Any]]] = field(compare=False)
    files: Files = field(compare=False)

    def labels(self, shown: Shown) -> Labels | None:
        """Where the things are in an image."""
        name = self.files.find(shown.path)
        if name is None:
            return None
        regions: dict[int, Bools] = {}
        for number, segmentation in self.things[name]:
            try:
                mask = _mask(segmentation, self.sizes[name])
            except (KeyError, TypeError, ValueError, IndexError) as error:
                raise BadInput(
                    f"expected polygons or run lengths for {name}, got {error!r}"
                ) from error
            regions[number] = regions[number] | mask if number in regions else mask
        if self.sizes[name] != shown.size:
            regions = {number: _resized(mask, shown.size) for number, mask in regions.items()}
        return fitted(regions, shown)


def read(path: Path) -> Coco:
    """Open a JSON file of instances.

    Raises:
        BadInput: it is not such a file.
    """
    content = reading.bytes_of(path, _WHAT)
    found: _File = reading.of_json(content, _File, _WHAT, path)
    kinds = sorted(found["categories"], key=lambda kind: kind["id"])
    numbers = {kind["id"]: number for number, kind in enumerate(kinds)}
    files = {image["id"]: image["file_name"] for image in found["images"]}
    sizes = {image["file_name"]: (image["height"], image["width"]) for image in found["images"]}
    things: dict[str, list[tuple[int, Any]]] = {name: [] for name in sizes}
    try:
        for thing in found["annotations"]:
            entry = (numbers[thing["category_id"]], thing["segmentation"])
            things[files[thing["image_id"]]].append(entry)
    except KeyError as error:
        raise BadInput(
            f"expected {_WHAT} in {path}, got a thing of an image or a category {error} that is "
            "not in it"
        ) from error
    names = tuple(kind["name"] for kind in kinds)
    categories = tuple(kind.get("supercategory") or "object" for kind in kinds)
    if not names or not sizes:
        raise BadInput(f"expected categories and images in {path}, got none")
    return Coco(names, categories, digest([content]), sizes, things, Files(sizes))


def run_lengths(text: str) -> list[int]:
    """The numbers of COCO's compressed run lengths.

    Numbers are written in digits of five bits, the lowest first, the sixth bit saying that another
    follows; from the fourth on a number is the difference to the one two before.
    """
    found: list[int] = []
    place = 0
    while place < len(text):
        value, shift, more = 0, 0, True
        while more:
            digit = ord(text[place]) - 48
            value |= (digit & 31) << shift
            more = bool(digit & 32)
            if not 0 <= digit < 64 or shift > 40:
                raise ValueError(f"run lengths with {text[place]!r}")
            place, shift = place + 1, shift + 5
            if not more and digit & 16:
                value -= 1 << shift
        found.append(value + (found[-2] if len(found) > 2 else 0))
    return found


def _mask(segmentation: Any, size: tuple[int, int]) -> Bools:
    if isinstance(segmentation, list):
        return polygons.drawn([outline for outline in segmentation if len(outline) >= 6], size)
    counts: str | Sequence[int] = segmentation["counts"]
    height, width = segmentation["size"]
    lengths = run_lengths(counts) if isinstance(counts, str) else counts
    # Lengths that are more than the image would take memory of their own.
    if min(lengths, default=0) < 0 or sum(lengths) != height * width:
        raise ValueError(f"run lengths of {sum(lengths)} pixels for {height} x {width}")
    values = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)
    # Run lengths go down the columns.
    mask: Bools = values.reshape(width, height).T
    return mask if (height, width) == size else _resized(mask, size)


def _resized(mask: Bools, size: tuple[int, int]) -> Bools:
    picture = Image.fromarray(mask).resize((size[1], size[0]), Image.Resampling.NEAREST)
    found: Bools = np.array(picture, dtype=np.bool_)
    return found
