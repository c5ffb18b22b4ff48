"""The files of an audit: curve.csv, units.csv and summary.json.

    write(folder, measured, found, provenance={"subject": …, "test": …})

`curve.csv` is `condition,trial,n_ablated,split,accuracy`. Numbers keep all their digits; two
measurements of the same data write the same bytes.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from audits.ablation.measure import Line, Measured
from audits.ablation.summary import summarised
from audits.find.words import Spans
from db import tables
from db.unit_tables import UnitText
from db.units import Unit

CURVE_COLUMNS = ("condition", "trial", "n_ablated", "split", "accuracy")
UNIT_COLUMNS = (
    "place",
    "layer",
    "unit",
    "accuracy_alone",
    "log_likelihood_alone",
    "ablated",
    "description",
    "matched",
)


def matching(
    described: Iterable[UnitText], found: Mapping[str, Spans]
) -> dict[Unit, tuple[str, Spans]]:
    """The units with a sentence among those found, with the first such sentence and its spans."""
    units: dict[Unit, tuple[str, Spans]] = {}
    for one in described:
        if one.text in found:
            units.setdefault(one.place, (one.text, found[one.text]))
    return units


def write(
    folder: Path,
    measured: Measured,
    found: Mapping[Unit, tuple[str, Spans]],
    *,
    provenance: Mapping[str, Any],
) -> None:
    """Write curve.csv, units.csv and summary.json into a folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    tables.write(folder / "curve.csv", CURVE_COLUMNS, curve_rows(measured.lines))
    tables.write(folder / "units.csv", UNIT_COLUMNS, _unit_rows(measured, found))
    text = json.dumps(
        {**provenance, **summarised(measured).measured_json()}, indent=2, sort_keys=True
    )
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")


def curve_rows(lines: Iterable[Line]) -> Iterable[tuple[str, int, int, str, float]]:
    """The rows of curve.csv."""
    for line in lines:
        for count, accuracy in zip(line.curve.counts, line.curve.accuracies, strict=True):
            yield line.condition, line.trial, count, line.split, accuracy


def _unit_rows(
    measured: Measured, found: Mapping[Unit, tuple[str, Spans]]
) -> Iterable[tuple[int, str, int, float, float, str, str, str]]:
    ablated = set(measured.order)
    for place, one in enumerate(measured.ranking):
        text, spans = found.get(one.place, ("", ()))
        matched = " ".join(text[start:stop] for start, stop in spans)
        yield (
            place,
            one.layer,
            one.unit,
            one.accuracy,
            one.log_likelihood,
            "yes" if one.place in ablated else "no",
            text,
            matched,
        )
