"""What a job of kind `importance` does: which kinds of description matter to a network.

    jobs.work(workspace, {"importance": importance})

Every evaluation is cached, so that a job that was killed goes on without measuring anything twice.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.network.evaluation import Cache, DatabaseStore, Evaluator
from audits.studies import criteria
from audits.studies.by_criterion import Attributed, by_attribute
from audits.studies.criteria import Scored
from audits.studies.material import Row, Study, model_of, open_study, write
from audits.studies.results import Example, Importance, LayerBox
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
    scored = criteria.score([said.text for said in study.said], model_of(handle, study.said))
    # A score that all units share orders nothing.
    varied = {name: values for name, values in scored.values.items() if np.ptp(values) > 0}
    with open_database(handle.workspace) as db:
        found = by_attribute(
            Evaluator(study.network.model, cache=Cache(DatabaseStore(db), study.network.identity)),
            study.images,
            study.units(),
            varied,
            step=study.plan.step,
            trials=study.plan.controls,
            seed=study.plan.seed,
            watch=handle.watch,
        )
    return Importance(
        subject=study.plan.subject,
        method=study.plan.method,
        images=study.images.name,
        image_count=study.images.count,
        units=len(study.said),
        words=scored.source,
        vectors=scored.vectors,
        counts=tuple(found.random_curves[0].counts),
        curves={
            name: tuple(np.mean([line.accuracies for line in lines], axis=0).tolist())
            for name, lines in found.curves.items()
        },
        random=found.random,
        random_curves=tuple(tuple(curve.accuracies) for curve in found.random_curves),
        first=_first(study, scored, found),
        layers={name: boxes(study.units(), values) for name, values in scored.values.items()},
        tied=dict(found.tied),
        constant=tuple(name for name in scored.values if name not in varied),
        file=write(handle, _rows(study, scored, found)),
    ).to_json()


def boxes(units: Sequence[Unit], values: NDArray[np.floating]) -> dict[str, LayerBox]:
    """A score's least, quartiles, greatest and mean over the units of each layer."""
    found = {}
    for layer in dict.fromkeys(layer for layer, _ in units):
        own = np.array([v for (name, _), v in zip(units, values, strict=True) if name == layer])
        low, q25, median, q75, high = np.percentile(own, [0, 25, 50, 75, 100]).tolist()
        found[layer] = LayerBox(low, q25, median, q75, high, float(own.mean()), len(own))
    return found


def _first(study: Study, scored: Scored, found: Attributed) -> dict[str, tuple[Example, ...]]:
    """The first ten units ablated by each criterion, with their sentences and scores."""
    place = {unit: row for row, unit in enumerate(study.units())}

    def example(name: str, row: int) -> Example:
        said = study.said[row]
        score = float(scored.values[name][row])
        return Example(said.unit_id, f"{said.layer}-{said.unit}", said.text, score)

    return {
        name: tuple(example(name, place[unit]) for unit in ten) for name, ten in found.first.items()
    }


def _rows(study: Study, scored: Scored, found: Attributed) -> list[Row]:
    """Every curve and every score in one tidy table."""
    rows: list[Row] = [("what", "criterion", "layer", "unit", "units ablated", "value", "text")]
    for name, lines in [*found.curves.items(), ("random", found.random_curves)]:
        for number, line in enumerate(lines, start=1):
            order = f"{name} {number}" if len(lines) > 1 else name
            for count, accuracy in zip(line.counts, line.accuracies, strict=True):
                rows.append((study.images.name, order, "", "", count, accuracy, ""))
    for name, values in scored.values.items():
        for said, value in zip(study.said, values, strict=True):
            rows.append(("score", name, said.layer, said.unit, "", float(value), said.text))
    return rows
