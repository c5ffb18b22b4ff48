"""State dicts: read from the files that people have, filled into a network, and its identity.

    notes = fill(model, subject)            # what was taken off, left out, chosen: sentences
    weights_hash(subject, model)            # by every number of the network's state

Files are safetensors, torch files of tensors alone (`weights_only`), the index of a sharded
checkpoint, or a folder with one of them: none can run code. What is round the state dict is taken
off when the keys then are the network's: wrappers (`module.`, `_orig_mod.`, `model.`), and what a
subject file names. torch is imported when a function needs it.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.errors import BadInput
from describer.subjects.definition import Subject
from describer.subjects.importing import plain
from describer.subjects.states import read, some

if TYPE_CHECKING:
    from torch import nn

_SHARD = re.compile(r"-\d{5}-of-\d{5}\.")
# Put anywhere in a key by torch.compile and by sharded and checkpointed training.
_INSIDE = ("_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module")
# Put before all keys by parallel training and by the classes that training programs wrap.
_BEFORE = ("module.", "model.", "net.", "network.")


def fill(network: nn.Module, subject: Subject) -> list[str]:
    """Load a subject's weights as torch does; returns what a person should know of it.

    Raises:
        BadInput: the file cannot be read, or does not hold this network's weights.
    """
    assert subject.weights is not None, "the caller has weights"
    expected = network.state_dict()
    choices = read(subject.weights, entry=subject.weights_entry)
    ways = {name: _fitted(found, expected, subject) for name, found in choices.items()}
    fits = {name: len(_keys(expected) & _keys(way[0])) for name, way in ways.items()}
    # Of equally good ones the first: entries come the likeliest first.
    chosen = max(ways, key=lambda name: fits[name])
    state, notes = ways[chosen]
    others = [name for name in ways if name != chosen and fits[name] == fits[chosen]]
    if chosen and not subject.weights_entry:
        also = f", which also has {some(others)} (weights_entry chooses)" if others else ""
        said = f"the weights are the entry {chosen} of {subject.weights.name}{also}"
        notes = [said, *notes]
    _check_shapes(state, expected, subject)
    _check_tied(state, network, subject)
    try:
        loaded = network.load_state_dict(state, strict=False)
    except Exception as error:
        raise BadInput(
            f"expected the weights of {subject.factory} in {subject.weights}, loading stopped "
            f"with {plain(str(error).replace(':', ': ', 1))}"
        ) from error
    given = {key for group in _shared(network) if group & state.keys() for key in group}
    missing = [
        key
        for key in loaded.missing_keys
        if key not in given and not key.endswith(("num_batches_tracked", "_extra_state"))
    ]
    unknown = [key for key in loaded.unexpected_keys if not key.endswith("_extra_state")]
    if missing or unknown:
        raise BadInput(
            f"expected the weights of {subject.factory} in {subject.weights}, got "
            f"{some(missing)} missing and {some(unknown)} unexpected"
            f"{_way_out(missing, unknown)}{_shard(subject.weights)}"
        )
    return [*notes, *_no_numbers(network, subject)]


def weights_hash(subject: Subject, model: nn.Module) -> str:
    """Identity of a network: its factory, its arguments, and every number of its state."""
    digest = hashlib.blake2b(digest_size=20)
    digest.update(
        repr((subject.factory.rpartition("/")[2], sorted(subject.kwargs.items()))).encode()
    )
    for key, value in model.state_dict().items():
        _count(digest, key, value)
    return digest.hexdigest()


def _fitted(
    found: Mapping[str, Any], expected: Mapping[str, Any], subject: Subject
) -> tuple[dict[str, Any], list[str]]:
    """The entries under the network's own keys: the least that is taken off for the best fit."""
    wanted = _keys(expected)
    ways: list[tuple[dict[str, Any], list[str]]] = [(dict(found), [])]
    asked = subject.weights_prefix
    if asked:
        ways = [_without(found, asked if asked.endswith(".") else f"{asked}.", [])]
        if not ways[0][0]:
            raise BadInput(
                f"expected keys that begin with {asked!r} in {subject.weights}, got "
                f"{some(list(found))}"
            )
    start = ways[0][0]
    cleared = {
        ".".join(part for part in key.split(".") if part not in _INSIDE): value
        for key, value in start.items()
    }
    if len(cleared) == len(start) and cleared.keys() != start.keys():
        parts = [part for part in _INSIDE if any(part in key.split(".") for key in start)]
        ways.append((cleared, [*ways[0][1], f"{', '.join(parts)} taken off the keys"]))
    pending = list(ways)
    while pending:
        state, said = pending.pop(0)
        for prefix in _BEFORE:
            if any(key.startswith(prefix) for key in state):
                ways.append(_without(state, prefix, said))
                pending.append(ways[-1])
    outer = {key.partition(".")[0] for key in wanted}
    if len(outer) == 1 and (prefix := f"{outer.pop()}.") in _BEFORE:
        ways.append(
            ({prefix + key: value for key, value in found.items()}, [f"{prefix} put before keys"])
        )
    # Stable: of equally good ways the first, which takes the least off.
    best, said = max(ways, key=lambda way: len(wanted & _keys(way[0])))
    return _weight_norm(best, expected), said


def _without(
    state: Mapping[str, Any], prefix: str, said: list[str]
) -> tuple[dict[str, Any], list[str]]:
    left = [key for key in state if not key.startswith(prefix)]
    words = f"{prefix} taken off the keys of the weights"
    if left:
        words += f", {len(left)} others left out ({some(left)})"
    inside = {key.removeprefix(prefix): state[key] for key in state if key.startswith(prefix)}
    return inside, [*said, words]


def _keys(state: Mapping[str, Any]) -> set[str]:
    """Keys, those of weight norm alike in both of its generations."""
    return {re.sub(r"parametrizations\.(\w+)\.original([01])$", _older, key) for key in state}


def _older(match: re.Match[str]) -> str:
    return f"{match[1]}_{'gv'[int(match[2])]}"


def _weight_norm(state: dict[str, Any], expected: Mapping[str, Any]) -> dict[str, Any]:
    """The newer generation's keys as the older, and weights put together, where a network wants it.

    The other way, from the older to the newer, torch goes by itself.
    """
    import torch

    found = {}
    for key, value in state.items():
        older = re.sub(r"parametrizations\.(\w+)\.original([01])$", _older, key)
        wanted = older in expected or older[:-2] in expected
        found[older if key not in expected and wanted else key] = value
    for key in [key for key in found if key.endswith("_g")]:
        whole, other = key[:-2], f"{key[:-2]}_v"
        if whole in expected and key not in expected and other in found:
            gain, direction = found.pop(key), found.pop(other)
            axes = [axis for axis, side in enumerate(gain.shape) if side == 1]
            found[whole] = (
                gain * direction / torch.linalg.vector_norm(direction, dim=axes, keepdim=True)
            )
    return found


def _check_shapes(state: Mapping[str, Any], expected: Mapping[str, Any], subject: Subject) -> None:
    import torch
    from torch.nn.parameter import is_lazy

    for key, value in state.items():
        there = expected.get(key)
        if not isinstance(there, torch.Tensor) or not isinstance(value, torch.Tensor):
            continue
        if not is_lazy(there) and value.shape != there.shape:
            raise BadInput(
                f"expected {key} of shape {tuple(there.shape)} in {subject.weights}, got "
                f"{tuple(value.shape)}"
            )


def _check_tied(state: Mapping[str, Any], network: nn.Module, subject: Subject) -> None:
    """Raise BadInput where one weight of the network, under two keys, would be two."""
    import torch

    for group in _shared(network):
        first, *others = sorted(group & state.keys()) or [""]
        for other in others:
            if not torch.equal(state[first], state[other]):
                raise BadInput(
                    f"expected one weight as {first} and {other} in {subject.weights}, as "
                    f"{subject.factory} shares it, got two"
                )


def _shared(network: nn.Module) -> list[set[str]]:
    """Keys of the same tensor, however many modules hold it."""
    import torch

    groups: dict[int, set[str]] = {}
    for key, value in network.state_dict(keep_vars=True).items():
        if isinstance(value, torch.Tensor):
            groups.setdefault(id(value), set()).add(key)
    return [keys for keys in groups.values() if len(keys) > 1]


def _way_out(missing: list[str], unknown: list[str]) -> str:
    """What in a subject file would help, where the network's keys are among the unexpected ones."""
    for key in unknown:
        prefix, _, rest = key.partition(".")
        if rest in missing:
            return f'; weights_prefix = "{prefix}" in the subject file takes {prefix}. off the keys'
    return ""


def _no_numbers(network: nn.Module, subject: Subject) -> list[str]:
    """A warning where a training has come to nothing."""
    import torch
    from torch.nn.parameter import is_lazy

    spoilt = [
        key
        for key, value in network.state_dict().items()
        if isinstance(value, torch.Tensor)
        and value.is_floating_point()
        and value.layout == torch.strided
        and not is_lazy(value)
        and not bool(value.isfinite().all())
    ]
    assert subject.weights is not None, "the caller has weights"
    return [
        f"warning: {some(spoilt)} of {subject.weights.name} hold NaN or infinite numbers, so what "
        f"{subject.name} answers may mean nothing"
    ] * bool(spoilt)


def _shard(path: Path) -> str:
    if _SHARD.search(path.name):
        return "; it is one file of several: name the .index.json beside it"
    return ""


def _count(digest: Any, key: str, value: Any) -> None:
    """Take a value of a state dict into a digest: tensors, and whatever modules keep besides."""
    import torch

    if isinstance(value, torch.Tensor) and not value.is_quantized:
        dense = value.detach().cpu().to_dense() if value.layout != torch.strided else value
        digest.update(f"{key} {dense.dtype} {tuple(dense.shape)}".encode())
        # bfloat16 and the like are unknown to numpy; bytes are bytes.
        digest.update(dense.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    elif isinstance(value, torch.Tensor):
        each = value.qscheme() in (torch.per_channel_affine, torch.per_channel_symmetric)
        _count(digest, f"{key} {value.dtype}", value.int_repr())
        scale = value.q_per_channel_scales() if each else value.q_scale()
        zero = value.q_per_channel_zero_points() if each else value.q_zero_point()
        _count(digest, f"{key} scale", scale)
        _count(digest, f"{key} zero", zero)
    elif isinstance(value, Mapping):
        for name in sorted(value, key=str):
            _count(digest, f"{key}.{name}", value[name])
    elif isinstance(value, list | tuple):
        for index, one in enumerate(value):
            _count(digest, f"{key}.{index}", one)
    elif isinstance(value, io.BytesIO):
        digest.update(f"{key} bytes".encode() + value.getvalue())
    elif isinstance(value, set | frozenset):
        _count(digest, key, sorted(value, key=repr))
    elif f" object at {id(value):#x}" in repr(value):
        # Its repr would be an address.
        digest.update(f"{key} {type(value).__module__}.{type(value).__qualname__}".encode())
        _count(digest, key, getattr(value, "__dict__", {}))
    else:
        digest.update(f"{key} {value!r}".encode())
