"""An ablation of a workspace's network, from the request to the stored experiment.

    ablation_id = run(workspace, Request(plan, units), watch, device="cpu", person="ada")

The curve's points are committed as each line of it is measured, and every evaluation is cached, so
that one that was stopped and is asked for again goes on without measuring anything twice.
"""

from dataclasses import replace

from sqlite_utils import Database

from audits.ablation import plan as ablation_plan
from audits.ablation.engine.units import by_layer
from audits.ablation.head import fine_tune, head_below
from audits.ablation.measure import Line, Measured, Sets, measure
from audits.ablation.open import Opened, means_of, open_plan
from audits.ablation.plan import Plan, Request
from audits.ablation.result import Data, Head, Summary
from audits.ablation.summary import summarised
from audits.network import assignment, held_out
from audits.network.evaluation import Cache, DatabaseStore, Evaluator
from audits.network.images import digest_of
from db.audit import ablations
from db.audit.ablations import Point
from db.describe import exemplars, subjects
from db.jobs import Watch
from db.workspace import Workspace, open_database


def run(
    workspace: Workspace,
    request: Request,
    watch: Watch,
    *,
    device: str,
    person: str,
    job_id: int | None = None,
) -> int:
    """Measure what is asked for beside its controls and store it; returns the ablation's id.

    Args:
        job_id: of the job that asks; it finds what it began before it was stopped.

    Raises:
        BadInput, NotFound: what the plan names cannot be used any more.
        Cancelled: the watch said so; what was measured is kept.
    """
    plan, how = request.plan, request.plan.how
    with open_database(workspace) as db:
        row = subjects.get(db, plan.subject)
        ablation_plan.check_training(db, plan, held_out.check_files)
        ablation_id = ablations.add(
            db,
            subject_id=row.subject_id,
            request=request.to_json(),
            person=person,
            job_id=job_id,
        )
        known = ablation_plan.computed(db, plan.subject)
    examined = sorted(known) if how.sort_all else None
    opened = open_plan(workspace, plan, watch, device=device)
    network = opened.network
    if opened.training is not None:
        head_below(network.model, opened.training, by_layer(request.units))
    units = by_layer(sorted({*request.units, *(examined or ())}))
    means = means_of(network, how.rule, units, opened.validation)

    def keep(line: Line) -> None:
        points = [
            Point(line.condition, line.trial, count, line.split, accuracy)
            for count, accuracy in zip(line.curve.counts, line.curve.accuracies, strict=True)
        ]
        with open_database(workspace) as db:
            ablations.add_points(db, ablation_id, points)

    with open_database(workspace) as db:
        cache = Cache(DatabaseStore(db), network.identity)
        evaluator = Evaluator(network.model, how.rule, means, cache)
        measured = measure(
            evaluator,
            request.units,
            Sets(opened.test, opened.validation),
            sizes=network.sizes,
            examined=examined,
            how=how,
            on_line=keep,
            watch=watch,
        )
        head = _head(evaluator, opened, measured, how.seed, watch)
        ids = dict(zip(request.units, request.unit_ids, strict=False))
        if len(ids) == len(request.units):
            known.update(ids)
        ablations.finish(
            db,
            ablation_id,
            units=[known[unit] for unit in measured.order if unit in known],
            summary=_summary(measured, opened, head, _looked_at(db, plan, opened)).to_json(),
        )
    return ablation_id


def _summary(measured: Measured, opened: Opened, head: Head | None, warnings: list[str]) -> Summary:
    """What was measured, with what it was measured on."""
    found = summarised(measured)
    doubts = assignment.warnings(measured.before, opened.test)
    sets = [each for each in (opened.validation, opened.test, opened.training) if each is not None]
    return replace(
        found,
        warnings=tuple(
            dict.fromkeys([*found.warnings, *doubts, *warnings, *opened.network.warnings])
        ),
        rows=(*found.rows, *(head.rows() if head else ())),
        head=head,
        weights=opened.network.weights,
        data={
            images.name: Data(images.digest, images.count, images.assigned, images.notes)
            for images in sets
        },
        skipped=tuple((each.path, each.reason) for each in opened.skipped),
    )


def _head(
    network: Evaluator, opened: Opened, measured: Measured, seed: int, watch: Watch
) -> Head | None:
    """The head trained with the chosen units silent, and the unedited network's likewise."""
    if opened.training is None:
        return None
    order = measured.order[: (measured.chosen or measured.end).n_ablated]
    unedited, edited = (
        fine_tune(
            network,
            opened.training,
            opened.validation,
            opened.test,
            units=by_layer(units),
            seed=seed,
            watch=watch,
        )
        for units in ((), order)
    )
    return Head(opened.training.name, len(order), edited, unedited)


def _looked_at(db: Database, plan: Plan, opened: Opened) -> list[str]:
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
