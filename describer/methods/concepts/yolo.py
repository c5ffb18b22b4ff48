"""YOLO's text files: a line a thing, `class x1 y1 x2 y2 …` with places in parts of the image.

    FOLDER/…/<image>.txt    a polygon a line; or a box, `class x y width height`
    FOLDER/names.txt        a name a line; or the `names` of FOLDER/data.yaml

`names="coco"` stands for the 80 usual names. An image whose file is empty has none of the things.
"""

from dataclasses import dataclass, field
from pathlib import Path

from db import reading
from db.errors import BadInput
from db.reading import is_text
from describer.methods.concepts import polygons
from describer.methods.concepts.shape import Files, Labels, Shown, digest, fitted, lines

NAMES = "names.txt"
YAML = "data.yaml"
CATEGORY = "object"
COCO = (
    "person bicycle car motorcycle airplane bus train truck boat traffic_light fire_hydrant "
    "stop_sign parking_meter bench bird cat dog horse sheep cow elephant bear zebra giraffe "
    "backpack umbrella handbag tie suitcase frisbee skis snowboard sports_ball kite baseball_bat "
    "baseball_glove skateboard surfboard tennis_racket bottle wine_glass cup fork knife spoon bowl "
    "banana apple sandwich orange broccoli carrot hot_dog pizza donut cake chair couch "
    "potted_plant bed dining_table toilet tv laptop mouse remote keyboard cell_phone microwave "
    "oven toaster sink refrigerator book clock vase scissors teddy_bear hair_drier toothbrush"
)


@dataclass(frozen=True)
class Yolo:
    """A folder of polygons that was opened."""

    root: Path
    names: tuple[str, ...]
    hash: str
    files: Files = field(compare=False)

    @property
    def categories(self) -> tuple[str, ...]:
        """All are things."""
        return (CATEGORY,) * len(self.names)

    def labels(self, shown: Shown) -> Labels | None:
        """Where the things are in an image."""
        path = self.files.find(shown.path)
        if path is None:
            return None
        outlines: dict[int, list[list[float]]] = {}
        for number, line in enumerate(lines(self.root / path), start=1):
            if line:
                name, outline = self._thing(line, f"line {number} of {self.root / path}")
                outlines.setdefault(name, []).append(_pixels(outline, shown.size))
        regions = {name: polygons.drawn(found, shown.size) for name, found in outlines.items()}
        return fitted(regions, shown)

    def _thing(self, line: str, place: str) -> tuple[int, list[float]]:
        """The number of a thing's name and its outline, in parts of the image."""
        try:
            number, *values = [float(word) for word in line.split()]
        except ValueError as error:
            raise BadInput(f"expected a class and places in {place}, got {line[:60]!r}") from error
        if not (number.is_integer() and 0 <= number < len(self.names)):
            raise BadInput(
                f"expected a class from 0 to {len(self.names) - 1} in {place}, got {number:g}"
            )
        if len(values) == 4:
            x, y, width, height = values
            left, top, right, bottom = (
                x - width / 2,
                y - height / 2,
                x + width / 2,
                y + height / 2,
            )
            values = [left, top, right, top, right, bottom, left, bottom]
        if len(values) < 6 or len(values) % 2:
            raise BadInput(f"expected at least three points in {place}, got {len(values)} numbers")
        return int(number), values


def read(root: Path, *, names: str = "") -> Yolo:
    """Open a folder of text files.

    Args:
        names: "coco", or a file of names; by default what lies in the folder.

    Raises:
        BadInput: there are no names or no labels.
    """
    known = _names(root, names)
    paths = sorted(
        name
        for path in root.rglob("*.txt")
        if path.name != NAMES and is_text(name := path.relative_to(root).as_posix())
    )
    if not paths:
        raise BadInput(f"expected text files of polygons in {root}, found none")
    parts = [part for path in paths for part in (path.encode(), (root / path).read_bytes())]
    return Yolo(root, known, digest([*(name.encode() for name in known), *parts]), Files(paths))


def _names(root: Path, names: str) -> tuple[str, ...]:
    if names == "coco":
        return tuple(name.replace("_", " ") for name in COCO.split())
    if names:
        return tuple(line for line in lines(Path(names)) if line)
    if (root / NAMES).is_file():
        return tuple(line for line in lines(root / NAMES) if line)
    if (root / YAML).is_file():
        return _yaml_names(root / YAML)
    raise BadInput(
        f"expected {NAMES} or {YAML} in {root}, found neither; give a file of names, or `coco` for "
        "the 80 usual ones"
    )


def _yaml_names(path: Path) -> tuple[str, ...]:
    found = reading.of_yaml(reading.text_of(path, "YAML"), path)
    given = found.get("names") if isinstance(found, dict) else None
    if isinstance(given, dict) and set(given) == set(range(len(given))):
        given = [given[number] for number in range(len(given))]
    if not isinstance(given, list) or not given:
        raise BadInput(f"expected a list of names in {path}, got {type(given).__name__}")
    return tuple(str(name) for name in given)


def _pixels(outline: list[float], size: tuple[int, int]) -> list[float]:
    height, width = size
    return [value * (height if place % 2 else width) for place, value in enumerate(outline)]
