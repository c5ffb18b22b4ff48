"""A network with units silenced while it runs: the file that an export puts beside its weights.

    model = build(
        factory="torchvision.models:resnet18",
        units={"layer4": [5]},
        places={"layer4": {"module": "layer4", "call": 1, "axis": 1}},
    )

It is used where no change of the weights alone removes the units, and needs nothing but torch.
`SUBJECT.toml` beside it calls `build` with the units; the state dict is the unedited network's.
"""

import hashlib
import importlib
import importlib.util
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn


def build(
    *,
    factory: str,
    units: Mapping[str, Sequence[int]],
    places: Mapping[str, Mapping[str, Any]],
    values: Mapping[str, Sequence[float]] | None = None,
    arguments: Mapping[str, Any] | None = None,
    saved: str | None = None,
) -> nn.Module:
    """Make the network and silence its units for as long as it lives.

    Args:
        factory: "module:callable", or "file.py:callable" with the file beside this one.
        units: unit numbers by layer.
        places: by layer the path of its module, which of the module's calls in a pass it is (from
            1), and the axis of the output that holds its units.
        values: what each of these units becomes, in the same order; zero without.
        arguments: of the factory.
        saved: the folder beside this file that a class of transformers reads its network from.
    """
    network: nn.Module = _callable(factory, saved)(**(arguments or {}))
    calls: dict[str, int] = {}
    network.register_forward_pre_hook(lambda _network, _inputs: calls.clear())
    for layer, numbers in units.items():
        constants = torch.tensor(values[layer] if values is not None else [0.0] * len(numbers))
        hook = _silence(layer, list(numbers), constants, places[layer], calls)
        network.get_submodule(places[layer]["module"]).register_forward_hook(hook)
    return network


def _silence(
    layer: str,
    numbers: list[int],
    constants: Tensor,
    place: Mapping[str, Any],
    calls: dict[str, int],
) -> Callable[[nn.Module, Any, Any], Any]:
    def hook(module: nn.Module, inputs: Any, output: Any) -> Any:
        calls[layer] = calls.get(layer, 0) + 1
        return _edited(output, edit) if calls[layer] == place["call"] else None

    def edit(values: Tensor) -> Tensor:
        edited = values.clone()
        edited.movedim(place["axis"], -1)[..., numbers] = constants.to(values)
        return edited

    return hook


def _edited(output: Any, edit: Callable[[Tensor], Tensor]) -> Any:
    """The output with its tensor edited: of a mapping or a tuple, the one that counts."""
    if isinstance(output, Tensor):
        return edit(output)
    if isinstance(output, Mapping):
        tensors = [name for name, value in output.items() if isinstance(value, Tensor)]
        stated = [name for name in ("logits", "last_hidden_state", "out") if name in tensors]
        name = (stated or tensors)[0]
        return type(output)(**{**output, name: edit(output[name])})
    first = next(i for i, part in enumerate(output) if isinstance(part, Tensor))
    parts = [*output[:first], edit(output[first]), *output[first + 1 :]]
    return output._make(parts) if hasattr(output, "_make") else type(output)(parts)


def _callable(factory: str, saved: str | None) -> Callable[..., nn.Module]:
    where, _, name = factory.rpartition(":")
    here = Path(__file__).resolve().parent
    found: Any = _module(here / where) if where.endswith(".py") else importlib.import_module(where)
    for part in name.split("."):
        found = getattr(found, part)
    if saved is not None:
        load = getattr(found, "from_pretrained", found)
        return partial(load, str(here / saved), local_files_only=True)
    called: Callable[..., nn.Module] = found
    return called


def _module(path: Path) -> types.ModuleType:
    """A file as a module of the package that its folder is; its neighbours are found as well."""
    for folder in (str(path.parent), str(Path(__file__).resolve().parent)):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    parts, root = [path.stem], path.parent
    while (root / "__init__.py").is_file() and (root.parent / "__init__.py").is_file():
        parts.insert(0, root.name)
        root = root.parent
    name = f"edited_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    for depth in range(len(parts)):
        package = types.ModuleType(".".join([name, *parts[:depth]]))
        package.__path__ = [str(root.joinpath(*parts[:depth]))]
        sys.modules[package.__name__] = package
    name = ".".join([name, *parts])
    specification = importlib.util.spec_from_file_location(name, path)
    assert specification is not None, path
    assert specification.loader is not None, path
    module = importlib.util.module_from_spec(specification)
    # Dataclasses look their module up while it is still being run.
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module
