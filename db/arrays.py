"""Array files: folders of .npy written under a temporary name and then renamed, and a store of
images named by their content. numpy only, no pickle.

    write_arrays(folder, {"ids": ids, "maps": maps})
    read_arrays(folder)["maps"]                     # memory-mapped, read-only

    store = ImageStore(workspace.images)
    name = store.put(image)                         # uint8 (3, H, W); the same image, the same name
    store.get(name)

What is under its final name is complete: a process killed while writing leaves only a temporary
name (beginning with `.writing-`), which nobody reads. Nothing here knows what the arrays mean.
"""

import hashlib
import io
import math
import os
import re
import shutil
import struct
import tokenize
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from db.errors import BadInput, NotFound

TEMPORARY = ".writing-"

Array = NDArray[Any]


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A temporary folder beside `folder` that takes its name when the block ends without an error.

    A folder that is already there under the name is replaced: it is moved away just before, and
    removed just after.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.parent / f"{TEMPORARY}{uuid.uuid4().hex}"
    temporary.mkdir()
    try:
        yield temporary
        if folder.exists():
            former = folder.parent / f"{TEMPORARY}{uuid.uuid4().hex}"
            folder.rename(former)
            temporary.rename(folder)
            shutil.rmtree(former)
        else:
            temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its name when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f"{TEMPORARY}{uuid.uuid4().hex}"
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_arrays(folder: Path, arrays: Mapping[str, Array]) -> None:
    """Write each array as `folder/<name>.npy`; the folder appears complete or not at all."""
    with new_folder(folder) as temporary:
        for name, array in arrays.items():
            np.save(temporary / f"{name}.npy", np.asarray(array, order="C"), allow_pickle=False)


def read_array(path: Path, *, memory_map: bool = True) -> Array:
    """Read one .npy file; memory-mapped arrays are read-only.

    Raises:
        NotFound: there is no such file.
        BadInput: it is not a .npy file, is cut short, or holds Python objects.
    """
    try:
        with path.open("rb") as file:
            shape, fortran, dtype = _header(file)
            start = file.tell()
        size, length = math.prod(shape) * dtype.itemsize, path.stat().st_size - start
        # The header is believed only as far as the file goes: memory is taken by what it says.
        if size > length:
            raise ValueError(f"{dtype} {shape} takes {size:,} bytes, there are {length:,}")
        if memory_map and size:
            order: Literal["C", "F"] = "F" if fortran else "C"
            array: Array = np.memmap(path, dtype, "r", start, shape, order)
        else:
            array = np.load(path, allow_pickle=False)
    except FileNotFoundError as error:
        raise NotFound(f"expected an array file at {path}, found none") from error
    # Headers are Python literals, and numpy passes on whatever is wrong with one.
    except (
        ValueError,
        TypeError,
        EOFError,
        OSError,
        OverflowError,
        RecursionError,
        MemoryError,
        SyntaxError,
        struct.error,
        tokenize.TokenError,
    ) as error:
        raise BadInput(
            f"expected a .npy array without Python objects in {path}: {error}"
        ) from error
    return array


def _header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, order and type of a .npy file, which stands behind its header afterwards.

    Raises:
        ValueError: it is none of plain values, among other errors of numpy's.
    """
    version = np.lib.format.read_magic(file)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:
        raise ValueError(f"version {version} is of arrays with names of fields")
    shape, fortran, dtype = read(file)
    if dtype.hasobject or dtype.kind not in "biufc" or min(shape, default=0) < 0:
        raise ValueError(f"{dtype} {shape} is no array of numbers")
    return shape, fortran, dtype


def read_arrays(folder: Path, *, memory_map: bool = True) -> dict[str, Array]:
    """Read all arrays of a folder that `write_arrays` wrote, by name.

    Raises:
        NotFound: there is no such folder.
        BadInput: one of the files is no array.
    """
    if not folder.is_dir():
        raise NotFound(f"expected a folder of arrays at {folder}, found none")
    return {
        path.stem: read_array(path, memory_map=memory_map) for path in sorted(folder.glob("*.npy"))
    }


@dataclass(frozen=True)
class ImageStore:
    """Images in a folder, each kept once, lossless, under the hash of its content."""

    path: Path

    def put(self, image: NDArray[np.uint8]) -> str:
        """Keep an image, uint8 (3, H, W), and return its name; one that is there is not rewritten.

        Raises:
            ValueError: the array has another type or shape.
        """
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[0] != 3:
            raise ValueError(
                f"expected an image uint8 (3, H, W), got {image.dtype} {tuple(image.shape)}"
            )
        content = io.BytesIO()
        np.save(content, np.ascontiguousarray(image), allow_pickle=False)
        name = hashlib.blake2b(content.getbuffer(), digest_size=20).hexdigest()
        path = self._file(name)
        if not path.exists():
            with new_file(path) as temporary:
                temporary.write_bytes(content.getbuffer())
        return name

    def get(self, name: str) -> NDArray[np.uint8]:
        """The image of that name, uint8 (3, H, W).

        Raises:
            NotFound: the store has no such image.
        """
        image: NDArray[np.uint8] = read_array(self._file(name), memory_map=False)
        return image

    def __contains__(self, name: str) -> bool:
        return self._file(name).exists()

    def _file(self, name: str) -> Path:
        # A name may come from a file or a page: nothing but a hash may become a path.
        if not re.fullmatch(r"[0-9a-f]{40}", name):
            raise NotFound(f"expected the 40 hexadecimal digits of a stored image, got {name!r}")
        return self.path / name[:2] / f"{name}.npy"
