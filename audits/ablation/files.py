"""The files of an audit: descriptions in, curve.csv, units.csv and summary.json out.

    described = read_descriptions(path)             # [Described("layer4", 427, "Animals, …"), …]
    write(folder, measured, found, provenance={"subject": …, "test": …})

`curve.csv` is `condition,trial,n_ablated,split,accuracy`. Numbers keep all their digits; two
measurements of the same data write the same bytes.
"""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audits.ablation.measure import Line, Measured
from audits.ablation.summarise import summarised
from audits.find.words import Spans
from db.cells import neutral
from db.errors import BadInput
from db.units import Unit

CURVE_COLUMNS = ("condition", "trial", "n_ablated", "split", "accuracy")
UNIT_COLUMNS = ("place", "layer", "unit", "accuracy_alone", "ablated", "description", "matched")
_TEXT_COLUMNS = ("description", "summary")


@dataclass(frozen=True)
class Described:
    """One sentence about one unit."""

    layer: str
    unit: int
    text: str


def read_descriptions(path: Path) -> list[Described]:
    """Read `layer,unit,description` (or `summary`, as milannotations call it); other columns may
    follow, and a unit may have several sentences.

    Raises:
        BadInput: no such file, not such a table, or a unit that is no number (with its line).
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or []
            text = next((name for name in _TEXT_COLUMNS if name in columns), None)
            if text is None or "layer" not in columns or "unit" not in columns:
                raise BadInput(
                    f"expected the columns layer, unit and description in {path}, "
                    f"got {', '.join(columns) or 'none'}"
                )
            found = [
                Described(row["layer"], _unit(row["unit"], path, reader.line_num), row[text] or "")
                for row in reader
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"expected a CSV file of descriptions, got {path} ({error})") from error
    if not found:
        raise BadInput(f"expected at least one description in {path}, got none")
    return found


def matching(
    described: Sequence[Described], found: Mapping[str, Spans]
) -> dict[Unit, tuple[str, Spans]]:
    """The units with a sentence among those found, with the first such sentence and its spans."""
    units: dict[Unit, tuple[str, Spans]] = {}
    for one in described:
        if one.text in found:
            units.setdefault((one.layer, one.unit), (one.text, found[one.text]))
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
    _write_csv(folder / "curve.csv", CURVE_COLUMNS, curve_rows(measured.lines))
    _write_csv(folder / "units.csv", UNIT_COLUMNS, _unit_rows(measured, found))
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
) -> Iterable[tuple[int, str, int, float, str, str, str]]:
    ablated = set(measured.order)
    for place, one in enumerate(measured.ranking):
        text, spans = found.get(one.place, ("", ()))
        matched = " ".join(text[start:stop] for start, stop in spans)
        yield (
            place,
            one.layer,
            one.unit,
            one.accuracy,
            "yes" if one.place in ablated else "no",
            text,
            matched,
        )


def _unit(text: str | None, path: Path, line: int) -> int:
    if text is None or not text.strip().isdecimal():
        raise BadInput(f"expected a unit's number in line {line} of {path}, got {text!r}")
    return int(text)


def _write_csv(path: Path, columns: Sequence[str], values: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in values:
            writer.writerow([neutral(cell) if isinstance(cell, str) else cell for cell in row])
