"""Which axis of an output holds the units, followed from operation to operation.

    with ChannelTrace() as trace:
        trace.start(images)                     # (N, 3, H, W): channels along axis 1
        output = model(images)
        trace.of(output)                        # Channels(axis=1, state="whole")

A convolution puts its channels along axis 1, a linear layer or a layer norm along the last;
permuting, reshaping, adding and pooling carry the axis on. Where an operation mixes along another
axis than the one that held the channels (the token-mixing layers of an MLP-Mixer) the state is
"mixed": two readings fit. "split" is a part of the channels, as in the heads of attention.
Nothing is read from lengths being equal or unequal. Imports torch; knows no modules.
"""

import math
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakTensorKeyDictionary

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Channels:
    """Where the channels of a tensor lie: its axis (-1 when mixed) and how much of them."""

    axis: int
    state: Literal["whole", "split", "mixed"] = "whole"


MIXED = Channels(-1, "mixed")

# One tensor that went into an operation: its shape, and its channels where they are known.
Input = tuple[Shape, Channels | None]

CONVOLUTIONS = {"convolution", "_convolution", "mkldnn_convolution", "conv1d", "conv2d", "conv3d"}
# Norms over positions of maps; their channels are along axis 1 where nothing else is known.
MAP_NORMS = {
    "native_batch_norm",
    "_native_batch_norm_legit",
    "_native_batch_norm_legit_no_training",
    "cudnn_batch_norm",
    "miopen_batch_norm",
    "batch_norm_elemt",
    "native_group_norm",
}
LAST_NORMS = {"native_layer_norm", "layer_norm", "rms_norm", "_fused_rms_norm"}
MAKE_LAST = {"_native_multi_head_attention", "_transformer_encoder_layer_fwd", "embedding"}
VIEWS = {"view", "_unsafe_view", "reshape", "_reshape_alias", "_reshape_copy", "view_copy"}
REDUCTIONS = {
    "mean",
    "sum",
    "amax",
    "amin",
    "max",
    "min",
    "var",
    "std",
    "prod",
    "logsumexp",
    "norm",
    "linalg_vector_norm",
}
# The number of channels may change, their axis does not.
KEEP_AXIS = {
    "cat",
    "slice",
    "split",
    "split_with_sizes",
    "unsafe_split",
    "chunk",
    "unfold",
    "pixel_shuffle",
    "pixel_unshuffle",
    "glu",
}
RELU = {"relu", "relu_"}
# Operations over the rows and columns of maps, whose channels are along axis 1.
ON_MAPS = ("upsample", "max_pool2d", "avg_pool2d", "adaptive_", "_adaptive_", "im2col")


def reads_maps(name: str) -> bool:
    """Whether an operation takes (N, C, …) and nothing else."""
    return name in CONVOLUTIONS or name in MAP_NORMS or name.startswith(ON_MAPS)


class ChannelTrace(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Follows the axis of channels, and what reads the tensors that it was told to watch."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._channels: MutableMapping[Tensor, Channels] = WeakTensorKeyDictionary()
        self._watched: MutableMapping[Tensor, list[Reads]] = WeakTensorKeyDictionary()

    def start(self, images: Tensor) -> None:
        """Say that a tensor (N, C, H, W) is what the network is given."""
        if images.ndim == 4:
            self._channels[images] = Channels(1)

    def of(self, tensor: Tensor) -> Channels | None:
        """Where the channels of a tensor lie; None where nothing was seen that tells."""
        return self._channels.get(tensor)

    def settle(self, tensor: Tensor, channels: Channels) -> None:
        """Say where the channels of a tensor lie."""
        self._channels[tensor] = channels

    def watch(self, tensor: Tensor, reads: "Reads") -> None:
        """Note in `reads` what reads the tensor from now on, up to what overwrites it."""
        self._watched.setdefault(tensor, []).append(reads)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        name = func.overloadpacket.__name__
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        inputs: list[Input] = [(tuple(each.shape), self.of(each)) for each in tensors]
        in_place = name.endswith("_")
        for tensor in tensors:
            for reads in self._watched.get(tensor, ()):
                reads.by.append(name)
        if in_place and tensors:
            self._watched.pop(tensors[0], None)
        output = func(*args, **(kwargs or {}))
        for made in tree_leaves(output):
            if not isinstance(made, Tensor):
                continue
            channels = _after(name.rstrip("_"), args, inputs, tuple(made.shape))
            if channels is not None:
                self._channels[made] = channels
            elif made in self._channels:
                del self._channels[made]
        return output


@dataclass
class Reads:
    """What read a tensor: names of operations."""

    by: list[str] = field(default_factory=list)

    @property
    def only_relu(self) -> bool:
        """Whether a ReLU reads it, and nothing else."""
        return bool(self.by) and set(self.by) <= RELU

    @property
    def as_map(self) -> bool:
        """Whether an operation on maps (N, C, …) reads it."""
        return any(reads_maps(name) for name in self.by)


def _after(name: str, args: Sequence[Any], inputs: Sequence[Input], out: Shape) -> Channels | None:
    """Where the channels of an operation's output, of that shape, lie."""
    if not inputs:
        return None
    shape, channels = inputs[0]
    if name in CONVOLUTIONS:
        return _made(channels, read=1, axis=1)
    if name in ("addmm", "baddbmm") and len(inputs) == 3:
        return _product(inputs[1], inputs[2])
    if name in ("mm", "bmm", "matmul") and len(inputs) == 2:
        return _product(inputs[0], inputs[1])
    if name == "linear":
        return _made(channels, read=len(shape) - 1, axis=len(out) - 1)
    if reads_maps(name):
        return channels or Channels(1)
    if name in LAST_NORMS:
        return channels or Channels(len(out) - 1)
    if name in MAKE_LAST:
        return Channels(len(out) - 1)
    if name.startswith("_scaled_dot_product") and len(inputs) >= 3:
        values = inputs[2][1]
        return values if len(out) == len(inputs[2][0]) else None
    moved = MOVES.get(name)
    if moved is not None:
        if channels is None or channels.state == "mixed":
            return channels
        axis = moved(channels.axis, shape, args, out)
        return None if axis is None else Channels(axis, channels.state)
    if name in VIEWS:
        return None if channels is None else _viewed(channels, shape, out)
    if name in REDUCTIONS:
        return _reduced(channels, shape, args, out)
    return _together(inputs, out, exact=name not in KEEP_AXIS)


def _made(channels: Channels | None, *, read: int, axis: int) -> Channels:
    """The channels of an operation that sums over axis `read` and makes channels along `axis`."""
    known = channels is not None
    return MIXED if known and channels is not None and channels.axis != read else Channels(axis)


def _product(left: Input, right: Input) -> Channels | None:
    """The channels of a matrix product (…, m, k) @ (…, k, n)."""
    (left_shape, before), (right_shape, weights) = left, right
    last = len(left_shape) - 1
    if weights is None:  # a weight: what a linear layer does
        return _made(before, read=last, axis=last)
    if weights.state == "mixed" or weights.axis == len(right_shape) - 1:
        return weights
    return None  # channels against channels: scores of attention, which have none


def _viewed(channels: Channels, shape: Shape, out: Shape) -> Channels | None:
    """The channels after the same numbers were given another shape."""
    if channels.state == "mixed" or 0 in shape or 0 in out:
        return MIXED if channels.state == "mixed" else None
    size = shape[channels.axis]
    low = math.prod(shape[channels.axis + 1 :])
    high = low * size
    inside: int | None = None
    holding: int | None = None
    for axis, length in enumerate(out):
        step = math.prod(out[axis + 1 :])
        if (step, length) == (low, size):
            return Channels(axis, channels.state)
        if step <= low and step * length >= high and length > 1:
            holding = axis
        if step >= low and step * length <= high and length > 1:
            inside = axis  # the last, whose numbers lie closest
    if holding is not None:
        return Channels(holding)
    # A vector that becomes a map says nothing of where the map's channels are.
    return None if inside is None or len(shape) == 2 else Channels(inside, "split")


def _reduced(
    channels: Channels | None, shape: Shape, args: Sequence[Any], out: Shape
) -> Channels | None:
    """The channels after a sum, a mean or a maximum over some axes."""
    if channels is None or channels.state == "mixed" or len(out) == len(shape):
        return channels
    dims = args[1] if len(args) > 1 else None
    if isinstance(dims, int):
        dims = [dims]
    if not isinstance(dims, (list, tuple)) or not all(isinstance(dim, int) for dim in dims):
        return None
    gone = {dim % len(shape) for dim in dims}
    if channels.axis in gone or len(out) != len(shape) - len(gone):
        return None
    return Channels(channels.axis - sum(dim < channels.axis for dim in gone), channels.state)


def _together(inputs: Sequence[Input], out: Shape, *, exact: bool) -> Channels | None:
    """The channels of an operation that treats positions alike, on tensors that are broadcast.

    With `exact`, only where the axis has kept its length.
    """
    known: set[int] = set()
    states = set()
    mixed = False
    for shape, channels in inputs:
        if channels is None:
            continue
        if channels.state == "mixed":
            mixed = True
            continue
        axis = channels.axis + len(out) - len(shape)
        if axis < 0 or (exact and out[axis] != shape[channels.axis]):
            continue
        known.add(axis)
        states.add(channels.state)
    if len(known) == 1:
        return Channels(known.pop(), "split" if states == {"split"} else "whole")
    return MIXED if known or mixed else None


def _permuted(axis: int, shape: Shape, args: Sequence[Any], out: Shape) -> int | None:
    return [int(dim) % len(shape) for dim in args[1]].index(axis)


def _transposed(axis: int, shape: Shape, args: Sequence[Any], out: Shape) -> int | None:
    first, second = int(args[1]) % len(shape), int(args[2]) % len(shape)
    return {first: second, second: first}.get(axis, axis)


def _turned(axis: int, shape: Shape, args: Sequence[Any], out: Shape) -> int | None:
    return 1 - axis if len(shape) == 2 else axis


def _unsqueezed(axis: int, shape: Shape, args: Sequence[Any], out: Shape) -> int | None:
    return axis + (int(args[1]) % len(out) <= axis)


def _stacked(axis: int, shape: Shape, args: Sequence[Any], out: Shape) -> int | None:
    return axis + ((int(args[1]) if len(args) > 1 else 0) % len(out) <= axis)


def _squeezed(axis: int, shape: Shape, args: Sequence[Any], out: Shape) -> int | None:
    dims = args[1] if len(args) > 1 else range(len(shape))
    chosen = {int(dim) % len(shape) for dim in ([dims] if isinstance(dims, int) else dims)}
    gone = {dim for dim in chosen if shape[dim] == 1}
    return None if axis in gone else axis - sum(dim < axis for dim in gone)


def _selected(axis: int, shape: Shape, args: Sequence[Any], out: Shape) -> int | None:
    dim = (int(args[1]) if len(args) > 1 else 0) % len(shape)
    return None if dim == axis else axis - (dim < axis)


def _expanded(axis: int, shape: Shape, args: Sequence[Any], out: Shape) -> int | None:
    return axis + len(out) - len(shape)


MOVES: dict[str, Callable[[int, Shape, Sequence[Any], Shape], int | None]] = {
    "permute": _permuted,
    "transpose": _transposed,
    "t": _turned,
    "unsqueeze": _unsqueezed,
    "stack": _stacked,
    "squeeze": _squeezed,
    "select": _selected,
    "unbind": _selected,
    "expand": _expanded,
}
