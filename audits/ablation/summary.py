"""The files of an audit: descriptions in, curve.csv, units.csv and summary.json out.

    described = read_descriptions(path)             # [Described("layer4", 427, "Animals, …"), …]
    write(folder, measured, found, provenance={"subject": …, "test": …})

`curve.csv` is `condition,trial,n_ablated,split,accuracy`. Numbers keep all their digits; two
measurements of the same data write the same bytes.
"""

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from audits.ablation.measure import Line, Measured, Point
from audits.figures.intervals import too_few
from audits.find.words import Spans
from db.cells import neutral
from db.errors import BadInput
from db.units import Unit

CURVE_COLUMNS = ("condition", "trial", "n_ablated", "split", "accuracy")
UNIT_COLUMNS = ("place", "layer", "unit", "accuracy_alone", "ablated", "description", "matched")
CLASSES = 24
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
    text = json.dumps({**provenance, **summary(measured)}, indent=2, sort_keys=True)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")


def curve_rows(lines: Iterable[Line]) -> Iterable[tuple[str, int, int, str, float]]:
    """The rows of curve.csv."""
    for line in lines:
        for count, accuracy in zip(line.curve.counts, line.curve.accuracies, strict=True):
            yield line.condition, line.trial, count, line.split, accuracy


def summary(measured: Measured) -> dict[str, Any]:
    """A measurement as JSON can hold it, with `rows` of (what, value) for people to read."""
    lines = [line for line in measured.lines if line.split == "test"]
    chosen = measured.chosen.n_ablated if measured.chosen else 0
    return {
        "measure": measured.before.measure,
        "images": len(measured.before.predictions),
        "units": [list(unit) for unit in measured.order],
        "start": _point(measured.start),
        "chosen": _point(measured.chosen),
        "best": _point(measured.best),
        "end": _point(measured.end),
        "controls": [
            {"trial": line.trial, "units": [list(unit) for unit in line.curve.order]}
            for line in lines
            if line.condition == "random"
        ],
        "sorted_all": [
            list(unit)
            for line in lines
            if line.condition == "sorted_all"
            for unit in line.curve.order
        ],
        "whole_layers": [
            {
                "layer": line.curve.order[0][0],
                "units": line.curve.counts[-1],
                "accuracy": line.curve.accuracies[-1],
            }
            for line in lines
            if line.condition == "whole_layer"
        ],
        "by_class_count": chosen or measured.end.n_ablated,
        "by_class": {
            name: {
                "images": measured.before.images_by_class[name],
                "before": accuracy,
                "after": measured.after.by_class.get(name),
                "random": _mean([draw.by_class[name] for draw in measured.random]),
            }
            for name, accuracy in measured.before.by_class.items()
        },
        "class_curves": class_curves(measured.lines),
        "warnings": list(measured.warnings),
        "rows": [list(row) for row in rows(measured)],
    }


def class_curves(lines: Sequence[Line]) -> dict[str, Any]:
    """Accuracies by class as units are ablated: validation, test, and the mean of random draws.

    With more than `CLASSES` classes those that change most on test images are kept; `left_out`
    says how many are not.
    """
    by = {
        (condition, split): [
            line.curve for line in lines if (line.condition, line.split) == (condition, split)
        ]
        for condition, split in (
            ("keyword", "validation"),
            ("keyword", "test"),
            ("random", "test"),
        )
    }
    test = by["keyword", "test"][0]

    def change(name: str) -> float:
        values = test.by_class[name]
        return max(values) - min(values)

    # Names break ties, so that the same data gives the same classes.
    kept = sorted(test.by_class, key=lambda name: (-change(name), name))[:CLASSES]
    return {
        "counts": list(test.counts),
        "left_out": len(test.by_class) - len(kept),
        "classes": {
            name: {
                "test": list(test.by_class[name]),
                "validation": [
                    value
                    for curve in by["keyword", "validation"]
                    for value in curve.by_class.get(name, ())
                ],
                "random": [
                    math.fsum(values) / len(values)
                    for values in zip(
                        *(curve.by_class[name] for curve in by["random", "test"]), strict=True
                    )
                ],
            }
            for name in sorted(kept)
        },
    }


def rows(measured: Measured) -> list[tuple[str, str]]:
    """The measurement in words and numbers, as a page shows it."""
    count = len(measured.before.predictions)
    digits = 1 if count >= 1000 or count == 0 else 2
    what = measured.before.measure

    def percent(value: float | None) -> str:
        return "not measured" if value is None else f"{value:.{digits}%}"

    found = [(f"{what} without ablation ({count} test images)", percent(measured.start.test))]
    for name, point in (
        ("chosen on validation", measured.chosen),
        ("best on test (an oracle's choice)", measured.best),
        ("all", measured.end),
    ):
        if point is None:
            continue
        units = f"{point.n_ablated} unit{'s' * (point.n_ablated != 1)}, {name}"
        found.append((f"{what} without {units}", percent(point.test)))
        if point.random is not None:
            found.append(
                (
                    f"… without as many random units of the same layers ({units})",
                    f"{percent(point.random.mean)} (95 % of draws: {percent(point.random.low)} "
                    f"to {percent(point.random.high)})"
                    f"{too_few(point.random.low, point.random.high, len(measured.random))}"
                    if not math.isnan(point.random.low)
                    else f"{percent(point.random.mean)} (one draw)",
                )
            )
        if point.sorted_all is not None:
            found.append((f"… sorting all examined units ({units})", percent(point.sorted_all)))
    for line in measured.lines:
        if line.condition == "whole_layer" and line.split == "test":
            layer, size = line.curve.order[0][0], line.curve.counts[-1]
            found.append(
                (f"{what} without all {size} units of {layer}", percent(line.curve.at(size)))
            )
    return found


def _unit_rows(
    measured: Measured, found: Mapping[Unit, tuple[str, Spans]]
) -> Iterable[tuple[int, str, int, float, str, str, str]]:
    ablated = set(measured.order)
    for place, one in enumerate(measured.ranking):
        unit = (one.layer, one.unit)
        text, spans = found.get(unit, ("", ()))
        matched = " ".join(text[start:stop] for start, stop in spans)
        yield (
            place,
            one.layer,
            one.unit,
            one.accuracy,
            "yes" if unit in ablated else "no",
            text,
            matched,
        )


def _point(point: Point | None) -> dict[str, Any] | None:
    if point is None:
        return None
    values = asdict(point)
    if point.random is not None and math.isnan(point.random.low):
        values["random"] = {"mean": point.random.mean, "low": None, "high": None}
    return values


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None


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
