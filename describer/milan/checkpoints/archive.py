"""Torch archives read without running anything in them: a zip with a pickle and raw tensor bytes.

    contents = read(Path("milan-base.pth"))     # dictionaries, lists, strings, numbers, tensors

A pickle is a program that may call any function it can name. This reader lets it name only what a
tensor, an ordered dictionary and a set are rebuilt from, and the configuration class of spaCy, for
which a plain dictionary stands in. Anything else is refused before it is looked up. torch's own
`weights_only` cannot read these files without importing that class.
"""

import math
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from db.errors import BadInput

_DTYPES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}


def read(path: Path) -> dict[str, Any]:
    """The tensors and plain values of a torch archive.

    Raises:
        BadInput: the file cannot be read, or its pickle names anything but data.
    """
    if not path.is_file():
        raise BadInput(f"expected a MILAN checkpoint at {path}, got no such file")
    try:
        with zipfile.ZipFile(path) as archive:
            contents = _read_archive(path, archive)
    # Names and places in the directory of a damaged zip file lead anywhere.
    except (
        zipfile.BadZipFile,
        OSError,
        UnicodeDecodeError,
        NotImplementedError,
        RuntimeError,
        EOFError,
        KeyError,
        OverflowError,
        struct.error,
    ) as error:
        raise BadInput(
            f"expected a torch archive (a zip file, as torch writes since 1.6) in {path}, got "
            "another format; it was not opened further"
        ) from error
    if not isinstance(contents, dict):
        raise BadInput(f"expected a dictionary in checkpoint {path}, got {type(contents).__name__}")
    return contents


def _read_archive(path: Path, archive: zipfile.ZipFile) -> object:
    entries = {info.filename: info for info in archive.infolist()}
    programs = [name for name in entries if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(programs) != 1:
        raise BadInput(f"expected one data.pkl in torch archive {path}, got {len(programs)}")
    if any(info.compress_type != zipfile.ZIP_STORED for info in entries.values()):
        raise BadInput(f"expected an uncompressed torch archive, got a compressed one: {path}")
    # Entries that lie on each other would be read once each.
    if sum(info.file_size for info in entries.values()) > path.stat().st_size:
        raise BadInput(f"expected a torch archive, got {path}, whose parts are larger than itself")
    folder = programs[0].removesuffix("data.pkl")
    order = archive.read(f"{folder}byteorder") if f"{folder}byteorder" in entries else b"little"
    if order != b"little":
        raise BadInput(f"expected little-endian tensors in {path}, got {order!r}")

    def storage(key: str) -> bytes:
        return archive.read(f"{folder}data/{key}")

    try:
        with archive.open(programs[0]) as program:
            return _DataUnpickler(program, path, storage).load()
    except BadInput:
        raise
    except (
        pickle.UnpicklingError,
        EOFError,
        KeyError,
        IndexError,
        ValueError,
        TypeError,
        AttributeError,
        RuntimeError,
        OverflowError,
        struct.error,
    ) as error:
        raise BadInput(
            f"expected tensors and plain values in checkpoint {path}, got a file that cannot be "
            f"read ({type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''})"
        ) from error


# The unpickler in C makes room for as many values as a pickle says that it remembers.
class _DataUnpickler(pickle._Unpickler):
    """An unpickler that knows how to make data, and nothing else."""

    def __init__(self, program: Any, path: Path, storage: Callable[[str], bytes]) -> None:
        super().__init__(program)
        self._path = path
        self._storage = storage
        self._storages: dict[str, Tensor] = {}

        # New for each file: a pickle can set attributes of the objects it is given.
        class InertConfig(dict[Any, Any]):
            """Stands for spaCy's configuration class, which is a dictionary too."""

        def rebuild_tensor(
            storage: Tensor, offset: int, size: Any, stride: Any, *_rest: object
        ) -> Tensor:
            # Strides of 0 make a tensor of any size out of one number.
            if not 0 <= math.prod(size) <= storage.numel():
                raise pickle.UnpicklingError(
                    f"a tensor of shape {tuple(size)} in {storage.numel()} numbers"
                )
            return torch.as_strided(storage, tuple(size), tuple(stride), offset).clone()

        def rebuild_parameter(data: Tensor, *_rest: object) -> Tensor:
            return data

        def encode(text: str, encoding: str) -> bytes:
            if encoding != "latin1":
                raise pickle.UnpicklingError(f"bytes in encoding {encoding!r}")
            return text.encode("latin1")

        self._allowed: dict[tuple[str, str], object] = {
            ("torch._utils", "_rebuild_tensor_v2"): rebuild_tensor,
            ("torch._utils", "_rebuild_parameter"): rebuild_parameter,
            ("collections", "OrderedDict"): OrderedDict,
            ("builtins", "set"): set,
            ("__builtin__", "set"): set,
            ("_codecs", "encode"): encode,
            ("confection._config", "Config"): InertConfig,
            ("thinc.config", "Config"): InertConfig,
        }

    def find_class(self, module: str, name: str) -> Any:
        """One of the allowed objects; nothing is imported."""
        if module == "torch" and name in _DTYPES:
            return name
        if (module, name) not in self._allowed:
            raise BadInput(
                f"expected tensors and plain values in checkpoint {self._path}, got a call of "
                f"{module}.{name}; the file was refused and nothing in it was run"
            )
        return self._allowed[module, name]

    def persistent_load(self, identifier: Any) -> Tensor:
        """A tensor's raw storage: ("storage", type, key, device, number of elements)."""
        kind, storage_type, key, _device, elements = identifier
        if kind != "storage" or storage_type not in _DTYPES:
            raise pickle.UnpicklingError(f"a stored {kind!r} of type {storage_type!r}")
        if key not in self._storages:
            dtype = _DTYPES[storage_type]
            data = self._storage(str(key))
            if len(data) != elements * dtype.itemsize:
                raise pickle.UnpicklingError(
                    f"tensor data {key} of {len(data)} bytes for {elements} elements"
                )
            self._storages[key] = (
                torch.frombuffer(bytearray(data), dtype=dtype)
                if data
                else torch.empty(0, dtype=dtype)
            )
        return self._storages[key]
