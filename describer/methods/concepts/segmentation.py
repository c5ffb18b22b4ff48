"""A folder of label maps: a picture for each image, whose values are numbers of concepts.

    FOLDER/names.txt        a line a value, from 0: `name` or `name<tab>category`; empty: none
    FOLDER/labels/…         <image>.png with values of 8 or 16 bits, or a palette

Label maps may be smaller than their images; they are enlarged without mixing values.
"""

import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from db.errors import BadInput
from db.reading import is_text
from describer.images.probing import MOST_PIXELS
from describer.methods.concepts.shape import Files, Labels, Shown, digest, fitted, lines

NAMES = "names.txt"
LABELS = "labels"
CATEGORY = "object"


@dataclass(frozen=True)
class Segmentation:
    """A folder of label maps that was opened.

    values: for each value of the maps the number of its concept, -1 for none.
    """

    root: Path
    names: tuple[str, ...]
    categories: tuple[str, ...]
    hash: str
    values: tuple[int, ...]
    files: Files = field(compare=False)

    def labels(self, shown: Shown) -> Labels | None:
        """Where the concepts are in an image."""
        path = self.files.find(shown.path)
        if path is None:
            return None
        height, width = shown.size
        file = self.root / LABELS / path
        try:
            # In memory nothing is read beyond the end, whatever a header says.
            with Image.open(io.BytesIO(file.read_bytes())) as picture:
                if picture.mode not in ("L", "P", "1") and not picture.mode.startswith("I"):
                    raise BadInput(f"expected a label map of one channel, got {picture.mode}")
                # A header of a few bytes may say any size.
                if picture.width * picture.height > MOST_PIXELS:
                    raise BadInput(
                        f"expected a label map of at most {MOST_PIXELS:,} pixels in {file}, got "
                        f"{picture.width} x {picture.height}"
                    )
                resized = picture.resize((width, height), Image.Resampling.NEAREST)
                values = np.asarray(resized).astype(np.int64)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise BadInput(f"expected a label map in {file}: {error}") from error
        found = {}
        for value in np.unique(values).tolist():
            if not 0 <= value < len(self.values):
                raise BadInput(
                    f"expected values 0 to {len(self.values) - 1}, as {NAMES} has lines, in "
                    f"{file}, got {value}"
                )
            if self.values[value] >= 0:
                found[self.values[value]] = values == value
        return fitted(found, shown)


def read(root: Path) -> Segmentation:
    """Open a folder of label maps.

    Raises:
        BadInput: it has no names or no label maps.
    """
    rows = [line.partition("\t") for line in lines(root / NAMES)]
    kept = [(name.strip(), kind.strip() or CATEGORY) for name, _, kind in rows if name.strip()]
    paths = sorted(
        name
        for path in (root / LABELS).rglob("*.png")
        if is_text(name := path.relative_to(root / LABELS).as_posix())
    )
    if not kept or not paths:
        raise BadInput(
            f"expected names in {root / NAMES} and label maps (png) in {root / LABELS}, got "
            f"{len(kept)} names and {len(paths)} maps"
        )
    numbers = iter(range(len(kept)))
    return Segmentation(
        root,
        tuple(name for name, _ in kept),
        tuple(kind for _, kind in kept),
        digest(
            [
                repr(rows).encode(),
                *(
                    part
                    for path in paths
                    for part in (path.encode(), (root / LABELS / path).read_bytes())
                ),
            ]
        ),
        tuple(next(numbers) if name.strip() else -1 for name, _, _ in rows),
        Files(paths),
    )
