"""Generators as subjects: the probing set is seeds of latent vectors, the images are the outputs.

    subject = subjects.read(Path("GAN.toml"))           # input = "latent", latent_size = 128
    probing_set = probing.open_folder(Path("seeds:500"))
    batch = pictures(model, ids, subject)               # uint8 images, as the generator makes them

The vector of seed i is standard normal and always the same. The generator's output has the shape
(n, 3, image_size, image_size); the subject's mean and std say how to bring it back to [0, 1]:
mean = std = 0.5 for outputs of a tanh. A conditional generator needs a factory that fixes or draws
its classes. torch is imported when a function needs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from db.errors import BadInput
from describer.images.probing import ProbingSet
from describer.layers import catalogue
from describer.layers.catalogue import Layers
from describer.subjects import factory
from describer.subjects.definition import Subject

if TYPE_CHECKING:
    import torch
    from torch import nn


def check(subject: Subject, probing_set: ProbingSet) -> None:
    """See that a network's inputs and a probing set belong together.

    Raises:
        BadInput: a generator is given images, or another network seeds.
    """
    if (subject.input == "latent") != probing_set.seeds:
        wanted = "seeds:N as the images of the generator" if subject.input == "latent" else "images"
        raise BadInput(f"expected {wanted} for {subject.name}, got {probing_set.root}")


def inputs(
    ids: Sequence[int] | NDArray[np.int64], subject: Subject, *, device: str | torch.device = "cpu"
) -> torch.Tensor:
    """The latent vectors of seeds: float32 (n, latent_size)."""
    import torch

    size = subject.latent_size
    assert size is not None, "a subject file with latent inputs gives their size"
    vectors = [np.random.default_rng(int(seed)).standard_normal(size, np.float32) for seed in ids]
    return torch.from_numpy(np.stack(vectors)).to(device)


def trace(model: nn.Module, subject: Subject) -> Layers:
    """The layers of a network, whatever its inputs are; see `describer.layers.catalogue.trace`."""
    device = next((parameter.device for parameter in model.parameters()), "cpu")
    given = None
    if subject.input == "latent":
        given = inputs([0, 1], subject, device=device)
    elif subject.channels != 3 or subject.image_width is not None:
        given = factory.example(subject, device=device)
    return catalogue.trace(
        model,
        subject.image_size,
        inputs=given,
        axes=subject.axis,
        prefix_tokens=subject.prefix_tokens,
    )


def pictures(
    model: nn.Module,
    ids: Sequence[int] | NDArray[np.int64],
    subject: Subject,
    *,
    device: str | torch.device = "cpu",
) -> NDArray[np.uint8]:
    """The images that a generator makes of seeds: uint8 (n, 3, image_size, image_size).

    Raises:
        BadInput: its output is no image of that size.
    """
    import torch

    with torch.inference_mode():
        outputs = model(inputs(ids, subject, device=device))
    size = subject.image_size
    shape = tuple(outputs.shape) if isinstance(outputs, torch.Tensor) else type(outputs).__name__
    if shape != (len(ids), 3, size, size):
        raise BadInput(
            f"expected {subject.name} to make images of shape {(len(ids), 3, size, size)}, "
            f"got {shape}"
        )
    mean = torch.tensor(subject.mean, device=device).view(3, 1, 1)
    std = torch.tensor(subject.std, device=device).view(3, 1, 1)
    scaled = (outputs.float() * std + mean).clamp(0, 1).nan_to_num(0.0)
    images: NDArray[np.uint8] = (scaled * 255).round().byte().cpu().numpy()
    return images
