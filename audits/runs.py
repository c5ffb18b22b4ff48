"""What a job of kind `ablate` does: the confirmed units of a concept, in order, beside controls.

    jobs.work(workspace, {"ablate": ablate})

The curve's points are committed as each line of it is measured, and every evaluation is cached, so
that a job that was killed goes on without measuring anything twice.
"""

from typing import Any

from audits import experiments, measurement, tables
from audits.ablation import Units, layer_means
from audits.curves import by_layer
from audits.evaluation import Cache, DatabaseStore
from audits.loading import open_images, open_network
from audits.measurement import Line
from db import ablations, exemplars, subjects
from db.ablations import Point
from db.errors import BadInput
from db.exemplars import Unit
from db.jobs import Handle
from db.workspace import open_database
from describer import devices
from describer import subjects as files
from describer.probing import Skipped


def ablate(handle: Handle) -> dict[str, Any]:
    """Run one plan; returns the ablation's id.

    Raises:
        BadInput, NotFound: what the plan names cannot be used any more, or nothing is confirmed.
        Cancelled: the job was asked to stop.
    """
    plan = experiments.Plan(**handle.job.args)
    with open_database(handle.workspace) as db:
        row = subjects.get(db, plan.subject)
        folders = [subjects.get_probing_set(db, name) for name in (plan.validation, plan.test)]
        chosen = _frozen(db, handle, plan, row.subject_id)
        ablation_id = ablations.add(
            db,
            subject_id=row.subject_id,
            request={**handle.job.args, "unit_ids": [unit.unit_id for unit in chosen]},
            person=handle.job.person,
            job_id=handle.job.job_id,
        )
        examined = _examined(db, plan.subject) if plan.sort_all else None
    handle.progress(0, 0, "loading the network")
    network = open_network(files.read(row.source), device=devices.choose(handle.job.device))
    if network.weights != row.weights_hash:
        raise BadInput(
            f"expected the weights that {row.name} had when it was added, got others in "
            f"{row.source}"
        )
    skipped: list[Skipped] = []
    validation, test = (
        open_images(
            folder.root,
            network,
            name=folder.name,
            skipped=skipped,
            progress=handle.progress,
            cancelled=handle.cancelled,
        )
        for folder in folders
    )
    by_place = {(unit.layer, unit.unit): unit.unit_id for unit in chosen}
    units: Units = by_layer(
        sorted(by_place) if examined is None else sorted({*by_place, *examined})
    )
    means = layer_means(network.model, units, validation.batches()) if plan.rule == "mean" else None

    def keep(line: Line) -> None:
        points = [
            Point(line.condition, line.trial, count, line.split, accuracy)
            for count, accuracy in zip(line.curve.counts, line.curve.accuracies, strict=True)
        ]
        with open_database(handle.workspace) as db:
            ablations.add_points(db, ablation_id, points)

    with open_database(handle.workspace) as db:
        measured = measurement.measure(
            network.model,
            sorted(by_place),
            test=test,
            sizes=network.sizes,
            validation=validation,
            examined=examined,
            plan=measurement.Plan(
                rule=plan.rule,
                means=means,
                controls=plan.controls,
                seed=plan.seed,
                sort_all=plan.sort_all,
            ),
            cache=Cache(DatabaseStore(db), network.weights),
            on_line=keep,
            progress=handle.progress,
            cancelled=handle.cancelled,
        )
        ablations.finish(
            db,
            ablation_id,
            units=[by_place[place] for place in measured.order],
            summary={
                **tables.summary(measured),
                "rows": tables.rows(measured),
                "skipped": [[each.path, each.reason] for each in skipped],
            },
        )
    return {"ablation_id": ablation_id}


def _frozen(db: Any, handle: Handle, plan: experiments.Plan, subject_id: int) -> list[Unit]:
    """The units that were confirmed when the job first ran: a resumed job keeps to them."""
    for each in ablations.latest(db, limit=1_000):
        if each.job_id == handle.job.job_id:
            return [exemplars.unit(db, unit_id) for unit_id in each.request["unit_ids"]]
    chosen = experiments.confirmed(db, plan.subject, plan.concept)
    if not chosen:
        raise BadInput(f"expected confirmed units of {plan.subject} for {plan.concept!r}, got none")
    return chosen


def _examined(db: Any, subject: str) -> list[tuple[str, int]]:
    """Every unit of the network that was computed: what sorting all of them sorts."""
    places = {
        (each.layer, unit.unit)
        for each in exemplars.sets(db, subject=subject)
        for unit in exemplars.units_of(db, each.exemplar_set_id)
    }
    return sorted(places)
