"""The network under study, as a SUBJECT.toml describes it.

    subject = read(Path("SUBJECT.toml"))
    model = build(subject, device="cpu")            # with its weights, in evaluation mode
    weights_hash(subject)                           # identity of what was studied

A subject file names a factory and where the weights lie. Building one runs the factory: open only
files whose code you would run. Weights cannot run code: safetensors, or torch files read with
`weights_only`. torch is imported when a function needs it.
"""

from __future__ import annotations

import difflib
import hashlib
import importlib
import importlib.util
import inspect
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.errors import BadInput

if TYPE_CHECKING:
    import torch
    from torch import nn

NAMED_KEYS = 3


@dataclass(frozen=True)
class Subject:
    """What a SUBJECT.toml says.

    Attributes:
        name: what the workspace calls it.
        factory: "module:callable", or "path/to/file.py:callable" relative to the subject file.
        image_size: side of the centre crop that the network is given, in pixels.
        mean, std: of each colour channel, for images in [0, 1].
        kwargs: arguments of the factory.
        weights: file of the state dict; None leaves the seeded initial weights.
        layers: module paths that are studied unless others are asked for.
        resize_size: shorter side before the crop; None crops what is there.
        classes: names of the outputs, in their order.
        input: "image", or "latent" for a generator, whose images are its own outputs.
        latent_size: length of a generator's latent vector.
        axis: the axis of units by layer; that of "" where nothing else tells.
        prefix_tokens: tokens before those of the image, where the network does not tell.
        source: the subject file.
    """

    name: str
    factory: str
    image_size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    weights: Path | None = None
    layers: tuple[str, ...] = ()
    resize_size: int | None = None
    classes: tuple[str, ...] = ()
    input: str = "image"
    latent_size: int | None = None
    axis: Mapping[str, int] = field(default_factory=dict)
    prefix_tokens: int | None = None
    source: Path = Path("SUBJECT.toml")


_KEYS = [each.name for each in fields(Subject) if each.name != "source"]
_REQUIRED = [
    each.name
    for each in fields(Subject)
    if each.default is MISSING and each.default_factory is MISSING
]


def read(path: Path) -> Subject:
    """Read a subject file; nothing in it is run and no weights are opened.

    Raises:
        BadInput: the file is missing or no TOML, a key is unknown (the nearest is named) or
            missing, or a value is of another kind.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"expected a SUBJECT.toml, got {path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"expected TOML in {path}: {error}") from error
    for key in values:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1, cutoff=0.3) or _KEYS[:1]
            raise BadInput(
                f"expected the keys of a subject in {path}, got {key!r}; nearest: {near[0]}"
            )
    missing = [key for key in _REQUIRED if key not in values]
    if missing:
        raise BadInput(f"expected {', '.join(missing)} in {path}, got none")
    weights = _value(path, values, "weights", str, None)
    subject = Subject(
        name=_value(path, values, "name", str, ""),
        factory=_value(path, values, "factory", str, ""),
        image_size=_value(path, values, "image_size", int, 0),
        mean=_numbers(path, values, "mean"),
        std=_numbers(path, values, "std"),
        kwargs=_value(path, values, "kwargs", dict, {}),
        weights=None if weights is None else (path.parent / weights).resolve(),
        layers=_names(path, values, "layers"),
        resize_size=_value(path, values, "resize_size", int, None),
        classes=_names(path, values, "classes"),
        input=_value(path, values, "input", str, "image"),
        latent_size=_value(path, values, "latent_size", int, None),
        axis=_axes(path, values),
        prefix_tokens=_value(path, values, "prefix_tokens", int, None),
        source=path.resolve(),
    )
    _check(subject, path)
    return subject


def build(subject: Subject, *, device: str | torch.device = "cpu", seed: int = 0) -> nn.Module:
    """The network with its weights, in evaluation mode.

    Initial weights are seeded, so that a subject without a weights file is the same every time;
    another `seed` begins a training elsewhere.

    Raises:
        BadInput: the factory cannot be found or called, or the weights do not fit it.
    """
    import torch
    from torch import nn

    factory = _factory(subject)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        try:
            network = factory(**subject.kwargs)
        except (TypeError, ValueError, RuntimeError) as error:
            raise BadInput(
                f"expected arguments that {subject.factory} takes, got {dict(subject.kwargs)} in "
                f"{subject.source}: {error}"
            ) from error
    if not isinstance(network, nn.Module):
        raise BadInput(
            f"expected {subject.factory} to return a torch module, got {type(network).__name__}"
        )
    if subject.weights is not None:
        _fill(network, read_weights(subject.weights), subject)
    return network.eval().to(device)


def weights_hash(subject: Subject, model: nn.Module | None = None) -> str:
    """Identity of a network: its factory, its arguments, and every number of its state.

    Args:
        subject: what to identify.
        model: the built network, when it is at hand.
    """
    import torch

    digest = hashlib.blake2b(digest_size=20)
    digest.update(
        repr((subject.factory.rpartition("/")[2], sorted(subject.kwargs.items()))).encode()
    )
    for key, value in (model or build(subject)).state_dict().items():
        digest.update(f"{key} {value.dtype} {tuple(value.shape)}".encode())
        # bfloat16 and the like are unknown to numpy; bytes are bytes.
        digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a weights file, on the CPU; half precision is cast to float32.

    A `state_dict` entry is opened and a leading `module.` taken off.

    Raises:
        BadInput: the file is missing, is of neither format, or would run code.
    """
    import pickle

    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not path.is_file():
        raise BadInput(f"expected a weights file at {path}, found none")
    try:
        if path.suffix == ".safetensors":
            state: Any = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    # What is no weights file makes the readers stumble in all of these ways.
    except (
        SafetensorError,
        pickle.UnpicklingError,
        RuntimeError,
        OSError,
        EOFError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
    ) as error:
        raise BadInput(
            f"expected weights in {path} (safetensors, or a torch file of tensors alone), it could "
            f"not be read: {(str(error) or type(error).__name__).splitlines()[0]}"
        ) from error
    if isinstance(state, Mapping) and isinstance(state.get("state_dict"), Mapping):
        state = state["state_dict"]
    tensors = (
        {str(key): value for key, value in state.items() if isinstance(value, torch.Tensor)}
        if isinstance(state, Mapping)
        else {}
    )
    if not tensors:
        raise BadInput(f"expected a state dict in {path}, got {type(state).__name__}")
    return {
        key.removeprefix("module."): value.float()
        if value.dtype in (torch.float16, torch.bfloat16)
        else value
        for key, value in tensors.items()
    }


def _fill(network: nn.Module, state: Mapping[str, torch.Tensor], subject: Subject) -> None:
    expected = network.state_dict()
    missing = [key for key in expected if key not in state and not key.endswith("_tracked")]
    unknown = [key for key in state if key not in expected]
    if missing or unknown:
        raise BadInput(
            f"expected the weights of {subject.factory} in {subject.weights}, got "
            f"{_some(missing)} missing and {_some(unknown)} unexpected"
        )
    for key, value in state.items():
        if value.shape != expected[key].shape:
            raise BadInput(
                f"expected {key} of shape {tuple(expected[key].shape)} in {subject.weights}, got "
                f"{tuple(value.shape)}"
            )
    network.load_state_dict(dict(state), strict=False)


def _factory(subject: Subject) -> Callable[..., Any]:
    where, _, name = subject.factory.rpartition(":")
    try:
        if where.endswith(".py"):
            module = _module_of((subject.source.parent / where).resolve())
        else:
            module = importlib.import_module(where)
    except ModuleNotFoundError as error:
        raise BadInput(
            f"expected a module for factory {subject.factory!r} of {subject.source}, "
            f"{error.name} is not installed"
        ) from error
    found: Callable[..., Any] | None = getattr(module, name, None)
    if not callable(found):
        near = difflib.get_close_matches(name, dir(module), n=2)
        hint = f"; nearest: {', '.join(near)}" if near else ""
        raise BadInput(f"expected a callable in {where}, got {name!r} of {subject.source}{hint}")
    # torchvision's factories would otherwise fetch what their arguments' defaults name.
    if where.startswith("torchvision") and "weights" in inspect.signature(found).parameters:
        return lambda **kwargs: found(**{"weights": None, **kwargs})
    return found


def _module_of(path: Path) -> Any:
    specification = importlib.util.spec_from_file_location(f"subject_{path.stem}", path)
    if specification is None or specification.loader is None or not path.is_file():
        raise BadInput(f"expected a Python file with the factory at {path}, found none")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def _check(subject: Subject, path: Path) -> None:
    if ":" not in subject.factory or not subject.name.strip():
        raise BadInput(
            f"expected a name and a factory as module:callable in {path}, got "
            f"{subject.name!r} and {subject.factory!r}"
        )
    if "/" in subject.name or "\\" in subject.name:
        raise BadInput(f"expected a name without slashes in {path}, got {subject.name!r}")
    if subject.image_size < 1 or (subject.resize_size or subject.image_size) < subject.image_size:
        raise BadInput(
            f"expected image_size of at least 1 and resize_size of at least image_size in {path}, "
            f"got {subject.image_size} and {subject.resize_size}"
        )
    if len(subject.mean) != 3 or len(subject.std) != 3 or min(subject.std) <= 0:
        raise BadInput(
            f"expected three means and three positive deviations in {path}, got "
            f"{list(subject.mean)} and {list(subject.std)}"
        )
    if subject.input not in ("image", "latent"):
        raise BadInput(f"expected input image or latent in {path}, got {subject.input!r}")
    if (subject.input == "latent") != (subject.latent_size is not None):
        raise BadInput(f'expected latent_size with input = "latent", and only with it, in {path}')


def _value(path: Path, values: Mapping[str, Any], key: str, kind: type, default: Any) -> Any:
    value = values.get(key, default)
    if key in values and (not isinstance(value, kind) or isinstance(value, bool)):
        raise BadInput(f"expected {key} as {kind.__name__} in {path}, got {value!r}")
    return value


def _numbers(path: Path, values: Mapping[str, Any], key: str) -> tuple[float, ...]:
    found = _value(path, values, key, list, [])
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in found):
        raise BadInput(f"expected {key} as a list of numbers in {path}, got {found!r}")
    return tuple(float(each) for each in found)


def _names(path: Path, values: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = _value(path, values, key, list, [])
    if not all(isinstance(each, str) for each in found):
        raise BadInput(f"expected {key} as a list of names in {path}, got {found!r}")
    return tuple(found)


def _axes(path: Path, values: Mapping[str, Any]) -> dict[str, int]:
    """`axis = -1`, or `axis = { "encoder.norm" = -1 }` by layer; both: `{ "" = -1, … }`."""
    given = values.get("axis", {})
    found = given if isinstance(given, dict) else {"": given}
    if not all(isinstance(axis, int) and not isinstance(axis, bool) for axis in found.values()):
        raise BadInput(f"expected axis as a number, or a number by layer, in {path}, got {given!r}")
    return dict(found)


def _some(keys: list[str]) -> str:
    if not keys:
        return "none"
    more = f" and {len(keys) - NAMED_KEYS} more" if len(keys) > NAMED_KEYS else ""
    return f"{', '.join(keys[:NAMED_KEYS])}{more}"
