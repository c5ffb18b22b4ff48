"""What a job of kind `describe` does: exemplars in one pass, then a sentence for every unit.

    jobs.work(workspace, {"describe": describe})

Both halves commit as they go and skip what is there: a job that was killed and is queued again ends
with the same rows as one that was not.
"""

import time
from typing import Any

from db.arrays import ImageStore
from db.describe import descriptions, exemplars, subjects
from db.describe.descriptions import NewDescription
from db.describe.exemplars import ExemplarSet
from db.jobs import Handle, Watch
from db.workspace import Workspace, open_database
from describer import milan, workspace_files
from describer.describe import plan as describe_plan
from describer.describe.plan import Plan
from describer.describe.result import Result
from describer.exemplars import layout, records, run
from describer.images import probing
from describer.methods.milan import Milan
from describer.methods.study import Study
from describer.milan.describing import SearchOptions
from describer.subjects import definition as files
from describer.subjects import devices


def describe(handle: Handle) -> dict[str, Any]:
    """Run one plan; returns what was done and how fast, a `Result`, for later estimates.

    Raises:
        BadInput, NotFound: what the plan names cannot be used any more.
        Cancelled: the job was asked to stop.
    """
    plan = Plan(**{**handle.job.args, "layers": tuple(handle.job.args["layers"])})
    device = devices.choose(handle.job.device)
    return run_plan(handle.workspace, plan, handle.watch, device=device)


def run_plan(workspace: Workspace, plan: Plan, watch: Watch, *, device: str) -> dict[str, Any]:
    """What `describe` does, for whoever has a plan and no job of that kind."""
    started = time.monotonic()
    source, sets = _exemplars(workspace, plan, watch, device)
    studied = time.monotonic()
    described = _sentences(workspace, plan, watch, source, sets, device)
    ended = time.monotonic()
    images = int(source.provenance["image_count"])
    return Result(
        exemplar_sets=tuple(each.exemplar_set_id for each in sets),
        skipped=tuple((each.path, each.reason) for each in source.skipped),
        described=described,
        images_per_s=images / max(studied - started, 1e-9),
        units_per_s=described / (ended - studied) if described else None,
    ).to_json()


def _exemplars(
    workspace: Workspace, plan: Plan, watch: Watch, device: str
) -> tuple[layout.ExemplarFolder, list[ExemplarSet]]:
    """The exemplars of the plan's layers, computed unless the workspace has them."""
    with open_database(workspace) as db:
        row = subjects.get(db, plan.subject)
        images = subjects.get_probing_set(db, plan.images)
    options = run.Options(
        layers=plan.layers,
        settings=records.Settings(plan.k, plan.quantile, plan.pooling),
        device=device,
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
    return source, sets


def _sentences(
    workspace: Workspace,
    plan: Plan,
    watch: Watch,
    source: layout.ExemplarFolder,
    sets: list[ExemplarSet],
    device: str,
) -> int:
    """Describe what this checkpoint and search did not yet; returns how many units that were."""
    with open_database(workspace) as db:
        checkpoint = subjects.get_checkpoint(db, plan.checkpoint)
        known = plan.known_by(checkpoint.hash)
        left: dict[str, list[int]] = {}
        ids: dict[str, dict[int, int]] = {}
        for each in sets:
            units = exemplars.units_of(db, each.exemplar_set_id)
            done = descriptions.described(
                db, each.exemplar_set_id, method=describe_plan.METHOD, model_hash=known
            )
            ids[each.layer] = {unit.unit: unit.unit_id for unit in units}
            left[each.layer] = [unit.unit for unit in units if unit.unit not in done]
    if not any(left.values()):
        return 0
    search = SearchOptions(beam_size=plan.beam_size, temperature=plan.temperature)
    method = Milan(milan.load(checkpoint.source, device=device), search)
    count = 0
    for batch in method(Study(source, device=device), left, watch):
        with open_database(workspace) as db:
            descriptions.add(
                db,
                [
                    NewDescription(
                        unit_id=ids[each.layer][each.unit],
                        method=describe_plan.METHOD,
                        model_hash=known,
                        text=each.text,
                        score=each.score,
                        candidates=each.candidates,
                    )
                    for each in batch
                ],
            )
        count += len(batch)
    return count
