"""Scoring functions against people's ratings: Describe-and-Dissect's Table 9 and its raters.

    rated = read(Path("ratings.csv"))           # a column `<function> <rater> Rating` for each
    tables = of_ratings(rated)

Two raters gave the label that each function chose a mark from 1 to 5. What the published table
holds allows means, differences over the same units, and how far the raters agree. It does not hold
what the functions themselves gave the labels (their candidates, the pictures made of these, and the
units' activations on them), so a correlation of score and rating cannot be taken from it: it can be
where a table has a column `<function> Score`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audits.papers.names import mean
from audits.papers.table import Cell, Table
from db import tables as files
from db.csv_cells import number
from db.errors import BadInput
from describer.demo.checks.scores import Estimate, interval

Floats = NDArray[np.float64]
_RATING = re.compile(r"(.+) (\S+) rating")
_SCORE = re.compile(r"(.+) score")
_FLAG = re.compile(r"(uninterpretable|none) (\S+)")


@dataclass(frozen=True)
class Rated:
    """Ratings as they were read: rows are units, NaN where there is none.

    values: float (units, raters) by function. scores: float (units,) by function, where given.
    interpretable: bool (units, raters), what no rater flagged as uninterpretable.
    """

    name: str
    layers: tuple[str, ...]
    raters: tuple[str, ...]
    values: dict[str, Floats]
    scores: dict[str, Floats]
    labels: dict[str, tuple[str, ...]]
    interpretable: NDArray[np.bool_]


def read(path: Path) -> Rated:
    """Read a wide table of ratings.

    Raises:
        BadInput: no column is a rating of a function by a rater.
    """
    table = files.read(path)
    spelled = {column: table.spelling(column) for column in table.header}
    found: dict[tuple[str, str], str] = {}
    scores: dict[str, str] = {}
    flags: dict[str, str] = {}
    labels: dict[str, str] = {}
    for column, name in spelled.items():
        plain = " ".join(name.split())
        if match := _RATING.fullmatch(plain.lower()):
            function = plain[: match.end(1)]
            found[function, plain[match.start(2) : match.end(2)]] = column
        elif match := _SCORE.fullmatch(plain.lower()):
            scores[plain[: match.end(1)]] = column
        elif (match := _FLAG.fullmatch(plain.lower())) and match[1] == "uninterpretable":
            flags[plain[match.start(2) :]] = column
        elif plain.lower().endswith(" label"):
            labels[plain[: -len(" label")]] = column
    if not found:
        raise BadInput(
            f"expected columns `<function> <rater> Rating` in {path.name}, got {table.columns()}"
        )
    functions = list(dict.fromkeys(function for function, _ in found))
    raters = list(dict.fromkeys(rater for _, rater in found))

    def numbers(name: str | None) -> list[float]:
        cells = [row.cells.get(name or "", "") for row in table.rows]
        values = [number(cell) for cell in cells]
        return [float("nan") if value is None else value for value in values]

    flagged = [
        [row.cells.get(flags.get(rater, ""), "").strip().lower() == "true" for rater in raters]
        for row in table.rows
    ]
    layer = table.first(("layer",))
    return Rated(
        path.stem,
        tuple(row.cells.get(layer or "", "").strip() for row in table.rows),
        tuple(raters),
        {
            function: np.array([numbers(found.get((function, rater))) for rater in raters]).T
            for function in functions
        },
        {function: np.array(numbers(name)) for function, name in scores.items()},
        {
            function: tuple(row.cells.get(name, "").strip() for row in table.rows)
            for function, name in labels.items()
        },
        ~np.array(flagged, dtype=bool),
    )


def of_ratings(rated: Rated) -> list[Table]:
    """Mean ratings by layer; differences over the same units; how the raters agree."""
    values = {
        function: np.where(rated.interpretable, own, np.nan)
        for function, own in rated.values.items()
    }
    return [_means(rated, values), _differences(rated, values), _raters(rated, values)]


def _means(rated: Rated, values: dict[str, Floats]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    layers = np.array(rated.layers)
    names = [*dict.fromkeys(layer for layer in rated.layers if layer), "all"]
    for function, own in values.items():
        for layer in names:
            chosen = own[(layers == layer) | (layer == "all")]
            units = ~np.isnan(chosen).all(axis=1)
            rows.append(
                (
                    function,
                    layer,
                    int(units.sum()),
                    int((~np.isnan(chosen)).sum()),
                    _over_units(chosen[units]),
                )
            )
    return Table(
        "scoring",
        "Mean rating of the labels that each scoring function chose",
        (
            f"Describe-and-Dissect, Table 9, of {rated.name}: marks from 1 to 5 by "
            f"{', '.join(rated.raters)}; what a rater flagged as uninterpretable is left out. "
            "Intervals: 95 %, over units, all marks of a unit drawn together.",
        ),
        ("scoring function", "layer", "units", "ratings", "mean rating"),
        tuple(rows),
    )


def _differences(rated: Rated, values: dict[str, Floats]) -> Table:
    """Each function less each other one, and how often they chose the same label."""
    rows: list[tuple[Cell, ...]] = []
    names = list(values)
    for place, first in enumerate(names):
        for second in names[place + 1 :]:
            less = values[first] - values[second]
            units = ~np.isnan(less).all(axis=1)
            marks = np.array([np.nanmean(row) for row in less[units]])
            rows.append((first, second, len(marks), mean(marks), _same(rated, first, second)))
    return Table(
        "scoring-differences",
        "Differences between scoring functions",
        ("Mean over the raters of a unit; 0 wherever both chose the same label and marks agree.",),
        ("first", "second", "units", "first less second", "chose the same label"),
        tuple(rows),
    )


def _raters(rated: Rated, values: dict[str, Floats]) -> Table:
    """Correlations: of the raters with each other, and of scores with each rater where given."""
    rows: list[tuple[Cell, ...]] = []
    for function, own in values.items():
        for place, first in enumerate(rated.raters):
            for second in range(place + 1, len(rated.raters)):
                both = ~np.isnan(own[:, [place, second]]).any(axis=1)
                pair = own[both][:, [place, second]]
                rows.append(
                    (function, f"{first} and {rated.raters[second]}", len(pair), *_rank(pair))
                )
        if function in rated.scores:
            for place, rater in enumerate(rated.raters):
                pair = np.column_stack([rated.scores[function], own[:, place]])
                pair = pair[~np.isnan(pair).any(axis=1)]
                rows.append((function, f"score and {rater}", len(pair), *_rank(pair)))
    notes = [
        "Spearman's rank correlation, with its 95 % interval over units; “equal” is the share of "
        "equal marks."
    ]
    if absent := [function for function in values if function not in rated.scores]:
        notes.append(
            f"No correlation of a score with a rating for {', '.join(absent)}: {rated.name} has no "
            "column `… Score`. Missing are each unit's candidates, the pictures made of them and "
            "the unit's activations on these, from which a score is computed."
        )
    return Table(
        "scoring-raters",
        "How far raters agree, with each other and with scores",
        tuple(notes),
        ("scoring function", "of", "units", "correlation", "equal"),
        tuple(rows),
    )


def _same(rated: Rated, first: str, second: str) -> float | None:
    def labels(function: str) -> tuple[str, ...] | None:
        # A label's column may leave words of the rating's out, or add some.
        near = [name for name in rated.labels if name == function or name.startswith(function)]
        near += [name for name in rated.labels if function.startswith(name)]
        return rated.labels[near[0]] if near else None

    one, two = labels(first), labels(second)
    if one is None or two is None:
        return None
    return float(np.mean([a.casefold() == b.casefold() for a, b in zip(one, two, strict=True)]))


def _over_units(values: Floats) -> Estimate:
    """The mean of all marks; units are drawn with all of theirs."""
    return interval(len(values), lambda rows: float(np.nanmean(values[rows])))


def _rank(pair: Floats) -> tuple[Cell, Cell]:
    from scipy.stats import spearmanr

    def correlation(rows: Sequence[int] | NDArray[np.int64]) -> float:
        a, b = pair[rows].T
        if np.ptp(a) == 0 or np.ptp(b) == 0:
            return 0.0
        return float(spearmanr(a, b).statistic)

    if len(pair) < 3:
        return None, None
    return interval(len(pair), correlation), float((pair[:, 0] == pair[:, 1]).mean())
