"""The first step: the images and attention crops that a unit is most active on (3.1, A.1.1).

    shown = strongest(responses, exemplars, "layer4", 427, options)
    shown.images, shown.activations, shown.names        # at most K, falling activation

Crops of a unit's strongest images are new probing images: they are shown to the network at its own
size and ranked among the images that they were cut from.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from describer.exemplars.records import LayerExemplars
from describer.methods.dnd.crops import Box, boxes
from describer.methods.dnd.options import Options
from describer.methods.responses import Floats, Images, Responses, paths


@dataclass(frozen=True)
class Shown:
    """What a unit is most active on.

    Attributes:
        images: uint8 (n, 3, S, S).
        activations: float32 (n,), falling.
        names: the probing image's path, followed by [top:bottom, left:right] for a crop.
        ids: of the probing images that were looked at, cropped or not.
    """

    images: Images
    activations: Floats
    names: tuple[str, ...]
    ids: tuple[int, ...]


def strongest(
    responses: Responses, exemplars: LayerExemplars, layer: str, unit: int, options: Options
) -> Shown:
    """A unit's K images among its strongest probing images and their attention crops.

    Args:
        exemplars: of the layer, pooled as the options say, at least K a unit where there are.
    """
    ids = [int(image_id) for image_id in exemplars.ids[unit][: options.exemplars] if image_id >= 0]
    if not ids:
        none = np.zeros((0, 3, *responses.subject.size), np.uint8)
        return Shown(none, np.zeros(0, np.float32), (), ())
    images = responses.images(ids)
    activations = exemplars.activations[unit][: len(ids)]
    names = paths(responses.probing_set, ids)
    maps = exemplars.maps[unit][: len(ids)].astype(np.float32)
    # A unit of a vector is active on the whole image; not every network can be shown crops.
    if options.crops and maps[0].size > 1 and responses.takes_images:
        cut = [
            (place, box)
            for place, image_maps in enumerate(maps)
            for box in boxes(np.nan_to_num(image_maps), images.shape[2:])
        ]
        if cut:
            crops = np.stack([crop(images[place], box) for place, box in cut])
            pooled = responses.pooled(responses.maps(crops, layer, unit))
            names += [_name(names[place], box) for place, box in cut]
            images = np.concatenate([images, crops])
            activations = np.concatenate([activations, pooled])
    order = np.argsort(-activations, kind="stable")[: options.exemplars]
    return Shown(images[order], activations[order], tuple(names[at] for at in order), tuple(ids))


def crop(image: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """A part of an image, uint8 (3, S, S), enlarged to the size of the whole."""
    part = image[:, box.top : box.bottom, box.left : box.right]
    return resized(part, image.shape[1:])


def resized(image: NDArray[np.uint8], size: Sequence[int]) -> NDArray[np.uint8]:
    """An image, uint8 (3, h, w), resampled to (height, width)."""
    height, width = size
    picture = Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0)))
    pixels = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _name(path: str, box: Box) -> str:
    return f"{path} [{box.top}:{box.bottom}, {box.left}:{box.right}]"
