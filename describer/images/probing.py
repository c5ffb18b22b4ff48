"""The images that a network is studied on, read and prepared as the network wants them.

    probing_set = open_folder(Path("val"))          # class/file, or flat; order = sorted paths
    for batch in batches(probing_set, subject, skipped=skipped):
        batch.ids, batch.images                     # int64 (n,), uint8 (n, 3, S, S)
    inputs = as_inputs(batch.images, subject, device="cpu")

An image that cannot be read is skipped, counted and named, and never stops a run. Decoding goes on
in threads while the network computes. torch is imported only by `as_inputs`.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import tempfile
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from db.errors import BadInput
from db.reading import is_text
from describer.images import folders, pictures
from describer.images.packed import Packed, opened
from describer.subjects import importing, offline
from describer.subjects.definition import Subject

if TYPE_CHECKING:
    import torch

SEEDS = re.compile(r"seeds:(?P<count>[1-9][0-9]{0,8})")
MOST_PIXELS = 100_000_000
MOST_THREADS = 8
BATCHES_AHEAD = 2
# Of red, green and blue in a grey picture, in 65,536ths, as Pillow mixes them (ITU-R 601-2).
_GREY = (19595, 38470, 7471)

# How a file begins, and what a loader that goes by names expects it to be called.
_BEGINNINGS = {
    b"\x93NUMPY": ".npy",
    b"\x89PNG": ".png",
    b"\xff\xd8": ".jpg",
    b"II": ".tif",
    b"MM": ".tif",
    b"RIFF": ".webp",
    b"PK": ".npz",
}

Images = pictures.Images
Reader = Callable[[str], Any]


@dataclass(frozen=True)
class ProbingSet:
    """A folder of images.

    Attributes:
        root: the folder.
        paths: of its images, relative, with slashes, sorted; an image's id is its place here.
        classes: names of the sub-folders, in order, when all images lie in one; else empty.
        labels: for each image the index of its class; None for a flat folder.
        seeds: whether these are the seeds of a generator's latents, and no files.
        empty: names of further sub-folders, which would be classes and hold no image.
        left_out: sentences about files and folders that are not among the images.
        packed: what holds the images, where they are no files of their own.
        several: for each image the indices of its classes, where one has several; `labels` is None
            then.
    """

    root: Path
    paths: tuple[str, ...]
    classes: tuple[str, ...] = ()
    labels: tuple[int, ...] | None = None
    seeds: bool = False
    empty: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    packed: Packed | None = None
    several: tuple[tuple[int, ...], ...] | None = None

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def name(self) -> str:
        """What it is called unless it is named."""
        return self.root.name if self.packed is None else self.packed.name

    def file(self, image_id: int) -> Path | io.BytesIO:
        """An image's file, or its content where it lies inside another."""
        if self.packed is not None:
            return io.BytesIO(self.packed.data(image_id))
        return self.root / self.paths[image_id]


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
        images: uint8 (n, 3, H, W), to look at.
        arrays: float32 (n, channels, H, W), what a subject's loader read; None for pictures.
    """

    ids: NDArray[np.int64]
    images: Images
    arrays: NDArray[np.float32] | None = None

    @property
    def values(self) -> NDArray[Any]:
        """What `as_inputs` takes: the loaded arrays, or the pictures themselves."""
        return self.images if self.arrays is None else self.arrays


def open_folder(root: Path) -> ProbingSet:
    """List the images of a folder: `class/file` (any depth below the class), or flat.

    What is passed over is said in `left_out`. Images are not opened yet. `seeds:500` instead of a
    folder are the first 500 seeds of a generator's latents (describer/images/latents.py); tables,
    tars and data sets of torchvision are read as describer/images/packed.py says.

    Raises:
        BadInput: no such folder, or no images in it.
    """
    if seeds := SEEDS.fullmatch(str(root)):
        names = tuple(f"seed-{seed:09d}" for seed in range(int(seeds["count"])))
        return ProbingSet(root, names, seeds=True)
    if inside := opened(root):
        return ProbingSet(
            inside.root,
            inside.paths,
            inside.classes,
            inside.labels,
            left_out=inside.notes,
            packed=inside,
            several=inside.several,
        )
    if not is_text(str(root)):
        raise BadInput(f"expected a folder of images whose name is UTF-8, got {root}; rename it")
    if not root.is_dir():
        hint = "; unpack it" if root.suffix.lower() in (".zip", ".7z", ".rar", ".gz") else ""
        what = "which is no folder" if root.exists() else "which is not there"
        raise BadInput(f"expected a folder of images, got {root}, {what}{hint}")
    root = root.resolve()
    found = folders.listed(root)
    if not found.paths:
        there = f": {'; '.join(found.left_out)}" if found.left_out else ""
        raise BadInput(
            f"expected images (jpeg, png, tiff, webp and whatever Pillow opens, or npy) in {root}, "
            f"found none{there}"
        )
    if not found.classes:
        return ProbingSet(root, found.paths, left_out=found.left_out)
    index = {name: place for place, name in enumerate(found.classes)}
    labels = tuple(index[path.partition("/")[0]] for path in found.paths)
    return ProbingSet(
        root, found.paths, found.classes, labels, empty=found.empty, left_out=found.left_out
    )


def prepare(image: Image.Image, subject: Subject) -> Images:
    """Bring an image to the network's size: uint8 (3, height, width); see `pictures.prepare`."""
    return pictures.prepare(image, subject)


def conversions(probing_set: ProbingSet, subject: Subject) -> tuple[str, ...]:
    """Sentences about pictures that are not of 8 bits or are transparent; see `pictures`."""
    if probing_set.seeds:
        return ()
    return pictures.conversions(probing_set.paths, probing_set.file, subject)


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
    load = _loader(subject)
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[tuple[list[int], list[Future[_Read | Skipped]]]] = deque()
        for chunk in chunks:
            read = [pool.submit(_read, probing_set, image_id, subject, load) for image_id in chunk]
            waiting.append((chunk, read))
            if len(waiting) > BATCHES_AHEAD:
                yield from _collected(*waiting.popleft(), skipped)
        while waiting:
            yield from _collected(*waiting.popleft(), skipped)


def as_inputs(
    images: NDArray[Any], subject: Subject, *, device: str | torch.device = "cpu"
) -> torch.Tensor:
    """What the network takes: float32 (n, channels, H, W), normalised.

    Args:
        images: uint8 (n, 3, H, W), scaled to [0, 1] and mixed to grey for a network of one channel,
            or float32 (n, channels, H, W) as a subject's loader gives them.

    Raises:
        BadInput: pictures for a network of other channels, which only its loader can read.
    """
    import torch

    inputs = torch.from_numpy(images).to(device)
    if images.dtype == np.uint8:
        if subject.channels == 1 and not subject.loader:
            parts = torch.tensor(_GREY, device=device).view(3, 1, 1)
            inputs = (inputs.int() * parts).sum(1, keepdim=True).add_(32768) >> 16
        elif subject.channels != 3 or subject.loader:
            raise BadInput(
                f"expected what {subject.loader or 'a loader'} reads for {subject.name}, whose "
                f"images have {subject.channels} channels, got pictures that were changed or made "
                "here"
            )
        inputs = inputs.float().div_(255)
    mean = torch.tensor(subject.mean, device=device).view(-1, 1, 1)
    std = torch.tensor(subject.std, device=device).view(-1, 1, 1)
    return inputs.sub(mean).div_(std)


def file_hashes(probing_set: ProbingSet) -> list[str]:
    """The hash of every file's content, in the order of the paths; "" where it cannot be read."""
    threads = min(os.cpu_count() or 1, MOST_THREADS)
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda place: _hash(probing_set, place), range(len(probing_set))))


def digest(probing_set: ProbingSet, hashes: Iterable[str] | None = None) -> str:
    """Identity of a probing set: the names and contents of its files, in their order."""
    total = hashlib.blake2b(digest_size=20)
    for path, each in zip(probing_set.paths, hashes or file_hashes(probing_set), strict=True):
        total.update(f"{path}\0{each}\n".encode())
    return total.hexdigest()


_Read = tuple[Images, NDArray[np.float32] | None]


def _loader(subject: Subject) -> Reader | None:
    """The function that a subject file names to read its files; None for pictures.

    Raises:
        BadInput: it is not there or cannot be imported.
    """
    if not subject.loader:
        return None
    with importing.place(subject.source, subject.loader, fresh=False):
        return importing.find(subject.loader, subject.source, what="loader")


def _read(
    probing_set: ProbingSet, image_id: int, subject: Subject, load: Reader | None
) -> _Read | Skipped:
    path = probing_set.paths[image_id]
    if load is not None:
        try:
            with _as_file(probing_set, image_id) as file, offline.refused(alone=True):
                loaded = np.asarray(load(str(file)))
            array = pictures.prepare_array(loaded, subject)
        # The loader is the user's and may raise anything.
        except Exception as error:
            return Skipped(path, f"cannot be loaded: {importing.blamed(error)}")
        return pictures.view(array, subject), array
    if path.lower().endswith(folders.ARRAYS):
        return Skipped(path, "is an array: name what reads it, as loader in the subject file")
    try:
        with Image.open(_content(probing_set, image_id)) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                return Skipped(path, f"{width} x {height} pixels are more than can be trusted")
            across, down = pictures.resized(image.size, subject)
            if across * down > MOST_PIXELS:
                return Skipped(path, f"{width} x {height} pixels become {across} x {down}")
            return prepare(image, subject), None
    # Decoders raise all of these over broken files.
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError) as error:
        return Skipped(path, f"cannot be read: {_sentence(error)}")
    except (Image.DecompressionBombError, MemoryError) as error:
        return Skipped(path, f"is too large: {_sentence(error)}")


@contextlib.contextmanager
def _as_file(probing_set: ProbingSet, image_id: int) -> Iterator[Path]:
    """An image's file; where it lies inside another, one of its own for as long as the block."""
    path = probing_set.paths[image_id]
    if probing_set.packed is None:
        yield probing_set.root / path
        return
    content = probing_set.packed.data(image_id)
    suffix = Path(path).suffix or next(
        (suffix for start, suffix in _BEGINNINGS.items() if content.startswith(start)), ""
    )
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        file.write(content)
        file.flush()
        yield Path(file.name)


def _content(probing_set: ProbingSet, image_id: int) -> io.BytesIO:
    """An image's file in memory: there nothing is read beyond the end, whatever a header says."""
    file = probing_set.file(image_id)
    return file if isinstance(file, io.BytesIO) else io.BytesIO(file.read_bytes())


def _collected(
    chunk: list[int], read: list[Future[_Read | Skipped]], skipped: list[Skipped] | None
) -> Iterator[Batch]:
    ids, images, arrays = [], [], []
    for image_id, future in zip(chunk, read, strict=True):
        result = future.result()
        if not isinstance(result, Skipped):
            ids.append(image_id)
            images.append(result[0])
            arrays += [] if result[1] is None else [result[1]]
        elif skipped is not None:
            skipped.append(result)
    if ids:
        loaded = np.stack(arrays) if arrays else None
        yield Batch(np.array(ids, dtype=np.int64), np.stack(images), loaded)


def _hash(probing_set: ProbingSet, image_id: int) -> str:
    try:
        if probing_set.packed is not None:
            content = probing_set.packed.data(image_id)
            return hashlib.blake2b(content, digest_size=20).hexdigest()
        with (probing_set.root / probing_set.paths[image_id]).open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=20)).hexdigest()
    except OSError:
        return ""


def _sentence(error: BaseException) -> str:
    said = (str(error).strip().splitlines() or [type(error).__name__])[0]
    # An address in memory would be another every time.
    return re.sub(r" ?<_io\.BytesIO[^>]*>", "", said)[:200]
