"""Ablation: units of a network set to zero, or to their mean, while the network runs.

    with ablated(model, {"layer4": [427, 6]}):
        logits = model(images)          # as if the two units were silent
    logits = model(images)              # as before

A layer is a module's path; its output is (N, C, H, W), (N, tokens, C) or (N, C), and a unit is
one of its C channels, at every position and token. Each layer is edited once however many of its
units are named, by choosing values through a mask and never in place. This module does not know
what an accuracy is, nor which units are worth removing.

Source: Hernandez et al. 2022 (MILAN), Section 7 removes units by setting them to zero; the mean
is the usual milder alternative, where a unit keeps its average contribution.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from difflib import get_close_matches
from typing import Any, Literal

import torch
from torch import Tensor, nn

from db.errors import BadInput

Rule = Literal["zero", "mean"]
Units = Mapping[str, Collection[int]]


def channel_axis(shape: Sequence[int]) -> int:
    """The axis of a layer's output that holds its units.

    Maps of Swin transformers are (N, H, W, C): as images are square, equal sides tell.

    >>> channel_axis((8, 64, 7, 7)), channel_axis((8, 7, 7, 64)), channel_axis((8, 50, 64))
    (1, 3, 2)

    Raises:
        BadInput: an output that is no map, no tokens and no vector.
    """
    if len(shape) not in (2, 3, 4):
        raise BadInput(
            "expected a layer whose output has 4 (map), 3 (tokens) or 2 (vector) dimensions, "
            f"got {len(shape)}"
        )
    if len(shape) == 4:
        return 3 if shape[1] == shape[2] != shape[3] else 1
    return 2 if len(shape) == 3 else 1


def along_channels(values: Tensor, output: Tensor) -> Tensor:
    """View (C,) or (N, C) so that it broadcasts against an output of C units."""
    shape = [1] * output.ndim
    shape[channel_axis(output.shape)] = values.shape[-1]
    if values.ndim == 2:
        shape[0] = values.shape[0]
    return values.reshape(shape)


def replaced(output: Tensor, chosen: Tensor, means: Tensor | None = None) -> Tensor:
    """The output with chosen units at zero, or at their mean.

    Args:
        output: (N, C, H, W), (N, H, W, C), (N, tokens, C) or (N, C).
        chosen: bool, (C,), or (N, C) when every row has its own units.
        means: float (C,); None means zero.

    Values are chosen, not multiplied, so that a unit which is infinite or NaN becomes zero too.
    """
    mask = along_channels(chosen, output)
    if means is None:
        return torch.where(mask, 0.0, output)
    return torch.where(mask, along_channels(means, output).to(output), output)


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
    modules = find_modules(model, units)
    check_rule(rule, means, units)
    with ExitStack() as hooks:
        for layer, module in modules.items():
            if units[layer]:
                hook = _hook(layer, units[layer], means[layer] if means is not None else None)
                hooks.callback(module.register_forward_hook(hook).remove)
        yield model


def find_modules(model: nn.Module, layers: Iterable[str]) -> dict[str, nn.Module]:
    """The modules at the given paths.

    Raises:
        BadInput: a path that leads nowhere; the nearest ones are suggested.
    """
    modules = dict(model.named_modules())
    modules.pop("", None)
    found = {}
    for layer in layers:
        if layer not in modules:
            near = get_close_matches(layer, modules, n=3, cutoff=0.0)
            raise BadInput(
                f"expected the path of a module of the network, got {layer!r}; "
                f"nearest: {', '.join(near) or 'none'}"
            )
        found[layer] = modules[layer]
    return found


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

    def watch(layer: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            values = tensor_output(layer, output)
            axis = channel_axis(values.shape)
            per_unit = values.movedim(axis, 0).flatten(1)
            # float64, because a long sum of float32 loses the small units
            total = per_unit.sum(dim=1, dtype=torch.float64)
            sums[layer] = sums[layer] + total if layer in sums else total
            counts[layer] = counts.get(layer, 0) + per_unit.shape[1]

        return hook

    with ExitStack() as hooks, torch.no_grad():
        for layer, module in find_modules(model, layers).items():
            hooks.callback(module.register_forward_hook(watch(layer)).remove)
        for batch in batches:
            model(batch)
    if not counts:
        raise BadInput("expected images to take the units' means over, got none")
    return {layer: (sums[layer] / counts[layer]).float() for layer in sums}


def tensor_output(layer: str, output: Any) -> Tensor:
    """The output as a tensor, or BadInput where the module gives something else."""
    if not isinstance(output, Tensor):
        raise BadInput(
            f"expected one tensor from layer {layer!r}, got {type(output).__name__}; "
            "name the module inside it that makes the tensor"
        )
    return output


def _hook(layer: str, units: Collection[int], means: Tensor | None) -> Any:
    def edit(module: nn.Module, inputs: Any, output: Any) -> Tensor:
        values = tensor_output(layer, output)
        size = values.shape[channel_axis(values.shape)]
        _check_range(layer, units, size)
        chosen = torch.zeros(size, dtype=torch.bool)
        chosen[list(units)] = True
        return replaced(values, chosen.to(values.device), means)

    return edit


def _check_range(layer: str, units: Collection[int], size: int) -> None:
    wrong = [unit for unit in units if not 0 <= unit < size]
    if wrong:
        raise BadInput(f"expected units 0 to {size - 1} of layer {layer!r}, got {wrong[0]}")
