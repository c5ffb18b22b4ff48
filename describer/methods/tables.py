"""Tables of descriptions that other programs wrote: ours, and those that papers published.

    table = read(path)                                          # layer,unit,description[,…]
    table = read(text, name="resnet50_layer4.csv", layers=("layer3", "layer4"))
    table.rows[0]                       # Row("layer4", 29, "spiral and circular objects", …)

How they are spelled is the business of `db.unit_tables`; here stands what a description has to be.
Nothing here knows which units a network has: `imports.enter` checks that.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from db import unit_tables
from db.csv_cells import number, restored
from db.errors import BadInput
from db.tables import Source
from db.unit_tables import UnitTable, UnitText

LONGEST = 1_000
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
    understood: str = ""

    @cached_property
    def digest(self) -> str:
        """A hash of what is said of which unit, whatever the order of lines and columns."""
        # No unit stands twice, so that scores that may be None are never compared.
        said = sorted(
            (each.layer, each.unit, each.text, each.score, each.logs) for each in self.rows
        )
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def read(source: Source, *, name: str = "", layers: Sequence[str] = (), layer: str = "") -> Table:
    """Understand a table of descriptions.

    Args:
        source, name, layers, layer: as for `db.unit_tables.read`.

    Raises:
        BadInput: as `db.unit_tables.read`; no description, or a row without a text, with a score
            that is no number, or about a unit that had one.
    """
    table = unit_tables.read(source, name=name, layers=layers, layer=layer)
    rows = tuple(_row(said, table) for said in table.rows)
    if not rows:
        raise BadInput(f"expected at least one description in {table.name}, got none")
    seen: dict[tuple[str, int], int] = {}
    for row in rows:
        first = seen.setdefault((row.layer, row.unit), row.line)
        if first != row.line:
            raise BadInput(
                f"expected every unit once, got {row.layer} {row.unit} in line {first} and again "
                f"in line {row.line} of {table.name}"
            )
    return Table(table.name, table.layout.method, rows, table.understood)


def _row(said: UnitText, table: UnitTable) -> Row:
    place = f"line {said.row.line} of {table.name}"
    text = " ".join(said.text.split())
    if not 0 < len(text) <= LONGEST:
        got = f"{len(text):,} characters" if text else "none"
        raise BadInput(
            f"expected a description of 1 to {LONGEST:,} characters in {place}, got {got}"
        )
    score = _number(said, table.layout.score, table, place) if table.layout.score else None
    logs = [_number(said, name, table, place) for name in _LOGS]
    if (logs[0] is None) != (logs[1] is None):
        raise BadInput(f"expected both of {' and '.join(_LOGS)} or neither in {place}, got one")
    return Row(
        said.layer,
        said.unit,
        text,
        score,
        None if logs[0] is None or logs[1] is None else (logs[0], logs[1]),
        said.row.line,
        restored(said.row.cells.get("subject", "").strip()),
    )


def _number(said: UnitText, column: str, table: UnitTable, place: str) -> float | None:
    """A score, or None where its cell says that there is none."""
    cell = said.row.cells.get(column, "")
    try:
        value = number(cell, decimal_comma=table.decimal_comma)
    except ValueError:
        value = math.nan
    if value is not None and not math.isfinite(value):
        raise BadInput(f"expected a number or nothing as {column} in {place}, got {cell.strip()!r}")
    return value
