"""How active units are on images: the mean, or the greatest, of their activations over positions.

    active = activations(network.model, batches, {"layer4": [3, 17]}, image_size=224)
    active["layer4"]                        # float32 (images, 2)

Source: Describe-and-Dissect, A.6, where a described unit's average activation is a classifier;
exemplars are ranked by the greatest one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from audits.ablation.engine.hooks import check_units, find_modules
from db.jobs import Watch
from describer.subjects import layers
from describer.subjects.layers import Layer


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
    found = {each.name: each for each in layers.trace(model, image_size)}
    check_units(units, {name: each.units for name, each in found.items()})
    kept: dict[str, list[Tensor]] = {name: [] for name in units}

    def hook_for(layer: Layer) -> Callable[..., None]:
        numbers = list(units[layer.name])

        def hook(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
            maps = layers.as_maps(output, layer)
            chosen = maps[:, numbers].float()
            pooled = chosen.mean(dim=(2, 3)) if pooling == "mean" else chosen.amax(dim=(2, 3))
            kept[layer.name].append(pooled.cpu())

        return hook

    with ExitStack() as hooks, torch.inference_mode():
        for name, module in find_modules(model, units).items():
            hooks.callback(module.register_forward_hook(hook_for(found[name])).remove)
        for batch in batches:
            watch.check("while looking at images")
            model(batch)
    return {name: torch.cat(parts).numpy() for name, parts in kept.items()}
