"""The state dicts in the files that people have, opened without running code.

    read(Path("best.ckpt"))             # {"state_dict": {"conv1.weight": tensor, …}, "ema": …}

Files are safetensors, torch files of tensors alone (`weights_only`), the index of a sharded
checkpoint, or a folder with one of them. torch is imported when a function needs it.
"""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from typing_extensions import TypedDict

from db import reading
from db.errors import BadInput
from describer.subjects.importing import plain

NAMED_KEYS = 3
# Where training programs keep the state dict, the likelier first.
ENTRIES = (
    "state_dict", "model", "model_state_dict", "net", "network", "module", "weights", "params",
    "teacher", "student", "state_dict_ema", "model_ema", "ema_state_dict", "ema", "params_ema",
    "generator", "g_ema", "backbone", "encoder",
)  # fmt: skip
# Files that a folder of weights may hold, the safest first.
FILES = (
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
    "pytorch_model.bin.index.json", "open_clip_model.safetensors", "weights.safetensors",
)  # fmt: skip
_REFUSED = re.compile(r"(?:GLOBAL|global|class|type)\W+([A-Za-z_][\w.]*\.[\w.]+)")


def read(path: Path, *, entry: str = "") -> dict[str, dict[str, Any]]:
    """The state dicts in a weights file, on the CPU, by the entry that they are in ("" for none).

    Half precision is cast to float32, which the network casts to its own. Besides tensors, only
    what modules keep as their extra state is left in.

    Raises:
        BadInput: the file is missing, is of no known format, holds no state dict or not this entry,
            or would run code.
    """
    file = _file_in(path)
    whole = _sharded(file) if file.name.endswith(".index.json") else _opened(file)
    choices = dict(_states(whole))
    if entry and entry not in choices:
        known = ", ".join(name for name in choices if name) or "none"
        raise BadInput(f"expected the entry {entry!r} in {file}, got {known}")
    if not choices:
        keys = f" with {some([str(key) for key in whole])}" if isinstance(whole, Mapping) else ""
        raise BadInput(f"expected a state dict in {file}, got {type(whole).__name__}{keys}")
    return {
        name: {key: _single(value) for key, value in state.items()}
        for name, state in choices.items()
        if entry in ("", name)
    }


def some(keys: Sequence[str]) -> str:
    """The first of some keys, and how many more.

    >>> some(["a", "b", "c", "d"]), some([])
    ('a, b, c and 1 more', 'none')
    """
    if not keys:
        return "none"
    more = f" and {len(keys) - NAMED_KEYS} more" if len(keys) > NAMED_KEYS else ""
    return f"{', '.join(keys[:NAMED_KEYS])}{more}"


def _file_in(path: Path) -> Path:
    if not path.is_dir():
        if not path.is_file():
            raise BadInput(f"expected a weights file at {path}, found none")
        return path
    for name in FILES:
        if (path / name).is_file():
            return path / name
    raise BadInput(f"expected one of {', '.join(FILES)} in {path}, found none")


def _opened(path: Path) -> Any:
    """What a single file holds.

    Raises:
        BadInput: what it holds cannot be read without running code, or not at all.
    """
    import warnings

    import torch
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        with warnings.catch_warnings(), _Bounded(path.open("rb", 0)) as file:
            warnings.simplefilter("ignore")
            _check_parts(path)
            return torch.load(file, map_location="cpu", weights_only=True)
    # What is no weights file makes torch's readers stumble in every way that there is.
    except Exception as error:
        raise BadInput(_unread(path, error)) from error


class _Index(TypedDict):
    """The index of a sharded checkpoint."""

    weight_map: dict[str, str]


# No class or function has a longer one.
_LONGEST_NAME = 1_000


class _Bounded(io.BufferedReader):
    """A file of which nobody asks for more than it has: room is made for what is asked for."""

    def read(self, size: int | None = -1, /) -> bytes:
        """At most so many bytes."""
        left = os.fstat(self.fileno()).st_size - self.tell()
        return super().read(left if size is None or size < 0 else min(size, max(left, 0)))

    def readline(self, size: int | None = -1, /) -> bytes:
        """A line, which in a pickle is a name; torch looks at one again and again."""
        line = super().readline(-1 if size is None else size)
        if len(line) > _LONGEST_NAME:
            raise ValueError(f"a name of {len(line):,} bytes")
        return line


def _check_parts(path: Path) -> None:
    """Refuse an archive whose parts are larger than itself: torch writes them as they are."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        size = sum(info.file_size for info in archive.infolist())
    if size > 2 * path.stat().st_size:
        raise ValueError(f"parts of {size:,} bytes in a file of {path.stat().st_size:,}")


def _unread(path: Path, error: Exception) -> str:
    text = str(error)
    start = f"expected weights in {path} (safetensors, or a torch file of tensors alone)"
    if "TorchScript" in text or "torch.jit" in text:
        return (
            f"{start}, got a TorchScript archive; in Python: "
            'torch.save(torch.jit.load("FILE").state_dict(), "weights.pt")'
        )
    if refused := _REFUSED.search(text):
        return (
            f"{start}, got an object of class {refused[1].rstrip('.')}, which is not loaded as it "
            "could run code; where the file was made, or where you trust it: "
            'torch.save(model.state_dict(), "weights.pt"), or safetensors.torch.save_file'
        )
    return f"{start}, got {_seems(path) or plain(text) or type(error).__name__}"


def _seems(path: Path) -> str:
    """What a file that is none of weights is by its first bytes; "" where they do not tell."""
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as error:
        return error.strerror or ""
    if path.suffix == ".safetensors" and start[8:9] == b"{":
        return "a safetensors file that is cut off or damaged"
    named = next((name for first, name in _BEGINNINGS.items() if start.startswith(first)), "")
    if start.lstrip().startswith((b"<", b"{")):
        named = "text (HTML, XML or JSON), as when a page was saved in place of the file"
    return named or ("" if start else "an empty file") or _OTHER


_OTHER = "a file that neither torch.save nor safetensors wrote, or a damaged one"
_BEGINNINGS = {
    b"version https://git-lfs": "a pointer of Git LFS in its place: `git lfs pull` brings the file",
    b"PK": "an archive that is cut off or damaged, or that torch.save did not write",
    b"\x89HDF": "an HDF5 file, as Keras writes: save it from PyTorch",
    b"\x93NUMPY": "a numpy array",
    b"\x1f\x8b": "a compressed file: unpack it",
}


def _sharded(index: Path) -> dict[str, Any]:
    """The tensors of all files that an index names; they lie beside it."""
    found = reading.of_json_file(index, _Index, "a weight_map of keys and files")
    files = sorted(set(found["weight_map"].values()))
    state: dict[str, Any] = {}
    for name in files:
        if Path(name).name != name or "\0" in name or len(name.encode()) > 255:
            raise BadInput(f"expected files beside {index}, got {name!r}")
        if not (index.parent / name).is_file():
            raise BadInput(
                f"expected all {len(files)} files of {index} beside it, {name} is missing"
            )
        state.update(_opened(index.parent / name))
    return state


def _states(whole: Any, name: str = "") -> list[tuple[str, dict[str, Any]]]:
    """The state dicts in what a file holds, by the entry that they are in, the likeliest first."""
    import torch

    if not isinstance(whole, Mapping):
        return []
    state = {
        str(key): value
        for key, value in whole.items()
        if isinstance(value, torch.Tensor) or str(key).endswith("_extra_state")
    }
    own = [(name, state)] if any(isinstance(each, torch.Tensor) for each in state.values()) else []
    inner = []
    for key in sorted(
        (key for key, value in whole.items() if isinstance(value, Mapping)),
        key=lambda key: ENTRIES.index(key) if key in ENTRIES else len(ENTRIES),
    ):
        # An optimizer's state is tensors as well.
        if key in ENTRIES or not re.search(r"optim|sched|scaler|loop|callback", str(key), re.I):
            inner += _states(whole[key], f"{name}.{key}" if name else str(key))
    # Beside a whole state dict, a number or two are those of the training.
    large = [each for each in inner if len(each[1]) > len(state)]
    return [*inner, *own] if large else [*own, *inner]


def _single(value: Any) -> Any:
    import torch

    # Strides of 0 make a tensor of any size out of one number.
    if isinstance(value, torch.Tensor) and not value.is_sparse:
        held = value.untyped_storage().nbytes()
        if value.numel() * value.element_size() > held:
            raise BadInput(
                f"expected weights, got a tensor of shape {tuple(value.shape)} that is made of "
                f"{held} bytes"
            )
    half = isinstance(value, torch.Tensor) and value.dtype in (torch.float16, torch.bfloat16)
    return value.float() if half else value
