"""Whether a network answers the same for the same image, alone and beside others.

    warnings(model, subject)            # () or one sentence: which module does not, what to do

Batch normalisation without running statistics, dropout that was left on, and noise make what was
measured depend on the batch or on chance. A network is run on an image beside two different
others; the first module whose input is the same and whose output is not is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from describer.subjects import factory
from describer.subjects.definition import Subject

if TYPE_CHECKING:
    import torch
    from torch import nn

# Sums in another order differ by less than this share of the greatest value.
TOLERANCE = 1e-3
# So many numbers of an output are compared: all of them would fill the memory.
NUMBERS = 4096


def warnings(model: nn.Module, subject: Subject) -> tuple[str, ...]:
    """A sentence naming the module that answers differently for the same image; () for none.

    Args:
        model: in evaluation mode; neither its mode nor its parameters are changed.
    """
    import torch

    device = next((each.device for each in model.parameters()), torch.device("cpu"))
    first, others = (factory.example(subject, device=device, seed=seed) for seed in (0, 1))
    beside = torch.cat([first[:1], others[1:] * 3 + 1])
    state = {key: value.clone() for key, value in _buffers(model).items()}
    with torch.random.fork_rng():
        torch.manual_seed(1)
        once, other = _run(model, first), _run(model, beside)
        culprit = _culprit(once, other)
        by_chance = None if culprit is None else _culprit(once, _run(model, first))
    changed = [key for key, value in _buffers(model).items() if not _same(state[key], value)]
    with torch.no_grad():
        for key, value in _buffers(model).items():
            value.copy_(state[key])
    if by_chance is not None:
        return (_sentence(model, by_chance, "from one time to the next", subject),)
    if culprit is not None:
        return (_sentence(model, culprit, "with the images beside it in the batch", subject),)
    if changed:
        return (
            f"warning: {subject.name} changes its own state as it runs ({changed[0]}), so what it "
            "answers depends on what it was given before; let its modules follow eval()",
        )
    return ()


Seen = dict[tuple[str, int], tuple[Any, Any]]


def _run(model: nn.Module, batch: torch.Tensor) -> Seen:
    """What each call of each module took and gave for the first image, in the order of the ends."""
    import torch

    seen: Seen = {}
    taken: dict[str, list[Any]] = {}
    calls: dict[str, int] = {}

    def before_for(name: str) -> Callable[..., None]:
        def hook(_module: nn.Module, inputs: Any) -> None:
            taken.setdefault(name, []).append(_first(inputs))

        return hook

    def after_for(name: str) -> Callable[..., None]:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            calls[name] = calls.get(name, 0) + 1
            seen[name, calls[name]] = (taken[name].pop(), _first(output))

        return hook

    with ExitStack() as hooks, torch.no_grad():
        for name, module in model.named_modules():
            hooks.callback(module.register_forward_pre_hook(before_for(name)).remove)
            hooks.callback(module.register_forward_hook(after_for(name)).remove)
        model(batch)
    return seen


def _culprit(one: Seen, other: Seen) -> str | None:
    """The first module to end that made a difference; "" for the network itself."""
    for (name, call), (before, after) in one.items():
        if (name, call) not in other:
            continue
        was, became = other[name, call]
        # The network itself ends last: then what lies between its modules made the difference.
        if _same(before, was) and not _same(after, became):
            return name
    return None


def _sentence(model: nn.Module, name: str, how: str, subject: Subject) -> str:
    from torch import nn

    module = model.get_submodule(name)
    kind = type(module).__name__
    where = f"{name} ({kind})" if name else f"code in {kind}.forward"
    if isinstance(module, nn.modules.batchnorm._NormBase) and module.running_mean is None:
        why = (
            "it takes its statistics from each batch: track_running_stats = True and trained "
            "statistics make it steady"
        )
    elif "quantized.dynamic" in type(module).__module__:
        why = "it is quantised by the range of each batch; the network before that is steady"
    elif module.training:
        why = "it stays in training mode after eval(): let it follow train() and eval()"
    elif name:
        why = "look there for batch statistics, or dropout and noise that do not ask self.training"
    else:
        why = "look there for F.dropout without training=self.training, noise, or batch statistics"
    return (
        f"warning: {subject.name} answers differently for the same image {how}, first in {where}; "
        f"{why}. What is measured holds for this batch size and this run alone"
    )


def _first(value: Any) -> Any:
    """Some of the numbers that belong to the first image; None where it cannot be told."""
    import torch

    if isinstance(value, torch.Tensor):
        if not value.ndim or len(value) != 2:
            return None
        numbers = value[0].detach().flatten()
        return numbers[:: max(1, len(numbers) // NUMBERS)].clone()
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [_first(part) for part in value]
    return None


def _same(one: Any, other: Any) -> bool:
    import torch

    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if not isinstance(one, torch.Tensor) or not isinstance(other, torch.Tensor):
        return True
    if one.shape != other.shape:
        return False
    if not one.is_floating_point():
        return bool(torch.equal(one, other))
    greatest = float(one.detach().float().nan_to_num().abs().max()) if one.numel() else 0.0
    return bool(
        torch.allclose(
            one.float(), other.float(), rtol=TOLERANCE, atol=TOLERANCE * greatest, equal_nan=True
        )
    )


def _buffers(model: nn.Module) -> dict[str, torch.Tensor]:
    return dict(model.named_buffers())
