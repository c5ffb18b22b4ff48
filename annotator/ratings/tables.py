"""Tables of ratings as in Describe-and-Dissect: mean with standard error, % best, rater agreement.

    table = summary(ratings)                # by (layer, method), and by ("all", method)
    alpha(ratings)                          # Krippendorff's alpha, interval level
    ratings = read(Path("ratings.csv"))     # published wide tables: one column a method and rater
    ratings = read(Path("export.jsonl"))    # or what a rating campaign was exported as

Only valid responses count (Tables 3, 4 and 9 of the paper); the share of valid ones stands beside.
"""

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from annotator.exchange import imports
from annotator.exchange.exports import RATINGS
from db import tables as text_tables
from db.annotate.ratings import Rating
from db.annotate.records import Record
from db.csv_cells import restored, whole
from db.errors import BadInput
from db.tables import Row, Table, canonical
from db.unit_tables import unit_number

ALL = "all"
COUNTING = ("waiting", "approved")


@dataclass(frozen=True)
class Line:
    """One method in one layer.

    Attributes:
        error: standard error of the mean; None for a single rating.
        chosen: share of the responses in which it was picked as best.
    """

    layer: str
    method: str
    ratings: int
    mean: float
    error: float | None
    chosen: float


def summary(ratings: Iterable[Rating]) -> list[Line]:
    """Mean rating and share picked as best of every method, by layer and over all layers."""
    groups: dict[tuple[str, str], list[Rating]] = defaultdict(list)
    for rating in ratings:
        if rating.valid:
            groups[rating.layer, rating.method].append(rating)
            groups[ALL, rating.method].append(rating)
    lines = []
    for (layer, method), own in groups.items():
        values = [rating.rating for rating in own]
        mean = statistics.fmean(values)
        error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else None
        chosen = sum(rating.chosen for rating in own) / len(own)
        lines.append(Line(layer, method, len(values), mean, error, chosen))
    return sorted(lines, key=lambda line: (line.layer == ALL, line.layer, line.method))


def valid_share(ratings: Sequence[Rating]) -> float | None:
    """The share of responses that do not contradict themselves; None without responses."""
    responses = {(rating.layer, rating.unit, rating.rater): rating.valid for rating in ratings}
    return sum(responses.values()) / len(responses) if responses else None


def alpha(ratings: Iterable[Rating]) -> float | None:
    """Krippendorff's alpha of the valid ratings with squared differences.

    1 is perfect agreement, 0 what chance gives; None when no two raters rated the same thing or
    all ratings are equal, so that there is no disagreement to expect. By hand, because neither
    scipy nor scikit-learn has it (their kappa is of two raters who rated everything).

    >>> def rate(unit, rater, value): return Rating("l", unit, "m", rater, value, 0, True)
    >>> alpha([rate(1, "a", 1), rate(1, "b", 1), rate(2, "a", 5), rate(2, "b", 5)])
    1.0
    """
    things: dict[tuple[str, int, str], list[int]] = defaultdict(list)
    for rating in ratings:
        if rating.valid:
            things[rating.layer, rating.unit, rating.method].append(rating.rating)
    paired = [values for values in things.values() if len(values) >= 2]
    everything = [value for values in paired for value in values]
    if not everything:
        return None
    observed = sum(_differences(values) / (len(values) - 1) for values in paired)
    expected = _differences(everything) / (len(everything) - 1)
    return 1 - observed / expected if expected else None


def _differences(values: Sequence[int]) -> float:
    """Sum of the squared differences of all ordered pairs."""
    return float(2 * (len(values) * sum(v * v for v in values) - sum(values) ** 2))


def of_records(records: Iterable[Record]) -> list[Rating]:
    """The marks of exported answers, without those of refused ones."""
    return [
        Rating(
            record.layer,
            record.unit,
            method,
            record.annotator,
            mark.rating,
            (mark.text == record.rating.best) / len(mark.methods),
            record.rating.valid,
        )
        for record in records
        if record.rating is not None and record.status in COUNTING
        for mark in record.rating.marks
        for method in mark.methods
    ]


def read(path: Path) -> list[Rating]:
    """Read the ratings of a published table or of an export of ours, whichever it is.

    Published tables have `Layer`, `Unit`, `<method> E<n> Rating` and flags of each rater. A rater
    who found a unit uninterpretable, or none of its labels fitting, gave no valid response.

    Raises:
        BadInput: the file cannot be read, the columns are not there, or a rating is none.
    """
    if path.suffix == ".jsonl":
        return of_records(imports.read(path))
    table = text_tables.read(path, known=("layer", "unit"))
    if set(RATINGS) <= set(table.header):
        return _long(table)
    if {"rating", "revisions"} <= set(table.header):
        return of_records(imports.read(path))
    marks = [
        (canonical(column), method, rater)
        for column in table.spelled
        if column.endswith(" Rating") and " " in column.removesuffix(" Rating")
        for method, rater in [column.removesuffix(" Rating").rsplit(" ", 1)]
    ]
    if not {"layer", "unit"} <= set(table.header) or not marks:
        raise BadInput(
            f"expected the columns Layer, Unit and `<method> <rater> Rating` in {path}, got "
            f"{table.columns()}"
        )
    return [rating for row in table.rows for rating in _wide(row, marks, table)]


def _wide(row: Row, marks: Sequence[tuple[str, str, str]], table: Table) -> Iterator[Rating]:
    """The ratings of a row with a column for every method and rater."""
    place = f"line {row.line} of {table.name}"
    unit = unit_number(row.cells.get("unit", ""), place)
    values = {column: _mark(row, column, table) for column, _, _ in marks}
    for column, method, rater in marks:
        refused = any(
            row.cells.get(canonical(f"{flag} {rater}"), "").strip().upper() == "TRUE"
            for flag in ("Uninterpretable", "None")
        )
        own = [values[name] for name, _, who in marks if who == rater]
        best = own.count(max(own)) if values[column] == max(own) else 0
        yield Rating(
            row.cells["layer"],
            unit,
            method,
            rater,
            values[column],
            1 / best if best else 0.0,
            not refused,
        )


def _mark(row: Row, column: str, table: Table) -> int:
    """A whole number in a column.

    Raises:
        BadInput: it is none.
    """
    value = whole(row.cells.get(column, ""))
    if value is None:
        raise BadInput(
            f"expected a rating in column {table.spelling(column)!r}, line {row.line} of "
            f"{table.name}, got {row.cells.get(column, '')!r}"
        )
    return value


def _long(table: Table) -> list[Rating]:
    """Our table of a line for every mark and method.

    Raises:
        BadInput: a row lacks cells, or has another thing than a number as unit or rating.
    """
    for row in table.rows:
        if not set(RATINGS) <= row.cells.keys():
            raise BadInput(
                f"expected {len(table.header)} cells in line {row.line} of {table.name}, got "
                f"{len(row.cells)}"
            )
    rows = [row for row in table.rows if row.cells["status"] in COUNTING]
    sharing = Counter(row.cells["id"] for row in rows if row.cells["best"] == "true")
    return [
        Rating(
            restored(row.cells["layer"]),
            unit_number(row.cells["unit"], f"line {row.line} of {table.name}"),
            restored(row.cells["method"]),
            restored(row.cells["rater"]),
            _mark(row, "rating", table),
            1 / sharing[row.cells["id"]] if row.cells["best"] == "true" else 0.0,
            row.cells["valid"] == "true",
        )
        for row in rows
    ]
