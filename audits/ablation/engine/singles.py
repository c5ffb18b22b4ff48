"""One unit of a layer ablated at a time, many (image, unit) pairs in one pass.

    singles = Singles.of(model, {"layer4": [0, 1, 2]}, batch, means=None)
    start = singles.start(batch)
    plain = singles.unedited(start, labels)
    singles.alone(start, "layer4", [0, 1, 2], plain, Watch())   # choices and likelihoods

A layer behind which the network can be cut is edited at the cut; the others in the whole network,
row by row. A cut is tried on a batch first, and kept only if it gives what the whole network
gives. Where two logits are closer than rounding can tell, the plain network is asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from audits.ablation.engine.cut import Split, State, cut
from audits.ablation.engine.hooks import Rule, ablated, check_units
from audits.ablation.engine.rows import (
    LARGEST_DIFFERENCE,
    RowMask,
    differs,
    first_choice,
    masked,
    relative_difference,
)
from audits.ablation.engine.units import Predictions
from db.jobs import Watch
from describer.layers import catalogue as network_layers

LOGITS_AT_ONCE = 2**22
Likelihoods = NDArray[np.float64]


@dataclass(frozen=True)
class Unedited:
    """What the network says of one batch before edits.

    choices: int32 (images,). truth: int64 (images,), the right outputs; without labels the
    choices. likelihoods: float64 (images,), the log-likelihood of each image's right output.
    """

    choices: Predictions
    truth: NDArray[np.int64]
    likelihoods: Likelihoods


@dataclass
class Start:
    """One batch before its edits: where units matter, and the cut network's values."""

    images: Tensor
    changes: dict[str, Tensor]
    state: State | None


@dataclass
class Singles:
    """A network with one unit ablated a row, cut where a layer allows it, whole where not."""

    model: nn.Module
    rule: Rule
    means: Mapping[str, Tensor] | None
    split: Split | None = None
    cut: dict[str, float] = field(default_factory=dict)  # layer -> rounding noise
    masks: dict[str, RowMask] = field(default_factory=dict)

    @staticmethod
    def of(
        model: nn.Module,
        units: Mapping[str, Sequence[int]],
        batch: Tensor,
        means: Mapping[str, Tensor] | None,
    ) -> "Singles":
        """Cut what can be cut, and keep the cuts that give what the whole network gives."""
        network = Singles(model, "zero" if means is None else "mean", means)
        known = network_layers.known(model, batch)
        assert known is not None, "a batch has rows"
        network.masks = {
            layer.name: RowMask(layer, means[layer.name] if means else None)
            for layer in network_layers.find(known, units)
        }
        network.split = cut(model, list(units), batch, means=means)
        start = network.start(batch)
        if (
            start.state is not None
            and relative_difference(start.state.logits, model(batch)) > LARGEST_DIFFERENCE
        ):
            network.split, start = None, Start(batch, start.changes, None)
        for layer, numbers in units.items():
            check_units({layer: numbers}, {layer: start.changes[layer].shape[1]})
            if network.split is None:
                continue
            # every row from another place in the batch, with another unit
            rows = torch.arange(len(batch), device=batch.device).flip(0)
            chosen = torch.tensor(
                [numbers[row % len(numbers)] for row in range(len(batch))], device=batch.device
            )
            whole = network.whole(batch[rows], layer, chosen)
            try:
                behind = network.behind(start, layer, rows, chosen)
            except (RuntimeError, IndexError):
                continue  # what lies beside the cut has no rows of images
            difference = relative_difference(behind, whole)
            if difference <= LARGEST_DIFFERENCE:
                network.cut[layer] = difference
        return network

    def start(self, batch: Tensor) -> Start:
        """One pass without edits over a batch, float (n, 3, H, W)."""
        state = self.split.run(batch) if self.split is not None else None
        changes = {}
        whole = {layer: mask for layer, mask in self.masks.items() if layer not in self.cut}
        if whole:
            for mask in whole.values():
                mask.chosen = None
            with masked(self.model, whole):
                self.model(batch)
            changes = {
                layer: mask.changes for layer, mask in whole.items() if mask.changes is not None
            }
        if state is not None:
            for layer in self.cut:
                changes[layer] = differs(
                    state.values[layer], state.silent[layer], self.masks[layer].layer
                )
        return Start(batch, changes, state)

    def unedited(self, start: Start, labels: NDArray[np.int64] | None) -> Unedited:
        """The batch without edits.

        Args:
            labels: int64 (images of the batch,), or None.
        """
        if start.state is None or not self.cut:
            logits = self.model(start.images)
            choice = logits.argmax(dim=1)
        else:
            logits = start.state.logits
            choice, close = first_choice(logits, noise=max(self.cut.values()))
            if close.any():
                choice = self.model(start.images).argmax(dim=1)
        choices: Predictions = choice.int().cpu().numpy()
        truth = choices.astype(np.int64) if labels is None else labels
        return Unedited(choices, truth, log_likelihoods(logits, truth))

    def logits(self, start: Start, layer: str, rows: Tensor, units: Tensor) -> Tensor:
        """Logits (r, outputs) of image rows[i] with unit units[i] of the layer ablated."""
        if layer in self.cut:
            return self.behind(start, layer, rows, units)
        return self.whole(start.images[rows], layer, units)

    def whole(self, images: Tensor, layer: str, units: Tensor) -> Tensor:
        """Logits of images with unit units[i] ablated on image i, by the whole network."""
        mask = self.masks[layer]
        assert mask.changes is not None
        chosen = torch.zeros(
            (len(units), mask.changes.shape[1]), dtype=torch.bool, device=images.device
        )
        mask.chosen = chosen.scatter_(1, units[:, None], True)
        with masked(self.model, {layer: mask}):
            logits: Tensor = self.model(images)
        mask.chosen = None
        return logits

    def behind(self, start: Start, layer: str, rows: Tensor, units: Tensor) -> Tensor:
        """The same for images rows[i] of the batch, by what lies behind the cut alone."""
        assert self.split is not None
        assert start.state is not None
        value, silent = start.state.values[layer], start.state.silent[layer]
        head = self.split.behind[layer].head
        if head is not None:
            # logits + (silent - value) of one unit times its column of the weights
            step = silent[0, units] - value[rows, units]
            return start.state.logits[rows] + step[:, None] * head.weight.t()[units]
        edited = value[rows]
        axis = self.masks[layer].layer.unit_axis
        each = torch.arange(len(rows), device=rows.device)
        # through a view of `edited`, (r, C, …)
        edited.movedim(axis, 1)[each, units] = silent.movedim(axis, 1)[0, units]
        return self.split.rest(layer, start.state, rows, edited)

    def rows_at_once(self, layer: str, batch: int, outputs: int) -> int:
        """How many pairs share a pass: the batch's size, more where only logits are at stake."""
        if layer in self.cut and self.split is not None and self.split.behind[layer].head:
            return max(batch, LOGITS_AT_ONCE // outputs)
        return batch

    def needs_full(self, layer: str) -> bool:
        """Whether the part behind the layer takes exactly as many rows as the batch has."""
        return (
            layer in self.cut
            and self.split is not None
            and self.split.behind[layer].head is None
            and not self.split.behind[layer].any_rows
        )

    def alone(
        self,
        start: Start,
        layer: str,
        units: Sequence[int],
        unedited: Unedited,
        watch: Watch,
    ) -> tuple[Predictions, Likelihoods]:
        """With each unit of one layer ablated alone: choices and the right output's likelihood.

        Returns:
            int32 (units, images of the batch), and float64 of that shape. On an image on which a
            unit is silent both are the unedited network's to the last bit.
        """
        device = start.images.device
        batch = len(start.images)
        numbers = torch.tensor(units, device=device)
        found = np.repeat(unedited.choices[None], len(units), axis=0)
        likelihoods = np.repeat(unedited.likelihoods[None], len(units), axis=0)
        unsure = np.zeros(found.shape, dtype=bool)
        # only pairs of (unit, image) where the ablation changes anything
        which, images = start.changes[layer][:, numbers].t().nonzero(as_tuple=True)
        size = self.rows_at_once(layer, batch, _outputs(start))
        for begin in range(0, len(which), size):
            watch.check(f"among the units of layer {layer}")
            index, rows = which[begin : begin + size], images[begin : begin + size]
            chosen, count = numbers[index], len(index)
            if count < batch and self.needs_full(layer):
                repeat = torch.arange(batch, device=device) % count
                rows_full, chosen = rows[repeat], chosen[repeat]
            else:
                rows_full = rows
            logits = self.logits(start, layer, rows_full, chosen)[:count]
            choice, close = first_choice(logits, noise=self.cut.get(layer, 0.0))
            at = (index.cpu().numpy(), rows.cpu().numpy())
            found[at] = choice.cpu().numpy()
            unsure[at] = close.cpu().numpy()
            likelihoods[at] = log_likelihoods(logits, unedited.truth[at[1]])
        for row in np.flatnonzero(unsure.any(axis=1)).tolist():
            with ablated(self.model, {layer: [units[row]]}, rule=self.rule, means=self.means):
                plain = self.model(start.images).argmax(dim=1).cpu().numpy()
            found[row, unsure[row]] = plain[unsure[row]]
        return found, likelihoods


def log_likelihoods(logits: Tensor, truth: NDArray[np.int64]) -> Likelihoods:
    """The log-likelihood of the right output of each row, float64 (rows,); -inf where it is NaN.

    Args:
        logits: (rows, outputs).
        truth: int64 (rows,); or (rows, labels) with -1 for none, where any of them is right.

    >>> log_likelihoods(torch.tensor([[0.0, 0.0]]), np.array([1])).round(4).tolist()
    [-0.6931]
    """
    right = torch.from_numpy(truth.reshape(len(truth), -1)).to(logits.device)
    each = torch.log_softmax(logits.double(), dim=1).gather(1, right.clamp(min=0))
    found = each.masked_fill(right < 0, -torch.inf).logsumexp(dim=1)
    values: Likelihoods = found.nan_to_num(nan=-torch.inf, neginf=-torch.inf).cpu().numpy()
    return values


def _outputs(start: Start) -> int:
    return start.state.logits.shape[1] if start.state is not None else 1
