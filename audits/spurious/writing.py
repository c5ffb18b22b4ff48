"""Images with words in a corner: a training set that teaches them, a test set that misleads.

    make(Path("cifar10/train"), Path("out/train"), Writing("right", share=0.5))
    make(Path("cifar10/test"), Path("out/test"), Writing("random", share=1.0))

Source: MILAN, Section 7: half of the training images carry the name of their class in the
top-left corner; all test images carry a class name drawn at random, which is usually a wrong one.
`labels.csv` beside the images says which word is written on which, and where. The same seed makes
the same images; the source folder is only read.
"""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps

from db.arrays import new_folder
from db.errors import BadInput
from db.jobs import Watch
from describer.images.probing import Skipped, open_folder

Corner = Literal["top-left", "top-right", "bottom-left", "bottom-right"]
Words = Literal["right", "random"]
Box = tuple[int, int, int, int]
CORNERS: tuple[Corner, ...] = ("top-left", "top-right", "bottom-left", "bottom-right")
MARGIN = 0.03
COLUMNS = ("path", "label", "word_of", "left", "top", "right", "bottom")


@dataclass(frozen=True)
class Writing:
    """How words are written.

    Attributes:
        words: "right" writes the class's own name, "random" any class's name.
        share: of each class's images that carry a word, in [0, 1]; which ones is drawn.
        corner: where the word stands.
        height: of the letters, as a share of the image's shorter side.
        font: a TrueType file; None takes Pillow's own.
        seed: of all draws.
        names: class folder to the word that is written for it; the folder's name without.
        size: side in pixels of the square that an image is cut and resized to before its word is
            written; None leaves it. Letters on images of 32 pixels cannot be read.
    """

    words: Words = "right"
    share: float = 0.5
    corner: Corner = "top-left"
    height: float = 0.12
    font: Path | None = None
    seed: int = 0
    names: tuple[tuple[str, str], ...] = ()
    size: int | None = None


@dataclass(frozen=True)
class Written:
    """One image of a made set: its path, its class, and the class whose name stands on it.

    `box` is where the word stands: left, top, right and bottom in pixels, the last two outside.
    """

    path: str
    label: str
    word_of: str | None
    box: Box | None = None


def make(
    source: Path,
    out: Path,
    writing: Writing,
    *,
    only: Sequence[int] | None = None,
    skipped: list[Skipped] | None = None,
    watch: Watch | None = None,
) -> list[Written]:
    """Write a copy of a labelled image folder, with words on some of its images, as PNG.

    Args:
        source: `class/file`.
        out: the new folder; it appears when it is complete.
        only: which images, as places among the sorted paths; all of them by default.
        skipped: takes the images that could not be read.

    Raises:
        BadInput: no labelled images, or settings that cannot be.
        Cancelled: the watch said so; nothing is left behind.
    """
    folder = open_folder(source)
    if folder.labels is None:
        raise BadInput(f"expected a folder of classes in {source}, got images without labels")
    if unfit := [name for name in folder.classes if name in (".", "..") or "/" in name]:
        raise BadInput(f"expected classes that folders can be called, got {unfit[0]!r}")
    if out.exists():
        raise BadInput(f"expected a new folder to write to, got {out}, which exists")
    _check(writing)
    watch = watch or Watch()
    places = list(range(len(folder)) if only is None else only)
    labels = np.array(folder.labels)[places]
    words = drawn(labels, len(folder.classes), writing)
    names = dict(writing.names)
    made: list[Written] = []
    with new_folder(out) as temporary:
        for name in folder.classes:
            (temporary / name).mkdir()
        for index, place in enumerate(places):
            watch.check(f"after {index} of {len(places)} images")
            path, label, word = (
                folder.paths[place],
                folder.classes[labels[index]],
                int(words[index]),
            )
            word_of = None if word < 0 else folder.classes[word]
            # The number keeps two files apart that differ only in their suffix.
            target = f"{label}/{place:06d}_{Path(path).stem}.png"
            image = _opened(folder.file(place), writing.size)
            if isinstance(image, str):
                if skipped is not None:
                    skipped.append(Skipped(path, image))
                continue
            box = None
            if word_of is not None:
                box = write_word(image, names.get(word_of, word_of), writing)
            image.save(temporary / target)
            made.append(Written(target, label, word_of, box))
            watch.progress(index + 1, len(places), "writing words on images")
        _write_table(temporary / "labels.csv", made)
    return made


def _opened(path: Path | io.BytesIO, size: int | None) -> Image.Image | str:
    """An image as words are written on it, or why it cannot be read."""
    try:
        with Image.open(path) as opened:
            return _resized(ImageOps.exif_transpose(opened).convert("RGB"), size)
    # Decoders raise all of these over broken files and metadata, as in `probing`.
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        LookupError,
        TypeError,
        Image.DecompressionBombError,
    ) as error:
        return f"cannot be read: {error}"


def _write_table(path: Path, made: Sequence[Written]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        rows.writerows(
            (one.path, one.label, one.word_of or "", *(one.box or ("",) * 4)) for one in made
        )


def read(folder: Path) -> list[Written]:
    """What `make` wrote into a folder, from its `labels.csv`.

    Raises:
        BadInput: there is no such table.
    """
    try:
        with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return [
            Written(
                row["path"],
                row["label"],
                row["word_of"] or None,
                (int(row["left"]), int(row["top"]), int(row["right"]), int(row["bottom"]))
                if row["word_of"]
                else None,
            )
            for row in rows
        ]
    except (OSError, KeyError, ValueError) as error:
        raise BadInput(f"expected the table of written words in {folder} ({error})") from error


def drawn(labels: NDArray[np.int64], classes: int, writing: Writing) -> NDArray[np.int64]:
    """For each image the class whose name is written on it, -1 for none: int64 (images,).

    Of each class the same share of images carries a word.
    """
    generator = np.random.default_rng(writing.seed)
    words = np.full(len(labels), -1, dtype=np.int64)
    for label in range(classes):
        members = np.flatnonzero(labels == label)
        count = round(writing.share * len(members))
        chosen = generator.choice(members, count, replace=False)
        if writing.words == "right":
            words[chosen] = label
        else:
            words[chosen] = generator.integers(0, classes, count)
    return words


def write_word(image: Image.Image, word: str, writing: Writing) -> Box:
    """Write a word into a corner of an image, in place: white letters with a dark outline.

    A word that is too wide is written smaller, so that it can be read whole. Returns its place.
    """
    draw = ImageDraw.Draw(image)
    margin = max(1, round(MARGIN * min(image.size)))
    size = max(4.0, writing.height * min(image.size))
    while True:
        font = _font(writing.font, size)
        left, top, right, bottom = draw.textbbox((0, 0), word, font=font, stroke_width=1)
        if right - left <= image.width - 2 * margin or size <= 4:
            break
        size *= 0.9
    x = margin - left if "left" in writing.corner else image.width - margin - right
    y = margin - top if "top" in writing.corner else image.height - margin - bottom
    draw.text((x, y), word, font=font, fill=(255, 255, 255), stroke_width=1, stroke_fill=(0, 0, 0))
    return (
        max(0, math.floor(x + left)),
        max(0, math.floor(y + top)),
        min(image.width, math.ceil(x + right)),
        min(image.height, math.ceil(y + bottom)),
    )


def _resized(image: Image.Image, size: int | None) -> Image.Image:
    if size is None or image.size == (size, size):
        return image
    return ImageOps.fit(image, (size, size), Image.Resampling.BICUBIC)


def _font(path: Path | None, size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    if path is None:
        return ImageFont.load_default(size)
    return ImageFont.truetype(str(path), size)


def _check(writing: Writing) -> None:
    if writing.words not in ("right", "random"):
        raise BadInput(f"expected the words 'right' or 'random', got {writing.words!r}")
    if not 0 <= writing.share <= 1:
        raise BadInput(f"expected a share of images between 0 and 1, got {writing.share}")
    if writing.corner not in CORNERS:
        raise BadInput(f"expected a corner among {', '.join(CORNERS)}, got {writing.corner!r}")
    if not 0 < writing.height <= 1:
        raise BadInput(f"expected a height of letters above 0 and up to 1, got {writing.height}")
    if writing.size is not None and writing.size < 8:
        raise BadInput(f"expected images of at least 8 pixels to write on, got {writing.size}")
    if writing.font is not None:
        try:
            _font(writing.font, 10)
        except OSError as error:
            raise BadInput(f"expected a TrueType font, got {writing.font} ({error})") from error
