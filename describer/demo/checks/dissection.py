"""NetDissect on the world's true masks: the best that a single word can do, by brute force.

Bau et al. 2017: a unit's label is the concept with the largest IoU between the unit's mask, over
all images, and the concept's. Here the masks are compared on the cells of the layer's grid, where
a concept covers a cell by the share of its pixels; a unit's mask is what exceeds its 0.99 quantile.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from describer.demo.units import Gallery, Study, batches
from describer.demo.world.canvas import SIZE
from describer.demo.world.concepts import CONCEPTS, NAMES
from describer.layers import catalogue as subject_layers


def dissect(model: nn.Module, gallery: Gallery, studies: Sequence[Study]) -> dict[str, list[str]]:
    """A one-word sentence for every unit of the studied layers: {layer: [phrase per unit]}."""
    layers = {study.layer: study.exemplars.layer for study in studies}
    levels = {s.layer: torch.from_numpy(s.exemplars.levels)[None, :, None] for s in studies}
    hits = {name: torch.zeros(layer.units, len(NAMES)) for name, layer in layers.items()}
    units = {name: torch.zeros(layer.units) for name, layer in layers.items()}
    seen: dict[str, torch.Tensor] = {}
    handles = [
        model.get_submodule(name).register_forward_hook(
            lambda _module, _inputs, output, name=name: seen.__setitem__(name, output)
        )
        for name in layers
    ]
    try:
        with torch.inference_mode():
            for numbers, inputs in batches(gallery.images):
                model(inputs)
                truth = torch.from_numpy(
                    np.stack([gallery.atlas.masks(int(n), NAMES) for n in numbers])
                ).float()
                grids: dict[tuple[int, int], torch.Tensor] = {}
                for name, layer in layers.items():
                    maps = subject_layers.as_maps(seen[name], layer).flatten(2)
                    active = (maps > levels[name]).float()  # (n, units, cells)
                    if layer.grid not in grids:
                        window = (SIZE // layer.grid[0], SIZE // layer.grid[1])
                        grids[layer.grid] = nn.functional.avg_pool2d(truth, window).flatten(2)
                    hits[name] += torch.einsum("nuc,nkc->uk", active, grids[layer.grid])
                    units[name] += active.sum(dim=(0, 2))
    finally:
        for handle in handles:
            handle.remove()
    base = torch.from_numpy(gallery.atlas.base).float() * len(gallery.images)
    labels = {}
    for name, layer in layers.items():
        covered = base * layer.grid[0] * layer.grid[1]  # (concepts,), in cells
        overlap = hits[name] / (units[name][:, None] + covered - hits[name]).clamp_min(1e-6)
        labels[name] = [CONCEPTS[NAMES[int(best)]].phrases[0] for best in overlap.argmax(dim=1)]
    return labels
