"""Broden's layout, the data set of NetDissect (Bau et al. 2017).

    FOLDER/label.csv        number,name,category,…
    FOLDER/index.csv        image,split,ih,iw,sh,sw,color,object,part,material,scene,texture
    FOLDER/images/…         label maps beside the images: number = red + 256 * green

A cell of a category holds label maps or, for what is said of a whole image, numbers, both separated
by semicolons. An image without a category's cell is not labelled with that category.
"""

import io
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from db import tables
from db.csv_cells import whole
from db.errors import BadInput
from describer.images.probing import MOST_PIXELS
from describer.methods.concepts.shape import Bools, Files, Labels, Shown, digest, fitted

NOT_LABELS = ("image", "split", "ih", "iw", "sh", "sw")


@dataclass(frozen=True)
class Broden:
    """A folder in Broden's layout that was opened.

    numbers: of Broden's numbers, the places of their concepts here; rows: of each image its cells.
    """

    root: Path
    names: tuple[str, ...]
    categories: tuple[str, ...]
    hash: str
    numbers: dict[int, int] = field(compare=False)
    rows: dict[str, list[str]] = field(compare=False)
    files: Files = field(compare=False)

    def labels(self, shown: Shown) -> Labels | None:
        """Where the concepts are in an image."""
        name = self.files.find(shown.path)
        if name is None:
            return None
        regions: dict[int, Bools] = {}
        for cell in self.rows[name]:
            for part in cell.split(";"):
                if whole(part) is not None:
                    self._take(regions, _number(part), np.ones(shown.size, np.bool_))
                    continue
                values = self._map(part, shown.size)
                for value in np.unique(values).tolist():
                    self._take(regions, value, values == value)
        return fitted(regions, shown)

    def _take(self, regions: dict[int, Bools], value: int, mask: Bools) -> None:
        if (number := self.numbers.get(value)) is not None:
            regions[number] = regions[number] | mask if number in regions else mask

    def _map(self, part: str, size: tuple[int, int]) -> np.ndarray:
        if not _is_place(part):
            raise BadInput(f"expected a label map below {self.root / 'images'}, got {part!r}")
        file = self.root / "images" / part
        try:
            # In memory nothing is read beyond the end, whatever a header says.
            with Image.open(io.BytesIO(file.read_bytes())) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise ValueError(f"{picture.width} x {picture.height} pixels")
                resized = picture.convert("RGB").resize(
                    (size[1], size[0]), Image.Resampling.NEAREST
                )
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise BadInput(f"expected a label map in {file}: {error}") from error
        values = np.asarray(resized, dtype=np.int64)
        return np.asarray(values[..., 0] + 256 * values[..., 1])


def read(root: Path) -> Broden:
    """Open a folder in Broden's layout.

    Raises:
        BadInput: a table is missing or has other columns.
    """
    labels, index = _table(root / "label.csv"), _table(root / "index.csv")
    try:
        rows = {
            row["image"]: [
                cell for column, cell in row.items() if column not in NOT_LABELS and cell
            ]
            for row in index
        }
        kept = [
            (_number(row["number"]), row["name"], _category(row["category"]))
            for row in labels
            if _number(row["number"]) > 0
        ]
    except (KeyError, ValueError) as error:
        raise BadInput(f"expected Broden's columns in {root}, got {error!r}") from error
    if not kept or not rows:
        raise BadInput(f"expected labels and images in {root}, got none")
    tables = [(root / name).read_bytes() for name in ("label.csv", "index.csv")]
    maps = {part for cells in rows.values() for cell in cells for part in cell.split(";")}
    contents = [
        part.encode() + (root / "images" / part).read_bytes()
        for part in sorted(maps)
        if _is_place(part) and (root / "images" / part).is_file()
    ]
    return Broden(
        root,
        tuple(name for _, name, _ in kept),
        tuple(category for _, _, category in kept),
        digest([*tables, *contents]),
        {number: place for place, (number, _, _) in enumerate(kept)},
        rows,
        Files(rows),
    )


def _number(cell: str) -> int:
    found = whole(cell)
    if found is None:
        raise ValueError(f"the number {cell[:40]!r}")
    return found


def _category(cell: str) -> str:
    return cell.split("(")[0].split(";")[0].strip()


def _table(path: Path) -> list[dict[str, str]]:
    return [row.cells for row in tables.read(path, known=("number", "image")).rows]


def _is_place(part: str) -> bool:
    """Whether a cell names a file below `images`; anything else would be a way out of it."""
    path = PurePosixPath(part)
    named = all(each != ".." and len(each.encode()) < 256 for each in path.parts)
    return named and "\0" not in part and len(part) < 1024 and not path.is_absolute()
