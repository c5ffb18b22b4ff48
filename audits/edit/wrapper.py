"""A network with units silenced while it runs: the file that an export puts beside its weights.

    model = build(factory="torchvision.models:resnet18", units={"layer4": [5]})

It is used where no change of the weights alone removes the units, and needs nothing but torch.
`SUBJECT.toml` beside it calls `build` with the units; the state dict is the unedited network's.
"""

import importlib
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn


def build(
    *,
    factory: str,
    units: Mapping[str, Sequence[int]],
    values: Mapping[str, Sequence[float]] | None = None,
    arguments: Mapping[str, Any] | None = None,
) -> nn.Module:
    """Make the network and silence its units for as long as it lives.

    Args:
        factory: "module:callable", or "file.py:callable" with the file beside this one.
        units: unit numbers by layer (the path of a module).
        values: what each of these units becomes, in the same order; zero without.
        arguments: of the factory.
    """
    network: nn.Module = _callable(factory)(**(arguments or {}))
    for layer, numbers in units.items():
        constants = torch.tensor(values[layer] if values is not None else [0.0] * len(numbers))
        network.get_submodule(layer).register_forward_hook(_silence(list(numbers), constants))
    return network


def _silence(numbers: list[int], constants: Tensor) -> Callable[[nn.Module, Any, Tensor], Tensor]:
    def hook(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
        # Units lie along axis 1 of maps and vectors, and along the last of tokens and of maps
        # (N, H, W, C), which are told by their two equal sides.
        shape = output.shape
        last = len(shape) == 3 or (len(shape) == 4 and shape[1] == shape[2] != shape[3])
        edited = output.clone()
        places = edited.movedim(-1 if last else 1, -1)
        places[..., numbers] = constants.to(output)
        return edited

    return hook


def _callable(factory: str) -> Callable[..., nn.Module]:
    where, _, name = factory.rpartition(":")
    if not where.endswith(".py"):
        found: Callable[..., nn.Module] = getattr(importlib.import_module(where), name)
        return found
    path = Path(__file__).resolve().parent / where
    specification = importlib.util.spec_from_file_location(f"edited_{path.stem}", path)
    assert specification is not None, path
    assert specification.loader is not None, path
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    made: Callable[..., nn.Module] = getattr(module, name)
    return made
