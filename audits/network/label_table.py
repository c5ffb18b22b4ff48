"""The table of classes of images: `path,class`, as its text, in a folder or beside it.

    read_labels(Path("labels.csv"))             # {"a/1.png": "cat", "b/2.png": "cat|dog", …}
    table_of(Path("photos"))                    # photos/labels.csv, photos.csv, …, or None

The columns may be called otherwise; lists, numbers such as 12.0 and paths of other systems
are understood; `Labels.understood` says how. This module knows no outputs of a network.
"""

import csv
import io
import re
import unicodedata
from pathlib import Path
from typing import Any

from db import reading, tables
from db.errors import BadInput
from db.tables import understood
from db.unit_tables import labels_in
from describer.images.folders import TABLES
from describer.images.probing import open_folder

PATHS = ("path", "filename", "file_name", "file", "image", "image_path")
CLASSES = ("class", "label", "class_name", "category", "classes", "labels")
# What stands between the classes of an image.
SEVERAL = "|"
_WHOLE = re.compile(r"(-?\d+)\.0+")


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
    what = "lines of JSON"
    text = reading.text_of(path, what)
    records = [record for _, record in reading.of_lines(text, dict[str, Any], what, path)]
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
    whole = _whole_numbers(found)
    found.understood = understood(
        [
            *table.notes,
            *(["classes such as 12.0 read as whole numbers"] if whole else []),
            *(
                f"column `{table.spelling(column)}` read as {meant}"
                for column, meant in ((paths, "path"), (classes, "class"))
                if table.spelling(column) != meant
            ),
        ]
    )
    return found


def _whole_numbers(labels: dict[str, str]) -> bool:
    """Write 12.0 as 12 where all classes are such numbers; whether any was."""
    rows = {path: name.split(SEVERAL) for path, name in labels.items()}
    parts = [part for row in rows.values() for part in row]
    if not all(is_output(part) or _WHOLE.fullmatch(part) for part in parts):
        return False
    for path, row in rows.items():
        labels[path] = SEVERAL.join(_WHOLE.sub(r"\1", part) for part in row)
    return not all(map(is_output, parts))


def is_output(name: str) -> bool:
    """Whether a class is called by the number of an output: digits of no other script, few."""
    return re.fullmatch("[0-9]{1,9}", name) is not None


def tidy(path: str) -> str:
    """A path in the one spelling in which a table and a folder are compared.

    Names of files come decomposed from some systems (e and an accent) and composed from others.

    >>> tidy("./a//b.png"), tidy("a\\\\b.png"), tidy("cafe\\u0301.png") == "caf\\u00e9.png"
    ('a/b.png', 'a/b.png', True)
    """
    parts = unicodedata.normalize("NFC", path.replace("\\", "/")).split("/")
    return "/".join(part for part in parts if part not in ("", "."))
