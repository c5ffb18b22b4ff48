"""Training of the demo world's small networks: classifiers, the generator and the encoder.

    images, labels = paintings("train", range(8000), variant="spurious")
    model = classify(networks.residual(), images, labels, seed=3)

All of them run one loop, `fit`, in which the batches, their order and the shifts of the pictures
come from the seed.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from db.jobs import Progress
from describer.demo import networks
from describer.demo.world import scene as world_scene
from describer.demo.world.concepts import EDGES, NAMES
from describer.demo.world.truth import Atlas


def paintings(split: str, numbers: Sequence[int], *, variant: str) -> tuple[Tensor, Tensor]:
    """Images uint8 (n, 3, 64, 64) and labels int64 (n,) of a variant."""
    scenes = world_scene.render_many(split, numbers, variant=variant)
    images = torch.from_numpy(np.stack([scene.image for scene in scenes]))
    return images, torch.tensor([scene.label for scene in scenes])


def normalise(images: Tensor) -> Tensor:
    """uint8 (n, 3, H, W) -> float as the networks want it."""
    mean = torch.tensor(networks.MEAN).view(1, 3, 1, 1)
    std = torch.tensor(networks.STD).view(1, 3, 1, 1)
    return (images.float() / 255 - mean) / std


def fit(
    model: nn.Module,
    count: int,
    loss_of: Callable[[Tensor, tuple[int, int]], Tensor],
    *,
    seed: int,
    epochs: float,
    batch: int = 24,
    rate: float = 3e-3,
    progress: Progress | None = None,
) -> None:
    """Train a model in place with AdamW, a warm-up and a cosine.

    Args:
        count: how many examples there are.
        loss_of: from the numbers of a batch's examples and a shift in pixels (down, right) to
            the loss.
        epochs: passes over the examples; a fraction stops within one.
    """
    draw = torch.Generator().manual_seed(seed)
    decay = [p for p in model.parameters() if p.ndim > 1]
    rest = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decay, "weight_decay": 0.02}, {"params": rest, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=rate)
    steps = max(1, round(epochs * count / batch))
    warm = max(1, steps // 10)
    order = torch.randperm(count, generator=draw)
    start = 0
    model.train()
    for step in range(steps):
        if start + batch > count:
            order, start = torch.randperm(count, generator=draw), 0
        numbers, start = order[start : start + batch], start + batch
        scale = min(1.0, (step + 1) / warm) * 0.5 * (1 + math.cos(math.pi * step / steps))
        for group in optimiser.param_groups:
            group["lr"] = rate * scale
        down, right = (torch.randint(-3, 4, (2,), generator=draw)).tolist()
        optimiser.zero_grad()
        loss = loss_of(numbers, (down, right))
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        if progress is not None:
            progress(step + 1, steps, f"loss {loss.item():.3f}")
    model.eval()


def shifted(images: Tensor, shift: tuple[int, int]) -> Tensor:
    """Images (n, C, H, W) moved down and right; the rim is repeated."""
    down, right = shift
    reach = max(abs(down), abs(right))
    if reach == 0:
        return images
    padded = nn.functional.pad(images, (reach,) * 4, mode="replicate")
    H, W = images.shape[-2:]
    return padded[..., reach - down : reach - down + H, reach - right : reach - right + W]


def classify(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    seed: int,
    epochs: float = 8,
    rate: float = 3e-3,
    progress: Progress | None = None,
) -> nn.Module:
    """Train a network to name the class of uint8 images (n, 3, 64, 64); returns it."""

    def loss_of(numbers: Tensor, shift: tuple[int, int]) -> Tensor:
        logits: Tensor = model(shifted(normalise(images[numbers]), shift))
        return nn.functional.cross_entropy(logits, labels[numbers], label_smoothing=0.05)

    fit(model, len(images), loss_of, seed=seed, epochs=epochs, rate=rate, progress=progress)
    return model


def redraw(
    model: nn.Module,
    images: Tensor,
    *,
    seed: int,
    epochs: float = 6,
    rate: float = 3e-3,
    progress: Progress | None = None,
) -> nn.Module:
    """Train the generator to draw uint8 images (n, 3, 64, 64) again; returns it."""

    def loss_of(numbers: Tensor, shift: tuple[int, int]) -> Tensor:
        picture = shifted(normalise(images[numbers]), shift)
        error: Tensor = (model(picture) - picture).abs().mean()
        return error

    fit(model, len(images), loss_of, seed=seed, epochs=epochs, rate=rate, progress=progress)
    return model


def accuracy(model: nn.Module, images: Tensor, labels: Tensor, *, batch: int = 256) -> float:
    """Share of uint8 images whose class the model names."""
    right = 0
    with torch.inference_mode():
        for start in range(0, len(images), batch):
            part = slice(start, start + batch)
            right += int((model(normalise(images[part])).argmax(1) == labels[part]).sum())
    return right / len(images)


def observe(
    model: nn.Module,
    scenes: Sequence[world_scene.Scene],
    *,
    seed: int,
    epochs: float = 6,
    rate: float = 4e-3,
    progress: Progress | None = None,
) -> nn.Module:
    """Train the encoder to say which concepts hold where; returns it.

    It learns from the pictures' own masks, as pretrained encoders learn from labelled photographs,
    and never sees a unit or a sentence.
    """
    atlas = Atlas.of(scenes)
    images = torch.from_numpy(np.stack([scene.image for scene in scenes]))
    holds = torch.zeros(len(scenes), 256, len(NAMES), dtype=torch.bool)
    for row, table in enumerate(atlas.tables):
        holds[row, : len(table)] = torch.from_numpy(table)
    parts, edges = torch.from_numpy(atlas.parts), torch.from_numpy(atlas.edges)
    columns = [NAMES.index(name) for name in EDGES]

    def loss_of(numbers: Tensor, shift: tuple[int, int]) -> Tensor:
        del shift  # the masks would have to move along
        seen = model(normalise(images[numbers]))  # (n, concepts, 32, 32)
        there = torch.stack(
            [holds[n][parts[n, ::2, 1::2].flatten().long()] for n in numbers.tolist()]
        )  # (n, 32 * 32, concepts)
        target = there.transpose(1, 2).reshape(seen.shape).float()
        for column, edge in zip(columns, edges[numbers].float().unbind(1), strict=True):
            target[:, column] = nn.functional.avg_pool2d(edge, 2)
        return nn.functional.binary_cross_entropy(seen, target) * 10

    fit(
        model,
        len(scenes),
        loss_of,
        seed=seed,
        epochs=epochs,
        batch=64,
        rate=rate,
        progress=progress,
    )
    return model
