"""Units of the demo's networks: their exemplars among known scenes, and the truth about them.

    gallery = Gallery.of(world.render_many("probe", range(1500), variant="probe"))
    for study in examine(model, gallery, recipe.layers):
        study.exemplars, study.profiles[unit]

Everything stays in memory; the workspace's exemplar folders are written by the same pass through
`describer.exemplars`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from db.describe import masks
from describer.demo.training import fitting
from describer.demo.world.canvas import SIZE
from describer.demo.world.scene import Scene
from describer.demo.world.truth import Atlas, Profile
from describer.exemplars import one_pass
from describer.exemplars.records import LayerExemplars, Settings
from describer.layers import catalogue as subject_layers
from describer.layers.catalogue import Layer

BATCH = 128


@dataclass(frozen=True)
class Gallery:
    """Scenes to look at units with: their images uint8 (n, 3, 64, 64) and their atlas."""

    scenes: tuple[Scene, ...]
    images: NDArray[np.uint8]
    atlas: Atlas

    @classmethod
    def of(cls, scenes: Sequence[Scene]) -> "Gallery":
        """A gallery of scenes in their order."""
        return cls(tuple(scenes), np.stack([scene.image for scene in scenes]), Atlas.of(scenes))


@dataclass(frozen=True)
class Study:
    """A layer's exemplars and, unit for unit, the truth about them."""

    exemplars: LayerExemplars
    profiles: tuple[Profile, ...]

    @property
    def layer(self) -> str:
        """The layer's name."""
        return self.exemplars.layer.name

    def masks(self, unit: int) -> NDArray[np.bool_]:
        """bool (k, 64, 64): the masks of a unit's exemplars."""
        return unit_masks(self.exemplars, unit)


@dataclass(frozen=True)
class Source:
    """Studies of one network as `describer.milan` reads exemplars."""

    studies: Mapping[str, Study]
    pictures: NDArray[np.uint8]

    @classmethod
    def of(cls, studies: Sequence[Study], gallery: Gallery) -> "Source":
        """The source of a network's studies among the pictures of a gallery."""
        return cls({study.layer: study for study in studies}, gallery.images)

    @property
    def layers(self) -> list[str]:
        """Names of the layers."""
        return list(self.studies)

    def units(self, layer: str) -> int:
        """How many units a layer has."""
        return len(self.studies[layer].profiles)

    def exemplars(self, layer: str) -> LayerExemplars:
        """The arrays of a layer."""
        return self.studies[layer].exemplars

    def image(self, image_id: int) -> NDArray[np.uint8]:
        """A picture, uint8 (3, 64, 64)."""
        picture: NDArray[np.uint8] = self.pictures[image_id]
        return picture

    def mask(self, layer: str, unit: int, rank: int) -> NDArray[np.bool_]:
        """The mask of one exemplar, bool (64, 64)."""
        exemplars = self.studies[layer].exemplars
        found = masks.mask(exemplars.maps[unit, rank], exemplars.levels[unit], SIZE)
        alive: NDArray[np.bool_] = found & ~exemplars.dead[unit]
        return alive


def examine(model: nn.Module, gallery: Gallery, layers: Sequence[str]) -> list[Study]:
    """The exemplars and profiles of every unit of some layers of a network."""
    found = subject_layers.find(subject_layers.trace(model, SIZE), layers)
    states = one_pass.new_states(found, Settings(), images=len(gallery.images))
    one_pass.run(model, states, batches(gallery.images))
    return [study(state.exemplars(), gallery.atlas) for state in states.values()]


def study(exemplars: LayerExemplars, atlas: Atlas) -> Study:
    """The truth about the units of a layer whose exemplars are scenes of the atlas."""
    profiles = tuple(
        atlas.profile(exemplars.ids[unit], unit_masks(exemplars, unit))
        for unit in range(len(exemplars.ids))
    )
    return Study(exemplars, profiles)


def unit_masks(exemplars: LayerExemplars, unit: int) -> NDArray[np.bool_]:
    """bool (k, 64, 64): the masks of a unit's exemplars; a dead unit's are empty."""
    found = masks.mask(exemplars.maps[unit], exemplars.levels[unit], SIZE)
    alive: NDArray[np.bool_] = found & ~exemplars.dead[unit]
    return alive


def batches(images: NDArray[np.uint8]) -> Iterator[tuple[NDArray[np.int64], Tensor]]:
    """Numbers int64 (n,) and network inputs (n, 3, 64, 64) of images, batch by batch."""
    for start in range(0, len(images), BATCH):
        part = torch.from_numpy(images[start : start + BATCH])
        yield np.arange(start, start + len(part)), fitting.normalise(part)


def activations(model: nn.Module, images: NDArray[np.uint8], layers: Sequence[str]) -> Tensor:
    """float32 (images, units): each unit's largest activation on each image, layer after layer."""
    found = subject_layers.find(subject_layers.trace(model, SIZE), layers)
    seen: dict[str, Tensor] = {}

    def keep(layer: Layer) -> Callable[[nn.Module, object, Tensor], None]:
        def hook(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            seen[layer.name] = subject_layers.as_maps(output, layer).flatten(2).amax(dim=2)

        return hook

    rows: list[Tensor] = []
    with ExitStack() as hooks, torch.inference_mode():
        for layer in found:
            module = model.get_submodule(layer.name)
            hooks.callback(module.register_forward_hook(keep(layer)).remove)
        for _, inputs in batches(images):
            model(inputs)
            rows.append(torch.cat([seen[layer.name] for layer in found], dim=1))
    return torch.cat(rows).float()
