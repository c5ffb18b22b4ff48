"""The layers of a network: what can be studied and edited in it, found by running it.

    layers = trace(model, 224)                          # every call that has units, as Layer
    chosen = find(layers, ["layer1", "layer1.0.relu#1", "conv1:relu"])
    maps = as_maps(output_of_layer4, chosen[1])         # (N, units, h, w)
    layers.refused["head.attention"]                    # why that one is no layer

A unit is a module, one of its calls in a pass, and a place along the axis of its channels; `Layer`
says all three, and exemplars, ablation and exports read and edit exactly that. (N, C, H, W) is a
"map", (N, tokens, C) are "tokens", (N, C) is a "vector". The axis is followed from operation to
operation (axis.py), checked with images of another size, and never guessed from lengths. This
module does not know weights or images, and imports torch only when a function needs it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from db.errors import BadInput
from describer.layers import address

if TYPE_CHECKING:
    import torch
    from torch import nn

# Where a network keeps what was found in it, so that whoever has it edits the same calls.
_KEPT = "_workbench_layers"


@dataclass(frozen=True)
class Layer:
    """A call of a module whose output has units.

    Attributes:
        name: as it is asked for, such as "layer1.0.conv2", "layer1.0.relu#1" or "conv1:relu".
        kind: "map", "tokens" or "vector".
        units: how many units.
        grid: (h, w) of the units' activation maps; (1, 1) for a vector.
        prefix_tokens: tokens before those of the grid (class token, registers); they are dropped.
        channels_last: a map of shape (N, H, W, C), as Swin transformers give.
        calls: how often one forward pass runs the module.
        module: the module's path, where it is not the name.
        call: which call's output it is, from 1; 0 is the last.
        axis: where the units are, when it is not where outputs of the kind have them.
        batch_axis: the axis of the images; 1 for sequences first, (tokens, N, C).
        rectified: whether it is the output after the ReLU that alone reads it.
        order: which of its positions (prefix tokens counted) lies in each cell of the grid, row by
            row, as in Hiera; () where they lie in this order.
        read_otherwise: whether commit c2e8b49 took another axis or grid, so that exemplars of
            that commit are not of these units.
    """

    name: str
    kind: str
    units: int
    grid: tuple[int, int]
    prefix_tokens: int = 0
    channels_last: bool = False
    calls: int = 1
    module: str = ""
    call: int = 0
    axis: int | None = None
    batch_axis: int = 0
    rectified: bool = False
    order: tuple[int, ...] = ()
    read_otherwise: bool = field(default=False, compare=False)

    @property
    def unit_axis(self) -> int:
        """The axis of the module's output along which units are counted."""
        if self.axis is not None:
            return self.axis
        if self.kind == "tokens":
            return 2
        return 3 if self.channels_last else 1

    @property
    def path(self) -> str:
        """The module's path in the network."""
        return self.module or self.name

    @property
    def number(self) -> int:
        """Which call of the module in a pass it is, from 1."""
        return self.call or self.calls

    @property
    def plain(self) -> bool:
        """Whether it is named by its module alone: the last call, as it is."""
        return self.path == self.name

    @property
    def identity(self) -> list[object]:
        """What its exemplars' identity holds beside its name: nothing where c2e8b49 agrees."""
        if not self.read_otherwise:
            return []
        place = [self.unit_axis, self.batch_axis, self.prefix_tokens, list(self.grid)]
        return [[*place, list(self.order)]] if self.order else [place]


class Layers(list[Layer]):
    """The layers of a network in the order of its pass, and why other modules are none.

    Attributes:
        refused: the reason by module, or by call (`relu#1`).
        rectified: names of those whose output is read by a ReLU alone.
    """

    def __init__(
        self,
        layers: Iterable[Layer] = (),
        *,
        refused: Mapping[str, str] | None = None,
        rectified: Iterable[str] = (),
    ) -> None:
        super().__init__(layers)
        self.refused = dict(refused or {})
        self.rectified = frozenset(rectified)

    @property
    def sizes(self) -> dict[str, int]:
        """How many units each layer has, under every name it may be asked for by."""
        sizes: dict[str, int] = {}
        for layer in self:
            names = [layer.name]
            if layer.plain and layer.calls > 1:
                names.append(f"{layer.name}#{layer.calls}")
            sizes.update(dict.fromkeys(names, layer.units))
            if layer.name in self.rectified:
                sizes.update({f"{name}{address.RECTIFIED}": layer.units for name in names})
        return sizes


def trace(
    model: nn.Module,
    image_size: int,
    *,
    inputs: torch.Tensor | None = None,
    axes: Mapping[str, int] | None = None,
    prefix_tokens: int | None = None,
) -> Layers:
    """List the layers of a network, in the order in which one forward pass runs them.

    The network is run on two grey images, and on three of another size where it takes them: what
    is two and becomes three are the images. Its training mode and its parameters are left as they
    are. What was found is kept with the network (`known`).

    Args:
        model: a network that takes (N, 3, image_size, image_size).
        image_size: side of the images.
        inputs: what the network is run on instead, two rows; for networks that take no images.
        axes: the axis of units by layer, as a subject file gives it; that of "" settles what is
            in doubt elsewhere.
        prefix_tokens: tokens before the grid, as a subject file gives it.

    Raises:
        BadInput: the network cannot be run on such inputs, or a given axis cannot hold units.
    """
    from describer.layers.tracing import traced

    found = traced(model, image_size, inputs=inputs, axes=axes or {}, prefix_tokens=prefix_tokens)
    offered: dict[str, Layer] = {}
    for module, number, calls, place in found.places:
        layer = Layer(module, calls=calls, **vars(place))
        if number < calls:
            layer = replace(layer, name=f"{module}#{number}", module=module, call=number)
        offered[layer.name] = layer
    layers = Layers(offered.values(), refused=found.refused, rectified=found.rectified)
    model.__dict__[_KEPT] = layers
    return layers


def known(model: nn.Module, inputs: torch.Tensor | None = None) -> Layers | None:
    """The layers that were found in a network; with inputs, found now if they were not.

    Args:
        inputs: float (n, …), as the network takes them.
    """
    import torch

    found: Layers | None = model.__dict__.get(_KEPT)
    if found is None and inputs is not None and len(inputs):
        two = torch.cat([inputs, inputs])[:2].detach()
        return trace(model, int(inputs.shape[-1]), inputs=two)
    return found


def find(layers: Sequence[Layer], names: Iterable[str]) -> list[Layer]:
    """The layers of those names, in the order of the names, each once.

    Raises:
        BadInput: a name that no layer has, with the reason or the nearest names.
    """
    by_name = {layer.name: layer for layer in layers}
    return [_found(layers, by_name, name) for name in dict.fromkeys(names)]


def _found(layers: Sequence[Layer], by_name: Mapping[str, Layer], name: str) -> Layer:
    if name in by_name:
        return by_name[name]
    asked = address.parse(name)
    refused: Mapping[str, str] = getattr(layers, "refused", {})
    called = replace(asked, rectified=False).text
    layer = by_name.get(called)
    last = by_name.get(asked.module)
    if layer is None and last is not None and asked.call in (None, last.calls):
        layer = last
    for reason in (refused.get(each) for each in (name, called)):
        if layer is None and reason is not None:
            raise BadInput(f"expected a layer with units, got {name!r}: {reason}")
    if layer is None:
        if last is not None:
            raise BadInput(
                f"expected one of the {last.calls} calls of {asked.module} in a pass, got {name!r}"
            )
        if asked.module in refused:
            raise BadInput(f"expected a layer with units, got {name!r}: {refused[asked.module]}")
        near = difflib.get_close_matches(name, by_name, n=3, cutoff=0.3) or list(by_name)[:3]
        raise BadInput(f"expected the name of a layer, got {name!r}; nearest: {', '.join(near)}")
    if asked.rectified and layer.name not in getattr(layers, "rectified", ()):
        raise BadInput(
            f"expected a layer whose output a ReLU reads, and nothing else, got {name!r}: name "
            "the layer right before the ReLU, or the block that ends in it"
        )
    return replace(
        layer, name=name, module=asked.module, call=layer.number, rectified=asked.rectified
    )


def as_maps(output: torch.Tensor, layer: Layer) -> torch.Tensor:
    """Lay a layer's output out as maps: (N, units, h, w); a view where possible.

    Raises:
        ValueError: the output has not the shape that the layer was traced with.
    """
    height, width = layer.grid
    maps = None
    if output.ndim > max(layer.unit_axis, layer.batch_axis):
        # (N, units, positions…)
        maps = output.movedim((layer.batch_axis, layer.unit_axis), (0, 1))
        if layer.order and maps.ndim > 2:
            maps = maps.flatten(2)
            if maps.shape[2] > max(layer.order):
                maps = maps[:, :, list(layer.order)].reshape(*maps.shape[:2], height, width)
        elif layer.kind == "tokens" and maps.ndim == 3:
            maps = maps[:, :, layer.prefix_tokens :]
            if maps.shape[2] == height * width:
                maps = maps.reshape(*maps.shape[:2], height, width)
        elif layer.kind == "vector" and maps.ndim == 2:
            maps = maps[:, :, None, None]
        elif layer.kind == "map" and maps.ndim == 5 and maps.shape[2] == 1:
            maps = maps[:, :, 0]
    if maps is None or tuple(maps.shape[1:]) != (layer.units, height, width):
        raise ValueError(
            f"expected an output of {layer.name} with {layer.units} units on {height} x {width}, "
            f"got shape {tuple(output.shape)}"
        )
    return maps.clamp(min=0) if layer.rectified else maps
