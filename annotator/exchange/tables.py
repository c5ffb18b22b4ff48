"""Tables of sentences: `layer,unit,summary` as milannotations spells them, read, written, checked.

    rows = read(Path("annotations.csv"))
    write(path, rows)
    check(rows).as_text()

What a spreadsheet would run as a formula is written with an apostrophe before it and read without,
so that a file can be opened anywhere and comes back as it was.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from db import tables, unit_tables
from db.tables import Source
from db.unit_tables import UnitTable

COLUMNS = ("layer", "unit", "summary")
CLEANED = ("raw", "rules")


@dataclass(frozen=True)
class Row:
    """One sentence about one unit; `raw` and `rules` stand beside a cleaned one."""

    layer: str
    unit: int
    summary: str
    raw: str | None = None
    rules: int | None = None


@dataclass(frozen=True)
class Report:
    """Which units do not have the expected number of sentences.

    Attributes:
        counts: how many units have so many sentences.
        uneven: (layer, unit, sentences) of the others, in file order.
        repeated: (layer, unit, sentence) where a unit has the same sentence twice.
        empty: rows without a sentence.
    """

    expected: int
    units: int
    counts: dict[int, int]
    uneven: tuple[tuple[str, int, int], ...]
    repeated: tuple[tuple[str, int, str], ...]
    empty: int

    def as_json(self) -> dict[str, object]:
        """Plain values for printing as JSON."""
        return {
            "expected": self.expected,
            "units": self.units,
            "counts": {str(count): units for count, units in sorted(self.counts.items())},
            "uneven": [list(each) for each in self.uneven],
            "repeated": [list(each) for each in self.repeated],
            "empty": self.empty,
        }

    def as_text(self) -> str:
        """A few lines for a person."""
        lines = [f"{self.units} units; sentences a unit:"]
        lines += [
            f"  {count:>3} sentences: {units} units{'' if count == self.expected else '  <--'}"
            for count, units in sorted(self.counts.items())
        ]
        for layer, unit, count in self.uneven[:20]:
            lines.append(f"  {layer} {unit}: {count} instead of {self.expected}")
        if len(self.uneven) > 20:
            lines.append(f"  … and {len(self.uneven) - 20} more (all of them with --json)")
        lines.append(f"{len(self.repeated)} sentences twice on one unit, {self.empty} empty rows")
        return "\n".join(lines)


def read(source: Source, *, name: str = "") -> list[Row]:
    """Read a table with at least the columns layer, unit and summary.

    Raises:
        BadInput: as `db.unit_tables.read`.
    """
    return rows_of(table_of(source, name=name))


def table_of(source: Source, *, name: str = "") -> UnitTable:
    """The same with what was understood, for whoever shows it."""
    return unit_tables.read(source, name=name, prefer=unit_tables.SUMMARY, several=True)


def rows_of(table: UnitTable) -> list[Row]:
    """The sentences of a table, each exactly as it was written."""
    return [Row(said.layer, said.unit, said.text) for said in table.rows]


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write rows as `layer,unit,summary`, formulas neutralised; `raw,rules` behind if cleaned."""
    lines = list(rows)
    cleaned = any(row.raw is not None for row in lines)
    tables.write(
        path,
        (*COLUMNS, *CLEANED) if cleaned else COLUMNS,
        (
            (row.layer, row.unit, row.summary, *((row.raw, row.rules) if cleaned else ()))
            for row in lines
        ),
    )


def check(rows: Sequence[Row], *, expected: int = 3) -> Report:
    """Count the sentences of every unit."""
    counts = Counter((row.layer, row.unit) for row in rows)
    texts = Counter((row.layer, row.unit, row.summary) for row in rows if row.summary.strip())
    return Report(
        expected,
        len(counts),
        dict(Counter(counts.values())),
        tuple((*unit, count) for unit, count in counts.items() if count != expected),
        tuple(text for text, count in texts.items() if count > 1),
        sum(not row.summary.strip() for row in rows),
    )
