"""Tables of ratings as in Describe-and-Dissect: mean with standard error, % best, rater agreement.

    table = summary(ratings)                # by (layer, method), and by ("all", method)
    alpha(ratings)                          # Krippendorff's alpha, interval level
    ratings = read(Path("ratings.csv"))     # published wide tables: one column a method and rater
    ratings = read(Path("export.jsonl"))    # or what a rating campaign was exported as

Only valid responses count (Tables 3, 4 and 9 of the paper); the share of valid ones stands beside.
"""

import csv
import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from annotator.exchange import imports
from annotator.exchange.exports import RATINGS
from db.annotate.ratings import Rating
from db.annotate.records import Record
from db.csv_cells import restored
from db.errors import BadInput

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
    try:
        return of_records(imports.read(path)) if path.suffix == ".jsonl" else _read(path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(
            f"expected a table of ratings in {path}, it cannot be read: {error}"
        ) from error


def _read(path: Path) -> list[Rating]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        columns = list(reader.fieldnames or ())
        if set(RATINGS) <= set(columns):
            return _long(reader, path)
        if {"rating", "revisions"} <= set(columns):
            return of_records(imports.read(path))
        marks = [
            (column, *column.removesuffix(" Rating").rsplit(" ", 1))
            for column in columns
            if column.endswith(" Rating") and " " in column.removesuffix(" Rating")
        ]
        if not {"Layer", "Unit"} <= set(columns) or not marks:
            raise BadInput(
                f"expected the columns Layer, Unit and `<method> <rater> Rating` in {path}, got "
                f"{', '.join(columns) or 'an empty file'}"
            )
        ratings = []
        for row in reader:
            if not (row["Unit"] or "").strip().isdecimal():
                raise BadInput(
                    f"expected the number of a unit, line {reader.line_num} of {path}, got "
                    f"{row['Unit']!r}"
                )
            for column, _, _ in marks:
                if not (row[column] or "").strip().isdecimal():
                    raise BadInput(
                        f"expected a rating in column {column!r}, line {reader.line_num} of "
                        f"{path}, got {row[column]!r}"
                    )
            for column, method, rater in marks:
                refused = any(
                    (row.get(f"{flag} {rater}") or "").strip().upper() == "TRUE"
                    for flag in ("Uninterpretable", "None")
                )
                value = int(row[column])
                own = [int(row[c]) for c, _, who in marks if who == rater]
                best = own.count(max(own)) if value == max(own) else 0
                ratings.append(
                    Rating(
                        row["Layer"],
                        int(row["Unit"]),
                        method,
                        rater,
                        value,
                        1 / best if best else 0.0,
                        not refused,
                    )
                )
    return ratings


def _long(reader: "csv.DictReader[str]", path: Path) -> list[Rating]:
    """Our table of a line for every mark and method."""
    rows = [row for row in reader if row["status"] in COUNTING]
    sharing = Counter(row["id"] for row in rows if row["best"] == "true")
    try:
        return [
            Rating(
                restored(row["layer"]),
                int(row["unit"]),
                restored(row["method"]),
                restored(row["rater"]),
                int(row["rating"]),
                1 / sharing[row["id"]] if row["best"] == "true" else 0.0,
                row["valid"] == "true",
            )
            for row in rows
        ]
    except ValueError as error:
        raise BadInput(f"expected numbers as unit and rating in {path}: {error}") from error
