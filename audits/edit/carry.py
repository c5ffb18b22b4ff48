"""A network's folder that loads anywhere: its weights and the user's code beside its subject file.

    carried = carry(folder, subject, model)             # copies the code, writes nothing else
    save_state(carried.subject.weights, model.state_dict())
    write_subject(carried.subject)
    carried.outside                     # modules that have to be installed wherever it is read

Copied is what was imported from the subject's folder and the package of its factory, in the same
places to one another, so that each file finds its neighbours. What Python finds by itself is not.
"""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from db.errors import BadInput
from describer.subjects import code, factory, importing, writing
from describer.subjects.definition import Subject

WEIGHTS = "weights.safetensors"
# What safetensors does not hold: quantised tensors, and what modules keep besides tensors.
OTHER_WEIGHTS = "weights.pt"
# The folder of a network that its family's package reads as a whole.
SAVED = "network"
_SAVED_WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class Carried:
    """A subject in its new folder, and the user's files that Python finds wherever they are."""

    subject: Subject
    outside: tuple[str, ...] = ()


def carry(folder: Path, subject: Subject, model: nn.Module) -> Carried:
    """Copy the code of a subject into a folder; returns the subject as it is there.

    Raises:
        BadInput: code lies where neither the copy nor Python would find it.
    """
    roots = _roots(subject)
    outside = set()
    for file in sorted(_files(subject, model)):
        root = next((root for root in roots if file.is_relative_to(root)), None)
        if root is not None:
            _copy(file, root, folder)
        elif any(entry and file.is_relative_to(Path(entry).resolve()) for entry in sys.path):
            outside.add(str(file))
        else:
            raise BadInput(
                f"expected code of {subject.factory} that can be taken along, got {file}, which "
                f"lies neither beside {subject.source.name} or its factory nor on Python's path"
            )
    kwargs = _arguments(factory.arguments(subject), subject, roots)
    moved = replace(
        subject,
        factory=_reference(subject.factory, subject, roots),
        loader=_reference(subject.loader, subject, roots),
        kwargs=kwargs,
        weights=_weights(folder, subject.weights),
        weights_entry="",
        weights_prefix="",
        source=folder / "SUBJECT.toml",
    )
    return Carried(moved, tuple(sorted(outside)))


def save_state(subject: Subject, state: Mapping[str, Any]) -> Subject:
    """Write a state dict where a carried subject has its weights; returns where that is.

    Raises:
        BadInput: the state cannot be written.
    """
    from safetensors.torch import save_file

    path = subject.weights
    assert path is not None, "a carried subject has weights"
    plain = all(
        isinstance(value, Tensor) and not value.is_quantized and value.layout == torch.strided
        for value in state.values()
    )
    if plain:
        kept = {name: value.detach().cpu().contiguous().clone() for name, value in state.items()}
        where = path / _SAVED_WEIGHTS if path.is_dir() else path
        # transformers wants to be told whose tensors these are.
        save_file(kept, where, metadata={"format": "pt"} if path.is_dir() else None)
        return subject
    if path.is_dir():
        raise BadInput(f"expected weights of tensors for {subject.factory}, got others as well")
    path = path.with_name(OTHER_WEIGHTS)
    torch.save(dict(state), path)
    return replace(subject, weights=path)


def write_subject(subject: Subject) -> None:
    """Write the subject file of a carried subject.

    Raises:
        BadInput: TOML has no such arguments.
    """
    subject.source.write_text(writing.text(writing.values(subject)), encoding="utf-8")


def _files(subject: Subject, model: nn.Module) -> set[Path]:
    """The user's files behind a network and what reads its images."""
    files = code.files(subject, model)
    if subject.loader:
        with importing.place(subject.source, subject.loader) as more:
            importing.find(subject.loader, subject.source, what="loader")
        files |= {Path(file).resolve() for file in more if importing.is_users(Path(file))}
    return files


def _roots(subject: Subject) -> tuple[Path, ...]:
    """Folders that are copied with all their depth: the subject's, its factory's, its loader's."""
    # A subject that was not read from a file has no folder of its own.
    roots = [subject.source.parent.resolve()] if subject.source.is_absolute() else []
    for reference in filter(None, (subject.factory, subject.loader)):
        file = importing.file_of(reference, subject.source)
        if file is not None:
            roots.append(importing.root_of(file))
    return tuple(roots)


def _copy(file: Path, root: Path, folder: Path) -> None:
    """Copy a file to its place below a folder, and what makes packages of the folders above it."""
    wanted = [file]
    for above in file.parents:
        if not above.is_relative_to(root):
            break
        wanted.append(above / "__init__.py")
    for path in wanted:
        target = folder / path.relative_to(root)
        if not path.is_file():
            continue
        if target.exists() and target.read_bytes() != path.read_bytes():
            raise BadInput(f"expected files of different names to take along, got two {path.name}")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def _reference(reference: str, subject: Subject, roots: tuple[Path, ...]) -> str:
    """How "file.py:callable" is called from the new folder; others are called as they were."""
    file = importing.file_of(reference, subject.source) if reference else None
    if file is None:
        return reference
    root = next(root for root in roots if file.is_relative_to(root))
    return f"{file.relative_to(root).as_posix()}:{reference.rpartition(':')[2]}"


def _arguments(
    kwargs: Mapping[str, Any], subject: Subject, roots: tuple[Path, ...]
) -> dict[str, Any]:
    """The arguments of a factory; that of a network that was exported before is called anew."""
    inner = kwargs.get("factory")
    if not isinstance(inner, str) or ".py:" not in inner:
        return dict(kwargs)
    file = importing.file_of(inner, subject.source)
    if file is None or not any(file.is_relative_to(root) for root in roots):
        return dict(kwargs)
    return {**kwargs, "factory": _reference(inner, subject, roots)}


def _weights(folder: Path, weights: Path | None) -> Path:
    """Where the weights will be: a file, or a folder with what else the saved one says."""
    if weights is None or not weights.is_dir():
        return folder / WEIGHTS
    (folder / SAVED).mkdir()
    for file in sorted(weights.glob("*.json")):
        if not file.name.endswith(".index.json"):
            shutil.copyfile(file, folder / SAVED / file.name)
    return folder / SAVED
