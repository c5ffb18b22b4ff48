"""A network made by the callable that a subject file names, with its weights, ready to run.

    model = build(read(Path("SUBJECT.toml")), device="cpu")
    made = make(subject)                    # the same, with made.notes: what a person should know

Building runs the user's code: open only files whose code you would run. Nothing is fetched whatever
the arguments say, and what the code raises becomes one sentence. torch is imported when a function
needs it.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.errors import BadInput
from describer.subjects import answers, importing, offline, processors, states, weights
from describer.subjects.definition import Subject

if TYPE_CHECKING:
    import torch
    from torch import nn

# Arguments by which torchvision's factories would fetch what their defaults name.
_FETCHING = ("weights", "weights_backbone")


@dataclass(frozen=True)
class Made:
    """A network, and sentences about how its weights and its answer were found."""

    model: nn.Module
    notes: tuple[str, ...]


def build(subject: Subject, *, device: str | torch.device = "cpu", seed: int = 0) -> nn.Module:
    """The network with its weights, in evaluation mode; see `make`."""
    return make(subject, device=device, seed=seed).model


def make(subject: Subject, *, device: str | torch.device = "cpu", seed: int = 0) -> Made:
    """The network with its weights, in evaluation mode, after it ran once on two images of noise.

    Initial weights are seeded, so that a subject without a weights file is the same every time;
    another `seed` begins a training elsewhere.

    Raises:
        BadInput: the factory cannot be found, called or run, it wants the internet, or the weights
            do not fit it.
    """
    import torch

    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    with (
        torch.random.fork_rng(devices=[]),
        importing.place(subject.source, subject.factory) as files,
    ):
        torch.manual_seed(seed)
        model, notes = _called(subject)
        if subject.weights is not None and not loads_itself(subject):
            notes += weights.fill(model, subject)
        try:
            model = model.eval().to(device)
        except Exception as error:
            raise BadInput(
                f"expected {subject.factory} of {subject.source} to make a network that can be "
                f"evaluated on {device}, it stopped with {importing.blamed(error)}"
            ) from error
        if said := _run(model, subject, device):
            notes.append(said)
        offline.guard(model)
    model.__dict__[importing.FILES] = tuple(sorted(files))
    return Made(model, tuple(notes))


def example(
    subject: Subject, *, rows: int = 2, device: str | torch.device = "cpu", seed: int = 0
) -> torch.Tensor:
    """Noise that a network can be run on: float32 (rows, channels, height, width), or latents."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    shape = (
        (subject.latent_size,)
        if subject.latent_size is not None
        else (subject.channels, *subject.size)
    )
    return torch.randn(rows, *shape, generator=generator).to(device)


def _called(subject: Subject) -> tuple[nn.Module, list[str]]:
    """What the factory returns, refused where it is no network or wanted the internet."""
    from torch import jit, nn

    asked: list[str] = []
    try:
        with offline.refused() as asked:
            found = _factory(subject)
            network = found(**arguments(subject))
    except BadInput as error:
        if asked or (error.__cause__ and offline.wanted_to_fetch(error.__cause__)):
            raise BadInput(_fetching(subject, asked, error.__cause__ or error)) from error
        raise
    # Whatever the user's code may raise, and `sys.exit` of a script that was meant to be run.
    except (Exception, SystemExit) as error:
        if asked or offline.wanted_to_fetch(error):
            raise BadInput(_fetching(subject, asked, error)) from error
        if isinstance(error, TypeError) and _refused_arguments(error):
            raise BadInput(
                f"expected arguments that {subject.factory} takes, got {dict(subject.kwargs)} in "
                f"{subject.source}: {importing.plain(str(error))}"
            ) from error
        raise BadInput(
            f"expected a network from {subject.factory} with {dict(subject.kwargs)} of "
            f"{subject.source}, it stopped with {importing.blamed(error)}"
        ) from error
    if not isinstance(network, nn.Module) or isinstance(network, jit.ScriptModule):
        got = type(network).__name__
        hint = "" if not isinstance(network, nn.Module) else ", whose layers cannot be listened to"
        raise BadInput(f"expected {subject.factory} to return a torch module, got {got}{hint}")
    if not asked:
        return network, []
    if subject.weights is None:
        raise BadInput(_fetching(subject, asked, None))
    return network, [f"the factory asked for {asked[0]}, and was refused"]


def _factory(subject: Subject) -> Callable[..., Any]:
    where = subject.factory.rpartition(":")[0]
    found = importing.find(subject.factory, subject.source)
    if where.partition(".")[0] == "torchvision":
        taken = {name: None for name in _FETCHING if name in inspect.signature(found).parameters}
        return lambda **kwargs: found(**{**taken, **kwargs})
    folder = subject.weights
    if folder is None or not folder.is_dir():
        return found
    if loads_itself(subject):
        return lambda **kwargs: _from_folder(found, folder, **kwargs)
    return found


def arguments(subject: Subject) -> dict[str, Any]:
    """What the factory is called with: kwargs, and what a folder that timm saved says before."""
    folder, given = subject.weights, dict(subject.kwargs)
    if not subject.factory.startswith(("timm:", "timm.")) or folder is None or not folder.is_dir():
        return given
    config = processors.read_json(folder / "config.json")
    if not config.get("architecture"):
        return given
    classes = {"num_classes": config["num_classes"]} if config.get("num_classes") else {}
    return {"model_name": config["architecture"], **classes, **given}


def loads_itself(subject: Subject) -> bool:
    """Whether the factory is a class of transformers, which reads a folder that it wrote."""
    where = subject.factory.rpartition(":")[0]
    return (
        where.partition(".")[0] == "transformers"
        and subject.weights is not None
        and subject.weights.is_dir()
    )


def _from_folder(found: Any, folder: Path, **kwargs: Any) -> Any:
    """A network of transformers from its folder, refused where weights are missing."""
    call = getattr(found, "from_pretrained", found)
    network, report = call(str(folder), local_files_only=True, output_loading_info=True, **kwargs)
    missing = sorted(report.get("missing_keys", ()))
    wrong = [str(key) for key in report.get("mismatched_keys", ())]
    if missing or wrong:
        raise BadInput(
            f"expected the weights of {found.__name__} in {folder}, got "
            f"{states.some(missing)} missing and {states.some(wrong)} of another shape"
        )
    return network


def _refused_arguments(error: BaseException) -> bool:
    """Whether a call was refused before the callee's first line: by its arguments alone."""
    trace, depth = error.__traceback__, 0
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename) != Path(__file__):
            depth += 1
        trace = trace.tb_next
    return depth == 0 or "unexpected keyword argument" in str(error)


def _fetching(
    subject: Subject, asked: list[str], error: BaseException | None, *, running: bool = False
) -> str:
    words = importing.blamed(error) if error is not None else ""
    line = f" ({words.rpartition(' (')[2]}" if " line " in words.rpartition(" (")[2] else ""
    host = f" from {asked[0]}" if asked else ""
    if running:
        return (
            f"expected a network that runs without the internet, that of {subject.factory} of "
            f"{subject.source} wants to fetch something{host} when it is given images{line}; "
            "nothing is fetched here: let it read a file that is there already"
        )
    return (
        f"expected a network that is built without the internet, {subject.factory} with "
        f"{dict(subject.kwargs)} of {subject.source} wants to fetch something{host}{line}; nothing "
        'is fetched here: take that argument (weights = "…", pretrained = true) out of kwargs, '
        'fetch the file yourself, and name it in weights = "FILE"'
    )


def _run(model: nn.Module, subject: Subject, device: str | torch.device) -> str:
    """Run once: lazy modules take their sizes, and the answer is found."""
    from torch import nn
    from torch.nn.parameter import is_lazy

    # Modules that do not follow eval() would count these images among those they were trained on.
    state = {name: value.clone() for name, value in model.named_buffers() if not is_lazy(value)}
    asked: list[str] = []
    try:
        with offline.refused() as asked:
            said = answers.adapt(model, example(subject, device=device), answer=subject.answer)
        for name, value in model.named_buffers():
            if name in state:
                value.data.copy_(state[name])
        if asked:
            raise BadInput(_fetching(subject, asked, None, running=True))
        return said
    except BadInput:
        raise
    except (Exception, SystemExit) as error:
        if asked or offline.wanted_to_fetch(error):
            raise BadInput(_fetching(subject, asked, error, running=True)) from error
        reason = importing.blamed(error)
        hint, dtype = "", answers.dtype_of(model)
        first = next(
            (
                (name, module)
                for name, module in model.named_modules()
                if isinstance(module, nn.Conv2d)
            ),
            None,
        )
        if first is not None and first[1].in_channels != subject.channels:
            takes = first[1].in_channels
            kind = {1: "one-channel (grey)", 3: "three-channel (colour)"}.get(
                takes, f"{takes}-channel"
            )
            hint = (
                f"; its first convolution {first[0]} takes {kind} images, the subject file gives "
                f"{subject.channels} means: give {takes} in mean and in std"
            )
        elif "not implemented for" in reason and dtype is not None:
            hint = f"; the network counts in {dtype}, return it as .float() or run it on a GPU"
        raise BadInput(
            f"expected a network that runs on {_inputs(subject)}, {subject.factory} of "
            f"{subject.source} stopped with {reason}{hint}"
        ) from error


def _inputs(subject: Subject) -> str:
    if subject.latent_size is not None:
        return f"latents of {subject.latent_size} numbers"
    height, width = subject.size
    return f"images of {subject.channels} channels, {height} x {width}"
