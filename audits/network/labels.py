"""Which output of the network each image should have: from folders, from a table, or unknown.

    labels_of(probing_set, classes=subject.classes)             # int64 (images,), or None
    table = read_labels(Path("labels.csv"))                     # {"a/1.png": "cat", …}
    correct(predictions, labels)                                # bool (images,)

A flat folder may bring `labels.csv` in it, or `<folder>.csv` beside it, with the columns `path`
(as it stands below the folder) and `class`, or the metadata.csv and .jsonl of an imagefolder. An
image may have several classes: in a list, between `|` (also `;` and `,` where the parts are names
of classes and the whole is none), or a row each. Its prediction is right where it is one of them.
This module does not open images.
"""

import csv
import io
import json
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from db import tables
from db.errors import BadInput
from db.tables import understood
from db.unit_tables import labels_in
from describer.images.folders import TABLES, by_number
from describer.images.probing import ProbingSet, open_folder

PATHS = ("path", "filename", "file_name", "file", "image", "image_path")
CLASSES = ("class", "label", "class_name", "category", "classes", "labels")
# What stands between the classes of an image.
SEVERAL = "|"


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
    if labels is None and probing_set.labels is None:
        beside = table_of(probing_set.root)
        labels = None if beside is None else read_labels(beside)
    if labels is None:
        given = probing_set.several
        if given is None and probing_set.labels is not None:
            given = tuple((label,) for label in probing_set.labels)
        if given is None:
            return None
        if table is None and not classes:
            found = numbered(probing_set.classes, outputs, empty=probing_set.empty)
        else:
            found = class_indices(probing_set.classes, classes=classes, table=table)
        return _array([[found[label] for label in each] for each in given])
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
    outputs_named = set(table or ()) or {*classes, *distinct(classes)}
    wanted = [_parts(known[tidy(path)], outputs_named) for path in probing_set.paths]
    names = sorted({name for each in wanted for name in each})
    if table is None and not classes and all(name.isdecimal() for name in names):
        return _array([[int(name) for name in each] for each in wanted])
    if table is None and not classes:
        index = dict(zip(names, numbered(names, outputs), strict=True))
    else:
        index = dict(zip(names, class_indices(names, classes=classes, table=table), strict=True))
    return _array([[index[name] for name in each] for each in wanted])


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
) -> tuple[Assigned, ...]:
    """Which output the images of each class were given, in the order of the outputs.

    Args:
        found: what `labels_of` gave; () without.
    """
    if found is None:
        return ()
    names = distinct(classes)
    if probing_set.labels is None:
        counts = Counter(label for label in found.ravel().tolist() if label >= 0)
        rows = {(output, ""): count for output, count in counts.items()}
    else:
        folders = [probing_set.classes[label] for label in probing_set.labels]
        rows = dict(Counter(zip(found.tolist(), folders, strict=True)))
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
    if folders and all(folder.isdecimal() for folder in folders):
        numbers = [int(folder) for folder in folders]
        if len(set(numbers)) == len(numbers) and (outputs is None or max(numbers) < outputs):
            return numbers
    together = by_number({*folders, *empty})
    if outputs is not None and len(folders) != outputs and len(together) == outputs:
        return [together.index(folder) for folder in folders]
    if outputs is not None and len(folders) != outputs:
        more = f" and {len(folders) - 3} more" if len(folders) > 3 else ""
        without = f", and {len(empty)} without images" if empty else ""
        raise BadInput(
            f"expected one class of images for each of the network's {outputs} outputs, as nothing "
            f"names these, got {len(folders)} ({', '.join(folders[:3])}{more}){without}; name the "
            "outputs in `classes` of the subject file, or give --class-index"
        )
    return list(range(len(folders)))


def numbers_note(folders: Sequence[str]) -> tuple[str, ...]:
    """That folders called by numbers are outputs, where torchvision's ImageFolder says otherwise.

    >>> numbers_note(["1", "2"]), len(numbers_note(["2", "10"]))
    ((), 1)
    """
    if not all(folder.isdecimal() for folder in folders) or list(folders) == sorted(folders):
        return ()
    return (
        "class folders are called by numbers and were taken as the outputs of these numbers; a "
        "network that was trained through torchvision's ImageFolder has 10 before 2, and wants "
        "--class-index or `classes` in the subject file",
    )


def table_of(root: Path) -> Path | None:
    """The table of labels that lies in a folder of images, or beside it under its name.

    The metadata that `datasets` reads may be about other things than classes, and then is none.
    """
    for path in (*(root / name for name in TABLES), root.with_name(f"{root.name}.csv")):
        if path.is_file() and (path.stem != "metadata" or _names_classes(path)):
            return path
    return None


def _names_classes(path: Path) -> bool:
    try:
        table = tables.read(_rows_of(path), known=(*PATHS, *CLASSES))
    except BadInput:
        return False
    return table.first(PATHS) is not None and table.first(CLASSES) is not None


def _rows_of(path: Path) -> Path | str:
    """A table, that of lines of JSON as the text of a CSV."""
    if path.suffix != ".jsonl":
        return path
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        records = [dict(json.loads(line)) for line in lines if line.strip()]
    except (OSError, ValueError, TypeError) as error:
        raise BadInput(f"expected lines of JSON in {path}, got {error}") from error
    written = io.StringIO()
    columns = dict.fromkeys(key for record in records for key in record)
    writer = csv.DictWriter(written, columns)
    writer.writeheader()
    writer.writerows(records)
    return written.getvalue()


class Labels(dict[str, str]):
    """Class by path, several with `|` between them, paths as `tidy` leaves them, and how the table
    was read (`understood`)."""

    understood: str = ""


def understood_beside(root: Path) -> str:
    """How the table of labels in or beside a flat folder was read; "" without one.

    Raises:
        BadInput: as `read_labels`.
    """
    beside = table_of(root)
    if beside is None or open_folder(root).labels is not None:
        return ""
    said = read_labels(beside).understood
    return f"{beside}: {said}" if said else ""


def read_labels(source: Path | str) -> Labels:
    """Read a table of `path,class`; other columns may follow.

    Args:
        source: a file, or the text of one.

    Raises:
        BadInput: as `db.tables.read`; no such columns, or a row without a path or a class.
    """
    source = _rows_of(source) if isinstance(source, Path) else source
    table = tables.read(source, known=(*PATHS, *CLASSES))
    paths, classes = table.first(PATHS), table.first(CLASSES)
    if paths is None or classes is None:
        raise BadInput(
            f"expected the columns path and class in {table.name}, got {table.columns()}"
        )
    found = Labels()
    for row in table.rows:
        path, name = (row.cells.get(column, "").strip() for column in (paths, classes))
        several = labels_in(name) or [part.strip() for part in name.split(SEVERAL)]
        if not path or not all(several) or any(SEVERAL in part for part in several):
            raise BadInput(
                f"expected a path and its class in {table.name}, got {path!r}: {name!r} in line "
                f"{row.line}"
            )
        before = found.get(tidy(path), "").split(SEVERAL) if tidy(path) in found else []
        found[tidy(path)] = SEVERAL.join(dict.fromkeys([*before, *several]))
    found.understood = understood(
        [
            *table.notes,
            *(
                f"column `{table.spelling(column)}` read as {meant}"
                for column, meant in ((paths, "path"), (classes, "class"))
                if table.spelling(column) != meant
            ),
        ]
    )
    return found


def tidy(path: str) -> str:
    """A path in the one spelling in which a table and a folder are compared.

    Names of files come decomposed from some systems (e and an accent) and composed from others.

    >>> tidy("./a//b.png"), tidy("a\\\\b.png"), tidy("cafe\\u0301.png") == "caf\\u00e9.png"
    ('a/b.png', 'a/b.png', True)
    """
    parts = unicodedata.normalize("NFC", path.replace("\\", "/")).split("/")
    return "/".join(part for part in parts if part not in ("", "."))


def class_indices(
    folders: Sequence[str], *, classes: Sequence[str] = (), table: Mapping[str, int] | None = None
) -> list[int]:
    """The network's output for each class folder.

    Args:
        folders: distinct folder names, sorted.
        classes: names of the network's outputs, in order.
        table: folder name to output, where folder names are not the class names; it goes first.

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
    # One system writes é as one letter, another as two.
    composed = {unicodedata.normalize("NFC", name): name for name in known}
    folders = [
        folder
        if folder in known or folder in classes
        else composed.get(unicodedata.normalize("NFC", folder), folder)
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
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadInput(f"expected a JSON file of class folders, got {path} ({error})") from error
    if not isinstance(table, dict) or not all(
        isinstance(index, int) and not isinstance(index, bool) and index >= 0
        for index in table.values()
    ):
        raise BadInput(f'expected JSON like {{"folder": 0, …}} in {path}, got something else')
    return table
