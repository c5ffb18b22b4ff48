"""Tables of descriptions that other programs wrote: ours, and those that papers published.

    table = parse(read(path), path.name)                        # layer,unit,description[,…]
    table = parse(text, "resnet50_layer4.csv", layers=("layer3", "layer4"))
    table.rows[0]                       # Row("layer4", 29, "spiral and circular objects", …)

The layout is told by the columns. Tables about one layer name it in their file's name, or it is
given. Nothing here knows which units a network has: `imports.enter` checks that.
"""

import csv
import hashlib
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from db.cells import restored
from db.errors import BadInput

LONGEST = 1_000
NAMED = 4


@dataclass(frozen=True)
class Layout:
    """How a kind of table spells what it holds.

    Attributes:
        unit: column of the unit's number, counted from `first`.
        text: column of the description.
        score: column of a score that a higher value of is better, where there is one.
        method: what such tables come from; empty where the columns do not tell.
    """

    unit: str
    text: str
    score: str = ""
    first: int = 0
    method: str = ""


# The first whose columns are all there is meant; `layer` is a column or in the file's name.
LAYOUTS = (
    Layout("unit", "label", "score", 1, "NetDissect"),
    Layout("Neuron ID", "Label 1", method="Describe-and-Dissect"),
    Layout("Neuron ID", "label", method="Describe-and-Dissect"),
    Layout("unit", "description", "similarity", method="CLIP-Dissect"),
    Layout("unit", "description", "score"),
    Layout("unit", "description"),
    Layout("unit", "summary"),
)
_LOGS = ("log_p_given_e", "log_p")


@dataclass(frozen=True)
class Row:
    """A description of a unit (counted from 0), and the line of the file that it stands in.

    score: of the method's own kind. logs: log p(d|E) and log p(d), as MILAN has them. subject: the
    network that the row says it is about, if it does.
    """

    layer: str
    unit: int
    text: str
    score: float | None
    logs: tuple[float, float] | None
    line: int
    subject: str = ""


@dataclass(frozen=True)
class Table:
    """A table that was read whole; `method` is empty where its columns do not tell."""

    source: str
    method: str
    rows: tuple[Row, ...]

    @property
    def digest(self) -> str:
        """A hash of what is said of which unit, whatever the order of lines and columns."""
        # No unit stands twice, so that scores that may be None are never compared.
        said = sorted(
            (each.layer, each.unit, each.text, each.score, each.logs) for each in self.rows
        )
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def read(path: Path) -> str:
    """The text of a file.

    Raises:
        BadInput: it is not there or no text.
    """
    try:
        return path.expanduser().read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"expected a CSV file of descriptions, got {path}: {error}") from error


def parse(text: str, name: str, *, layers: Sequence[str] = (), layer: str = "") -> Table:
    """Understand a table of descriptions.

    Args:
        name: what the file is called; messages name it.
        layers: the network's layers: one of them is looked for at the end of the file's name when
            the table has no column `layer`.
        layer: the layer of such a table, whatever its file is called.

    Raises:
        BadInput: its columns are none of the known ones, no layer is named, or a line holds no
            number, no text, no score that is one, or a unit a second time.
    """
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        columns = list(reader.fieldnames or [])
        layout = _layout(columns, name)
        where = "" if "layer" in columns else layer or _named(name, layers)
        rows = [
            _row(row, layout, where, f"line {reader.line_num} of {name}", reader.line_num)
            for row in reader
        ]
    except csv.Error as error:
        raise BadInput(f"expected a CSV table of descriptions, got {name}: {error}") from error
    if not rows:
        raise BadInput(f"expected at least one description in {name}, got none")
    seen: dict[tuple[str, int], int] = {}
    for row in rows:
        first = seen.setdefault((row.layer, row.unit), row.line)
        if first != row.line:
            raise BadInput(
                f"expected every unit once, got {row.layer} {row.unit} in line {first} and again "
                f"in line {row.line} of {name}"
            )
    return Table(name, layout.method, tuple(rows))


def _layout(columns: Sequence[str], file: str) -> Layout:
    for layout in LAYOUTS:
        if {layout.unit, layout.text, *([layout.score] if layout.score else [])} <= {*columns}:
            return layout
    got = ", ".join(columns[:NAMED]) + (" …" if len(columns) > NAMED else "")
    raise BadInput(
        "expected the columns layer, unit and description, or those of a published table "
        f"(Neuron ID and Label 1 or label; unit, label and score), in {file}, "
        f"got {got or 'none'}"
    )


def _named(file: str, layers: Sequence[str]) -> str:
    """The layer that a file's name ends in, as `resnet50_imagenet_layer4.csv` does."""
    stem = file.removesuffix(".csv")
    for name in sorted(layers, key=len, reverse=True):
        if stem == name or stem.endswith((f"_{name}", f"-{name}")):
            return name
    raise BadInput(
        f"expected a column layer in {file}, or the layer at the end of its name, got neither"
    )


def _row(row: dict[str, str], layout: Layout, layer: str, place: str, line: int) -> Row:
    cells = {name: (value or "").strip() for name, value in row.items() if isinstance(value, str)}
    number = cells.get(layout.unit, "")
    if not (number.isascii() and number.isdigit()) or int(number) < layout.first:
        raise BadInput(f"expected a unit's number from {layout.first} in {place}, got {number!r}")
    text = " ".join(restored(cells.get(layout.text, "")).split())
    if not 0 < len(text) <= LONGEST:
        got = f"{len(text):,} characters" if text else "none"
        raise BadInput(
            f"expected a description of 1 to {LONGEST:,} characters in {place}, got {got}"
        )
    logs = [_number(cells, name, place) for name in _LOGS]
    if (logs[0] is None) != (logs[1] is None):
        raise BadInput(f"expected both of {' and '.join(_LOGS)} or neither in {place}, got one")
    return Row(
        restored(cells["layer"]) if "layer" in row else layer,
        int(number) - layout.first,
        text,
        _number(cells, layout.score, place) if layout.score else None,
        None if logs[0] is None or logs[1] is None else (logs[0], logs[1]),
        line,
        restored(cells.get("subject", "")),
    )


def _number(cells: dict[str, str], column: str, place: str) -> float | None:
    """A score, or None where its cell is empty."""
    cell = cells.get(column, "")
    try:
        value = float(cell) if cell else None
    except ValueError:
        value = math.nan
    if value is not None and not math.isfinite(value):
        raise BadInput(f"expected a number or nothing as {column} in {place}, got {cell!r}")
    return value
