"""A table of an experiment: rows of numbers with intervals, as CSV, JSON and lines of text.

    table = Table("people", "Methods beside people", notes, ("method", "BERTScore"), rows)
    table.write(folder)                     # people.csv, people.json
    print(table.text())

A cell is a text, a number, nothing, or an estimate with its interval, which takes three columns of
the CSV: the value, `… low` and `… high`.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from db import tables
from db.arrays import new_file
from describer.demo.checks.scores import Estimate

Cell = str | int | float | Estimate | None


@dataclass(frozen=True)
class Table:
    """One table. notes: what was asked, of whom, and how each number is to be read."""

    name: str
    title: str
    notes: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def cells(self) -> list[list[str]]:
        """The rows as a person reads them."""
        return [[shown(cell) for cell in row] for row in self.rows]

    def text(self) -> str:
        """The table for a terminal, its columns in line."""
        lines = [list(self.columns), *self.cells()]
        widths = [max(len(line[place]) for line in lines) for place in range(len(self.columns))]
        body = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        ]
        return "\n".join([self.title, *body, *self.notes])

    def write(self, folder: Path) -> None:
        """Write NAME.csv and NAME.json."""
        folder.mkdir(parents=True, exist_ok=True)
        ranged = {
            place
            for row in self.rows
            for place, cell in enumerate(row)
            if isinstance(cell, Estimate)
        }
        columns = [
            name + end
            for place, name in enumerate(self.columns)
            for end in (("", " low", " high") if place in ranged else ("",))
        ]
        rows = [
            [
                value
                for place, cell in enumerate(row)
                for value in (_three(cell) if place in ranged else [cell])
            ]
            for row in self.rows
        ]
        tables.write(folder / f"{self.name}.csv", columns, rows)
        with new_file(folder / f"{self.name}.json") as temporary:
            text = json.dumps(self.to_json(), indent=1, ensure_ascii=False)
            temporary.write_text(text + "\n", encoding="utf-8")

    def to_json(self) -> dict[str, Any]:
        """Plain values; an estimate is an object, a number that is none is null."""
        rows = [[_plain(cell) for cell in row] for row in self.rows]
        return {**asdict(self), "rows": rows, "notes": list(self.notes)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Table":
        """What `to_json` gave."""
        rows = tuple(
            tuple(Estimate(**cell) if isinstance(cell, dict) else cell for cell in row)
            for row in stored["rows"]
        )
        columns, notes = tuple(stored["columns"]), tuple(stored["notes"])
        return cls(stored["name"], stored["title"], notes, columns, rows)


def shown(cell: Cell) -> str:
    """A cell as a person reads it.

    >>> shown(Estimate(0.5, 0.25, 0.75, 9)), shown(0.12345), shown(None), shown(7)
    ('0.500 [0.250, 0.750]', '0.123', '', '7')
    """
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, Estimate):
        return cell.precise() if cell.count else ""
    return f"{cell:.3f}" if isinstance(cell, float) else str(cell)


def _three(cell: Cell) -> list[Cell]:
    if isinstance(cell, Estimate):
        return [cell.value, cell.low, cell.high] if cell.count else [None, None, None]
    return [cell, None, None]


def _plain(cell: Cell) -> Any:
    if isinstance(cell, Estimate):
        return asdict(cell) if cell.count else None
    return None if isinstance(cell, float) and math.isnan(cell) else cell
