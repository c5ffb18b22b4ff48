"""A network that is asked how its units respond: to its probing images, and to images made for it.

    responses = Responses.open(study, "mean")
    strongest = responses.strongest(["layer4"], 10, watch)      # by name, LayerExemplars
    maps = responses.maps(images, "layer4", 427)                # float32 (n, h, w)
    responses.pooled(maps)                                      # (n,)

Every unit's images go through the network in batches of their own, so that what a unit gives does
not hang on which others are asked. Generators, and networks whose
images a loader reads, are asked by the ids of their own images. torch is imported by this module.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from db.errors import BadInput
from db.jobs import Watch
from describer.exemplars import one_pass
from describer.exemplars.records import LayerExemplars, Settings
from describer.images import latents, probing
from describer.images.probing import ProbingSet
from describer.layers import catalogue
from describer.layers.catalogue import Layer
from describer.methods.study import Study
from describer.subjects import factory
from describer.subjects.definition import Subject

BATCH = 64

Images = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Responses:
    """A built network with its probing set; `pooling` makes one activation of a map."""

    study: Study
    subject: Subject
    probing_set: ProbingSet
    model: torch.nn.Module
    found: Sequence[Layer]
    pooling: str

    @classmethod
    def open(cls, study: Study, pooling: str) -> "Responses":
        """Build the study's network.

        Raises:
            BadInput: the study has no network or no images.
        """
        if study.subject is None or study.probing is None:
            missing = "network" if study.subject is None else "probing images"
            raise BadInput(f"expected the {missing} that the exemplars come from, got none")
        latents.check(study.subject, study.probing)
        model = factory.build(study.subject, device=study.device)
        found = latents.trace(model, study.subject)
        return cls(study, study.subject, study.probing, model, found, pooling)

    @property
    def takes_images(self) -> bool:
        """Whether images that were made elsewhere can be shown to the network."""
        return self.subject.input == "image" and not self.subject.loader

    def strongest(
        self, names: Sequence[str], count: int, watch: Watch
    ) -> dict[str, LayerExemplars]:
        """The images with the largest pooled activation, of every unit of those layers.

        The exemplars of the study serve where they were pooled like this and are enough; the
        network is run over the probing images otherwise, once for all layers.
        """
        kept = getattr(self.study.source, "provenance", {})
        count = min(count, len(self.probing_set))
        if kept.get("pooling") == self.pooling and kept.get("k", 0) >= count:
            return {name: self.study.source.exemplars(name) for name in names}
        settings = Settings(k=count, pooling=self.pooling)
        chosen = catalogue.find(self.found, names)
        states = one_pass.new_states(chosen, settings, images=len(self.probing_set))

        def batches() -> Iterator[tuple[NDArray[np.int64], torch.Tensor]]:
            for first in range(0, len(self.probing_set), BATCH):
                watch.check(f"before image {first} of the probing set")
                watch.progress(first, len(self.probing_set), "looking for the strongest images")
                ids = range(first, min(first + BATCH, len(self.probing_set)))
                yield self._inputs(ids)

        one_pass.run(self.model, states, batches())
        return {name: state.exemplars() for name, state in states.items()}

    def maps(self, images: Images, layer: str, unit: int) -> Floats:
        """A unit's activation maps on images: uint8 (n, 3, S, S) to float32 (n, h, w).

        Raises:
            BadInput: the network takes no images.
        """
        if not self.takes_images:
            raise BadInput(f"expected a network that takes images, got {self.subject.name}")
        parts = (
            (
                np.arange(first, min(first + BATCH, len(images))),
                probing.as_inputs(
                    images[first : first + BATCH], self.subject, device=self.study.device
                ),
            )
            for first in range(0, len(images), BATCH)
        )
        return self._read(parts, layer, [unit])[:, 0]

    def maps_of(self, ids: Sequence[int], layer: str, units: Sequence[int]) -> Floats:
        """Units' activation maps on probing images: float32 (n, units, h, w)."""
        parts = (self._inputs(ids[first : first + BATCH]) for first in range(0, len(ids), BATCH))
        return self._read(parts, layer, units)

    def pooled(self, maps: Floats) -> Floats:
        """One activation a map: (…, h, w) to (…); what is no number counts as the least."""
        pool = np.max if self.pooling == "max" else np.mean
        found: Floats = np.asarray(pool(maps, axis=(-2, -1)), dtype=np.float32)
        found[~np.isfinite(found)] = np.finfo(np.float32).min
        return found

    def images(self, ids: Sequence[int]) -> Images:
        """Probing images at the network's size, uint8 (n, 3, S, S), in the order of the ids.

        Raises:
            BadInput: one of them cannot be read.
        """
        if self.probing_set.seeds:
            return latents.pictures(self.model, ids, self.subject, device=self.study.device)
        skipped: list[probing.Skipped] = []
        read = list(probing.batches(self.probing_set, self.subject, ids=ids, skipped=skipped))
        if skipped:
            raise BadInput(f"expected an image that can be read, got {skipped[0].path}")
        return np.concatenate([batch.images for batch in read])

    def read(self, ids: Sequence[int] | None = None) -> Iterator[probing.Batch]:
        """Probing images that can be read, batch by batch; all of them by default."""
        wanted = list(range(len(self.probing_set)) if ids is None else ids)
        if not self.probing_set.seeds:
            yield from probing.batches(self.probing_set, self.subject, batch_size=BATCH, ids=wanted)
            return
        for first in range(0, len(wanted), BATCH):
            chunk = wanted[first : first + BATCH]
            yield probing.Batch(np.array(chunk), self.images(chunk))

    def _inputs(self, ids: Sequence[int]) -> tuple[NDArray[np.int64], torch.Tensor]:
        device = self.study.device
        if self.probing_set.seeds:
            return np.array(ids), latents.inputs(list(ids), self.subject, device=device)
        batch = next(
            probing.batches(self.probing_set, self.subject, batch_size=len(ids), ids=ids), None
        )
        if batch is None:
            return np.zeros(0, np.int64), torch.zeros(0)
        return batch.ids, probing.as_inputs(batch.values, self.subject, device=device)

    def _read(
        self,
        batches: Iterator[tuple[NDArray[np.int64], torch.Tensor]],
        name: str,
        units: Sequence[int],
    ) -> Floats:
        (layer,) = catalogue.find(self.found, [name])
        reader = _Reader(layer, units)
        # The pass hands a layer's outputs to whatever has a layer and takes them.
        one_pass.run(self.model, cast(one_pass.States, {layer.name: reader}), batches)
        return np.concatenate(reader.parts)


class _Reader:
    """Keeps the maps of some units of a layer."""

    def __init__(self, layer: Layer, units: Sequence[int]) -> None:
        self.layer = layer
        self.units = list(units)
        self.parts: list[Floats] = []

    def add(
        self,
        _ids: NDArray[np.int64],
        output: torch.Tensor,
        *,
        pool: ThreadPoolExecutor | None = None,
    ) -> None:
        """Take a batch's output."""
        maps = catalogue.as_maps(output.detach(), self.layer)[:, self.units]
        self.parts.append(maps.float().cpu().numpy())


def paths(probing_set: ProbingSet, ids: Sequence[int]) -> list[str]:
    """Names of probing images."""
    return [probing_set.paths[image_id] for image_id in ids]
