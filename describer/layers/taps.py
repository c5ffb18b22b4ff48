"""Reading and editing exactly the calls that layers are.

    with tapped(model, {"layer1.0.relu#1": look}):
        model(images)                   # look(output, layer) when the module runs the first time

A module may run several times in a pass; calls are counted from the beginning of every pass. What
a function returns takes the place of the call's output. Of an output that is a tuple or a mapping
only the tensor that counts is handed over and replaced (outputs.py). Imports torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from db.errors import BadInput
from describer.layers import address, catalogue
from describer.layers.catalogue import Layer
from describer.layers.outputs import tensor_of, with_tensor

if TYPE_CHECKING:
    from torch import Tensor, nn

# Takes a call's output and its layer; a tensor that it returns stands for the output.
Tap = Callable[["Tensor", Layer], "Tensor | None"]


def modules_of(model: nn.Module, names: Mapping[str, Any] | list[str]) -> dict[str, nn.Module]:
    """The module of each layer, by the layer's name.

    Raises:
        BadInput: a name that leads nowhere; the nearest ones are suggested.
    """
    modules = dict(model.named_modules())
    modules.pop("", None)
    found = {}
    for name in names:
        path = name if name in modules else address.parse(name).module
        if path not in modules:
            near = get_close_matches(name, modules, n=3, cutoff=0.0)
            raise BadInput(
                f"expected the path of a module of the network, got {name!r}; "
                f"nearest: {', '.join(near) or 'none'}"
            )
        found[name] = modules[path]
    return found


@contextmanager
def tapped(
    model: nn.Module, taps: Mapping[str, Tap], *, traced: Mapping[str, Layer] | None = None
) -> Iterator[None]:
    """Hand each layer's output to its function once a pass, until the block ends.

    Args:
        taps: what is called, by the layer's name.
        traced: the layers; by default those that were found in the network, found with the first
            pass's images where it was not looked at before.

    Raises:
        BadInput: no such layer (for a network that was not looked at: when it runs).
    """
    modules = modules_of(model, taps)
    if not taps:
        yield
        return
    chosen = dict(traced or {})
    if not chosen and (found := catalogue.known(model)) is not None:
        chosen = {layer.name: layer for layer in catalogue.find(found, taps)}
    counts: dict[str, int] = {}
    looking = False

    def begin(_model: nn.Module, inputs: tuple[Any, ...]) -> None:
        nonlocal looking
        counts.clear()
        if not chosen and inputs and not looking:
            looking = True
            try:
                found = catalogue.known(model, inputs[0])
                assert found is not None
                chosen.update({layer.name: layer for layer in catalogue.find(found, taps)})
            finally:
                looking = False

    def hook_for(name: str, tap: Tap) -> Callable[..., Any]:
        def hook(_module: nn.Module, _inputs: object, output: Any) -> Any:
            if looking or name not in chosen:
                return None  # the network is being looked at
            counts[name] = counts.get(name, 0) + 1
            layer = chosen[name]
            if counts[name] != layer.number:
                return None
            tensor = tensor_of(output)
            if isinstance(tensor, str):
                raise BadInput(f"expected one tensor from layer {name!r}, but {tensor}")
            edited = tap(tensor, layer)
            return None if edited is None else with_tensor(output, edited)

        return hook

    with ExitStack() as handles:
        # before the hooks of the network's own, which a look at it would otherwise come between
        handles.callback(model.register_forward_pre_hook(begin, prepend=True).remove)
        for name, module in modules.items():
            handles.callback(module.register_forward_hook(hook_for(name, taps[name])).remove)
        yield
