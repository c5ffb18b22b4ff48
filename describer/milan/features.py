"""A folder of exemplars to features: every distinct image is encoded once, whatever number of
units, of whatever layers, has it among its exemplars.

    encoded = encode(folder, encoder, {"layer4": [0, 1, 2]})["layer4"]
    encoded.features                                    # (units, k, feature_size)
    encoded.vanished.any(axis=1)                        # units whose features are zero at a layer

Images are the outer loop: a batch of them goes through the network, and its maps are pooled by the
masks of all exemplars that show them before the next batch comes. What stays in memory is the
features themselves; `describing.py` asks for as many units at once as fit.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from db.jobs import Watch
from describer.exemplars.records import LayerExemplars
from describer.milan.encoder import BATCH_SIZE, PyramidEncoder, pool_levels

MASKS_AT_ONCE = 16


class ExemplarSource(Protocol):
    """What is needed of a folder of exemplars (describer/exemplars/layout.py has one)."""

    @property
    def layers(self) -> list[str]:
        """Names of the layers."""

    def units(self, layer: str) -> int:
        """How many units a layer has."""

    def exemplars(self, layer: str) -> LayerExemplars:
        """The arrays of a layer; ids is int64 (units, k), -1 where there is no exemplar."""

    def image(self, image_id: int) -> NDArray[np.uint8]:
        """An image, uint8 (3, H, W)."""

    def mask(self, layer: str, unit: int, rank: int) -> NDArray[np.bool_]:
        """The mask of one exemplar, bool (H, W)."""


@dataclass(frozen=True)
class Encoded:
    """The features of some units of a layer.

    Attributes:
        units: int64 (n,), their indices in the layer.
        features: float32 (n, k, feature_size); zero where there is no exemplar.
        present: bool (n, k), where there is one.
        vanished: bool (n, k, encoder layers), where a mask was lost by downsampling it.
    """

    units: NDArray[np.int64]
    features: Tensor
    present: NDArray[np.bool_]
    vanished: NDArray[np.bool_]


@dataclass(frozen=True)
class _Pairs:
    """The exemplars of all wanted units as columns, sorted by image."""

    image: NDArray[np.int64]
    layer: NDArray[np.int64]
    row: NDArray[np.int64]
    rank: NDArray[np.int64]


def images_of(source: ExemplarSource, wanted: Mapping[str, Sequence[int]]) -> int:
    """How many distinct images `encode` will encode."""
    return len(np.unique(_pairs_of(source, wanted).image))


@torch.inference_mode()
def encode(
    source: ExemplarSource,
    encoder: PyramidEncoder,
    wanted: Mapping[str, Sequence[int]],
    *,
    batch_size: int = BATCH_SIZE,
    watch: Watch | None = None,
) -> dict[str, Encoded]:
    """Encode the exemplars of some units, each distinct image once.

    Args:
        source: the exemplars.
        encoder: the encoder.
        wanted: layer -> indices of its units.
        batch_size: images encoded at once.
        watch: told images done and images in all; asked before every batch.

    Returns:
        For each layer its features, on the CPU.

    Raises:
        Cancelled: the watch said so.
    """
    watch = watch or Watch()
    layers = list(wanted)
    pairs = _pairs_of(source, wanted)
    images, first = np.unique(pairs.image, return_index=True)
    last = np.append(first[1:], len(pairs.image))
    size, depth = encoder.feature_size(), len(encoder.config.layers)
    encoded = {layer: _empty(source, layer, wanted[layer], size, depth) for layer in layers}
    for start in range(0, len(images), batch_size):
        watch.check(f"after encoding {start} of {len(images)} images")
        batch = images[start : start + batch_size]
        for places, levels in _levels_of(source, encoder, batch, batch_size):
            for place, level_rows in zip(places, _rows_of(levels, len(places)), strict=True):
                span = range(first[start + place], last[start + place])
                for chunk in range(span.start, span.stop, MASKS_AT_ONCE):
                    chosen = range(chunk, min(chunk + MASKS_AT_ONCE, span.stop))
                    _pool_into(source, encoder, layers, pairs, chosen, level_rows, encoded, wanted)
        watch.progress(min(start + batch_size, len(images)), len(images), "encoding images")
    return encoded


def _pairs_of(source: ExemplarSource, wanted: Mapping[str, Sequence[int]]) -> _Pairs:
    columns = []
    for number, (layer, units) in enumerate(wanted.items()):
        ids = np.asarray(source.exemplars(layer).ids)[np.asarray(units, dtype=np.int64)]
        row, rank = np.nonzero(ids >= 0)
        columns.append(np.stack([ids[row, rank], np.full_like(row, number), row, rank]))
    image, layer_number, row, rank = np.concatenate(columns or [np.zeros((4, 0), np.int64)], axis=1)
    order = np.argsort(image, kind="stable")
    return _Pairs(image[order], layer_number[order], row[order], rank[order])


def _empty(
    source: ExemplarSource, layer: str, units: Sequence[int], size: int, depth: int
) -> Encoded:
    index = np.asarray(units, dtype=np.int64)
    present = np.asarray(source.exemplars(layer).ids)[index] >= 0
    return Encoded(
        units=index,
        features=torch.zeros(*present.shape, size),
        present=present,
        vanished=np.zeros((*present.shape, depth), dtype=np.bool_),
    )


def _levels_of(
    source: ExemplarSource,
    encoder: PyramidEncoder,
    images: NDArray[np.int64],
    batch_size: int,
) -> Iterator[tuple[list[int], list[Tensor]]]:
    """The maps of images, in groups of one image size: (places among the images, maps).

    Every group is filled up to `batch_size`: libraries round differently for other batch sizes, and
    an image's features are to be the same bytes whatever is encoded with it.
    """
    pixels = [np.asarray(source.image(int(image))) for image in images]
    for shape in dict.fromkeys(image.shape for image in pixels):
        places = [place for place, image in enumerate(pixels) if image.shape == shape]
        filled = places + places[-1:] * (batch_size - len(places))
        yield places, encoder.levels(np.stack([pixels[place] for place in filled]))


def _rows_of(levels: list[Tensor], count: int) -> Iterator[list[Tensor]]:
    for row in range(count):
        yield [level[row : row + 1] for level in levels]


def _pool_into(
    source: ExemplarSource,
    encoder: PyramidEncoder,
    layers: list[str],
    pairs: _Pairs,
    chosen: range,
    levels: list[Tensor],
    encoded: Mapping[str, Encoded],
    wanted: Mapping[str, Sequence[int]],
) -> None:
    """Pool one image's maps by the masks of some of its exemplars, and put the features away."""
    shown = [
        source.mask(
            layers[pairs.layer[pair]],
            int(wanted[layers[pairs.layer[pair]]][pairs.row[pair]]),
            int(pairs.rank[pair]),
        )
        for pair in chosen
    ]
    # Always as many, for the same reason as the images of a batch.
    masks = np.stack(shown + shown[-1:] * (MASKS_AT_ONCE - len(shown)))
    pooled = pool_levels(
        levels,
        torch.from_numpy(masks)[None].to(encoder.device),
        downsampling=encoder.config.downsampling,
    )
    features, vanished = pooled.features.cpu(), pooled.vanished.cpu().numpy()
    for place, pair in enumerate(chosen):
        target = encoded[layers[pairs.layer[pair]]]
        row, rank = int(pairs.row[pair]), int(pairs.rank[pair])
        target.features[row, rank] = features[place]
        target.vanished[row, rank] = vanished[place]
