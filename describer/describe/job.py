"""What a job of kind `describe` does: exemplars, what each method says of a unit, how far it holds.

    jobs.work(workspace, {"describe": describe})

Every step commits as it goes and skips what is there: a job that was killed and is queued again
ends with the same rows as one that was not. A method whose model elsewhere does not answer is left,
and the next goes on; the job then ends with what was answered, to be resumed.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from db.arrays import ImageStore
from db.describe import descriptions, exemplars, provenances, subjects
from db.describe.descriptions import NewDescription
from db.describe.exemplars import ExemplarSet
from db.jobs import Handle, Watch
from db.workspace import Workspace, open_database
from describer import workspace_files
from describer.describe import cards
from describer.describe.plan import Plan
from describer.describe.result import Result
from describer.exemplars import layout, records, run
from describer.faithfulness import job as faithful
from describer.images import probing
from describer.methods import opening, options
from describer.methods.models.prompt import Unreachable
from describer.methods.options import Asked
from describer.methods.study import Described, Provenance, Study
from describer.subjects import definition as files
from describer.subjects import devices


@dataclass(frozen=True)
class Opened:
    """A method that is ready, what it is made of, and what to beware of its sentences here."""

    asked: Asked
    method: Described
    provenance: Provenance
    caution: str = ""


def describe(handle: Handle) -> dict[str, Any]:
    """Run one plan; returns what was done and how fast, a `Result`, for later estimates.

    Raises:
        BadInput, NotFound: what the plan names cannot be used any more.
        Unreachable: a model elsewhere did not answer; what it was not needed for is done.
        Cancelled: the job was asked to stop.
    """
    device = devices.choose(handle.job.device)
    plan = Plan.from_json(handle.job.args)
    return run_plan(handle.workspace, plan, handle.watch, device=device)


def run_plan(workspace: Workspace, plan: Plan, watch: Watch, *, device: str) -> dict[str, Any]:
    """What `describe` does, for whoever has a plan and no job of that kind."""
    # What is missing is said before the network is run.
    methods = [open_asked(workspace, asked, device, images=plan.images) for asked in plan.methods]
    started = time.monotonic()
    source, study, sets = _exemplars(workspace, plan, watch, device)
    studied = time.monotonic()
    found, told = _described(workspace, methods, study, sets, watch), faithful.Told()
    if plan.pooled:
        told = faithful.measure(workspace, study, sets, faithful.Asked(plan.judge), watch)
    result = Result(
        exemplar_sets=tuple(each.exemplar_set_id for each in sets),
        skipped=tuple((each.path, each.reason) for each in source.skipped),
        described=sum(count for _, count, _ in found),
        images_per_s=int(source.provenance["image_count"]) / max(studied - started, 1e-9),
        by_method=tuple(found),
        scored=told.sentences,
        judge=told.judge,
    )
    return replace(result, units_per_s=result.rate_of(options.MILAN)).to_json()


def open_asked(workspace: Workspace, asked: Asked, device: str, *, images: str) -> Opened:
    """A method as a plan asks for it, for images of that name.

    Raises:
        BadInput, NotFound: something that it names is not here.
    """
    with open_database(workspace) as db:
        method = opening.open_method(asked, opening.Places(workspace.models, device, db))
        caution = ""
        if isinstance(asked, options.MilanOptions):
            row = subjects.get_checkpoint(db, asked.checkpoint)
            caution = cards.caution(db, row, subjects.get_probing_set(db, images))
    return Opened(asked, method, method.provenance(workspace.models), caution)


def _described(
    workspace: Workspace,
    methods: Sequence[Opened],
    study: Study,
    sets: list[ExemplarSet],
    watch: Watch,
) -> list[tuple[str, int, float | None]]:
    """Every method in turn: its name, how many units it looked at, and how many a second."""
    found: list[tuple[str, int, float | None]] = []
    unreachable: Unreachable | None = None
    for place, opened in enumerate(methods, 1):
        name = opened.asked.method
        title = options.TITLES[name]
        if len(methods) > 1:
            title += f" ({place} of {len(methods)})"
        begun = time.monotonic()
        try:
            count = sentences(workspace, opened, study, sets, _named(watch, title))
        except Unreachable as error:
            unreachable = error
            continue
        taken = max(time.monotonic() - begun, 1e-9)
        found.append((name, count, count / taken if count else None))
    if unreachable is not None:
        raise unreachable
    return found


def _named(watch: Watch, name: str) -> Watch:
    """A watch that says which method it is that makes progress."""

    def progress(done: int, total: int, what: str) -> None:
        watch.progress(done, total, f"{name}: {what}")

    return replace(watch, progress=progress)


def _exemplars(
    workspace: Workspace, plan: Plan, watch: Watch, device: str
) -> tuple[layout.ExemplarFolder, Study, list[ExemplarSet]]:
    """The exemplars of the plan's layers, computed unless the workspace has them; and the study."""
    with open_database(workspace) as db:
        row = subjects.get(db, plan.subject)
        images = subjects.get_probing_set(db, plan.images)
    options = run.Options(
        layers=plan.layers,
        settings=records.Settings(plan.k, plan.quantile, plan.pooling),
        device=device,
        pooled=plan.pooled,
    )
    watch.progress(0, images.images, "loading the network")
    subject, folder = files.read(row.source), probing.open_folder(images.root)
    prepared = run.prepare(subject, folder, options)
    workspace_files.check_same(
        row, weights=prepared.provenance["weights"], code=prepared.provenance.get("code", "")
    )
    source = run.study_prepared(
        prepared,
        workspace.exemplars / prepared.hash,
        options=options,
        store=ImageStore(workspace.images),
        progress=watch.progress,
        cancelled=watch.cancelled,
    )
    with open_database(workspace) as db:
        sets = workspace_files.enter_exemplars(
            db,
            source,
            subject_id=row.subject_id,
            probing_set_id=images.probing_set_id,
        )
    study = Study(source, subject, folder, models=workspace.models, device=device)
    return source, study, sets


def sentences(
    workspace: Workspace, opened: Opened, study: Study, sets: list[ExemplarSet], watch: Watch
) -> int:
    """Describe what a method did not yet; returns how many units it looked at.

    Every batch is committed. A sentence that is none is kept, too, with its reason: the method is
    not asked again.

    Raises:
        BadInput: the method cannot be used on this study.
        Unreachable, Cancelled: it was stopped; what was committed stays.
    """
    made_of = opened.provenance
    method, known = made_of.method, made_of.hash
    left: dict[str, list[int]] = {}
    ids: dict[str, dict[int, int]] = {}
    with open_database(workspace) as db:
        for each in sets:
            units = exemplars.units_of(db, each.exemplar_set_id)
            done = descriptions.described(db, each.exemplar_set_id, method=method, model_hash=known)
            ids[each.layer] = {unit.unit: unit.unit_id for unit in units}
            left[each.layer] = [unit.unit for unit in units if unit.unit not in done]
        if not any(left.values()):
            return 0
        asked = {"asked": options.to_json(opened.asked)}
        provenances.add(db, method, known, {**made_of.values, **asked})
    count = 0
    beware = {"caution": opened.caution} if opened.caution else {}
    kept = workspace.generated / known / sets[0].folder
    for batch in opened.method(replace(study, keep=kept), left, watch):
        new = [
            NewDescription(
                ids[each.layer][each.unit],
                method,
                known,
                each.text,
                each.score,
                each.candidates,
                {**each.detail, **beware},
            )
            for each in batch
        ]
        with open_database(workspace) as db:
            descriptions.add(db, new)
        count += len(batch)
    return count
