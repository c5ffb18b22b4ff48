"""Which operations of a traced network treat every unit by itself.

    one_channel_each(user, node, graph_module, axis=1)    # may a cut be moved from node past user?

Such an operation computes channel c of its output from channel c of its input and nothing else,
and keeps the channels' order: activations, batch norm, pooling, dropout at rest, depthwise
convolution, and flattening maps of one position. Anything unknown counts as mixing the channels.
"""

import operator
from typing import Any

import torch
from torch import fx, nn
from torch.fx.passes.shape_prop import TensorMetadata
from torch.nn import functional as F  # noqa: N812

ELEMENTWISE = (
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.ELU,
    nn.GELU,
    nn.SiLU,
    nn.Mish,
    nn.Softplus,
    nn.Sigmoid,
    nn.Tanh,
    nn.Hardswish,
    nn.Hardsigmoid,
    nn.Hardtanh,
    nn.Identity,
    nn.Dropout,
    nn.Dropout2d,
)
POOLING = (
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveMaxPool2d,
)
ELEMENTWISE_FUNCTIONS: set[Any] = {
    F.relu,
    F.relu6,
    F.leaky_relu,
    F.elu,
    F.gelu,
    F.silu,
    F.mish,
    F.hardswish,
    F.hardsigmoid,
    F.hardtanh,
    torch.relu,
    torch.sigmoid,
    torch.tanh,
}
POOLING_FUNCTIONS: set[Any] = {
    F.max_pool2d,
    F.avg_pool2d,
    F.adaptive_avg_pool2d,
    F.adaptive_max_pool2d,
}
ELEMENTWISE_METHODS = {"relu", "sigmoid", "tanh", "contiguous"}
RESHAPING_METHODS = {"view", "reshape", "flatten", "squeeze"}
ARITHMETIC = {operator.add, operator.sub, operator.mul, operator.floordiv, operator.truediv}


def is_shape(node: fx.Node) -> bool:
    """Whether a node is a size, or computed from sizes alone: the same for every image."""
    if node.op == "call_method":
        return node.target in ("size", "dim")
    if node.op != "call_function":
        return False
    if node.target is getattr:
        return node.args[1] in ("shape", "ndim")
    sources = node.all_input_nodes
    known = node.target is operator.getitem or node.target in ARITHMETIC
    return known and bool(sources) and all(is_shape(source) for source in sources)


def one_channel_each(
    user: fx.Node, node: fx.Node, graph_module: fx.GraphModule, *, axis: int
) -> bool:
    """Whether `user` computes each of its channels from that channel of `node` alone.

    Both nodes carry the shapes that ShapeProp noted, and channels lie along that axis of `node`;
    where the answer is yes, also of `user`.
    """
    before, after = _shape(node), _shape(user)
    if before is None or after is None or after[1:2] != before[1:2]:
        return False
    if [source for source in user.all_input_nodes if not is_shape(source)] != [node]:
        return False
    # Four dimensions with units last would be pooled over the units.
    is_map = len(before) == 4 and axis == 1
    flattens = is_map and before[2:] == (1, 1) and after == before[:2]
    if user.op == "call_module":
        module = graph_module.get_submodule(str(user.target))
        return _module_is_channelwise(module, is_map, len(before)) or (
            isinstance(module, nn.Flatten) and flattens
        )
    if user.args[:1] != (node,):
        return False
    if user.op == "call_function":
        if user.target is torch.flatten:
            return flattens
        if user.target is torch.mean:
            return is_map and _over_positions(user)
        if user.target is F.dropout:
            return user.kwargs.get("training") is False
        return user.target in ELEMENTWISE_FUNCTIONS or (is_map and user.target in POOLING_FUNCTIONS)
    if user.op == "call_method":
        if user.target == "mean":
            return is_map and _over_positions(user)
        return user.target in ELEMENTWISE_METHODS or (user.target in RESHAPING_METHODS and flattens)
    return False


def _module_is_channelwise(module: nn.Module, is_map: bool, dimensions: int) -> bool:
    kind = type(module)
    if kind in ELEMENTWISE:
        return True
    if kind in (nn.BatchNorm2d, nn.BatchNorm1d):
        return (is_map or dimensions == 2) and not module.training
    if isinstance(module, nn.Conv2d):
        return is_map and module.groups == module.in_channels == module.out_channels
    return is_map and kind in POOLING


def _over_positions(user: fx.Node) -> bool:
    dims = user.args[1] if len(user.args) > 1 else user.kwargs.get("dim")
    return isinstance(dims, (tuple, list)) and {int(dim) % 4 for dim in dims} == {2, 3}


def _shape(node: fx.Node) -> tuple[int, ...] | None:
    meta = node.meta.get("tensor_meta")
    return tuple(meta.shape) if isinstance(meta, TensorMetadata) else None
