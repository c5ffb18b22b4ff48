"""Which output of the network each image should have: from folders, from a table, or unknown.

    labels_of(probing_set, classes=subject.classes)             # int64 (images,), or None
    correct(predictions, labels)                                # bool (images,)

A flat folder may bring `labels.csv` in it, or `<folder>.csv` beside it, with the columns `path`
(as it stands below the folder) and `class`, or the metadata.csv and .jsonl of an imagefolder. An
image may have several classes: in a list, between `|` (also `;` and `,` where the parts are names
of classes and the whole is none), or a row each. Its prediction is right where it is one of them.
This module does not open images.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.network.label_table import SEVERAL, is_output, read_labels, table_of, tidy
from db import reading
from db.errors import BadInput
from db.reading import Count
from describer.images.folders import by_number
from describer.images.probing import ProbingSet

_SPLITS = {"train", "training", "val", "valid", "validation", "test", "testing"}


@dataclass(frozen=True)
class Assigned:
    """A class of images: its folder (or its name in a table), how many images it has, the output
    that it was taken for (None for an empty folder that was not counted), that output's name."""

    folder: str
    images: int
    output: int | None
    name: str = ""


def labels_of(
    probing_set: ProbingSet,
    *,
    classes: Sequence[str] = (),
    table: Mapping[str, int] | None = None,
    labels: Mapping[str, str] | None = None,
    outputs: int | None = None,
) -> NDArray[np.int64] | None:
    """The network's output for every image of a folder; None when nothing says it.

    Returns:
        int64 (images,), or (images, most) where an image has several classes, the last of those
        with fewer being -1.

    Args:
        classes: names of the network's outputs, in order.
        table: class name to output, where the names are not the network's.
        labels: class name by path; without it the sub-folders are the classes, or a table that
            lies in or beside a flat folder.
        outputs: how many the network has, where that is known: classes without names have to be
            as many.

    Raises:
        BadInput: a class that is none of the network, classes that nothing tells the outputs of,
            or a table without some of the images.
    """
    given = given_classes(
        probing_set, labels, names=set(table or ()) or {*classes, *distinct(classes)}
    )
    if given is None:
        return None
    inside = probing_set.classes if labels is None and probing_set.classes else None
    names = list(inside) if inside else sorted({name for each in given for name in each})
    if table is not None or classes:
        found = class_indices(names, classes=classes, table=table)
    elif inside is None and all(map(is_output, names)):
        found = [int(name) for name in names]
    else:
        found = numbered(names, outputs, empty=probing_set.empty if inside else ())
    index = dict(zip(names, found, strict=True))
    return _array([[index[name] for name in each] for each in given])


def given_classes(
    probing_set: ProbingSet, labels: Mapping[str, str] | None, *, names: Collection[str] = ()
) -> list[list[str]] | None:
    """The classes of every image as a table, else its folder says them; None when nothing does.

    Args:
        labels: as in `labels_of`.
        names: what classes may be called; settles what a cell with commas means.

    Raises:
        BadInput: a table without some of the images.
    """
    classes = probing_set.classes
    if labels is None and probing_set.labels is not None:
        return [[classes[label]] for label in probing_set.labels]
    if labels is None and probing_set.several is not None:
        return [[classes[label] for label in each] for each in probing_set.several]
    if labels is None:
        beside = table_of(probing_set.root)
        if beside is None:
            return None
        labels = read_labels(beside)
    known = {tidy(path): name for path, name in labels.items()}
    missing = [path for path in probing_set.paths if tidy(path) not in known]
    if missing:
        file = missing[0].rsplit("/", 1)[-1]
        near = [path for path in labels if path.rsplit("/", 1)[-1].casefold() == file.casefold()]
        near = near or get_close_matches(missing[0], labels, n=1)
        hint = f"; it has {(near or list(labels))[0]!r}" if labels else ""
        raise BadInput(
            f"expected a class for each of the {len(probing_set)} images of {probing_set.root}, "
            f"the table has none for {len(missing)} of them, first {missing[0]!r}{hint}"
        )
    return [_parts(known[tidy(path)], names) for path in probing_set.paths]


def unused_note(probing_set: ProbingSet, labels: Mapping[str, str] | None) -> tuple[str, ...]:
    """That a table has rows about images that are not there; () for none."""
    if labels is None and probing_set.labels is None and probing_set.several is None:
        beside = table_of(probing_set.root)
        labels = None if beside is None else read_labels(beside)
    there = {tidy(path) for path in probing_set.paths}
    absent = [path for path in labels or () if tidy(path) not in there]
    if not absent:
        return ()
    return (f"{len(absent)} rows of the table are about images that are not there: {absent[0]}, …",)


def _parts(cell: str, names: Collection[str]) -> list[str]:
    """The classes of one image as its table has them."""
    parts = list(dict.fromkeys(part.strip() for part in cell.split(SEVERAL) if part.strip()))
    if len(parts) == 1 and parts[0] not in names:
        for sign in ";,":
            some = list(dict.fromkeys(part.strip() for part in parts[0].split(sign)))
            if len(some) > 1 and all(part in names for part in some):
                return some
    return parts


def _array(given: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """(images,), or (images, most) filled up with -1."""
    most = max(map(len, given), default=1)
    if most == 1:
        return np.array([each[0] for each in given], dtype=np.int64)
    return np.array([[*each, *[-1] * (most - len(each))] for each in given], dtype=np.int64)


def correct(
    predictions: NDArray[np.signedinteger[Any]], labels: NDArray[np.signedinteger[Any]]
) -> NDArray[np.bool_]:
    """Whether each prediction is right, bool (images,): one of the classes that its image has.

    >>> correct(np.array([2, 2]), np.array([[1, 2], [1, -1]])).tolist()
    [True, False]
    """
    right: NDArray[np.bool_] = (
        predictions == labels if labels.ndim == 1 else (predictions[:, None] == labels).any(axis=1)
    )
    return right


def has(labels: NDArray[np.signedinteger[Any]], output: int) -> NDArray[np.bool_]:
    """Which images have a class, bool (images,)."""
    there: NDArray[np.bool_] = (labels == output).reshape(len(labels), -1).any(axis=1)
    return there


def several_note(labels: NDArray[np.int64] | None) -> tuple[str, ...]:
    """By which rule images of several classes are counted; () without any."""
    if labels is None or labels.ndim == 1:
        return ()
    many = int((labels[:, 1] >= 0).sum())
    return (
        f"{many} of {len(labels)} images have several classes, up to {labels.shape[1]}: a "
        "prediction counts as right when it is one of its image's classes, and an image counts for "
        "each",
    )


def one_each(labels: NDArray[np.int64] | None, *, purpose: str) -> None:
    """Raise BadInput where an image has several classes, and one is needed."""
    if labels is not None and labels.ndim > 1:
        raise BadInput(
            f"expected one class for each image {purpose}, got {labels.shape[1]} for one of them"
        )


def assigned(
    probing_set: ProbingSet,
    found: NDArray[np.int64] | None,
    *,
    classes: Sequence[str] = (),
    given: Sequence[Sequence[str]] | None = None,
) -> tuple[Assigned, ...]:
    """Which output the images of each class were given, in the order of the outputs.

    Args:
        found: what `labels_of` gave; () without.
        given: what `given_classes` gave, where a table says the classes.
    """
    if found is None:
        return ()
    names = distinct(classes)
    given = given or given_classes(probing_set, None) or [()] * len(found)
    rows: Counter[tuple[int, str]] = Counter()
    for outputs, folders in zip(found.reshape(len(found), -1).tolist(), given, strict=True):
        # Where nothing names them, what is beyond the names is "".
        named = [*folders, *[""] * (len(outputs) - len(folders))]
        rows.update(pair for pair in zip(outputs, named, strict=True) if pair[0] >= 0)
    said = [
        Assigned(folder, count, output, names[output] if output < len(names) else "")
        for (output, folder), count in sorted(rows.items())
    ]
    every = by_number({*probing_set.classes, *probing_set.empty})
    counted = not classes and all(
        row.folder in every and every.index(row.folder) == row.output for row in said
    )
    return (
        *said,
        *(
            Assigned(folder, 0, every.index(folder) if counted else None)
            for folder in probing_set.empty
        ),
    )


def numbered(
    folders: Sequence[str], outputs: int | None = None, *, empty: Sequence[str] = ()
) -> list[int]:
    """The network's output for each class folder when nothing names the outputs.

    Folders that are called by numbers are the outputs of these numbers. Others are numbered in
    sorted order, as ImageFolder does, together with the empty ones where only so they are as many
    as the outputs.

    >>> numbered(["0", "2", "10"]), numbered(["dog", "owl"], 3, empty=["cat"])
    ([0, 2, 10], [1, 2])

    Raises:
        BadInput: there are more or fewer classes than outputs: nothing tells which is which.
    """
    if folders and all(map(is_output, folders)):
        numbers = [int(folder) for folder in folders]
        if len(set(numbers)) == len(numbers) and (outputs is None or max(numbers) < outputs):
            return numbers
    together = by_number({*folders, *empty})
    if outputs is not None and len(folders) != outputs and len(together) == outputs:
        return [together.index(folder) for folder in folders]
    if outputs is not None and len(folders) != outputs:
        more = f" and {len(folders) - 3} more" if len(folders) > 3 else ""
        without = f", and {len(empty)} without images" if empty else ""
        way = "name the outputs in `classes` of the subject file, or give --class-index"
        if {folder.casefold() for folder in folders} <= _SPLITS:
            way = f"these are splits and no classes: give one of them, such as {folders[0]}"
        raise BadInput(
            f"expected one class of images for each of the network's {outputs} outputs, as nothing "
            f"names these, got {len(folders)} ({', '.join(folders[:3])}{more}){without}; {way}"
        )
    return list(range(len(folders)))


def numbers_note(folders: Sequence[str], outputs: int | None = None) -> tuple[str, ...]:
    """That folders called by numbers are outputs, where torchvision's ImageFolder says otherwise.

    >>> [len(numbers_note(each, 2)) for each in (["0", "1"], ["2", "10"], ["1", "2"])]
    [0, 1, 1]
    """
    if not folders or not all(map(is_output, folders)):
        return ()
    if outputs is not None and max(map(int, folders)) >= outputs == len(folders):
        return (
            f"class folders are called by numbers up to {max(map(int, folders))}, and the "
            f"{outputs} outputs are counted from 0: the folders were taken in their order",
        )
    if list(folders) == sorted(folders):
        return ()
    return (
        "class folders are called by numbers and were taken as the outputs of these numbers; a "
        "network that was trained through torchvision's ImageFolder has 10 before 2, and wants "
        "--class-index or `classes` in the subject file",
    )


def class_indices(
    folders: Sequence[str], *, classes: Sequence[str] = (), table: Mapping[str, int] | None = None
) -> list[int]:
    """The network's output for each class folder.

    Args:
        folders: distinct folder names, sorted.
        classes: names of the network's outputs, in order.
        table: folder name to output, where folder names are not the class names; it goes first.

    Names may differ in case, in `_` and `-` for spaces and in Unicode form where only one fits.
    Without both, the folders are numbered in sorted order, as ImageFolder does. A folder whose name
    several outputs bear has to say which, as `distinct` does.

    >>> class_indices(["cat", "dog"], classes=["dog", "cat", "cow"])
    [1, 0]

    Raises:
        BadInput: a folder that is no class of the network, or that several classes are called.
    """
    if table is None and not classes:
        return list(range(len(folders)))
    known = table
    if known is None:
        known = {name: index for index, name in enumerate(distinct(classes))}
    loose = Counter(_loosely(name) for name in known)
    alike = {_loosely(name): name for name in known if loose[_loosely(name)] == 1}
    folders = [
        folder if folder in known or folder in classes else alike.get(_loosely(folder), folder)
        for folder in folders
    ]
    for folder in folders:
        if folder not in known and folder in classes and table is None:
            outputs = [str(index) for index, name in enumerate(classes) if name == folder]
            raise BadInput(
                f"expected classes of images that are one output of the network each, got "
                f"{folder!r}, as outputs {', '.join(outputs)} are called; say {folder} "
                f"({outputs[0]}) or {folder} ({outputs[1]}), or give --class-index"
            )
        if folder not in known:
            near = get_close_matches(folder, known, n=3, cutoff=0.0)
            raise BadInput(
                f"expected classes of images named like the network's {len(known)} classes, "
                f"got {folder!r}; nearest: {', '.join(near)}"
            )
    return [known[folder] for folder in folders]


def _loosely(name: str) -> str:
    """A name in one spelling: é is one letter or two, words lie apart in several ways.

    >>> _loosely("Great_Owl") == _loosely("great owl ")
    True
    """
    return re.sub(r"[\s_-]+", " ", unicodedata.normalize("NFC", name)).strip().casefold()


def distinct(classes: Sequence[str]) -> tuple[str, ...]:
    """Names of outputs, with the output's number where several bear the same.

    >>> distinct(["crane", "dog", "crane"])
    ('crane (0)', 'dog', 'crane (2)')
    """
    counts = Counter(classes)
    return tuple(
        f"{name} ({index})" if counts[name] > 1 else name for index, name in enumerate(classes)
    )


def read_class_table(path: Path) -> dict[str, int]:
    """Read a JSON object of folder name to output number.

    Raises:
        BadInput: not a file, not JSON, or not such an object.
    """
    table: dict[str, int] = reading.of_json_file(
        path, dict[str, Count], 'JSON like {"folder": 0, …}'
    )
    return table
