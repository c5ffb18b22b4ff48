"""What jobs of kinds `ablate` and `export` do: a curve beside its controls, an edit as files.

    jobs.work(workspace, {"ablate": ablate, "export": export})

The curve's points are committed as each line of it is measured, and every evaluation is cached, so
that a job that was killed goes on without measuring anything twice.
"""

import shutil
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from torch import Tensor

from audits.ablation import measure
from audits.ablation import plan as ablation_plan
from audits.ablation import summary as ablation_summary
from audits.ablation.engine.hooks import Units, layer_means
from audits.ablation.engine.units import by_layer
from audits.ablation.head import fine_tune, head_below
from audits.ablation.measure import Line
from audits.ablation.plan import Plan
from audits.edit import plan as edit_plan
from audits.network import apart
from audits.network.evaluation import Cache, DatabaseStore
from audits.network.images import Images, Network, digest_of, open_entered, open_images
from audits.network.labels import read_labels
from db.audit import ablations
from db.audit.ablations import Point
from db.describe import exemplars, subjects
from db.describe.subjects import ProbingSetRow
from db.jobs import Handle
from db.units import Unit
from db.workspace import open_database
from describer.subjects import devices
from describer.subjects.probing import Skipped


@dataclass(frozen=True)
class _Opened:
    """A network and the images of a plan; `training` only where the head is trained."""

    network: Network
    validation: Images
    test: Images
    training: Images | None
    skipped: tuple[Skipped, ...]


def ablate(handle: Handle) -> dict[str, Any]:
    """Run one plan; returns the ablation's id.

    Raises:
        BadInput, NotFound: what the plan names cannot be used any more.
        Cancelled: the job was asked to stop.
    """
    plan = _plan(handle.job.args)
    places: list[Unit] = [(layer, unit) for layer, unit in handle.job.args["places"]]
    with open_database(handle.workspace) as db:
        row = subjects.get(db, plan.subject)
        ablation_plan.check_training(db, plan, apart.check_files)
        ablation_id = ablations.add(
            db,
            subject_id=row.subject_id,
            request=handle.job.args,
            person=handle.job.person,
            job_id=handle.job.job_id,
        )
        examined = _examined(db, plan.subject) if plan.sort_all else None
    opened = _open(handle, plan)
    network = opened.network
    if opened.training is not None:
        head_below(network.model, opened.training, by_layer(places))
    units: Units = by_layer(sorted({*places, *(examined or ())}))
    means = _means(network, plan, units, opened.validation)

    def keep(line: Line) -> None:
        points = [
            Point(line.condition, line.trial, count, line.split, accuracy)
            for count, accuracy in zip(line.curve.counts, line.curve.accuracies, strict=True)
        ]
        with open_database(handle.workspace) as db:
            ablations.add_points(db, ablation_id, points)

    with open_database(handle.workspace) as db:
        measured = measure.measure(
            network.model,
            sorted(places),
            test=opened.test,
            sizes=network.sizes,
            validation=opened.validation,
            examined=examined,
            plan=measure.Plan(
                rule=plan.rule,
                means=means,
                controls=plan.controls,
                seed=plan.seed,
                sort_all=plan.sort_all,
                whole_layers=plan.whole_layers,
                order=None if plan.order == "importance" else tuple(places),
            ),
            cache=Cache(DatabaseStore(db), network.identity),
            on_line=keep,
            progress=handle.watch.progress,
            cancelled=handle.watch.cancelled,
        )
        summary = ablation_summary.summary(measured)
        warned = [*summary["warnings"], *_looked_at(db, plan, opened)]
        head = None
        if opened.training is not None:
            chosen = measured.chosen or measured.end
            head = _head(handle, plan, opened, measured.order[: chosen.n_ablated], means)
        ids = dict(zip(places, handle.job.args["unit_ids"], strict=False))
        known = {**_ids(db, plan.subject), **(ids if len(ids) == len(places) else {})}
        ablations.finish(
            db,
            ablation_id,
            units=[known[place] for place in measured.order if place in known],
            summary={
                **summary,
                "warnings": list(dict.fromkeys(warned)),
                "rows": [*summary["rows"], *(edit_plan.head_rows(head) if head else [])],
                "head": head,
                "weights": network.weights,
                "data": {
                    images.name: {"digest": images.digest, "images": images.count}
                    for images in (opened.validation, opened.test, opened.training)
                    if images is not None
                },
                "skipped": [[each.path, each.reason] for each in opened.skipped],
            },
        )
    return {"ablation_id": ablation_id}


def export(handle: Handle) -> dict[str, Any]:
    """Write the network without the first units of an experiment; returns the file and its ways.

    The zip file lies among the workspace's reports.

    Raises:
        BadInput, NotFound: there is no such experiment, or the edit cannot be written.
        Cancelled: the job was asked to stop.
    """
    from audits.edit.export import export as write
    from audits.edit.export import pack

    ablation_id, count = int(handle.job.args["ablation_id"]), int(handle.job.args["count"])
    with open_database(handle.workspace) as db:
        experiment = ablations.get(db, ablation_id)
        order = edit_plan.removed(experiment, count)
        said = edit_plan.sentences(db, experiment)
        rows = edit_plan.cost(experiment, ablations.curve(db, ablation_id), count)
    plan = _plan(experiment.request)
    opened = _open(handle, plan)
    means = _means(opened.network, plan, by_layer(order), opened.validation)
    with tempfile.TemporaryDirectory(dir=handle.workspace.reports, prefix=".edit-") as temporary:
        written = write(
            Path(temporary) / edit_plan.file_name(ablation_id, count),
            opened.network,
            order,
            opened.test,
            rule=plan.rule,
            means=means,
            descriptions=said,
            rows=rows,
            warnings=experiment.summary.get("warnings", ()),
            cancelled=handle.watch.cancelled,
        )
        packed = pack(written.folder)
        shutil.move(packed, handle.workspace.reports / packed.name)
    return {
        "ablation_id": ablation_id,
        "count": count,
        "file": packed.name,
        "way": written.way,
        "reason": written.reason,
        "images": written.images,
        "accuracy": written.accuracy,
    }


def _plan(args: dict[str, Any]) -> Plan:
    names = {each.name for each in fields(Plan)}
    return Plan(**{key: value for key, value in args.items() if key in names})


def _open(handle: Handle, plan: Plan) -> _Opened:
    with open_database(handle.workspace) as db:
        row = subjects.get(db, plan.subject)
        folders = [
            subjects.get_probing_set(db, name) if name else None
            for name in (plan.validation, plan.test, plan.training)
        ]
    handle.watch.progress(0, 0, "loading the network")
    network = open_entered(row, device=devices.choose(handle.job.device))
    skipped: list[Skipped] = []

    def opened(folder: ProbingSetRow, table: str) -> Images:
        return open_images(
            folder.root,
            network,
            name=folder.name,
            labels=read_labels(table) if table.strip() else None,
            skipped=skipped,
            progress=handle.watch.progress,
            cancelled=handle.watch.cancelled,
        )

    validation, test, training = folders
    assert validation is not None
    assert test is not None
    return _Opened(
        network,
        opened(validation, plan.validation_labels),
        opened(test, plan.test_labels),
        None if training is None else opened(training, ""),
        tuple(skipped),
    )


def _means(
    network: Network, plan: Plan, units: Units, validation: Images
) -> dict[str, Tensor] | None:
    if plan.rule != "mean":
        return None
    return layer_means(network.model, units, validation.batches())


def _head(
    handle: Handle,
    plan: Plan,
    opened: _Opened,
    order: tuple[Unit, ...],
    means: dict[str, Tensor] | None,
) -> dict[str, Any]:
    """The head trained with the units silent, and the unedited network's trained likewise."""
    assert opened.training is not None
    found: dict[str, Any] = {"training": opened.training.name, "units": len(order)}
    for name, units in (("unedited", {}), ("edited", by_layer(order))):
        tuned = fine_tune(
            opened.network.model,
            opened.training,
            opened.validation,
            opened.test,
            units=units,
            rule=plan.rule if units else "zero",
            means=means if units else None,
            seed=plan.seed,
            progress=handle.watch.progress,
            cancelled=handle.watch.cancelled,
        )
        found[name] = {
            "before": tuned.before,
            "after": tuned.after,
            "epochs": tuned.epochs,
            "best": tuned.best,
        }
    return found


def _looked_at(db: Any, plan: Plan, opened: _Opened) -> list[str]:
    """Warnings about images that the exemplars come from, also under another name."""
    subject = opened.network.subject
    digests = {
        digest_of(str(each.provenance.get("images")), subject)
        for each in exemplars.sets(db, subject=plan.subject)
    }
    copies = [
        ablation_plan.looked_at_warning(purpose, images.name)
        for purpose, images in (("validation", opened.validation), ("test", opened.test))
        if images.digest in digests
    ]
    return [*ablation_plan.warnings(db, plan)[int(plan.validation == plan.test) :], *copies]


def _ids(db: Any, subject: str) -> dict[Unit, int]:
    """Every unit of a network that was computed, by its place; the newest exemplars count."""
    return {
        (each.layer, unit.unit): unit.unit_id
        for each in exemplars.sets(db, subject=subject)
        for unit in exemplars.units_of(db, each.exemplar_set_id)
    }


def _examined(db: Any, subject: str) -> list[Unit]:
    """Every unit of the network that was computed: what sorting all of them sorts."""
    return sorted(_ids(db, subject))
