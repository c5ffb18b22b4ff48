"""Running a network to see which of its modules have units, and along which axis.

`traced` is what `describer.layers.catalogue.trace` calls. It runs the network twice: once with two
images, following the axis of channels (axis.py) and where on the image the numbers lie
(positions.py) from operation to operation, once with three images of another size where the network
takes them. Every module is in the answer, as a layer or
with the reason why it is none. Imports torch.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from db.errors import BadInput
from describer.layers import grid as grids
from describer.layers.axis import Channels, Reads
from describer.layers.grid import Evidence
from describer.layers.outputs import tensor_of
from describer.layers.positions import Laid, Trace, laid, scattered

STOPS = (RuntimeError, ValueError, TypeError, IndexError, AssertionError)

# Modules whose operations may be one kernel that hides its channels.
LAST = (nn.RNNBase, nn.MultiheadAttention, nn.Linear, nn.LayerNorm, nn.Embedding)
FIRST = (nn.modules.conv._ConvNd, nn.modules.batchnorm._BatchNorm, nn.GroupNorm)

Shape = tuple[int, ...]


@dataclass
class Call:
    """One call of a module: what it gave, or why that has no units.

    `maps` counts the maps that the network had made before; `positions` say where on the image its
    numbers lie, complex of its shape, where that could be followed.
    """

    module: str
    number: int
    shape: Shape = ()
    reason: str = ""
    channels: Channels | None = None
    reads: Reads = field(default_factory=Reads)
    maps: int = 0
    positions: Tensor | None = None

    @property
    def name(self) -> str:
        """The call as a layer is named."""
        return f"{self.module}#{self.number}"


@dataclass(frozen=True)
class Passes:
    """What two passes showed: calls in order, and shapes with three images of `size`."""

    calls: list[Call]
    maps: list[tuple[int, int]]
    again: Mapping[str, Shape]
    size: int


@dataclass(frozen=True)
class Place:
    """Where the units of an output are; the attributes of `describer.layers.catalogue.Layer`."""

    kind: str
    units: int
    grid: tuple[int, int]
    prefix_tokens: int = 0
    channels_last: bool = False
    axis: int | None = None
    batch_axis: int = 0
    order: tuple[int, ...] = ()
    read_otherwise: bool = False


@dataclass(frozen=True)
class Traced:
    """What was found in a network.

    Attributes:
        places: in the order of calls, (module, number of the call, calls in all, place).
        refused: the reason by module, or by call.
        rectified: names of calls whose output is read by a ReLU alone.
    """

    places: list[tuple[str, int, int, Place]]
    refused: dict[str, str]
    rectified: list[str]


def traced(
    model: nn.Module,
    image_size: int,
    *,
    inputs: Tensor | None,
    axes: Mapping[str, int],
    prefix_tokens: int | None,
) -> Traced:
    """Where a network has units; the arguments are those of `describer.layers.catalogue.trace`."""
    passes = _passes(model, image_size, inputs)
    totals: dict[str, int] = defaultdict(int)
    again: dict[str, int] = defaultdict(int)
    for call in passes.calls:
        totals[call.module] += 1
    for name in passes.again:
        again[name.rpartition("#")[0]] += 1
    evidence = Evidence(given=prefix_tokens, stated=_stated_prefix(model), size=image_size)
    found = Traced([], {}, [])
    earlier: dict[grids.Arranged, None] = {}
    for call in passes.calls:
        total = totals[call.module]
        name = call.module if call.number == total else call.name
        other = passes.again.get(call.name)
        if passes.again and total != again[call.module]:
            call.reason = call.reason or f"it runs {total} or {again[call.module]} times in a pass"
        seen = replace(evidence, maps=tuple(passes.maps[: call.maps]), earlier=tuple(earlier))
        there = None if other is None else (passes.size, other)
        place = call.reason or _place(model, call, there, seen, axes)
        if isinstance(place, str):
            found.refused[name] = place
            continue
        if place.kind == "tokens":
            earlier[place.prefix_tokens, place.grid] = None
        found.places.append((call.module, call.number, total, place))
        if call.reads.only_relu:
            found.rectified.append(name)
    found.refused.update(_never_run(model, totals))
    known = {
        name for module, number, _, _ in found.places for name in (module, f"{module}#{number}")
    }
    for name in axes:
        if name and name not in known:
            reason = found.refused.get(name, "there is no such layer")
            raise BadInput(f"expected an axis of a layer in SUBJECT.toml, got {name!r}: {reason}")
    return found


def _passes(model: nn.Module, image_size: int, inputs: Tensor | None) -> Passes:
    parameter = next((p for p in model.parameters() if p.is_floating_point()), torch.zeros(0))
    if inputs is None:
        images = torch.zeros(
            2, 3, image_size, image_size, device=parameter.device, dtype=parameter.dtype
        )
        sizes = _other_sizes(image_size)
    else:
        images, sizes = inputs, []
    calls: list[Call] = []
    maps: list[tuple[int, int]] = []
    trace = Trace()

    def note(name: str, number: int, output: Any) -> None:
        call = Call(name, number, maps=len(maps))
        calls.append(call)
        tensor = tensor_of(output)
        if isinstance(tensor, str):
            call.reason = tensor
            return
        call.shape = tuple(tensor.shape)
        call.channels = trace.of(tensor)
        call.positions = trace.positions.of(tensor)
        trace.watch(tensor, call.reads)
        if not tensor.is_floating_point():
            call.reason = f"its output holds {str(tensor.dtype).removeprefix('torch.')}s"
        elif call.channels == Channels(1) and tensor.ndim == 4:
            maps.append((call.shape[2], call.shape[3]))
        elif call.channels == Channels(3) and tensor.ndim == 4:
            maps.append((call.shape[1], call.shape[2]))

    with _resting(model), torch.no_grad():
        with _watched(model, note), trace:
            trace.start(images)
            try:
                model(images)
            except STOPS as error:
                raise BadInput(
                    f"expected a network that runs on inputs of shape {tuple(images.shape)}, "
                    f"it stopped with: {_first_line(error)}"
                ) from error
        for size in (*sizes, image_size):
            three = torch.cat([images, images[:1]])
            if size != image_size:
                three = images.new_zeros(3, 3, size, size)
            again: dict[str, Shape] = {}

            def remember(name: str, number: int, output: Any, again: Any = again) -> None:
                tensor = tensor_of(output)
                again[f"{name}#{number}"] = (
                    tuple(tensor.shape) if isinstance(tensor, Tensor) else ()
                )

            with _watched(model, remember):
                try:
                    model(three)
                except STOPS:
                    continue
            return Passes(calls, maps, again, size)
    return Passes(calls, maps, {}, image_size)


def _other_sizes(image_size: int) -> list[int]:
    """Sizes to try beside the network's own: smaller costs less, larger suits small networks."""
    half = image_size // 2 // 32 * 32 if image_size >= 128 else image_size // 2
    return [half, 2 * image_size] if image_size < 128 else [half]


@contextmanager
def _watched(model: nn.Module, note: Callable[[str, int, Any], None]) -> Iterator[None]:
    """Call `note` with the name, the number of the call and the output of every module's call."""
    counts: dict[str, int] = defaultdict(int)

    def hook_for(name: str) -> Callable[[nn.Module, object, object], None]:
        def hook(_module: nn.Module, _inputs: object, output: object) -> None:
            counts[name] += 1
            note(name, counts[name], output)

        return hook

    handles = [
        module.register_forward_hook(hook_for(name))
        for name, module in model.named_modules()
        if name and isinstance(getattr(module, "_forward_hooks", None), dict)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _resting(model: nn.Module) -> Iterator[None]:
    """The network in evaluation mode, and afterwards as it was.

    Some networks note the size of what they were last given (Swin's windows in transformers shrink
    on small images, and stay small): what a module noted is put back, buffers too.
    """
    noted = [(module, dict(vars(module)), dict(module._buffers)) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, attributes, buffers in noted:
            vars(module).clear()
            vars(module).update(attributes)
            module._buffers.clear()
            module._buffers.update(buffers)


def _place(
    model: nn.Module,
    call: Call,
    other: tuple[int, Shape] | None,
    evidence: Evidence,
    axes: Mapping[str, int],
) -> Place | str:
    """Where the units of a call's output are, or why it has none."""
    shape = call.shape
    if 0 in shape:
        return f"its output is empty, {_said(shape)}"
    batch = _batch_axis(shape, other)
    if batch is None:
        return f"no axis of its output is that of the images: {_said(shape)} for 2 images"
    unit = _unit_axis(call, model.get_submodule(call.module), batch, other, axes)
    if isinstance(unit, str):
        return unit
    positions = [axis for axis in range(len(shape)) if axis not in (batch, unit)]
    if len(positions) == 3 and shape[positions[0]] == 1:
        positions = positions[1:]  # a volume of one slice
    lengths = tuple(shape[axis] for axis in positions)
    place = Place("vector", shape[unit], (1, 1), batch_axis=batch)
    default = 1
    along = _along(call, batch, unit)
    found = None if along is None or len(along) == 1 else laid(along)
    if len(positions) == 1:
        there = None if other is None else (other[0], other[1][positions[0]])
        arranged = _arranged(lengths[0], replace(evidence, other=there), along, found)
        if isinstance(arranged, str):
            return arranged
        place = replace(place, kind="tokens", **vars(arranged))
        default = 2
    elif positions:
        last = unit == 3
        whole = found is not None and math.prod(found.grid) == math.prod(lengths)
        reason = "" if whole else _no_picture(call, positions, unit, other, along)
        if reason:
            return reason
        laid_out = found if found is not None and whole else Laid(0, (lengths[0], lengths[1]))
        place = replace(place, kind="map", grid=laid_out.grid, order=laid_out.order)
        place = replace(place, channels_last=last)
        default = 3 if last else 1
    return replace(
        place,
        axis=None if unit == default else unit,
        read_otherwise=bool(place.order) or _read_otherwise(place, unit, shape, evidence.stated),
    )


def _along(call: Call, batch: int, unit: int) -> Tensor | None:
    """Where the positions of one image lie, complex (places,); None where that is not known."""
    if call.positions is None:
        return None
    known = call.positions.movedim((batch, unit), (0, -1))[0]
    # Where four patches are laid side by side along the channels, their middle.
    return (known[..., 0] if known.stride(-1) == 0 else known.mean(-1)).reshape(-1)


def _arranged(
    tokens: int, evidence: Evidence, along: Tensor | None, found: Laid | None
) -> "_Tokens | str":
    """The grid of a sequence: as it was followed from the image, else by its evidence."""
    if found is not None and evidence.given is None:
        return _Tokens(found.prefix, found.grid, found.order)
    nowhere = f"its {tokens} tokens lie in no rows and columns of the image"
    arranged = grids.arrange(tokens, evidence)
    if isinstance(arranged, str):
        return nowhere if along is not None and scattered(along) else arranged
    prefix, grid = arranged
    if along is None or min(grid) == 1:
        return _Tokens(prefix, grid, ())
    # A token before the grid may be their mean, and so lie somewhere itself.
    rest = laid(along[prefix:])
    if rest is not None and rest.grid == grid:
        return _Tokens(prefix, grid, tuple(place + prefix for place in rest.order))
    return nowhere if scattered(along[prefix:]) else _Tokens(prefix, grid, ())


@dataclass(frozen=True)
class _Tokens:
    """Tokens before the grid, the grid, and the order of the tokens in it."""

    prefix_tokens: int
    grid: tuple[int, int]
    order: tuple[int, ...]


def _no_picture(
    call: Call,
    positions: list[int],
    unit: int,
    other: tuple[int, Shape] | None,
    along: Tensor | None,
) -> str:
    """Why axes of positions are no rows and columns; "" where nothing speaks against it."""
    if len(positions) > 2:
        return f"its positions are no image: {_said(call.shape)} with units along axis {unit}"
    height, width = (call.shape[axis] for axis in positions)
    grew = [other is not None and call.shape[axis] != other[1][axis] for axis in positions]
    windows = min(height, width) > 1 and grew[0] != grew[1]
    if windows or (unit == 3 and height != width):
        return f"its positions are cut into windows or groups: {_said(call.shape)}"
    if along is not None and min(height, width) > 1 and scattered(along):
        return f"its positions lie in no rows and columns of the image: {_said(call.shape)}"
    return ""


def _batch_axis(shape: Shape, other: tuple[int, Shape] | None) -> int | None:
    """The axis that was two with two images and is three with three."""
    if other is None:
        return 0 if shape[:1] == (2,) else None
    again = other[1]
    if len(again) != len(shape):
        return None
    found = [i for i, pair in enumerate(zip(shape, again, strict=True)) if pair == (2, 3)]
    return found[0] if len(found) == 1 else None


def _unit_axis(
    call: Call,
    module: nn.Module,
    batch: int,
    other: tuple[int, Shape] | None,
    axes: Mapping[str, int],
) -> int | str:
    """The axis that holds the units, or why that cannot be told."""
    shape = call.shape
    dimensions = len(shape)
    for name in (call.name, call.module):
        if name in axes:
            return _given(axes[name], dimensions, batch, f"layer {name}")
    free = [axis for axis in range(dimensions) if axis != batch]
    if len(free) == 1:
        return free[0]
    if not free:
        return f"its output has no axis of units: {_said(shape)}"
    changed = {axis for axis in free if other is not None and shape[axis] != other[1][axis]}
    channels = call.channels
    doubt = ""
    if channels is None:
        if isinstance(module, LAST) and _own_forward(module):
            channels = Channels(dimensions - 1)
        elif (isinstance(module, FIRST) and _own_forward(module)) or (
            dimensions == 4 and call.reads.as_map
        ):
            channels = Channels(1)
    if channels is None:
        steady = [axis for axis in free if axis not in changed]
        if len(steady) == 1:
            return steady[0]
        doubt = f"nothing tells which axis of {_said(shape)} holds units"
    elif channels.state == "mixed":
        doubt = (
            f"it mixes along another axis than that of the channels, so two axes of "
            f"{_said(shape)} may hold units"
        )
    elif channels.axis == batch:
        doubt = f"images and channels share an axis of {_said(shape)}"
    elif channels.axis in changed:
        doubt = (
            f"axis {channels.axis} of {_said(shape)} should hold units, but its length changes "
            "with the size of the images"
        )
    elif channels.state == "split" and dimensions > 3:
        doubt = f"its units lie in groups, such as the heads of attention: {_said(shape)}"
    if not doubt:
        assert channels is not None
        return channels.axis
    if "" in axes:
        return _given(axes[""], dimensions, batch, call.module)
    return f"{doubt}; say axis in SUBJECT.toml"


def _given(axis: int, dimensions: int, batch: int, where: str) -> int:
    """An axis as a person gave it, counted from the front."""
    if not -dimensions <= axis < dimensions or axis % dimensions == batch:
        raise BadInput(
            f"expected an axis of the {dimensions} of {where} that is not that of the images, "
            f"got {axis}"
        )
    return axis % dimensions


def _own_forward(module: nn.Module) -> bool:
    """Whether a module computes what its PyTorch class does: subclasses may permute."""
    return type(module).forward.__module__.startswith("torch.nn.modules")


def _read_otherwise(place: Place, unit: int, shape: Shape, stated: int | None) -> bool:
    """Whether commit c2e8b49 offered this output with another axis or grid."""
    if place.batch_axis or len(shape) > 4:
        return False  # not offered then
    if len(shape) == 4:
        return unit != (3 if shape[1] == shape[2] != shape[3] else 1)
    if len(shape) == 3:
        return unit != 2 or (place.prefix_tokens, place.grid) != grids.guessed(shape[1], stated)
    return False


def _stated_prefix(model: nn.Module) -> int | None:
    """Prefix tokens as the network itself states them: timm's attribute, torchvision's token."""
    stated = getattr(model, "num_prefix_tokens", None)
    if isinstance(stated, int):
        return stated
    return 1 if getattr(model, "class_token", None) is not None else None


def _never_run(model: nn.Module, totals: Mapping[str, int]) -> dict[str, str]:
    """Why modules that gave nothing are no layers."""
    reasons = {}
    first: dict[int, str] = {}
    for name, module in model.named_modules(remove_duplicate=False):
        if not name:
            continue
        if (same := first.setdefault(id(module), name)) != name:
            runs = totals.get(same, 0)
            reasons[name] = f"it is the module {same}, which runs {runs} times: name a call of that"
        elif name not in totals:
            reasons[name] = "it does not run in a pass, or its parent computes in its place"
    return reasons


def _said(shape: Shape) -> str:
    return " x ".join(str(length) for length in shape)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
