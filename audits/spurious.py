"""Images with words in a corner: a training set that teaches them, a test set that misleads.

    make(Path("cifar10/train"), Path("out/train"), Writing("right", share=0.5))
    make(Path("cifar10/test"), Path("out/test"), Writing("random", share=1.0))

Source: MILAN, Section 7: half of the training images carry the name of their class in the
top-left corner; all test images carry a class name drawn at random, which is usually a wrong one.
`labels.csv` beside the images says which word is written on which. The same seed makes the same
images; the source folder is only read.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from db.arrays import new_folder
from db.errors import BadInput, Cancelled
from describer.probing import Skipped, open_folder

Corner = Literal["top-left", "top-right", "bottom-left", "bottom-right"]
Words = Literal["right", "random"]
CORNERS: tuple[Corner, ...] = ("top-left", "top-right", "bottom-left", "bottom-right")
MARGIN = 0.03


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
    """

    words: Words = "right"
    share: float = 0.5
    corner: Corner = "top-left"
    height: float = 0.12
    font: Path | None = None
    seed: int = 0
    names: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Written:
    """One image of a made set: its path, its class, and the class whose name stands on it."""

    path: str
    label: str
    word_of: str | None


def make(
    source: Path,
    out: Path,
    writing: Writing,
    *,
    skipped: list[Skipped] | None = None,
    progress: Callable[[int, int, str], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> list[Written]:
    """Write a copy of a labelled image folder, with words on some of its images, as PNG.

    Args:
        source: `class/file`.
        out: the new folder; it appears when it is complete.
        skipped: takes the images that could not be read.

    Raises:
        BadInput: no labelled images, or settings that cannot be.
        Cancelled: `cancelled()` said so; nothing is left behind.
    """
    folder = open_folder(source)
    if folder.labels is None:
        raise BadInput(f"expected a folder of classes in {source}, got images without labels")
    if out.exists():
        raise BadInput(f"expected a new folder to write to, got {out}, which exists")
    _check(writing)
    labels = np.array(folder.labels)
    words = drawn(labels, len(folder.classes), writing)
    names = dict(writing.names)
    made: list[Written] = []
    with new_folder(out) as temporary:
        for name in folder.classes:
            (temporary / name).mkdir()
        for index, path in enumerate(folder.paths):
            if cancelled is not None and cancelled():
                raise Cancelled(f"stopped after {index} of {len(folder)} images")
            label, word = folder.classes[labels[index]], int(words[index])
            word_of = None if word < 0 else folder.classes[word]
            # The number keeps two files apart that differ only in their suffix.
            target = f"{label}/{index:06d}_{Path(path).stem}.png"
            try:
                with Image.open(source / path) as opened:
                    image = opened.convert("RGB")
            except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
                if skipped is not None:
                    skipped.append(Skipped(path, f"cannot be read: {error}"))
                continue
            if word_of is not None:
                write_word(image, names.get(word_of, word_of), writing)
            image.save(temporary / target)
            made.append(Written(target, label, word_of))
            if progress is not None:
                progress(index + 1, len(folder), "writing words on images")
        with (temporary / "labels.csv").open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(("path", "label", "word_of"))
            rows.writerows((one.path, one.label, one.word_of or "") for one in made)
    return made


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


def write_word(image: Image.Image, word: str, writing: Writing) -> None:
    """Write a word into a corner of an image, in place: white letters with a dark outline.

    A word that is too wide is written smaller, so that it can be read whole.
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
    if writing.font is not None:
        try:
            _font(writing.font, 10)
        except OSError as error:
            raise BadInput(f"expected a TrueType font, got {writing.font} ({error})") from error
