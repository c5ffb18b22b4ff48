"""Ablation: units of a network set to zero, or to their mean, while the network runs.

    with ablated(model, {"layer4": [427, 6]}):
        logits = model(images)          # as if the two units were silent
    logits = model(images)              # as before

A layer is a call of a module (describer/layers/catalogue.py): its output is (N, C, H, W),
(N, tokens, C) or (N, C), or has its axes in another order, and a unit is one of its C channels, at
every position and token. Each layer is edited once however many of its units are named, by
choosing values through a mask and never in place. This module does not know what an accuracy is,
nor which units are worth removing.

Source: Hernandez et al. 2022 (MILAN), Section 7 removes units by setting them to zero; the mean
is the usual milder alternative, where a unit keeps its average contribution.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from db.errors import BadInput
from describer.layers.catalogue import Layer
from describer.layers.taps import modules_of, tapped

Rule = Literal["zero", "mean"]
Units = Mapping[str, Collection[int]]


def along_channels(values: Tensor, output: Tensor, layer: Layer) -> Tensor:
    """View (C,) or (N, C) so that it broadcasts against an output of C units."""
    shape = [1] * output.ndim
    shape[layer.unit_axis] = values.shape[-1]
    if values.ndim == 2:
        shape[layer.batch_axis] = values.shape[0]
        if layer.batch_axis > layer.unit_axis:
            values = values.t()
    return values.reshape(shape)


def by_unit(output: Tensor, layer: Layer) -> Tensor:
    """The output as (N, C, …), a view; after the ReLU where that belongs to the layer."""
    values = output.movedim((layer.batch_axis, layer.unit_axis), (0, 1))
    return values.clamp(min=0) if layer.rectified else values


def replaced(
    output: Tensor, chosen: Tensor, means: Tensor | None = None, *, layer: Layer
) -> Tensor:
    """The output with chosen units at zero, or at their mean.

    Args:
        output: of the layer, such as (N, C, H, W), (N, H, W, C), (N, tokens, C) or (N, C).
        chosen: bool, (C,), or (N, C) when every row has its own units.
        means: float (C,); None means zero.
        layer: says along which axis the units are.

    Values are chosen, not multiplied, so that a unit which is infinite or NaN becomes zero too. A
    ReLU behind the output leaves zero and the mean of what it gives as they are.
    """
    mask = along_channels(chosen, output, layer)
    if means is None:
        return torch.where(mask, 0.0, output)
    return torch.where(mask, along_channels(means, output, layer).to(output), output)


@contextmanager
def ablated(
    model: nn.Module,
    units: Units,
    *,
    rule: Rule = "zero",
    means: Mapping[str, Tensor] | None = None,
) -> Iterator[nn.Module]:
    """Silence units of a network until the block ends, however it ends.

    Args:
        model: the network; it is given back unchanged.
        units: unit numbers by layer, for instance `{"layer3": [2, 7], "layer4": [1]}`.
        rule: "zero", or "mean" (then `means` gives (C,) values for every layer named).

    Raises:
        BadInput: no such layer, no means for it, or (when the network runs) no such unit.
    """
    find_modules(model, units)
    check_rule(rule, means, units)
    taps = {
        layer: partial(_silenced, units=numbers, means=means[layer] if means is not None else None)
        for layer, numbers in units.items()
        if numbers
    }
    with tapped(model, taps):
        yield model


def find_modules(model: nn.Module, layers: Iterable[str]) -> dict[str, nn.Module]:
    """The modules whose calls the given layers are.

    Raises:
        BadInput: a path that leads nowhere; the nearest ones are suggested.
    """
    return modules_of(model, list(layers))


def check_rule(rule: Rule, means: Mapping[str, Tensor] | None, units: Units) -> None:
    """Raise BadInput unless the rule is known and has exactly the means that the units need."""
    if rule not in ("zero", "mean"):
        raise BadInput(f"expected the ablation rule 'zero' or 'mean', got {rule!r}")
    if (rule == "mean") != (means is not None):
        raise BadInput("expected the units' means with the rule 'mean', and only with it")
    if means is not None:
        missing = sorted(set(units) - set(means))
        if missing:
            raise BadInput(
                f"expected the means of every ablated layer, got none for {missing[0]!r}"
            )
        check_units(units, {layer: len(means[layer]) for layer in units})


def check_units(units: Units, sizes: Mapping[str, int]) -> None:
    """Raise BadInput unless every unit exists; `sizes` is the number of units by layer."""
    for layer, numbers in units.items():
        if layer not in sizes:
            near = get_close_matches(layer, sizes, n=3, cutoff=0.0)
            raise BadInput(
                f"expected a layer of the network, got {layer!r}; nearest: {', '.join(near)}"
            )
        _check_range(layer, numbers, sizes[layer])


def layer_means(
    model: nn.Module, layers: Iterable[str], batches: Iterable[Tensor]
) -> dict[str, Tensor]:
    """Mean output of every unit over all images, positions and tokens: float32 (C,) by layer.

    Args:
        batches: float (n, 3, H, W), as the network takes them.

    Raises:
        BadInput: no such layer, or no images.
    """
    sums: dict[str, Tensor] = {}
    counts: dict[str, int] = {}

    def watch(output: Tensor, layer: Layer) -> None:
        # (N, C, …) -> (C, N, …)
        per_unit = by_unit(output, layer).movedim(1, 0).flatten(1)
        # float64, because a long sum of float32 loses the small units
        total = per_unit.sum(dim=1, dtype=torch.float64)
        sums[layer.name] = sums[layer.name] + total if layer.name in sums else total
        counts[layer.name] = counts.get(layer.name, 0) + per_unit.shape[1]

    names = list(layers)
    with tapped(model, dict.fromkeys(names, watch)), torch.no_grad():
        for batch in batches:
            model(batch)
    if not counts:
        raise BadInput("expected images to take the units' means over, got none")
    return {layer: (sums[layer] / counts[layer]).float() for layer in sums}


def _silenced(
    output: Tensor, layer: Layer, *, units: Collection[int], means: Tensor | None
) -> Tensor:
    size = output.shape[layer.unit_axis]
    _check_range(layer.name, units, size)
    chosen = torch.zeros(size, dtype=torch.bool)
    chosen[list(units)] = True
    return replaced(output, chosen.to(output.device), means, layer=layer)


def _check_range(layer: str, units: Collection[int], size: int) -> None:
    wrong = [unit for unit in units if not 0 <= unit < size]
    if wrong:
        raise BadInput(f"expected units 0 to {size - 1} of layer {layer!r}, got {wrong[0]}")
