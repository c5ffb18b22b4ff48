"""Train an image classifier, stopping when validation no longer gains, and keep its best weights.

    lessons = read_pictures(Path("training"), subject)
    trained = train(model, subject, lessons, read_pictures(Path("validation"), subject))
    trained.state                       # of the epoch with the lowest validation loss

Source: MILAN, Appendix E: at most 100 epochs, stopped when validation loss has not improved for 4
epochs. The learning rate and the batch are those of small sets (the paper: 1e-4 and 128 for 10,000
photographs). Pictures are moved by a few pixels each time they are seen, and never mirrored, as
words would be. Order and shifts come from the seed and the epoch: a training that was stopped and
goes on from `resume` ends with the same weights as one that was not.
"""

import copy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from audits.network.labels import labels_of, one_each
from db.arrays import new_file
from db.errors import BadInput
from db.jobs import Watch
from describer.images import probing
from describer.images.probing import Skipped
from describer.subjects.definition import Subject


@dataclass(frozen=True)
class Config:
    """How a network is trained.

    Attributes:
        learning_rate: of AdamW.
        batch_size: pictures a step.
        patience: epochs without a lower validation loss before it stops.
        max_epochs: the most passes over the pictures.
        shift: how far pictures are moved at most, as a share of their side.
        seed: of orders and shifts.
    """

    learning_rate: float = 1e-3
    batch_size: int = 32
    patience: int = 4
    max_epochs: int = 100
    shift: float = 0.06
    seed: int = 0


@dataclass(frozen=True)
class Pictures:
    """Prepared pictures, uint8 (n, 3, S, S), and their classes, int64 (n,)."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Epoch:
    """One pass: mean loss over its steps; loss and accuracy on validation after it."""

    loss: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True)
class Trained:
    """The epochs from the first, which of them was the best (from 1), and its weights."""

    epochs: tuple[Epoch, ...]
    best: int
    state: dict[str, Tensor]


def read_pictures(
    folder: Path,
    subject: Subject,
    *,
    skipped: list[Skipped] | None = None,
    watch: Watch | None = None,
) -> Pictures:
    """A folder of classes as the network is given it.

    Raises:
        BadInput: no labelled pictures, or classes that are not the network's.
    """
    opened = probing.open_folder(folder)
    labels = labels_of(opened, classes=subject.classes)
    if labels is None:
        raise BadInput(f"expected a folder of classes to train on, got {folder} without labels")
    one_each(labels, purpose=f"of {folder} to train on")
    pixels, ids = [], []
    for batch in probing.batches(opened, subject, skipped=skipped):
        if watch is not None:
            watch.check(f"while reading {folder.name}")
        pixels.append(batch.images)
        ids.append(batch.ids)
    if not ids:
        raise BadInput(f"expected images in {folder}, could read none")
    return Pictures(np.concatenate(pixels), labels[np.concatenate(ids)])


def train(
    model: nn.Module,
    subject: Subject,
    training: Pictures,
    validation: Pictures,
    *,
    config: Config | None = None,
    device: str = "cpu",
    resume: Path | None = None,
    watch: Watch | None = None,
) -> Trained:
    """Train a network in place; it ends in evaluation mode with its best weights.

    Args:
        subject: says how pictures are normalised.
        resume: a file that is written after each epoch and gone on from when it is there.

    Raises:
        BadInput: settings that cannot be, or too few pictures.
        Cancelled: the watch said so; the epochs that were finished are kept in `resume`.
    """
    config, watch = config or Config(), watch or Watch()
    _check(config, training, validation)
    model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.learning_rate)
    epochs, best, kept = _restored(resume, model, optimizer)
    lowest = epochs[best - 1].validation_loss if epochs else float("inf")
    while len(epochs) < config.max_epochs and len(epochs) - best < config.patience:
        number = len(epochs) + 1
        said = f"training: epoch {number}" + (f", the best so far is {best}" if best else "")
        loss = _epoch(model, subject, training, optimizer, number, config, said, watch)
        found = Epoch(loss, *_judged(model, subject, validation, device))
        epochs = (*epochs, found)
        if found.validation_loss < lowest:
            lowest, best = found.validation_loss, number
            kept = copy.deepcopy(model.state_dict())
        _keep(resume, model, optimizer, epochs, best, kept)
    if not best:
        raise BadInput(
            "expected a validation loss that is a number, got none in "
            f"{len(epochs)} epochs: a lower learning rate may help"
        )
    model.load_state_dict(kept)
    model.eval()
    return Trained(epochs, best, {key: value.cpu() for key, value in kept.items()})


def _epoch(
    model: nn.Module,
    subject: Subject,
    pictures: Pictures,
    optimizer: torch.optim.Optimizer,
    number: int,
    config: Config,
    said: str,
    watch: Watch,
) -> float:
    """One pass over the pictures; returns the mean loss.

    Args:
        said: what the watch is told.
    """
    device = str(next(model.parameters()).device)
    generator = np.random.default_rng((config.seed, number))
    order = generator.permutation(len(pictures))
    losses = []
    model.train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(generator.integers(2**31)))
        for first in range(0, len(order), config.batch_size):
            watch.check(f"in {said}")
            watch.progress(first, len(pictures), said)
            rows = order[first : first + config.batch_size]
            # Batch norm has no variance over one picture.
            if len(rows) < 2:
                continue
            reach = round(config.shift * pictures.pixels.shape[-1])
            moved = shifted(pictures.pixels[rows], generator.integers(-reach, reach + 1, 2))
            labels = torch.from_numpy(pictures.labels[rows]).to(device)
            optimizer.zero_grad()
            logits = model(probing.as_inputs(moved, subject, device=device))
            loss = F.cross_entropy(logits, labels)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            losses.append(loss.item())
    return float(np.mean(losses))


def shifted(pixels: NDArray[np.uint8], shift: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Pictures (n, 3, S, S) moved down and right by some pixels; the rim is repeated."""
    reach = int(np.abs(shift).max())
    if not reach:
        return pixels
    padded = np.pad(pixels, ((0, 0), (0, 0), (reach, reach), (reach, reach)), mode="edge")
    top, left = reach - int(shift[0]), reach - int(shift[1])
    height, width = pixels.shape[-2:]
    return np.ascontiguousarray(padded[..., top : top + height, left : left + width])


def _judged(
    model: nn.Module, subject: Subject, pictures: Pictures, device: str
) -> tuple[float, float]:
    """Mean loss and accuracy over pictures."""
    model.eval()
    loss, right = 0.0, 0
    with torch.no_grad():
        for first in range(0, len(pictures), 64):
            part = slice(first, first + 64)
            logits = model(probing.as_inputs(pictures.pixels[part], subject, device=device))
            labels = torch.from_numpy(pictures.labels[part]).to(device)
            loss += float(F.cross_entropy(logits, labels, reduction="sum"))
            right += int((logits.argmax(dim=1) == labels).sum())
    return loss / len(pictures), right / len(pictures)


def _restored(
    resume: Path | None, model: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[tuple[Epoch, ...], int, dict[str, Tensor]]:
    """The epochs that were finished, the best of them and its weights."""
    if resume is None or not resume.is_file():
        return (), 0, {}
    kept: dict[str, Any] = torch.load(resume, map_location="cpu", weights_only=True)
    model.load_state_dict(kept["model"])
    optimizer.load_state_dict(kept["optimizer"])
    return tuple(Epoch(**each) for each in kept["epochs"]), int(kept["best"]), kept["kept"]


def _keep(
    resume: Path | None,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    epochs: tuple[Epoch, ...],
    best: int,
    kept: dict[str, Tensor],
) -> None:
    if resume is None:
        return
    # Opened here, as torch takes no name that begins with a dot.
    with new_file(resume) as temporary, temporary.open("wb") as file:
        state = {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "epochs": [asdict(epoch) for epoch in epochs],
            "best": best,
            "kept": kept,
        }
        torch.save(state, file)


def _check(config: Config, training: Pictures, validation: Pictures) -> None:
    if not 0 < config.learning_rate <= 1:
        raise BadInput(f"expected a learning rate above 0 and up to 1, got {config.learning_rate}")
    if config.batch_size < 2 or config.patience < 1 or config.max_epochs < 1:
        raise BadInput(
            "expected a batch of at least 2, patience and epochs of at least 1, got "
            f"{config.batch_size}, {config.patience} and {config.max_epochs}"
        )
    if not 0 <= config.shift < 0.5:
        raise BadInput(f"expected a shift of at least 0 and below half a side, got {config.shift}")
    if len(training) < 2 or not len(validation):
        raise BadInput(
            f"expected pictures to train on and to validate on, got {len(training)} and "
            f"{len(validation)}"
        )
