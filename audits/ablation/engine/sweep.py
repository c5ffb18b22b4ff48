"""One batch passing through a network many times, each row with its own part of an order ablated.

    sweep = Sweep.of(model, {"layer3": [7], "layer4": [1, 5]}, batch)
    sweep.start(batch)
    logits, turn = sweep.run(rows, counts, sweep.ranks(order))

`run` ablates the first counts[i] units of the order on image rows[i] and tells, as `turn`, the
position of the next unit whose ablation would change anything there. What lies before the first
of the layers is computed once a batch where the network can be cut.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from audits.ablation.engine.cut import Split, State, cut
from audits.ablation.engine.rows import LARGEST_DIFFERENCE, RowMask, masked, relative_difference
from describer.layers import catalogue as network_layers
from describer.layers.catalogue import Layer
from describer.layers.taps import tapped

NEVER = torch.iinfo(torch.int64).max


@dataclass
class Sweep:
    """A network with masks behind some layers, cut before the first of them where possible."""

    model: nn.Module
    masks: dict[str, RowMask]
    split: Split | None = None
    noise: float = 0.0
    batch: Tensor | None = None
    state: State | None = None

    @staticmethod
    def of(
        model: nn.Module,
        units: Mapping[str, Sequence[int]],
        batch: Tensor,
        *,
        means: Mapping[str, Tensor] | None = None,
    ) -> "Sweep":
        """Prepare a network; the cut is kept only if it gives what the whole network gives.

        Args:
            units: the units that will be ablated, by layer.
            batch: float (n, 3, H, W), to try the cut on.
        """
        known = network_layers.known(model, batch)
        assert known is not None, "a batch has rows"
        masks = {
            layer.name: RowMask(layer, means[layer.name] if means else None)
            for layer in network_layers.find(known, units)
        }
        sweep = Sweep(model, masks)
        sweep.start(batch)
        sweep.logits(np.arange(len(batch)), {})
        first = _first_called(model, list(masks), batch[:1])
        split = cut(model, [first], batch, chains=False, edits=masks) if first else None
        if first is None or split is None or not split.behind[first].any_rows:
            return sweep
        if not {*masks.values()} <= {*split.behind[first].rest.modules()}:
            return sweep  # a layer beside the first one, not behind it
        every_other = {}
        for layer, numbers in units.items():
            every_other[layer] = torch.zeros(sweep.sizes[layer], dtype=torch.bool)
            every_other[layer][[unit for unit in numbers if unit < sweep.sizes[layer]][::2]] = True
        rows = np.arange(len(batch))[::-1].copy()
        chosen = {
            layer: values.to(batch.device).expand(len(rows), -1)
            for layer, values in every_other.items()
        }
        whole = sweep.logits(rows, chosen)
        sweep.split = split
        sweep.start(batch)
        noise = relative_difference(sweep.logits(rows, chosen), whole)
        if noise > LARGEST_DIFFERENCE:
            return Sweep(model, masks)
        sweep.noise = noise
        return sweep

    @property
    def sizes(self) -> dict[str, int]:
        """How many units each layer has, known after one pass."""
        return {
            layer: mask.changes.shape[1]
            for layer, mask in self.masks.items()
            if mask.changes is not None
        }

    def start(self, batch: Tensor) -> None:
        """Take the next batch."""
        self.batch = batch
        if self.split is not None:
            for mask in self.masks.values():
                mask.chosen = None
            self.state = self.split.run(batch)

    def ranks(self, order: Sequence[tuple[str, int]]) -> dict[str, Tensor]:
        """The position of each unit in an order, NEVER for the others: int64 (C,) by layer."""
        assert self.batch is not None
        ranks = {
            layer: torch.full((size,), NEVER, device=self.batch.device)
            for layer, size in self.sizes.items()
        }
        for position, (layer, unit) in enumerate(order):
            ranks[layer][unit] = position
        return ranks

    def run(
        self, rows: NDArray[np.int64], counts: NDArray[np.int64], ranks: Mapping[str, Tensor]
    ) -> tuple[Tensor, NDArray[np.int64]]:
        """Logits (r, outputs), and the position of the next unit that matters, int64 (r,).

        Where no unit that is left matters on the image, the position is NEVER.
        """
        assert self.batch is not None
        limits = torch.from_numpy(counts).to(self.batch.device)[:, None]
        chosen = {layer: rank < limits for layer, rank in ranks.items()}
        logits = self.logits(rows, chosen)
        turn = torch.full((len(rows),), NEVER, device=self.batch.device)
        for layer, mask in self.masks.items():
            assert mask.changes is not None
            ahead = mask.changes & ~chosen[layer]
            turn = torch.minimum(turn, torch.where(ahead, ranks[layer], NEVER).amin(dim=1))
        return logits, turn.cpu().numpy()

    def logits(self, rows: NDArray[np.int64], chosen: Mapping[str, Tensor]) -> Tensor:
        """Logits of images of the batch with the units chosen[layer][i] ablated on row i."""
        assert self.batch is not None
        for layer, mask in self.masks.items():
            mask.chosen = chosen.get(layer)
        index = torch.from_numpy(rows).to(self.batch.device)
        if self.split is not None and self.state is not None:
            (layer,) = self.split.behind
            logits = self.split.rest(layer, self.state, index, self.state.values[layer][index])
        else:
            with masked(self.model, self.masks):
                logits = self.model(self.batch[index])
        return logits


def _first_called(model: nn.Module, layers: Sequence[str], images: Tensor) -> str | None:
    """The layer whose output the network has first."""
    order: list[str] = []

    def note(_output: Tensor, layer: Layer) -> None:
        order.append(layer.name)

    with tapped(model, dict.fromkeys(layers, note)):
        model(images)
    return order[0] if order else None
