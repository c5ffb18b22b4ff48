"""A folder of images counted whole: what is in it, which folders are classes, what is left out.

    found = listed(Path("val"))
    found.paths, found.classes, found.empty, found.left_out

Links are followed, each folder once on the way down. Hidden files and the folders of thumbnails
that file managers make are no images. Pictures that lie beside class folders are strays, unless
there are as many of them as in the folders, or a table beside them gives labels. Nothing is opened.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from describer.images.pictures import suffixes

ARRAYS = ".npy"
_THUMBNAILS = frozenset(
    ("@eadir", "__macosx", "thumbs.db", "desktop.ini", "$recycle.bin", "lost+found", "__pycache__")
)
# Of classes by file; the latter as `datasets` reads them.
TABLES = ("labels.csv", "metadata.csv", "metadata.jsonl")
NAMED = 3


@dataclass(frozen=True)
class Listed:
    """What a folder holds.

    Attributes:
        paths: of its images, relative, with slashes, sorted.
        classes: names of the sub-folders with images, when these are classes; else empty.
        empty: names of the sub-folders that would be classes and have no image.
        left_out: sentences about what is there and is not among the images.
    """

    paths: tuple[str, ...]
    classes: tuple[str, ...]
    empty: tuple[str, ...]
    left_out: tuple[str, ...]


def listed(root: Path) -> Listed:
    """Everything in a folder, sorted into images and what is left out."""
    pictures: list[str] = []
    arrays: list[str] = []
    folders: set[str] = set()
    left: dict[str, list[str]] = {}
    for path, kind in _walk(root, root, ()):
        if kind == "folder":
            folders.add(path)
        elif kind:
            left.setdefault(kind, []).append(path)
        elif Path(path).suffix.lower() in suffixes():
            pictures.append(path)
        elif Path(path).suffix.lower() == ARRAYS:
            arrays.append(path)
        elif path not in TABLES:
            left.setdefault("other", []).append(path)
    paths, others = (pictures, arrays) if pictures or not arrays else (arrays, pictures)
    left.setdefault("other", []).extend(others)
    within = [path for path in paths if "/" in path]
    strays = [path for path in paths if "/" not in path]
    labelled = any(
        table.is_file()
        for table in (*(root / name for name in TABLES), root.with_name(f"{root.name}.csv"))
    )
    if strays and len(within) > len(strays) and not labelled:
        left["stray"], paths, strays = strays, within, []
    classes = by_number({path.partition("/")[0] for path in within}) if not strays else ()
    tops = {folder for folder in folders if "/" not in folder}
    empty = by_number(tops - {path.partition("/")[0] for path in within}) if classes else ()
    return Listed(tuple(sorted(paths)), classes, empty, tuple(_sentences(left, empty)))


def by_number(names: set[str]) -> tuple[str, ...]:
    """Names of classes in order: as numbers where all are numbers, so that 2 comes before 10.

    >>> by_number({"10", "2", "1"}), by_number({"cat", "10"})
    (('1', '2', '10'), ('10', 'cat'))
    """
    if names and all(re.fullmatch("[0-9]{1,18}", name) for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(sorted(names))


def _walk(
    root: Path, folder: Path, above: tuple[tuple[int, int], ...]
) -> Iterator[tuple[str, str]]:
    """(relative path, "") for a file, or with what else it is; folders come before their files."""
    try:
        status = folder.stat()
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield _name(root, folder), f"unreadable ({error.strerror})"
        return
    here = (*above, (status.st_dev, status.st_ino))
    for entry in entries:
        path = Path(entry.path)
        name = _name(root, path)
        if entry.name.startswith("."):
            # A hidden folder is not looked into; of hidden files only pictures are worth a word.
            if path.suffix.lower() in suffixes() or entry.name == ".thumbnails":
                yield name, "hidden"
        elif entry.name.casefold() in _THUMBNAILS:
            if entry.is_dir():
                yield name, "thumbnails"
        elif not _is_text(entry.name):
            yield name, "unnameable"
        elif entry.is_dir():
            inside = path.stat()
            if (inside.st_dev, inside.st_ino) in here:
                yield name, "a link to a folder that it lies in"
                continue
            yield name, "folder"
            yield from _walk(root, path, here)
        elif entry.is_file():
            yield name, ""
        else:
            yield name, "a broken link"


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix().encode("utf-8", "backslashreplace").decode()


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _sentences(left: dict[str, list[str]], empty: tuple[str, ...]) -> Iterator[str]:
    if empty:
        yield f"folders without an image: {_some(list(empty))}"
    if strays := left.pop("stray", []):
        yield f"pictures beside the class folders, left out: {_some(strays)}"
    if hidden := left.pop("hidden", []):
        yield f"hidden, left out: {_some(hidden)}"
    if thumbnails := left.pop("thumbnails", []):
        yield f"folders of thumbnails, left out: {_some(thumbnails)}"
    if unnameable := left.pop("unnameable", []):
        yield f"names that are not UTF-8, left out: {_some(unnameable)}"
    if others := left.pop("other", []):
        kinds = Counter(Path(path).suffix.lower() or "no suffix" for path in others)
        counts = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common(8))
        yield f"files that are no pictures that can be opened, left out: {counts}"
    for kind, paths in left.items():
        yield f"{kind}, left out: {_some(paths)}"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"
