"""What a job of kind `export` does: an edit of a finished experiment as files to take away.

jobs.work(workspace, {"export": export})
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from audits.ablation import result
from audits.ablation.engine.units import by_layer
from audits.ablation.open import means_of, open_plan
from audits.ablation.plan import Request
from audits.edit import plan as edit_plan
from audits.edit.export import About, pack
from audits.edit.export import export as write
from audits.edit.plan import Offered
from audits.network.evaluation import Evaluator
from db.audit import ablations
from db.jobs import Handle
from db.workspace import open_database
from describer.subjects import devices


def export(handle: Handle) -> dict[str, Any]:
    """Write the network without the first units of an experiment; returns an `Offered`.

    Raises:
        BadInput, NotFound: there is no such experiment, or the edit cannot be written.
        Cancelled: the job was asked to stop.
    """
    ablation_id, count = int(handle.job.args["ablation_id"]), int(handle.job.args["count"])
    with open_database(handle.workspace) as db:
        experiment = ablations.get(db, ablation_id)
        order = edit_plan.removed(experiment, count)
        found = result.of(experiment)
        about = About(
            edit_plan.sentences(db, experiment),
            edit_plan.cost(experiment, ablations.curve(db, ablation_id), count),
            found.warnings if found else (),
        )
    plan = Request.from_json(experiment.request).plan
    device, rule = devices.choose(handle.job.device), plan.how.rule
    opened = open_plan(handle.workspace, plan, handle.watch, device=device)
    means = means_of(opened.network, rule, by_layer(order), opened.validation)
    reports = handle.workspace.reports
    with tempfile.TemporaryDirectory(dir=reports, prefix=".edit-") as temporary:
        written = write(
            Path(temporary) / edit_plan.file_name(ablation_id, count),
            opened.network,
            order,
            opened.test,
            ablated=Evaluator(opened.network.model, rule, means),
            about=about,
            watch=handle.watch,
        )
        packed = pack(written.folder)
        shutil.move(packed, reports / packed.name)
    return Offered(
        ablation_id,
        count,
        packed.name,
        written.way,
        written.reason,
        written.images,
        written.accuracy,
    ).to_json()
