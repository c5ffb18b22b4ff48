"""Which tensor of a network's output is its answer, and in which numbers the network counts.

    sentence = adapt(model, inputs)         # "" where the output is a tensor of float32 already
    model(images)                           # a tensor (N, …), whatever the network returned

Classifiers of Hugging Face return records, torchvision's segmentation a dict, others tuples. The
rule: the entry `logits`, else `out`, else the first tensor that has a row for each image; a subject
file may name another. Maps of one position are laid flat. Networks of half or double precision are
given their own. torch is imported when a function needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from db.errors import BadInput

if TYPE_CHECKING:
    import torch
    from torch import nn

ENTRIES = ("logits", "out")


def adapt(model: nn.Module, inputs: torch.Tensor, *, answer: str = "") -> str:
    """Run a network once and let it answer with a tensor from now on; how, in a sentence.

    Args:
        inputs: float32 (N, …) with N of at least 2, on the network's device.
        answer: the entry of the output that a subject file asks for.

    Raises:
        BadInput: the output has no such entry.
        Exception: whatever the network raises.
    """
    import torch

    dtype = dtype_of(model)
    cast = dtype is not None and dtype != torch.float32
    with torch.no_grad():
        output = model(inputs.to(dtype) if cast else inputs)
    path = _path(output, len(inputs), answer)
    found = _follow(output, path)
    flat = isinstance(found, torch.Tensor) and found.ndim > 2 and found[0, 0].numel() == 1
    if cast or path or flat:
        _become(model, dtype if cast else None, path or (), flat)
    said = []
    if path:
        kind = type(output).__name__
        entry = "".join(f"[{step!r}]" for step in path)
        said.append(f"the network's answer is {entry} of its output ({kind})")
    if cast:
        said.append(f"the network counts in {str(dtype).removeprefix('torch.')}, so do its inputs")
    return "; ".join(said)


def dtype_of(model: nn.Module) -> torch.dtype | None:
    """The floating type of a network's first parameter; None without any."""
    for parameter in model.parameters():
        if parameter.is_floating_point():
            return parameter.dtype
    return None


def _path(output: Any, images: int, answer: str) -> tuple[Any, ...] | None:
    """The steps to the answer; () where the output is it, None where there is none."""
    import torch

    if isinstance(output, torch.Tensor):
        if answer:
            raise BadInput(f"expected an output with the entry {answer!r}, got one tensor")
        return ()
    entries = _entries(output)
    if answer:
        named = {str(key): key for key in entries}
        if answer not in named:
            known = ", ".join(named) or f"none in {type(output).__name__}"
            raise BadInput(f"expected an entry of the network's output, got {answer!r}; {known}")
        return (named[answer],)
    for key in sorted(entries, key=lambda key: ENTRIES.index(key) if key in ENTRIES else 9):
        found = entries[key]
        if isinstance(found, torch.Tensor):
            if found.is_floating_point() and found.ndim and len(found) == images:
                return (key,)
        elif (rest := _path(found, images, "")) is not None:
            return (key, *rest)
    return None


def _entries(output: Any) -> dict[Any, Any]:
    if isinstance(output, Mapping):
        return dict(output)
    if isinstance(output, tuple) and hasattr(output, "_fields"):
        return dict(zip(output._fields, output, strict=True))
    if isinstance(output, list | tuple):
        return dict(enumerate(output))
    return {}


def _follow(output: Any, path: tuple[Any, ...] | None) -> Any:
    for step in path or ():
        if isinstance(step, str) and not isinstance(output, Mapping):
            output = getattr(output, step)
        else:
            output = output[step]
    return output


def _become(model: nn.Module, dtype: torch.dtype | None, path: tuple[Any, ...], flat: bool) -> None:
    """Let a network's own `forward` take any floats and return its answer.

    A subclass and no hook, as a network that is traced into a graph runs without its hooks.
    """
    kind: Any = type(model)
    original: Callable[..., Any] | None = model.forward if "forward" in model.__dict__ else None

    class Adapted(kind):  # type: ignore[misc]
        def forward(self, images: Any) -> Any:
            if dtype is not None:
                images = images.to(dtype)
            output = super().forward(images) if original is None else original(images)
            answer = _follow(output, path)
            return answer.flatten(1) if flat else answer

    model.__dict__.pop("forward", None)
    # It stays the user's class by its name: code and messages speak of that.
    Adapted.__name__, Adapted.__qualname__ = kind.__name__, kind.__qualname__
    Adapted.__module__ = kind.__module__
    model.__class__ = Adapted
