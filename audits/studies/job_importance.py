"""What a job of kind `importance` does: which kinds of description matter to a network.

    jobs.work(workspace, {"importance": importance})

What was found is returned, as plain values for the page; every evaluation is cached, so that a
job that was killed goes on without measuring anything twice.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.network.evaluation import Cache, DatabaseStore, Evaluator
from audits.studies import criteria
from audits.studies.by_criterion import by_attribute
from audits.studies.sources import Row, about, model_of, open_study, write
from db.describe.descriptions import Description
from db.jobs import Handle
from db.units import Unit
from db.workspace import open_database


def importance(handle: Handle) -> dict[str, Any]:
    """MILAN's Section 5: units ablated in the order of seven scores of their descriptions.

    Raises:
        BadInput, NotFound: what the plan names cannot be used any more.
        Cancelled: the job was asked to stop.
    """
    study = open_study(handle)
    scored = criteria.score([each.text for each in study.said], model_of(handle, study.said))
    # A score that all units share orders nothing.
    told = {name: values for name, values in scored.values.items() if np.ptp(values) > 0}
    with open_database(handle.workspace) as db:
        found = by_attribute(
            Evaluator(study.network.model, cache=Cache(DatabaseStore(db), study.network.identity)),
            study.images,
            study.units(),
            told,
            step=study.plan.step,
            trials=study.plan.controls,
            seed=study.plan.seed,
            watch=handle.watch,
        )
    place = {unit: row for row, unit in enumerate(study.units())}
    result: dict[str, Any] = {
        **about(study),
        "words": scored.source,
        "vectors": scored.vectors,
        "counts": list(found.random_curves[0].counts),
        "curves": {
            name: np.mean([line.accuracies for line in lines], axis=0).tolist()
            for name, lines in found.curves.items()
        },
        "tied": {name: list(counts) for name, counts in found.tied.items()},
        "constant": [name for name in scored.values if name not in told],
        "random": [asdict(each) for each in found.random],
        "random_curves": [list(curve.accuracies) for curve in found.random_curves],
        "first": {
            name: [_unit(study.said[place[unit]], scored.values[name][place[unit]]) for unit in ten]
            for name, ten in found.first.items()
        },
        "layers": {
            name: _quartiles(study.units(), values) for name, values in scored.values.items()
        },
    }
    rows: list[Row] = [("what", "criterion", "layer", "unit", "units ablated", "value", "text")]
    for name, lines in [*found.curves.items(), ("random", found.random_curves)]:
        for number, line in enumerate(lines, start=1):
            order = f"{name} {number}" if len(lines) > 1 else name
            for count, accuracy in zip(line.counts, line.accuracies, strict=True):
                rows.append((study.images.name, order, "", "", count, accuracy, ""))
    for name, values in scored.values.items():
        for each, value in zip(study.said, values, strict=True):
            rows.append(("score", name, each.layer, each.unit, "", float(value), each.text))
    return {**result, "file": write(handle, rows)}


def _unit(said: Description, score: float) -> dict[str, Any]:
    return {
        "unit_id": said.unit_id,
        "name": f"{said.layer}-{said.unit}",
        "text": said.text,
        "score": float(score),
    }


def _quartiles(units: Sequence[Unit], values: NDArray[np.floating]) -> dict[str, dict[str, float]]:
    """A score's least, quartiles, greatest and mean over the units of each layer."""
    found = {}
    for layer in dict.fromkeys(layer for layer, _ in units):
        own = np.array([v for (name, _), v in zip(units, values, strict=True) if name == layer])
        marks = np.percentile(own, [0, 25, 50, 75, 100])
        names = ("low", "q25", "median", "q75", "high")
        found[layer] = {
            **{name: float(mark) for name, mark in zip(names, marks, strict=True)},
            "mean": float(own.mean()),
            "units": len(own),
        }
    return found
