"""How active units are on images: the mean, or the greatest, of their activations over positions.

    active = activations(network.model, batches, {"layer4": [3, 17]}, image_size=224)
    active["layer4"]                        # float32 (images, 2)

Source: Describe-and-Dissect, A.6, where a described unit's average activation is a classifier;
exemplars are ranked by the greatest one.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from audits.ablation.engine.hooks import check_units
from db.jobs import Watch
from describer.layers import catalogue
from describer.layers.catalogue import Layer
from describer.layers.taps import tapped


def activations(
    model: nn.Module,
    batches: Iterable[Tensor],
    units: Mapping[str, Sequence[int]],
    *,
    image_size: int,
    pooling: Literal["mean", "max"] = "mean",
    watch: Watch | None = None,
) -> dict[str, NDArray[np.float32]]:
    """One pass over the images; by layer float32 (images, units), units in the order given.

    Raises:
        BadInput: unknown layer or unit.
        Cancelled: the watch said so between two batches.
    """
    watch = watch or Watch()
    known = catalogue.known(model) or catalogue.trace(model, image_size)
    check_units(units, known.sizes)
    kept: dict[str, list[Tensor]] = {name: [] for name in units}

    def look(output: Tensor, layer: Layer) -> None:
        chosen = catalogue.as_maps(output, layer)[:, list(units[layer.name])].float()
        pooled = chosen.mean(dim=(2, 3)) if pooling == "mean" else chosen.amax(dim=(2, 3))
        kept[layer.name].append(pooled.cpu())

    with tapped(model, dict.fromkeys(units, look)), torch.inference_mode():
        for batch in batches:
            watch.check("while looking at images")
            model(batch)
    return {name: torch.cat(parts).numpy() for name, parts in kept.items()}
