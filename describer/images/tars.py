"""The pictures of tars of WebDataset, compressed or not, with what lies beside them.

    found = members([Path("shard-000.tar"), Path("shard-001.tar.gz")])
    found.paths[0], found.labels[0], found.data(0)

What lies beside a picture under the same key, up to the first dot, are its classes: `.cls` or
`.json`; where no picture has either, the folders that they lie in. A compressed tar is unpacked
once into a file without a name that goes with the process. Nothing in a tar is ever written under
its own name.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO, Any

from db import reading
from db.errors import BadInput
from describer.images.folders import ARRAYS
from describer.images.pictures import suffixes

_COMPRESSED: dict[str, Any] = {
    ".gz": gzip.GzipFile,
    ".tgz": gzip.GzipFile,
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
}
SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
# So many unpacked tars stay open at a time: one is read from its first picture to its last.
_KEPT = 64


@dataclass(frozen=True)
class Members:
    """Pictures of tars.

    Attributes:
        paths: names, unique, in the order of the tars and of what is in them.
        labels: what is said of each picture's class; None where nothing is.
        data: the bytes of the file at a place; several threads may call it.
        said: how classes were found, where nothing beside a picture says them.
    """

    paths: tuple[str, ...]
    labels: tuple[Any, ...]
    data: Callable[[int], bytes]
    said: str = ""


def is_tar(path: Path) -> bool:
    """Whether a file is called like a tar."""
    return path.name.lower().endswith(SUFFIXES)


def stem(path: Path) -> str:
    """The name of a tar without what says that it is one."""
    known = next((each for each in SUFFIXES if path.name.lower().endswith(each)), "")
    return path.name[: -len(known)] if known else path.stem


def members(files: Sequence[Path], label_in: Callable[[Mapping[str, Any]], Any]) -> Members:
    """List the pictures of tars; of arrays (.npy) where they hold no pictures.

    Args:
        label_in: what the JSON beside a picture says of its class, None for nothing.

    Raises:
        BadInput: two pictures have one name.
        tarfile.TarError, EOFError, OSError: a file is broken.
    """
    kinds: dict[bool, list[tuple[str, str, tuple[int, int, int]]]] = {True: [], False: []}
    labels: dict[str, Any] = {}
    for number, file in enumerate(files):
        length = _length(file)
        before = f"{stem(file)}/" if len(files) > 1 else ""
        with _open(file) as plain, tarfile.open(fileobj=plain, mode="r:") as archive:
            for member in archive:
                folder, _, name = member.name.rpartition("/")
                key, _, kind = name.partition(".")
                if not member.isfile() or key.startswith("__") or not key:
                    continue
                # A header may say any size, and a sparse file takes none in the tar.
                if member.issparse() or member.offset_data + member.size > length:
                    raise BadInput(f"expected a whole tar, {file} ends within {member.name}")
                key = f"{before}{folder}/{key}"
                suffix = f".{kind.rpartition('.')[2].lower()}"
                if suffix in suffixes() or suffix == ARRAYS:
                    path = f"{before}{PurePosixPath(member.name)}"
                    place = (number, member.offset_data, member.size)
                    kinds[suffix != ARRAYS].append((path, key, place))
                elif kind in ("cls", "json") and (read := archive.extractfile(member)):
                    where = f"{member.name} of {file}"
                    said = reading.as_text(read.read(), "a label", where).strip()
                    label = said if kind == "cls" else _in_json(said, label_in, where)
                    if label is not None:
                        labels.setdefault(key, label)
    found = kinds[True] or kinds[False]
    paths = tuple(path for path, _, _ in found)
    keys = [(f"{stem(files[place[0]])}/" if len(files) > 1 else "", key) for _, key, place in found]
    if len(set(paths)) < len(paths):
        raise BadInput(f"expected a name for each picture of {files[0].parent}, got some twice")

    def data(index: int) -> bytes:
        number, offset, size = found[index][2]
        return _read(files[number], offset, size)

    given: list[Any] = [labels.get(key) for _, key, _ in found]
    said = ""
    folders = [key.removeprefix(before).rpartition("/")[0] for before, key in keys]
    if not labels and len(set(folders)) > 1 and all(folders):
        given, said = (
            [folder.rpartition("/")[2] for folder in folders],
            "classes are the folders in the tar",
        )
    return Members(paths, tuple(given), data, said)


def _length(path: Path) -> int:
    """How many bytes the tar itself has."""
    unpacked = _unpacked(path)
    return path.stat().st_size if unpacked is None else os.fstat(unpacked.descriptor).st_size


def _in_json(said: str, label_in: Callable[[Mapping[str, Any]], Any], place: str) -> Any:
    values = reading.of_json(said, Any, "a label", place)
    return label_in(values) if isinstance(values, Mapping) else None


def _read(path: Path, offset: int, size: int) -> bytes:
    """Some bytes of the tar itself."""
    if (unpacked := _unpacked(path)) is not None:
        # At a position of its own: several threads read from one file.
        return os.pread(unpacked.descriptor, size, offset)
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(size)


def _open(path: Path) -> IO[bytes]:
    """The tar itself, from its beginning."""
    if (unpacked := _unpacked(path)) is None:
        return path.open("rb")
    os.lseek(unpacked.descriptor, 0, os.SEEK_SET)
    return os.fdopen(os.dup(unpacked.descriptor), "rb")


def _unpacked(path: Path) -> _Unpacked | None:
    if path.suffix.lower() not in _COMPRESSED:
        return None
    status = path.stat()
    return _unpack(path, status.st_mtime_ns, status.st_size)


class _Unpacked:
    """An open file without a name, which is gone with this object."""

    def __init__(self) -> None:
        self.descriptor, name = tempfile.mkstemp()
        os.unlink(name)

    def __del__(self) -> None:
        os.close(self.descriptor)


@lru_cache(maxsize=_KEPT)
def _unpack(path: Path, _changed: int, _size: int) -> _Unpacked:
    unpacked = _Unpacked()
    with (
        _COMPRESSED[path.suffix.lower()](path) as packed,
        os.fdopen(os.dup(unpacked.descriptor), "wb") as plain,
    ):
        shutil.copyfileobj(packed, plain, 1 << 20)
    return unpacked
