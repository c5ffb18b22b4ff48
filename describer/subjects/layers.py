"""The layers of a network: what can be studied in it, found by one forward pass.

    layers = trace(model, 224)                          # every module that has units, as Layer
    chosen = find(layers, ["layer1", "layer4"])
    maps = as_maps(output_of_layer4, chosen[1])         # (N, units, h, w)

A layer is any module whose output is a tensor with the images first: (N, C, H, W) is a "map",
(N, tokens, C) are "tokens", (N, C) is a "vector". Which axis holds the units is `unit_axis`.
This module does not know weights or images, and imports torch only when a function needs it.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from db.errors import BadInput

if TYPE_CHECKING:
    import torch
    from torch import nn

# A class token, a distillation token and register tokens come before the patches; more than this
# many left over from a square are no prefix but another arrangement.
LARGEST_PREFIX = 16


@dataclass(frozen=True)
class Layer:
    """A module whose output has units.

    Attributes:
        name: the module's path in the network, such as "layer1.0.conv2".
        kind: "map", "tokens" or "vector".
        units: how many units.
        grid: (h, w) of the units' activation maps; (1, 1) for a vector.
        prefix_tokens: tokens before those of the grid (class token, registers); they are dropped.
        channels_last: a map of shape (N, H, W, C), as Swin transformers give.
        calls: how often one forward pass runs the module; the last output is the layer's.
    """

    name: str
    kind: str
    units: int
    grid: tuple[int, int]
    prefix_tokens: int = 0
    channels_last: bool = False
    calls: int = 1

    @property
    def unit_axis(self) -> int:
        """The axis of the module's output along which units are counted."""
        if self.kind == "tokens":
            return 2
        return 3 if self.channels_last else 1


def trace(model: nn.Module, image_size: int, *, inputs: torch.Tensor | None = None) -> list[Layer]:
    """List the layers of a network, in the order in which one forward pass runs them.

    The network is run once on two grey images: with two, an axis of that length at the front is
    surely the images'. Its training mode and its parameters are left as they are.

    Args:
        model: a network that takes (N, 3, image_size, image_size).
        image_size: side of the images.
        inputs: what the network is run on instead, two rows; for networks that take no images.

    Raises:
        BadInput: the network cannot be run on such inputs.
    """
    import torch

    found: dict[str, Layer] = {}
    prefix = _prefix_of(model)

    def hook_for(name: str) -> Callable[[nn.Module, object, object], None]:
        def hook(_module: nn.Module, _inputs: object, output: object) -> None:
            layer = _layer_of(name, output, prefix) if isinstance(output, torch.Tensor) else None
            calls = found.pop(name).calls + 1 if name in found else 1
            if layer is not None:
                found[name] = replace(layer, calls=calls)

        return hook

    if inputs is None:
        device = next((p.device for p in model.parameters()), torch.device("cpu"))
        inputs = torch.zeros(2, 3, image_size, image_size, device=device)
    handles = [
        module.register_forward_hook(hook_for(name))
        for name, module in model.named_modules()
        if name
    ]
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        with torch.inference_mode():
            model(inputs)
    except (RuntimeError, ValueError, TypeError, IndexError, AssertionError) as error:
        raise BadInput(
            f"expected a network that runs on inputs of shape {tuple(inputs.shape)}, "
            f"it stopped with: {_first_line(error)}"
        ) from error
    finally:
        for handle in handles:
            handle.remove()
        for module in training:
            module.training = True
    return list(found.values())


def find(layers: Sequence[Layer], names: Sequence[str]) -> list[Layer]:
    """The layers of those names, in the order of the names, each once.

    Raises:
        BadInput: a name that no layer has (the nearest names are suggested).
    """
    by_name = {layer.name: layer for layer in layers}
    for name in names:
        if name not in by_name:
            near = difflib.get_close_matches(name, by_name, n=3, cutoff=0.3) or list(by_name)[:3]
            raise BadInput(
                f"expected the name of a layer, got {name!r}; nearest: {', '.join(near)}"
            )
    return [by_name[name] for name in dict.fromkeys(names)]


def as_maps(output: torch.Tensor, layer: Layer) -> torch.Tensor:
    """Lay a layer's output out as maps: (N, units, h, w); a view where possible.

    Raises:
        ValueError: the output has not the shape that the layer was traced with.
    """
    height, width = layer.grid
    if layer.kind == "map" and output.ndim == 4:
        maps = output.movedim(3, 1) if layer.channels_last else output
    elif layer.kind == "tokens" and output.ndim == 3:
        # (N, prefix + h * w, C) -> (N, C, h, w)
        patches = output[:, layer.prefix_tokens :].transpose(1, 2)
        maps = (
            patches.reshape(*patches.shape[:2], height, width)
            if patches.shape[2] == height * width
            else patches
        )
    else:
        maps = output[:, :, None, None] if output.ndim == 2 else output
    if tuple(maps.shape[1:]) != (layer.units, height, width):
        raise ValueError(
            f"expected an output of {layer.name} with {layer.units} units on {height} x {width}, "
            f"got shape {tuple(output.shape)}"
        )
    return maps


def _layer_of(name: str, output: torch.Tensor, prefix: int | None) -> Layer | None:
    """The layer that an output of two images shows, or None when it shows none."""
    shape = tuple(output.shape)
    if not output.is_floating_point() or shape[0] != 2 or 0 in shape:
        return None
    if len(shape) == 4:
        # Images are square, so equal sides tell where the channels are.
        if shape[1] == shape[2] != shape[3]:
            return Layer(name, "map", shape[3], (shape[1], shape[2]), channels_last=True)
        return Layer(name, "map", shape[1], (shape[2], shape[3]))
    if len(shape) == 3:
        before, grid = _token_grid(shape[1], prefix)
        return Layer(name, "tokens", shape[2], grid, prefix_tokens=before)
    return Layer(name, "vector", shape[1], (1, 1)) if len(shape) == 2 else None


def _token_grid(tokens: int, prefix: int | None) -> tuple[int, tuple[int, int]]:
    """How many tokens come before the grid, and the grid, of a sequence of tokens."""
    if (
        prefix is not None
        and tokens > prefix
        and math.isqrt(tokens - prefix) ** 2 == tokens - prefix
    ):
        side = math.isqrt(tokens - prefix)
        return prefix, (side, side)
    side = math.isqrt(tokens)
    left_over = tokens - side * side
    return (left_over, (side, side)) if left_over <= LARGEST_PREFIX else (0, (1, tokens))


def _prefix_of(model: nn.Module) -> int | None:
    """Prefix tokens as the network itself states them: timm's attribute, torchvision's token."""
    stated = getattr(model, "num_prefix_tokens", None)
    if isinstance(stated, int):
        return stated
    return 1 if getattr(model, "class_token", None) is not None else None


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
