"""A picture as the network takes it: of 8 bits and three colours, at the network's size.

    prepare(image, subject)             # uint8 (3, height, width)
    conversions(paths, file, subject)   # "2 pictures of 16 bits, …": what was done to odd ones

Pictures of more than 8 bits are scaled by their own range and never clipped: 16 bits by 1/257,
32-bit integers by the least of 8, 12 and 16 bits that holds them (else their greatest value),
floats by 1 or 255, whichever holds them (else by their greatest value); what is below zero by its
least value as well. A subject file can say instead which value is white. Transparent pixels are
laid on one colour.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from describer.subjects.definition import Subject

Images = NDArray[np.uint8]
DEEP = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
MOST_THREADS = 8
# Formats that need other programs (a PostScript interpreter among them), or hold no pictures.
_LEFT_OUT = frozenset(("EPS", "BUFR", "GRIB", "HDF5", "MPEG", "WMF", "FITS", "PDF"))
_FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "nearest": Image.Resampling.NEAREST,
}


@cache
def suffixes() -> frozenset[str]:
    """The suffixes of files that Pillow opens here, in lower case."""
    Image.init()
    return frozenset(
        suffix.lower()
        for suffix, kind in Image.registered_extensions().items()
        if kind in Image.OPEN and kind not in _LEFT_OUT
    )


def prepare(image: Image.Image, subject: Subject) -> Images:
    """Bring a picture to the network's size: uint8 (3, height, width).

    The shorter side is resized to resize_size (antialiased, as torchvision does it), then the
    centre is cut out. Without resize_size a picture is cropped as it is, and only one that is too
    small is enlarged until the crop fits into it.
    """
    flat = on_colour(eight_bits(ImageOps.exif_transpose(image), subject.white), subject.background)
    return np.ascontiguousarray(np.asarray(_cut(flat, subject), np.uint8).transpose(2, 0, 1))


def prepare_array(array: NDArray[np.generic], subject: Subject) -> NDArray[np.float32]:
    """Bring a loaded array (channels, height, width) to the network's size: float32.

    Raises:
        ValueError: it has not the network's channels.
    """
    if array.ndim != 3 or len(array) != subject.channels:
        raise ValueError(
            f"expected an array of shape ({subject.channels}, height, width), got {array.shape}"
        )
    channels = [Image.fromarray(channel.astype(np.float32)) for channel in array]
    return np.stack([np.asarray(_cut(channel, subject), np.float32) for channel in channels])


def view(array: NDArray[np.float32], subject: Subject) -> Images:
    """Three channels of an array to look at, scaled together by their range: uint8 (3, H, W)."""
    shown = array[[min(channel, len(array) - 1) for channel in subject.shown]]
    shown = np.nan_to_num(shown, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(shown.min()), float(shown.max())
    scaled: Images = np.rint((shown - low) * (255 / (high - low) if high > low else 0.0)).astype(
        np.uint8
    )
    return scaled


def eight_bits(image: Image.Image, white: float | None = None) -> Image.Image:
    """A picture of more than 8 bits a channel as a grey one of 8; others as they are."""
    if image.mode not in DEEP:
        return image
    values = np.nan_to_num(np.asarray(image, np.float64), posinf=0.0, neginf=0.0)
    low, high = min(float(values.min()), 0.0), white or _white(image.mode, float(values.max()))
    scaled = (values - low) * (255 / (high - low)) if high > low else np.zeros_like(values)
    return Image.fromarray(np.rint(scaled.clip(0, 255)).astype(np.uint8))


def on_colour(image: Image.Image, colour: Sequence[int]) -> Image.Image:
    """A picture in three colours, its transparent pixels laid on one colour."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    ground = Image.new("RGBA", image.size, (*colour, 255))
    return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")


def resized(size: tuple[int, int], subject: Subject) -> tuple[int, int]:
    """Width and height of a picture of that size before its centre is cut out."""
    wanted = subject.resize_size
    if isinstance(wanted, tuple):
        return wanted[1], wanted[0]
    width, height = size
    tall, wide = subject.size
    if tall == wide:
        short = min(size)
        side = wanted or max(short, tall)
        width, height = (side if edge == short else int(side * edge / short) for edge in size)
        return width, height
    scale = wanted / min(size) if wanted else 1.0
    scale = max(scale, tall / height, wide / width)
    return max(round(width * scale), wide), max(round(height * scale), tall)


def conversions(
    paths: Sequence[str], file: Callable[[int], Path | BytesIO], subject: Subject
) -> tuple[str, ...]:
    """Sentences about the pictures that are not of 8 bits or are transparent; none for others.

    Only the beginning of each file is read.
    """
    if subject.loader:
        return ()
    threads = min(os.cpu_count() or 1, MOST_THREADS)
    with ThreadPoolExecutor(threads) as pool:
        modes = list(pool.map(lambda place: _kind(file, place), range(len(paths))))
    done = {
        "16 bits": "65,535 is white (white = 4095 in the subject file would make 4,095 so)",
        "32 bits": "white is 255, 4,095 or 65,535, whichever holds them, else their greatest value",
        "float": "white is 1 or 255, whichever holds them, else their greatest value",
    }
    if subject.white is not None:
        done = dict.fromkeys(done, f"{subject.white:g} is white, as the subject file says")
    colour = ", ".join(str(part) for part in subject.background)
    done["transparent"] = f"laid on the colour {colour}"
    said = []
    for kind, sentence in done.items():
        those = [path for path, mode in zip(paths, modes, strict=True) if mode == kind]
        if those:
            number = f"{len(those)} picture{'s' if len(those) > 1 else ''}"
            said.append(f"{number} ({kind}, first {those[0]}): {sentence}")
    return tuple(said)


def _white(mode: str, greatest: float) -> float:
    if mode.startswith("I;16"):
        return 65535.0
    steps = (1.0, 255.0) if mode == "F" else (255.0, 4095.0, 65535.0)
    return next((step for step in steps if greatest <= step), greatest)


def _cut(image: Image.Image, subject: Subject) -> Image.Image:
    across, down = resized(image.size, subject)
    if (across, down) != image.size:
        image = image.resize((across, down), _FILTERS[subject.interpolation])
    height, width = subject.size
    left, top = round((image.width - width) / 2.0), round((image.height - height) / 2.0)
    return image.crop((left, top, left + width, top + height))


def _kind(file: Callable[[int], Path | BytesIO], place: int) -> str:
    try:
        with Image.open(file(place)) as image:
            if image.mode in DEEP:
                return {"I": "32 bits", "F": "float"}.get(image.mode, "16 bits")
            return "transparent" if image.has_transparency_data else ""
    # What cannot be read is skipped and named when it is wanted.
    except Exception:
        return ""
