"""Networks and image folders as an audit needs them.

    network = open_network(read(Path("SUBJECT.toml")), device="cpu")
    images = open_images(Path("val"), network, name="test")

Images are decoded once, and kept in memory or, where they would fill it, in an unnamed temporary
file; every pass reads them from there.
"""

import hashlib
import json
import math
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from audits.network.labels import (
    Assigned,
    assigned,
    distinct,
    given_classes,
    labels_of,
    numbers_note,
    several_note,
    unused_note,
)
from db.describe.subjects import SubjectRow
from db.errors import BadInput
from db.jobs import Watch
from describer.images import latents, probing
from describer.images.probing import Skipped
from describer.subjects import definition, factory, steadiness
from describer.subjects.code import code_hash
from describer.subjects.definition import Subject
from describer.subjects.weights import weights_hash
from describer.workspace_files import check_same

BATCH_SIZE = 32
MEMORY_BYTES = 2 * 2**30


@dataclass(frozen=True)
class Images:
    """Images as a network takes them, with their labels when there are any.

    `batches()` starts a new pass and gives float (n, 3, H, W) tensors on the network's device,
    always in the same order and sizes. `labels` are indices of the network's outputs, int64
    (count,), or (count, most) with -1 where an image has fewer classes. `classes` names all
    outputs, or is empty; `assigned` says which output each class of images was taken for. `digest`
    stands for the image files and the preprocessing together. `notes` are sentences about what is
    in the folder and how it was read.
    """

    name: str
    digest: str
    count: int
    batches: Callable[[], Iterable[Tensor]]
    labels: NDArray[np.int64] | None = None
    classes: tuple[str, ...] = ()
    assigned: tuple[Assigned, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Network:
    """A network with what audits ask of it: its hashes and each layer's number of units.

    `weights` and `code` are the hashes of its weights and of the user's code ("" without any).
    `outputs` is how many classes it answers with, None where its answer is no row of logits.
    `notes` are sentences about how it was built and whether it is steady.
    """

    subject: Subject
    model: nn.Module
    device: str
    weights: str
    sizes: Mapping[str, int]
    code: str = ""
    outputs: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Those of the notes that say that its numbers may not hold."""
        start = "warning: "
        return tuple(note.removeprefix(start) for note in self.notes if note.startswith(start))

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
    made = factory.make(subject, device=device)
    model = made.model
    sizes = latents.trace(model, subject).sizes
    weights, code = weights_hash(subject, model), code_hash(subject, model)
    with torch.inference_mode():
        answer = model(factory.example(subject, device=device))
    outputs = answer.shape[1] if isinstance(answer, Tensor) and answer.ndim == 2 else None
    notes = (*made.notes, *steadiness.warnings(model, subject))
    return Network(subject, model, device, weights, sizes, code, outputs, notes)


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
    # A single output is refused when it is looked at, whatever the classes are.
    outputs = network.outputs if network.outputs != 1 else None
    known = labels_of(
        probing_set, classes=subject.classes, table=table, labels=labels, outputs=outputs
    )
    named = set(table or ()) or {*subject.classes, *distinct(subject.classes)}
    given = given_classes(probing_set, labels, names=named)
    pixels: NDArray[Any] | None = None
    ids: list[int] = []
    unread: list[Skipped] = []
    for batch in probing.batches(probing_set, subject, batch_size=batch_size, skipped=unread):
        watch.check(f"after reading {len(ids)} images of {folder}")
        if pixels is None:
            pixels = _room((len(probing_set), *batch.values.shape[1:]), batch.values.dtype)
        pixels[len(ids) : len(ids) + len(batch.ids)] = batch.values
        ids.extend(batch.ids.tolist())
        watch.progress(len(ids) + len(unread), len(probing_set), f"reading {name} images")
    if skipped is not None:
        skipped.extend(unread)
    if pixels is None:
        raise BadInput(f"expected images in {folder}, could read none: {unread[0].reason}")

    read = pixels

    def batches() -> Iterator[Tensor]:
        for first in range(0, len(ids), batch_size):
            part = np.ascontiguousarray(read[first : min(first + batch_size, len(ids))])
            yield probing.as_inputs(part, subject, device=network.device)

    return Images(
        name=name,
        digest=digest_of(probing.digest(probing_set), subject),
        count=len(ids),
        batches=batches,
        labels=None if known is None else known[ids],
        classes=subject.classes,
        assigned=assigned(probing_set, known, classes=subject.classes, given=given),
        notes=(
            *probing_set.left_out,
            *unused_note(probing_set, labels),
            *several_note(known),
            *([] if table or subject.classes else numbers_note(probing_set.classes, outputs)),
            *probing.conversions(probing_set, subject),
        ),
    )


def digest_of(files: str, subject: Subject) -> str:
    """What stands for image files (their digest) and a network's preparation together."""
    preparation: list[Any] = [subject.image_size, subject.resize_size, subject.mean, subject.std]
    if further := definition.further(subject):
        preparation.append(further)
    return hashlib.sha256(json.dumps([files, preparation]).encode()).hexdigest()


def _room(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """An array (count, channels, height, width), on disk where it would fill the memory."""
    if math.prod(shape) * dtype.itemsize <= MEMORY_BYTES:
        return np.empty(shape, dtype)
    # The file has no name; the system removes it when the array is gone.
    file = tempfile.TemporaryFile()  # noqa: SIM115
    return np.memmap(file, dtype, "w+", shape=shape)
