"""Every row of a batch with its own units ablated: many edited networks in one pass.

    mask = RowMask(layer)
    with masked(model, {"layer4": mask}):
        mask.chosen = chosen            # bool (rows, units)
        logits = model(images)          # row r as if the units chosen[r] were silent

It also tells on which rows a unit would change anything: `mask.changes` after a pass. And it says
when two logits lie so close that rounding may have decided between them, in which case a
prediction is taken from the plain network instead.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from audits.ablation.engine.hooks import along_channels, replaced
from describer.layers.catalogue import Layer
from describer.layers.taps import tapped

# Two ways of computing the same logits differ by a few units in the last place of each sum.
ROUNDING = 100.0
# More than this, relative to the largest logit, is another computation, not another order of sums.
LARGEST_DIFFERENCE = 1e-3


class RowMask(nn.Module):
    """What stands behind a layer and silences chosen units, row by row.

    `chosen`: bool (rows, C), or None for a pass without edits. `changes`: bool (rows, C) after a
    pass, whether setting the unit to zero (or its mean) would alter the layer's output on the row;
    NaN counts as altered.
    """

    def __init__(self, layer: Layer, means: Tensor | None = None) -> None:
        super().__init__()
        self.layer = layer
        self.means = means
        self.chosen: Tensor | None = None
        self.changes: Tensor | None = None

    def forward(self, output: Tensor) -> Tensor:
        silent: Tensor | float = 0.0
        if self.means is not None:
            silent = along_channels(self.means, output, self.layer).to(output)
        self.changes = differs(output, silent, self.layer)
        if self.chosen is None:
            return output
        return replaced(output, self.chosen, self.means, layer=self.layer)


@contextmanager
def masked(model: nn.Module, masks: Mapping[str, RowMask]) -> Iterator[None]:
    """Put masks behind layers of a network until the block ends."""

    taps = {name: lambda output, _layer, mask=mask: mask(output) for name, mask in masks.items()}
    with tapped(model, taps, traced={name: mask.layer for name, mask in masks.items()}):
        yield


def differs(value: Tensor, silent: Tensor | float, layer: Layer) -> Tensor:
    """On which rows each unit is not silent already: bool (N, C).

    Args:
        value: as the layer's output.
        silent: what an ablated unit would be, broadcastable to `value`.
    """
    if layer.rectified:
        value = value.clamp(min=0)
    # (N, C, …) -> (N, C)
    different = (value != silent).movedim((layer.batch_axis, layer.unit_axis), (0, 1))
    return different.flatten(2).any(dim=2) if different.ndim > 2 else different


def first_choice(logits: Tensor, *, noise: float = 0.0) -> tuple[Tensor, Tensor]:
    """The largest output of each row, and whether it is too close to the next to be sure.

    Args:
        logits: (rows, outputs).
        noise: the largest relative difference seen between two ways of computing logits.

    Returns:
        int64 (rows,), bool (rows,); rows with NaN are never sure.
    """
    if logits.shape[1] == 1:
        return logits.argmax(dim=1), torch.zeros(len(logits), dtype=torch.bool)
    best = logits.topk(2, dim=1)
    margin = best.values[:, 0] - best.values[:, 1]
    tolerance = max(ROUNDING * torch.finfo(logits.dtype).eps, 10 * noise)
    scale = best.values.abs().amax(dim=1)
    return best.indices[:, 0], ~(margin > tolerance * scale)


def relative_difference(logits: Tensor, expected: Tensor) -> float:
    """Largest difference relative to the largest logit; infinite where shapes or NaNs differ."""
    if logits.shape != expected.shape or not torch.equal(logits.isnan(), expected.isnan()):
        return float("inf")
    scale = expected.nan_to_num().abs().max().clamp(min=1e-30)
    return float((logits - expected).nan_to_num().abs().max() / scale)
