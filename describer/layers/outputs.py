"""What a module gives, whatever it is wrapped in: the tensor that counts, and the rest untouched.

    found = tensor_of(output)                   # Tensor, or a sentence why there is none
    output = with_tensor(output, edited)        # the same output around another tensor

Rule: a tensor is itself. Of a mapping (a dict, a `ModelOutput` of Hugging Face) it is the entry
`logits`, `last_hidden_state` or `out`, else the only tensor there is. Of a tuple it is the first
tensor, as of attention and recurrent layers. A list, and a mapping of several others, has no tensor
that counts more than the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

KEYS = ("logits", "last_hidden_state", "out")


def tensor_of(output: Any) -> torch.Tensor | str:
    """The tensor that counts in an output, or why none does."""
    import torch

    if isinstance(output, torch.Tensor):
        return output
    key = _key(output)
    if key is not None:
        tensor: torch.Tensor = output[key]
        return tensor
    kind = type(output).__name__
    if isinstance(output, Mapping):
        names = [str(name) for name, value in output.items() if isinstance(value, torch.Tensor)]
        several = f"several tensors ({', '.join(names)}): name the modules that make them"
        return f"it gives a {kind} of {several if names else 'no tensors'}"
    if isinstance(output, list | tuple) and any(isinstance(part, torch.Tensor) for part in output):
        return f"it gives a list of {len(output)} tensors: name the modules that make them"
    return f"it gives no tensor but {kind}"


def with_tensor(output: Any, tensor: torch.Tensor) -> Any:
    """An output of the same kind in which another tensor stands where `tensor_of` found one."""
    import torch

    if isinstance(output, torch.Tensor):
        return tensor
    key = _key(output)
    if isinstance(output, Mapping):
        return type(output)(**{**output, key: tensor})
    assert isinstance(key, int)
    parts = [*output[:key], tensor, *output[key + 1 :]]
    return output._make(parts) if hasattr(output, "_make") else type(output)(parts)


def _key(output: Any) -> Any:
    """Where in a mapping, a tuple or a list of one the tensor that counts is; None for nowhere."""
    import torch

    if isinstance(output, Mapping):
        tensors = [name for name, value in output.items() if isinstance(value, torch.Tensor)]
        stated = [name for name in KEYS if name in tensors]
        return stated[0] if stated else tensors[0] if len(tensors) == 1 else None
    if isinstance(output, tuple) or (isinstance(output, list) and len(output) == 1):
        return next((i for i, part in enumerate(output) if isinstance(part, torch.Tensor)), None)
    return None
