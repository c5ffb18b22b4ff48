"""Which weights of a network make a unit, or carry it on: setting them to zero removes the unit.

    removal(model, "layer4", images)        # [Zeroing("fc.weight", axis=1, times=1)]

Two ways are tried. What makes the unit: it comes straight out of a convolution, a linear layer or
a batch norm, and everything up to the layer's output keeps a zero at zero. Or what takes it: all
that reads the layer's output, past operations that keep a zero at zero, are convolutions and
linear layers, whose columns for the unit are set to zero (so ends a stage of a ResNet, whose
output is a sum). Where neither holds, the reason is said. This module changes nothing.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.fx.passes.shape_prop import ShapeProp
from torch.nn import functional as F  # noqa: N812

from audits.ablation.engine.channelwise import is_shape
from audits.ablation.engine.cut import node_of, traced
from audits.ablation.engine.hooks import find_modules
from db.errors import BadInput
from describer.layers import catalogue as network_layers
from describer.layers.catalogue import Layer

KEEPS_ZERO = (
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.PReLU,
    nn.ELU,
    nn.GELU,
    nn.SiLU,
    nn.Mish,
    nn.Tanh,
    nn.Hardtanh,
    nn.Hardswish,
    nn.Identity,
    nn.Dropout,
    nn.Dropout2d,
    nn.Flatten,
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveMaxPool2d,
)
KEEPS_ZERO_FUNCTIONS: set[Any] = {
    F.relu,
    F.relu6,
    F.leaky_relu,
    F.elu,
    F.gelu,
    F.silu,
    F.mish,
    F.hardtanh,
    F.hardswish,
    F.dropout,
    F.max_pool2d,
    F.avg_pool2d,
    F.adaptive_avg_pool2d,
    F.adaptive_max_pool2d,
    torch.relu,
    torch.tanh,
    torch.flatten,
    torch.mean,
}
KEEPS_ZERO_METHODS = {"relu", "tanh", "contiguous", "view", "reshape", "flatten", "mean"}
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


@dataclass(frozen=True)
class Zeroing:
    """A tensor of the state dict, and where a unit lies in it.

    Along `axis`, unit u has the `times` places from u * times on.
    """

    tensor: str
    axis: int
    times: int = 1

    def apply(self, state: dict[str, Tensor], unit: int) -> None:
        """Set the unit's places of the tensor to zero, in place."""
        places = slice(unit * self.times, (unit + 1) * self.times)
        state[self.tensor].movedim(self.axis, 0)[places] = 0


def removal(model: nn.Module, name: str, images: Tensor) -> tuple[list[Zeroing], int]:
    """What to set to zero for a unit of the layer of that name, and how many units it has.

    Args:
        model: in evaluation mode.
        images: float (n, 3, H, W), to learn the shapes from.

    Raises:
        BadInput: no such layer, or its units cannot be removed by weights, with the reason.
    """
    module = find_modules(model, [name])[name]
    known = network_layers.known(model, images)
    assert known is not None, "there are images"
    (layer,) = network_layers.find(known, [name])
    found = traced(model)
    node = None if found is None else node_of(found[1], layer)
    if found is None or node is None:
        if layer.calls > 1 or not (made := _makes(layer.path, module)):
            raise _refused(name, "the network's graph cannot be read")
        return made, int(getattr(module, made[0].tensor.rpartition(".")[2]).shape[0])
    graph_module = found[0]
    with torch.no_grad():
        ShapeProp(graph_module).propagate(images)
    made = _made(graph_module, node, layer)
    return made or _taken(graph_module, node, layer), layer.units


def _made(graph_module: fx.GraphModule, node: fx.Node, layer: Layer) -> list[Zeroing]:
    """The weights that make the node's channels; empty where something else makes them."""
    while True:
        if node.op == "call_module":
            name = str(node.target)
            if made := _makes(name, graph_module.get_submodule(name)):
                return made
        sources = [source for source in node.all_input_nodes if not is_shape(source)]
        same = len(sources) == 1 and _width(sources[0], layer) == layer.units
        if not same or not _keeps_zero(graph_module, node):
            return []
        node = sources[0]


def _taken(graph_module: fx.GraphModule, start: fx.Node, layer: Layer) -> list[Zeroing]:
    """The columns of the weights that take the node's channels."""
    found: list[Zeroing] = []
    pending = [start]
    while pending:
        for user in pending.pop().users:
            if is_shape(user):
                continue
            module = _module(graph_module, user)
            name = f"{user.target}.weight"
            if isinstance(module, nn.Conv2d) and module.groups == 1:
                found.append(Zeroing(name, axis=1))
            elif isinstance(module, nn.Conv2d) and module.groups == module.in_channels:
                # one filter a channel: without it the channel is its bias, as of a zero input
                found.append(Zeroing(name, axis=0, times=module.out_channels // module.groups))
            elif isinstance(module, nn.Linear) and module.in_features % layer.units == 0:
                found.append(Zeroing(name, axis=1, times=module.in_features // layer.units))
            elif _keeps_zero(graph_module, user):
                pending.append(user)
            else:
                what = type(module).__name__ if module is not None else str(user.target)
                raise _refused(layer.name, f"they are read by {user.name} ({what})")
    if not found:
        raise _refused(layer.name, "nothing reads them")
    return found


def _makes(name: str, module: nn.Module) -> list[Zeroing]:
    weights = isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Linear))
    if not weights and not (isinstance(module, NORMS) and module.affine):
        return []
    parts = [part for part in ("weight", "bias") if getattr(module, part) is not None]
    return [Zeroing(f"{name}.{part}", axis=0) for part in parts]


def _keeps_zero(graph_module: fx.GraphModule, node: fx.Node) -> bool:
    if node.op == "call_module":
        return isinstance(_module(graph_module, node), KEEPS_ZERO)
    if node.op == "call_function":
        return node.target in KEEPS_ZERO_FUNCTIONS
    return node.op == "call_method" and node.target in KEEPS_ZERO_METHODS


def _module(graph_module: fx.GraphModule, node: fx.Node) -> nn.Module | None:
    return graph_module.get_submodule(str(node.target)) if node.op == "call_module" else None


def _width(node: fx.Node, layer: Layer) -> int | None:
    """How many channels a node before the layer has; a vector's and a map's lie along axis 1."""
    shape = getattr(node.meta.get("tensor_meta"), "shape", None)
    if shape is None:
        return None
    dimensions = {"vector": 2, "tokens": 3, "map": 4}[layer.kind]
    axis = layer.unit_axis if len(shape) == dimensions else 2 if len(shape) == 3 else 1
    return int(shape[axis]) if axis < len(shape) else None


def _refused(layer: str, reason: str) -> BadInput:
    return BadInput(
        f"expected units of {layer!r} that weights alone make or take on, but {reason}; "
        "ablate them while the network runs instead"
    )
