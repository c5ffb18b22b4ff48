"""A network cut behind its layers, so that what comes before is computed once for many edits.

    split = cut(model, ["layer3", "layer4"], sample)     # None when the network cannot be traced
    state = split.run(batch)                             # logits, and the values at each cut
    logits = split.rest("layer3", state, rows, edited)   # only what follows layer3, per row

The network is traced with torch.fx; the graph behind a layer becomes a module of its own that
shares the network's weights. The cut is moved past operations that treat every unit by itself
(activations, batch norm, pooling, depthwise convolution): there, a unit's ablation changes one
channel and all its neighbours are as before. Everything here computes what the whole network
would, operation for operation; whether it does is checked by whoever uses it.

What it cannot cut: control flow that depends on values, layers inside a leaf module of PyTorch
(nn.TransformerEncoderLayer), outputs that are no tensor or have no images first, in-place methods.
Then `cut` returns None.
"""

import copy
import operator
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.fx.passes.shape_prop import ShapeProp

from audits.ablation.engine.channelwise import is_shape, one_channel_each
from audits.ablation.engine.hooks import replaced
from describer.layers import catalogue as network_layers
from describer.layers.catalogue import Layer

UNTRACEABLE = (
    fx.proxy.TraceError,
    TypeError,
    ValueError,
    RuntimeError,
    AttributeError,
    NotImplementedError,
    LookupError,
    AssertionError,
)
IN_PLACE = {
    operator.iadd: operator.add,
    operator.imul: operator.mul,
    operator.isub: operator.sub,
    operator.itruediv: operator.truediv,
}


# By a module's path the node of each of its calls; None where that is no single value.
Outputs = dict[str, list[fx.Node | None]]


@dataclass(frozen=True)
class State:
    """One batch at every cut: logits (n, outputs), and by layer what `Split.rest` needs."""

    logits: Tensor
    values: Mapping[str, Tensor]
    silent: Mapping[str, Tensor]
    sides: Mapping[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Behind:
    """The network behind one cut.

    `chain` turns the layer's output into the value at the cut, `rest` that value into logits.
    `head` is set when the rest is one linear map of the units. `sides` are the values from before
    the cut that the rest uses: per image (True) or the same for all rows (False). Without
    `any_rows`, one of them knows the size of the batch, and the rest takes exactly that many rows.
    """

    layer: Layer
    layer_shape: tuple[int, ...]
    chain: nn.Module
    rest: nn.Module
    sides: tuple[bool, ...]
    head: nn.Linear | None
    any_rows: bool


@dataclass(frozen=True)
class Split:
    """A network as a shared part and, by layer, the part behind it."""

    shared: nn.Module
    behind: Mapping[str, Behind]
    means: Mapping[str, Tensor] | None

    def run(self, batch: Tensor) -> State:
        """One pass over a batch: its logits and the values at every cut."""
        logits, parts = self.shared(batch)
        values, silent, sides = {}, {}, {}
        for (layer, behind), (value, chain_sides, rest_sides) in zip(
            self.behind.items(), parts, strict=True
        ):
            values[layer] = value
            sides[layer] = rest_sides
            output = value.new_zeros((len(batch), *behind.layer_shape))
            all_units = torch.ones(
                output.shape[behind.layer.unit_axis], dtype=torch.bool, device=output.device
            )
            means = self.means[layer] if self.means is not None else None
            # (1, C, …): the value at the cut when every unit of the layer is ablated
            edited = replaced(output, all_units, means, layer=behind.layer)
            silent[layer] = behind.chain(edited, *chain_sides)[:1]
        return State(logits, values, silent, sides)

    def rest(self, layer: str, state: State, rows: Tensor, edited: Tensor) -> Tensor:
        """Logits of edited rows.

        Args:
            rows: int64 (r,), the image of the batch that each row came from.
            edited: (r, …), the value at the cut for each row.
        """
        behind = self.behind[layer]
        sides = [
            _pick(side, rows) if per_image else side
            for side, per_image in zip(state.sides[layer], behind.sides, strict=True)
        ]
        logits: Tensor = behind.rest(edited, *sides)
        return logits


def cut(
    model: nn.Module,
    layers: Sequence[str],
    sample: Tensor,
    *,
    means: Mapping[str, Tensor] | None = None,
    chains: bool = True,
    edits: Mapping[str, nn.Module] | None = None,
) -> Split | None:
    """Cut a network behind the given layers, or return None where that is not possible.

    Args:
        model: in evaluation mode; it is not changed, its weights are shared.
        sample: float (n, 3, H, W), a batch to learn the shapes from.
        means: what ablated units become, float (C,) by layer; None means zero.
        chains: move each cut past operations on single channels.
        edits: modules put behind further layers, on the paths that lead through them.
    """
    found = traced(model)
    if found is None:
        return None
    graph_module, outputs = found
    known = network_layers.known(model, sample)
    assert known is not None, "a sample has rows"
    wanted = network_layers.find(known, [*layers, *(edits or {})])
    nodes = {layer.name: node for layer in wanted if (node := node_of(outputs, layer)) is not None}
    if len(nodes) < len(wanted) or any(layer.batch_axis for layer in wanted):
        return None
    for index, (layer, edit) in enumerate((edits or {}).items()):
        _insert(graph_module, nodes[layer], edit, f"edit_{index}")
    with torch.no_grad():
        ShapeProp(graph_module).propagate(sample)
    image = next(node for node in graph_module.graph.nodes if node.op == "placeholder")
    from_image = _dependents(image, through_shapes=False)
    parts: dict[str, Behind] = {}
    shared_outputs: list[Any] = []
    for place in wanted[: len(dict.fromkeys(layers))]:
        node = nodes[place.name]
        end = _chain_end(graph_module, node, place.unit_axis) if chains else node
        rest, sides = _between(graph_module, end, None)
        chain, chain_sides = _between(graph_module, node, end)
        if rest is None or chain is None or (before := _shape(node)) is None:
            return None
        parts[place.name] = Behind(
            layer=place,
            layer_shape=before[1:],
            chain=chain,
            rest=rest,
            sides=tuple(side in from_image for side in sides),
            head=_head(graph_module, end),
            any_rows=all(side in from_image or image not in _ancestors(side) for side in sides),
        )
        shared_outputs.append((end, tuple(chain_sides), tuple(sides)))
    output = next(node for node in graph_module.graph.nodes if node.op == "output")
    output.args = ((output.args[0], tuple(shared_outputs)),)
    graph_module.graph.lint()
    graph_module.recompile()
    return Split(graph_module, parts, means)


class _Tracer(fx.Tracer):
    """Notes which node is the output of which module."""

    def __init__(self) -> None:
        super().__init__()
        self.outputs: Outputs = defaultdict(list)

    def call_module(self, m: nn.Module, forward: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        result = super().call_module(m, forward, args, kwargs)
        node = result.node if isinstance(result, fx.Proxy) else None
        self.outputs[self.path_of_module(m)].append(node)
        return result


def node_of(outputs: Outputs, layer: Layer) -> fx.Node | None:
    """The node of a layer's call; None where the graph runs the module otherwise."""
    nodes = outputs.get(layer.path, [])
    return nodes[layer.number - 1] if len(nodes) == layer.calls else None


def traced(model: nn.Module) -> tuple[fx.GraphModule, Outputs] | None:
    """The network's graph without in-place operations, and the nodes of each module's outputs."""
    shared_weights = {id(tensor): tensor for tensor in [*model.parameters(), *model.buffers()]}
    tracer = _Tracer()
    try:
        twin = copy.deepcopy(model, memo=dict(shared_weights))
        graph = tracer.trace(twin)
    except UNTRACEABLE:
        return None
    # A value at a cut must not be overwritten by what follows it.
    for module in twin.modules():
        if getattr(module, "inplace", False) is True:
            module.__dict__["inplace"] = False  # the attribute is typed as a module
    for node in graph.nodes:
        if node.op == "call_function":
            node.target = IN_PLACE.get(node.target, node.target)
            if node.kwargs.get("inplace"):
                node.kwargs = {**node.kwargs, "inplace": False}
            name = getattr(node.target, "__name__", "")
            if name.endswith("_") and not name.startswith("_"):
                return None
            if "torch.nn.functional" in str(getattr(node.target, "__module__", "")) and any(
                argument is True for argument in node.args
            ):
                return None  # possibly `inplace` by position
        if node.op == "call_method" and node.target.endswith("_"):
            return None
    return fx.GraphModule(twin, graph), tracer.outputs


def _insert(graph_module: fx.GraphModule, node: Any, edit: nn.Module, name: str) -> None:
    graph_module.add_module(name, edit)
    with graph_module.graph.inserting_after(node):
        call = graph_module.graph.call_module(name, (node,))
    node.replace_all_uses_with(call, delete_user_cb=lambda user: user is not call)


def _dependents(start: fx.Node, *, through_shapes: bool = True) -> set[fx.Node]:
    """The nodes whose values follow from `start`, or (without shapes) from its numbers."""
    found = {start}
    pending = [start]
    while pending:
        for user in pending.pop().users:
            if user not in found and (through_shapes or not is_shape(user)):
                found.add(user)
                pending.append(user)
    return found - {start}


def _chain_end(graph_module: fx.GraphModule, node: fx.Node, axis: int) -> fx.Node:
    """The last node up to which every channel is computed from that channel of `node` alone."""
    while True:
        users = [user for user in node.users if not is_shape(user)]
        if len(users) != 1 or not one_channel_each(users[0], node, graph_module, axis=axis):
            return node
        node = users[0]


def _head(graph_module: fx.GraphModule, node: fx.Node) -> nn.Linear | None:
    """The linear layer, where nothing but it lies between `node` and the logits."""
    users = [user for user in node.users if not is_shape(user)]
    shape = _shape(node)
    if len(users) != 1 or users[0].op != "call_module" or shape is None or len(shape) != 2:
        return None
    module = graph_module.get_submodule(str(users[0].target))
    after = list(users[0].users)
    only = len(after) == 1 and after[0].op == "output"
    return module if type(module) is nn.Linear and only else None


def _between(
    graph_module: fx.GraphModule, start: fx.Node, end: fx.Node | None
) -> tuple[nn.Module | None, list[fx.Node]]:
    """The graph from `start` to `end` (None: to the logits), and the other values it needs."""
    output = next(node for node in graph_module.graph.nodes if node.op == "output")
    last = output.args[0] if end is None else end
    inside = _dependents(start)
    graph = fx.Graph()
    copies = {start: graph.placeholder("start")}
    if not isinstance(last, fx.Node) or (last is not start and last not in inside):
        return None, []
    needed = _ancestors(last) & inside
    sides: list[fx.Node] = []
    for node in graph_module.graph.nodes:
        if node in needed:
            sides += [
                source
                for source in node.all_input_nodes
                if source not in needed and source is not start and source not in sides
            ]
    for index, side in enumerate(sides):
        copies[side] = graph.placeholder(f"side_{index}")
    for node in graph_module.graph.nodes:
        if node in needed:
            copies[node] = graph.node_copy(node, lambda source: copies[source])
    graph.output(copies[last])
    return fx.GraphModule(graph_module, graph), sides


def _ancestors(node: fx.Node) -> set[fx.Node]:
    found = {node}
    pending = [node]
    while pending:
        for source in pending.pop().all_input_nodes:
            if source not in found:
                found.add(source)
                pending.append(source)
    return found


def _shape(node: fx.Node) -> tuple[int, ...] | None:
    """The shape that ShapeProp noted; None where the value is no single tensor."""
    shape = getattr(node.meta.get("tensor_meta"), "shape", None)
    return None if shape is None else tuple(shape)


def _pick(side: Any, rows: Tensor) -> Any:
    if isinstance(side, Tensor):
        return side[rows]
    if isinstance(side, (tuple, list)):
        return type(side)(_pick(part, rows) for part in side)
    return side
