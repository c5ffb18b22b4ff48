"""Networks and image folders as an audit needs them.

    network = open_network(read(Path("SUBJECT.toml")), device="cpu")
    images = open_images(Path("val"), network, name="test")

Images are decoded once, and kept in memory or, where they would fill it, in an unnamed temporary
file; every pass reads them from there.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from audits.network.labels import labels_of
from db.describe.subjects import SubjectRow
from db.errors import BadInput
from db.jobs import Watch
from describer.shelf import check_same
from describer.subjects import definition, latents, probing
from describer.subjects.code import code_hash
from describer.subjects.definition import Subject
from describer.subjects.probing import Skipped

BATCH_SIZE = 32
MEMORY_BYTES = 2 * 2**30


@dataclass(frozen=True)
class Images:
    """Images as a network takes them, with their labels when there are any.

    `batches()` starts a new pass and gives float (n, 3, H, W) tensors on the network's device,
    always in the same order and sizes. `labels` are indices of the network's outputs, int64
    (count,). `classes` names all outputs, or is empty. `digest` stands for the image files and
    the preprocessing together.
    """

    name: str
    digest: str
    count: int
    batches: Callable[[], Iterable[Tensor]]
    labels: NDArray[np.int64] | None = None
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Network:
    """A network with what audits ask of it: its hashes and each layer's number of units.

    `weights` and `code` are the hashes of its weights and of the user's code ("" without any).
    """

    subject: Subject
    model: nn.Module
    device: str
    weights: str
    sizes: Mapping[str, int]
    code: str = ""

    @property
    def identity(self) -> str:
        """What its predictions are known by: weights alone do not say what is done with them."""
        return f"{self.weights}+{self.code}" if self.code else self.weights


def open_network(subject: Subject, *, device: str = "cpu") -> Network:
    """Build a network and learn its layers.

    Raises:
        BadInput: it cannot be built or run, or it takes no images.
    """
    if subject.input != "image":
        raise BadInput(f"expected a network that takes images, got {subject.name}: a generator")
    model = definition.build(subject, device=device)
    sizes = latents.trace(model, subject).sizes
    weights, code = definition.weights_hash(subject, model), code_hash(subject, model)
    return Network(subject, model, device, weights, sizes, code)


def open_entered(row: SubjectRow, *, device: str = "cpu") -> Network:
    """Open a network of the workspace, if it still is the one that was entered.

    Raises:
        BadInput: it cannot be opened, or its weights or its code are others by now.
    """
    network = open_network(definition.read(row.source), device=device)
    check_same(row, weights=network.weights, code=network.code)
    return network


def open_images(
    folder: Path,
    network: Network,
    *,
    name: str,
    table: Mapping[str, int] | None = None,
    labels: Mapping[str, str] | None = None,
    batch_size: int = BATCH_SIZE,
    skipped: list[Skipped] | None = None,
    watch: Watch | None = None,
) -> Images:
    """Read a folder of images, with its labels when it has sub-folders.

    Args:
        table: the network's output for each class; without it the classes are the subject's,
            or, when it names none, are numbered in sorted order.
        labels: class by path, where sub-folders do not say it (see `audits.network.labels`).
        skipped: takes the images that could not be read.

    Raises:
        BadInput: no images, or sub-folders that are not the network's classes.
        Cancelled: the watch said so.
    """
    subject, watch = network.subject, watch or Watch()
    probing_set = probing.open_folder(folder)
    known = labels_of(probing_set, classes=subject.classes, table=table, labels=labels)
    pixels = _room(len(probing_set), subject.image_size)
    ids: list[int] = []
    unread: list[Skipped] = []
    for batch in probing.batches(probing_set, subject, batch_size=batch_size, skipped=unread):
        watch.check(f"after reading {len(ids)} images of {folder}")
        pixels[len(ids) : len(ids) + len(batch.ids)] = batch.images
        ids.extend(batch.ids.tolist())
        watch.progress(len(ids) + len(unread), len(probing_set), f"reading {name} images")
    if skipped is not None:
        skipped.extend(unread)
    if not ids:
        raise BadInput(f"expected images in {folder}, could read none: {unread[0].reason}")

    def batches() -> Iterator[Tensor]:
        for first in range(0, len(ids), batch_size):
            part = np.ascontiguousarray(pixels[first : min(first + batch_size, len(ids))])
            yield probing.as_inputs(part, subject, device=network.device)

    return Images(
        name=name,
        digest=digest_of(probing.digest(probing_set), subject),
        count=len(ids),
        batches=batches,
        labels=None if known is None else known[ids],
        classes=subject.classes,
    )


def digest_of(files: str, subject: Subject) -> str:
    """What stands for image files (their digest) and a network's preparation together."""
    preparation = [subject.image_size, subject.resize_size, subject.mean, subject.std]
    return hashlib.sha256(json.dumps([files, preparation]).encode()).hexdigest()


def _room(count: int, size: int) -> NDArray[np.uint8]:
    """An array uint8 (count, 3, size, size), on disk where it would fill the memory."""
    shape = (count, 3, size, size)
    if count * 3 * size * size <= MEMORY_BYTES:
        return np.empty(shape, np.uint8)
    # The file has no name; the system removes it when the array is gone.
    file = tempfile.TemporaryFile()  # noqa: SIM115
    return np.memmap(file, np.uint8, "w+", shape=shape)
