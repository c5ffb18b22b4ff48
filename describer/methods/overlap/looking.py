"""Looking at every image of a probing set: where units are active, and where concepts are.

    with look(study, "layer4", [0, 5, 7], concepts, quantile=0.995, watch=watch) as seen:
        for sighting in seen: …                 # places of units in the list, not their numbers

A unit's mask is its upsampled map above its quantile, as Bau et al. (2017) have it. Pictures are
compared at about 112 pixels a side, as Broden's label maps are. Images that the concepts do not
know are left out. What was seen is kept in a temporary file: memory does not grow with images.
"""

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from db.describe import masks
from db.errors import BadInput
from db.jobs import Watch
from describer.exemplars import one_pass, run
from describer.exemplars.records import Settings
from describer.images import latents, probing
from describer.layers.catalogue import Layer, as_maps
from describer.methods.concepts.shape import ConceptSet, Shown
from describer.methods.overlap.sightings import Kept, Sighting
from describer.methods.study import Study
from describer.subjects.definition import Subject

SIDE = 112
BATCH = 32

Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]


@contextmanager
def look(
    study: Study,
    layer: str,
    units: Sequence[int],
    concepts: ConceptSet,
    *,
    quantile: float,
    watch: Watch,
) -> Iterator[Kept]:
    """Run the network over the probing set and keep what is seen while the block runs.

    Raises:
        BadInput: the study has no network or images, or the concepts know none of the images.
        Cancelled: the watch said so.
    """
    subject, images = _opened(study)
    levels = _levels(study, layer, quantile, watch)
    options = run.Options(layers=(layer,), settings=Settings(1, quantile), device=study.device)
    prepared = run.prepare(subject, images, options)
    with tempfile.TemporaryDirectory(prefix="sightings-") as folder:
        kept = Kept(Path(folder) / "sightings")
        eye = _Eye(prepared.layers[0], np.array(units, np.int64), levels, concepts, kept)
        one_pass.run(prepared.model, {layer: eye}, _batches(prepared, eye, study, watch))
        if not kept.count:
            raise BadInput(
                f"expected concepts of the images in {images.root}, got none that are about any of "
                f"them ({images.paths[0]}, …)"
            )
        yield kept


def active(maps: Floats, levels: Floats, grid: tuple[int, int], *, whole: bool) -> Bools:
    """Where units are active in an image: bool (units, pixels).

    Args:
        maps: (units, h, w).
        levels: (units,), which the upsampled map exceeds.
        grid: height and width of what is compared.
        whole: of a vector, which has no places: all of the image or nothing.
    """
    found = np.zeros((len(maps), grid[0] * grid[1]), dtype=np.bool_)
    # Upsampling averages, with zeros at the border: what stays below before does so after.
    likely = (maps.max(axis=(1, 2)) > levels) | (levels < 0)
    if whole:
        found[maps[:, 0, 0] > levels] = True
    elif likely.any():
        shown = masks.mask(maps[likely], levels[likely], grid)
        found[likely] = shown.reshape(shown.shape[0], -1)
    return found


def sampled(side: int) -> slice:
    """Which rows or columns of a picture are compared: about SIDE of them."""
    step = max(1, side // SIDE)
    return slice(step // 2, None, step)


class _Eye:
    """Takes a layer's outputs in the pass, and keeps what they show of the images at hand."""

    def __init__(
        self,
        layer: Layer,
        units: NDArray[np.int64],
        levels: Floats,
        concepts: ConceptSet,
        kept: Kept,
    ) -> None:
        self.layer = layer
        self.units = torch.from_numpy(units)
        self.levels = levels[units]
        self.concepts = concepts
        self.kept = kept
        self.shown: dict[int, Shown] = {}

    def add(
        self,
        ids: NDArray[np.int64],
        output: torch.Tensor,
        *,
        pool: ThreadPoolExecutor | None = None,
    ) -> None:
        """See a batch of images."""
        maps = as_maps(output.detach(), self.layer)
        chosen = maps.index_select(1, self.units.to(maps.device)).float().cpu().numpy()
        for image_id, each in zip(ids.tolist(), chosen, strict=True):
            shown = self.shown.pop(image_id)
            labels = self.concepts.labels(shown)
            if labels is None:
                continue
            rows, columns = (sampled(side) for side in shown.image.shape[1:])
            regions = labels.masks[:, rows, columns]
            height, width = shown.image.shape[1:]
            grid = (len(range(height)[rows]), len(range(width)[columns]))
            found = active(each, self.levels, grid, whole=self.layer.kind == "vector")
            flat = regions.reshape(len(regions), grid[0] * grid[1])
            self.kept.add(Sighting.of(found, labels.present, flat))


def _opened(study: Study) -> tuple[Subject, probing.ProbingSet]:
    if study.subject is None or study.probing is None:
        raise BadInput(
            "expected the network and the images that the exemplars come from, to see every image "
            "once more, got none"
        )
    return study.subject, study.probing


def _levels(study: Study, layer: str, quantile: float, watch: Watch) -> Floats:
    """The units' quantiles: those of the exemplars, or of a pass of their own."""
    known = getattr(study.source, "provenance", {}).get("quantile")
    if known == quantile:
        return study.source.exemplars(layer).levels
    subject, images = _opened(study)
    prepared = run.prepare(
        subject,
        images,
        run.Options(layers=(layer,), settings=Settings(1, quantile), device=study.device),
    )
    states, _ = run.run(
        prepared,
        None,
        batch_size=BATCH,
        device=study.device,
        progress=lambda done, total, _: watch.progress(done, total, f"levels of {layer}"),
        cancelled=watch.cancelled,
    )
    return states[layer].exemplars().levels


def _batches(
    prepared: run.Prepared, eye: _Eye, study: Study, watch: Watch
) -> Iterator[tuple[NDArray[np.int64], torch.Tensor]]:
    """Ids and inputs of every image, whose pictures the eye has before the network."""
    subject, images = prepared.subject, prepared.probing_set
    place = f"looking at {eye.layer.name}"
    for ids, pictures, inputs in _pictures(prepared, study.device):
        watch.check(f"before image {ids[0]} of {images.root}")
        for image_id, picture in zip(ids.tolist(), pictures, strict=True):
            eye.shown[image_id] = shown(images, subject, image_id, picture)
        yield ids, inputs
        watch.progress(int(ids[-1]) + 1, len(images), place)


def _pictures(
    prepared: run.Prepared, device: str
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8], torch.Tensor]]:
    subject, images = prepared.subject, prepared.probing_set
    if not images.seeds:
        for batch in probing.batches(images, subject, batch_size=BATCH):
            yield (
                batch.ids,
                batch.images,
                probing.as_inputs(batch.values, subject, device=device),
            )
        return
    for first in range(0, len(images), BATCH):
        ids = np.arange(first, min(first + BATCH, len(images)))
        pictures = latents.pictures(prepared.model, ids, subject, device=device)
        yield ids, pictures, latents.inputs(ids, subject, device=device)


def shown(
    images: probing.ProbingSet, subject: Subject, image_id: int, picture: NDArray[np.uint8]
) -> Shown:
    """An image as concept sets are asked about it; picture: uint8 (3, H, W), as prepared."""
    path = images.paths[image_id]
    if images.seeds:
        return Shown(path, picture, picture.shape[1:], lambda regions: regions)
    if subject.loader:
        # Only the loader knows how its arrays lie; labels are laid over the picture as it is.
        return Shown(path, picture, picture.shape[1:], lambda regions: regions)
    with Image.open(images.file(image_id)) as file:
        width, height = file.size
        # Tag 274 says how a camera was held; from 5 on the sides change places.
        turned = int(file.getexif().get(274, 1) or 1) >= 5
    size = (width, height) if turned else (height, width)
    return Shown(path, picture, size, lambda regions: _fitted(regions, subject))


def _fitted(regions: Bools, subject: Subject) -> Bools:
    """Masks cut and resized as their picture was: three at a time, as if they were its colours."""
    found = []
    for first in range(0, len(regions), 3):
        some = regions[first : first + 3]
        layers = np.zeros((3, *regions.shape[1:]), np.uint8)
        layers[: len(some)] = some * np.uint8(255)
        picture = Image.fromarray(np.ascontiguousarray(layers.transpose(1, 2, 0)))
        found.append(probing.prepare(picture, subject)[: len(some)] > 127)
    return np.concatenate(found)
