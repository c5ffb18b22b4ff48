"""The images that a network is studied on, read and prepared as the network wants them.

    probing_set = open_folder(Path("val"))          # class/file, or flat; order = sorted paths
    for batch in batches(probing_set, subject, skipped=skipped):
        batch.ids, batch.images                     # int64 (n,), uint8 (n, 3, S, S)
    inputs = as_inputs(batch.images, subject, device="cpu")

An image that cannot be read is skipped, counted and named, and never stops a run. Decoding goes on
in threads while the network computes. torch is imported only by `as_inputs`.
"""

from __future__ import annotations

import hashlib
import os
import re
import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from db.errors import BadInput
from describer.subjects.definition import Subject

if TYPE_CHECKING:
    import torch

SUFFIXES = frozenset(
    (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
)
SEEDS = re.compile(r"seeds:(?P<count>[1-9][0-9]{0,8})")
MOST_PIXELS = 100_000_000
MOST_THREADS = 8
BATCHES_AHEAD = 2

Images = NDArray[np.uint8]


@dataclass(frozen=True)
class ProbingSet:
    """A folder of images.

    Attributes:
        root: the folder.
        paths: of its images, relative, with slashes, sorted; an image's id is its place here.
        classes: names of the sub-folders, sorted, when all images lie in one; else empty.
        labels: for each image the index of its class; None for a flat folder.
        seeds: whether these are the seeds of a generator's latents, and no files.
    """

    root: Path
    paths: tuple[str, ...]
    classes: tuple[str, ...] = ()
    labels: tuple[int, ...] | None = None
    seeds: bool = False

    def __len__(self) -> int:
        return len(self.paths)


@dataclass(frozen=True)
class Skipped:
    """An image that could not be read, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Batch:
    """Prepared images.

    Attributes:
        ids: int64 (n,), places in the probing set, rising.
        images: uint8 (n, 3, S, S).
    """

    ids: NDArray[np.int64]
    images: Images


def open_folder(root: Path) -> ProbingSet:
    """List the images of a folder: `class/file` (any depth below the class), or flat.

    Files of other kinds and hidden ones are passed over. Images are not opened yet. `seeds:500`
    instead of a folder are the first 500 seeds of a generator's latents
    (describer/subjects/latents.py).

    Raises:
        BadInput: no such folder, or no images in it.
    """
    if seeds := SEEDS.fullmatch(str(root)):
        names = tuple(f"seed-{seed:09d}" for seed in range(int(seeds["count"])))
        return ProbingSet(root, names, seeds=True)
    if not root.is_dir():
        raise BadInput(f"expected a folder of images, got {root}, which is no folder")
    paths = sorted(
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(root).parts)
        and path.is_file()
    )
    if not paths:
        kinds = ", ".join(sorted(suffix[1:] for suffix in SUFFIXES))
        raise BadInput(f"expected images ({kinds}) in {root}, found none")
    parents = [path.split("/")[0] if "/" in path else None for path in paths]
    if None in parents:
        return ProbingSet(root.resolve(), tuple(paths))
    classes = tuple(sorted({parent for parent in parents if parent is not None}))
    index = {name: place for place, name in enumerate(classes)}
    labels = tuple(index[parent] for parent in parents if parent is not None)
    return ProbingSet(root.resolve(), tuple(paths), classes, labels)


def prepare(image: Image.Image, subject: Subject) -> Images:
    """Bring an image to the network's size: uint8 (3, image_size, image_size).

    The shorter side is resized to resize_size (antialiased bilinear, as torchvision does it), then
    the centre is cut out. Without resize_size an image is cropped as it is, and only one that is
    too small is enlarged until its shorter side fits.
    """
    image = ImageOps.exif_transpose(image).convert("RGB")
    size = subject.image_size
    resized = _resized(image.size, subject)
    if resized != image.size:
        image = image.resize(resized, Image.Resampling.BILINEAR)
    left, top = (round((side - size) / 2.0) for side in image.size)
    image = image.crop((left, top, left + size, top + size))
    return np.ascontiguousarray(np.asarray(image, dtype=np.uint8).transpose(2, 0, 1))


def _resized(size: tuple[int, int], subject: Subject) -> tuple[int, int]:
    """Width and height of an image of that size before its centre is cut out."""
    short = min(size)
    wanted = subject.resize_size or max(short, subject.image_size)
    width, height = (wanted if side == short else int(wanted * side / short) for side in size)
    return width, height


def batches(
    probing_set: ProbingSet,
    subject: Subject,
    *,
    batch_size: int = 64,
    ids: Sequence[int] | None = None,
    skipped: list[Skipped] | None = None,
) -> Iterator[Batch]:
    """Read and prepare images, batch by batch, in the order of `ids`.

    Args:
        probing_set: where the images lie.
        subject: says how they are prepared.
        batch_size: images read at a time; a batch holds fewer when some cannot be read.
        ids: which images; all of them by default.
        skipped: takes the images that could not be read.
    """
    wanted = list(range(len(probing_set)) if ids is None else ids)
    chunks = (wanted[first : first + batch_size] for first in range(0, len(wanted), batch_size))
    threads = min(os.cpu_count() or 1, MOST_THREADS)
    # Odd metadata and large images are judged, not announced. Filters belong to all threads, so
    # they are set here once: `catch_warnings` in several threads loses those of the program.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[tuple[list[int], list[Future[Images | Skipped]]]] = deque()
        for chunk in chunks:
            read = [pool.submit(_read, probing_set, image_id, subject) for image_id in chunk]
            waiting.append((chunk, read))
            if len(waiting) > BATCHES_AHEAD:
                yield from _collected(*waiting.popleft(), skipped)
        while waiting:
            yield from _collected(*waiting.popleft(), skipped)


def as_inputs(
    images: Images, subject: Subject, *, device: str | torch.device = "cpu"
) -> torch.Tensor:
    """What the network takes: float32 (n, 3, S, S), scaled to [0, 1] and normalised."""
    import torch

    inputs = torch.from_numpy(images).to(device).float().div_(255)
    mean = torch.tensor(subject.mean, device=device).view(3, 1, 1)
    std = torch.tensor(subject.std, device=device).view(3, 1, 1)
    return inputs.sub_(mean).div_(std)


def file_hashes(probing_set: ProbingSet) -> list[str]:
    """The hash of every file's content, in the order of the paths; "" where it cannot be read."""
    threads = min(os.cpu_count() or 1, MOST_THREADS)
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda path: _hash(probing_set.root / path), probing_set.paths))


def digest(probing_set: ProbingSet, hashes: Iterable[str] | None = None) -> str:
    """Identity of a probing set: the names and contents of its files, in their order."""
    total = hashlib.blake2b(digest_size=20)
    for path, each in zip(probing_set.paths, hashes or file_hashes(probing_set), strict=True):
        total.update(f"{path}\0{each}\n".encode())
    return total.hexdigest()


def _read(probing_set: ProbingSet, image_id: int, subject: Subject) -> Images | Skipped:
    path = probing_set.paths[image_id]
    try:
        with Image.open(probing_set.root / path) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                return Skipped(path, f"{width} x {height} pixels are more than can be trusted")
            across, down = _resized(image.size, subject)
            if across * down > MOST_PIXELS:
                return Skipped(path, f"{width} x {height} pixels become {across} x {down}")
            return prepare(image, subject)
    # Decoders raise all of these over broken files.
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError) as error:
        return Skipped(path, f"cannot be read: {_sentence(error)}")
    except (Image.DecompressionBombError, MemoryError) as error:
        return Skipped(path, f"is too large: {_sentence(error)}")


def _collected(
    chunk: list[int], read: list[Future[Images | Skipped]], skipped: list[Skipped] | None
) -> Iterator[Batch]:
    ids, images = [], []
    for image_id, future in zip(chunk, read, strict=True):
        result = future.result()
        if not isinstance(result, Skipped):
            ids.append(image_id)
            images.append(result)
        elif skipped is not None:
            skipped.append(result)
    if ids:
        yield Batch(np.array(ids, dtype=np.int64), np.stack(images))


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=20)).hexdigest()
    except OSError:
        return ""


def _sentence(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
