"""Where on the image each number of an output lies, followed from operation to operation.

    with Trace() as trace:
        trace.start(images)                     # (N, C, H, W): every pixel lies where it is
        output = model(images)
        trace.positions.of(output)              # complex, of the output's shape: x + iy in [0, 1]
    laid(along_tokens)                          # Laid(prefix=1, grid=(14, 14), order=())

What moves numbers moves their positions, what adds them up along an axis takes the mean of theirs,
a convolution lays its own grid over the image. So a sequence of tokens says itself in which order
it is: Hiera's go unit by unit, shifted windows are rolled. NaN is "nowhere" (a class token, a
border); a tensor without positions comes from operations that are not followed. Of two that
disagree the one that tells more places apart counts. Imports torch; knows no modules.
"""

import math
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.weak import WeakTensorKeyDictionary

from describer.layers.axis import CONVOLUTIONS, ON_MAPS, REDUCTIONS, VIEWS, ChannelTrace

Shape = tuple[int, ...]
Grid = tuple[int, int]

# Operations that only move numbers, and are done to their positions alike.
MOVES = {
    "permute",
    "transpose",
    "t",
    "unsqueeze",
    "squeeze",
    "select",
    "slice",
    "split",
    "split_with_sizes",
    "unsafe_split",
    "chunk",
    "unbind",
    "expand",
    "stack",
    "cat",
    "index",
    "index_select",
    "gather",
    "roll",
    "flip",
    "rot90",
    "diagonal",
    "unfold",
    "repeat",
    "repeat_interleave",
    "pixel_shuffle",
    "pixel_unshuffle",
    "channel_shuffle",
    "native_channel_shuffle",
}
# After these a number may lie anywhere.
SCATTER = {"sort", "topk", "scatter", "scatter_add", "scatter_reduce", "index_put", "index_add"}
SCATTER |= {"index_copy", "masked_scatter", "_fft_r2c", "_fft_c2c", "_fft_c2r", "cumsum", "cumprod"}
PADS = {"constant_pad_nd", "reflection_pad1d", "reflection_pad2d", "replication_pad2d"}
# Whose channels along the last axis are made of all of those that went in.
ALONG_LAST = {"linear", "lstm", "gru", "rnn_tanh", "rnn_relu", "mkldnn_rnn_layer"}
NOWHERE = complex(math.nan, math.nan)
# Positions nearer to each other than this share of the image are one.
STEPS = 8192


@dataclass(frozen=True)
class Laid:
    """How a sequence lies on the image.

    Attributes:
        prefix: places before the first that lies somewhere.
        grid: (rows, columns).
        order: the place in the sequence of each cell, row by row; () where they lie in this order.
    """

    prefix: int
    grid: Grid
    order: tuple[int, ...] = ()


def laid(positions: Tensor) -> Laid | None:
    """The grid that positions, complex (places,), fill cell by cell; None where they fill none."""
    there = torch.nonzero(~positions.real.isnan()).flatten()
    if not len(there):
        return None
    x, y = _steps(positions[there])
    columns, rows = (_few(part) for part in (x, y))
    if len(columns) * len(rows) != len(there):
        return None
    cell = torch.searchsorted(rows, y) * len(columns) + torch.searchsorted(columns, x)
    if len(_few(cell)) != len(there):
        return None
    prefix = int(there[0])
    order = there[cell.argsort()]
    plain = torch.equal(order, torch.arange(prefix, prefix + len(order)))
    grid = (len(rows), len(columns))
    return Laid(prefix, grid, () if plain else tuple(order.tolist()))


def scattered(positions: Tensor) -> bool:
    """Whether positions, complex (places,), are all somewhere, and no two in one place."""
    if bool(positions.real.isnan().any()):
        return False
    return len(_few(_numbers(positions))) == len(positions)


def _steps(positions: Tensor) -> tuple[Tensor, Tensor]:
    """x and y as integers, int64."""
    steps = (torch.view_as_real(positions.contiguous()) * STEPS).round().long()
    return steps[..., 0].contiguous(), steps[..., 1].contiguous()


def _numbers(positions: Tensor) -> Tensor:
    """One number for each place of the image, int64."""
    x, y = _steps(positions)
    return y * 4 * STEPS + x


def _few(numbers: Tensor) -> Tensor:
    """Distinct numbers, rising; by sorting, which for some thousands is faster than by hashing."""
    ordered = numbers.flatten().sort().values
    kept = torch.ones(len(ordered), dtype=torch.bool)
    kept[1:] = ordered[1:] != ordered[:-1]
    return ordered[kept]


class Positions:
    """The positions of the tensors of a pass."""

    def __init__(self) -> None:
        self._known: MutableMapping[Tensor, Tensor] = WeakTensorKeyDictionary()
        self._rasters: dict[Grid, Tensor] = {}

    def start(self, images: Tensor) -> None:
        """Say that a tensor (N, C, H, W) is the image."""
        if images.ndim == 4:
            self._known[images] = self._raster(tuple(images.shape))

    def of(self, tensor: Tensor) -> Tensor | None:
        """The positions of a tensor's numbers; None where they were lost."""
        return self._known.get(tensor)

    def after(
        self, name: str, func: Any, args: Sequence[Any], kwargs: dict[str, Any], output: Any
    ) -> None:
        """Follow one operation; `name` without the mark of those in place."""
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        inputs = [(tensor, self.of(tensor)) for tensor in tensors]
        made = [leaf for leaf in tree_leaves(output) if isinstance(leaf, Tensor)]
        found: list[Tensor | None]
        maps = name in CONVOLUTIONS or name.startswith(ON_MAPS)
        if name in SCATTER or not (maps or any(known is not None for _, known in inputs)):
            found = [None] * len(made)
        elif name in VIEWS:
            known = inputs[0][1]
            found = [None if known is None else known.reshape(made[0].shape)]
        elif name in MOVES or name in PADS:
            found = self._moved(name, func, args, kwargs, made)
        else:
            found = [self._computed(name, args, kwargs, inputs, tuple(m.shape)) for m in made]
        for tensor, positions in zip(made, found, strict=True):
            if positions is not None and positions.shape == tensor.shape:
                self._known[tensor] = positions
            elif tensor in self._known:
                del self._known[tensor]

    def _raster(self, shape: Shape) -> Tensor:
        """The positions of a map (…, H, W)."""
        height, width = shape[-2:]
        if (height, width) not in self._rasters:
            rows = (torch.arange(height) + 0.5) / height
            columns = (torch.arange(width) + 0.5) / width
            self._rasters[height, width] = torch.complex(
                columns.expand(height, width).contiguous(),
                rows[:, None].expand(height, width).contiguous(),
            )
        return self._rasters[height, width].expand(shape)

    def _moved(
        self, name: str, func: Any, args: Sequence[Any], kwargs: dict[str, Any], made: list[Tensor]
    ) -> list[Tensor | None]:
        """The same movement, done to positions."""

        def known(leaf: Any) -> Any:
            if not isinstance(leaf, Tensor):
                return leaf
            positions = self.of(leaf)
            if positions is not None:
                return positions
            if not leaf.is_floating_point():
                return leaf.cpu()  # indices
            return torch.full((1,) * leaf.ndim, NOWHERE).expand(leaf.shape)

        try:
            if name in PADS:
                moved = torch.ops.aten.constant_pad_nd(known(args[0]), args[1], NOWHERE)
            else:
                moved = func(*tree_map(known, args), **tree_map(known, kwargs))
        except (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError):
            return [None] * len(made)
        found = [leaf for leaf in tree_leaves(moved) if isinstance(leaf, Tensor)]
        return [*found] if len(found) == len(made) else [None] * len(made)

    def _computed(
        self,
        name: str,
        args: Sequence[Any],
        kwargs: dict[str, Any],
        inputs: Sequence[tuple[Tensor, Tensor | None]],
        shape: Shape,
    ) -> Tensor | None:
        """The positions of an output of that shape that holds new numbers."""
        first, known = inputs[0]
        if name in CONVOLUTIONS or name.startswith(ON_MAPS):
            return self._on_maps(name, args, first, known, shape)
        if name in ("addmm", "baddbmm") and len(inputs) == 3:
            return _product(inputs[1][1], inputs[2][1], shape)
        if name in ("mm", "bmm", "matmul") and len(inputs) == 2:
            return _product(known, inputs[1][1], shape)
        if name in REDUCTIONS and shape != tuple(first.shape):
            return None if known is None else _reduced(known, args, kwargs, shape)
        if known is not None and tuple(first.shape)[:-1] == shape[:-1] and name in ALONG_LAST:
            return _mean(known, (-1,), keep=True).expand(shape)
        if name.startswith("_scaled_dot_product") and known is not None:
            same = tuple(known.shape)[:-1] == shape[:-1]
            return _mean(known, (-1,), keep=True).expand(shape) if same else None
        full = [there for _, there in inputs if there is not None and tuple(there.shape) == shape]
        return _agreed(full)

    def _on_maps(
        self, name: str, args: Sequence[Any], first: Tensor, known: Tensor | None, shape: Shape
    ) -> Tensor | None:
        """A convolution or a pooling lays its own grid over the map that it is given."""
        before = tuple(first.shape)
        if name == "im2col":
            grid = _patches(before[-2:], args)
            if known is not None and not _upright(known):
                return None
            flat = self._raster((1, 1, *grid)).flatten(2)
            return flat.expand(shape) if flat.shape[-1] == shape[-1] else None
        if known is not None and before[2:] == shape[2:] and len(before) == len(shape):
            return _mean(known, (1,), keep=True).expand(shape)
        if len(shape) != 4 or (known is not None and not _upright(known)):
            return None
        return self._raster(shape)


class Trace(ChannelTrace):  # type: ignore[no-untyped-call]
    """Follows the axis of channels, and positions beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.positions = Positions()

    def start(self, images: Tensor) -> None:
        super().start(images)
        self.positions.start(images)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        output = super().__torch_dispatch__(func, types, args, kwargs)
        name = func.overloadpacket.__name__.rstrip("_")
        self.positions.after(name, func, args, kwargs or {}, output)
        return output


def _patches(size: Sequence[int], args: Sequence[Any]) -> Grid:
    """Rows and columns of the patches that `im2col` cuts out."""
    kernel, dilation, padding, stride = args[1:5]
    rows, columns = (
        (size[i] + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1) // stride[i] + 1
        for i in range(2)
    )
    return rows, columns


def _thin(positions: Tensor) -> Tensor:
    """Positions without the repetitions along axes that were expanded; axes are kept."""
    for axis, step in enumerate(positions.stride()):
        if step == 0 and positions.shape[axis] > 1:
            positions = positions.narrow(axis, 0, 1)
    return positions


def _mean(positions: Tensor, axes: Sequence[int], *, keep: bool) -> Tensor:
    """The mean of positions along axes, of those that lie somewhere."""
    for axis in axes:
        if positions.stride(axis) == 0 and positions.shape[axis] > 1:
            positions = positions.narrow(axis, 0, 1)
    shape = tuple(positions.shape)
    if all(shape[axis] == 1 for axis in axes):
        mean = positions
    else:
        thin = _thin(positions)
        there = ~thin.real.isnan()
        count = there.sum(tuple(axes), keepdim=True)
        mean = torch.where(there, thin, 0).sum(tuple(axes), keepdim=True) / count
        mean = mean.expand(
            [1 if axis in _front(axes, len(shape)) else n for axis, n in enumerate(shape)]
        )
    if keep:
        return mean
    return mean.squeeze(tuple(sorted(_front(axes, len(shape)))))


def _front(axes: Sequence[int], dimensions: int) -> set[int]:
    return {axis % dimensions for axis in axes}


def _reduced(
    positions: Tensor, args: Sequence[Any], kwargs: dict[str, Any], shape: Shape
) -> Tensor | None:
    dims = args[1] if len(args) > 1 else kwargs.get("dim")
    if isinstance(dims, int):
        dims = [dims]
    if not isinstance(dims, (list, tuple)) or not all(isinstance(dim, int) for dim in dims):
        return None
    dims = dims or range(positions.ndim)
    return _mean(positions, tuple(dims), keep=len(shape) == positions.ndim)


def _product(left: Tensor | None, right: Tensor | None, shape: Shape) -> Tensor | None:
    """Of (…, m, k) @ (…, k, n): the rows' of the left, or the columns' of the right."""
    rows = None if left is None else _mean(left, (-1,), keep=True)
    columns = None if right is None else _mean(right, (-2,), keep=True)
    # Scores are of their queries, which are on the left; channels tell no places apart.
    if columns is not None and (rows is None or (not _varies(rows, -2) and _varies(columns, -1))):
        return columns.expand(shape)
    return None if rows is None else rows.expand(shape)


def _varies(positions: Tensor, axis: int) -> bool:
    """Whether an axis leads from one place of the image to another."""
    if positions.stride(axis) == 0 or positions.shape[axis] == 1:
        return False
    known = torch.view_as_real(_thin(positions).movedim(axis, 0).contiguous())
    low, high = known.nan_to_num(math.inf).amin(0), known.nan_to_num(-math.inf).amax(0)
    return bool((high - low > 1 / STEPS).any())


def _places(positions: Tensor) -> int:
    """How many places of the image positions tell apart."""
    thin = _thin(positions).flatten()
    return len(_few(_numbers(thin[~thin.real.isnan()])))


def _agreed(known: Sequence[Tensor]) -> Tensor | None:
    """What positions that are laid over each other agree on."""
    if not known:
        return None
    found = known[0]
    for other in known[1:]:
        if other.data_ptr() == found.data_ptr() and other.stride() == found.stride():
            continue
        thin = (_thin(found), _thin(other))
        one, two = torch.broadcast_tensors(*thin)  # type: ignore[no-untyped-call]
        if torch.allclose(one, two, atol=0.4 / STEPS, rtol=0, equal_nan=True):
            continue
        fewer, more = _places(one), _places(two)
        if fewer < more:
            found = other
        elif fewer == more:
            same = torch.isclose(one, two, atol=0.4 / STEPS, rtol=0)
            nowhere = torch.full((), NOWHERE)
            merged = torch.where(one.real.isnan(), two, torch.where(same, one, nowhere))
            merged = torch.where(two.real.isnan(), one, merged)
            found = merged.expand(found.shape)
    return found


def _upright(positions: Tensor) -> bool:
    """Whether a map (N, C, H, W) lies on the image row by row; its border may lie nowhere."""
    if positions.ndim != 4:
        return False
    thin = _thin(positions)
    for part, along, across in ((thin.imag, 2, 3), (thin.real, 3, 2)):
        low = part.nan_to_num(math.inf).amin((0, 1, across))
        high = part.nan_to_num(-math.inf).amax((0, 1, across))
        inside = low.isfinite() & high.isfinite()
        low, high = low[inside], high[inside]
        if not len(low) or bool((high - low > 1 / STEPS).any()):
            return False
        if positions.shape[along] > 1 and bool((low.diff() <= 0).any()):
            return False
    return True
