"""What a job of kind `ablate` does: chosen units silenced one after another, beside controls.

jobs.work(workspace, {"ablate": ablate})
"""

from typing import Any

from audits.ablation.experiment import run
from audits.ablation.plan import Request
from audits.ablation.result import Ablated
from db.jobs import Handle
from describer.subjects import devices


def ablate(handle: Handle) -> dict[str, Any]:
    """Run one plan; returns an `Ablated`.

    Raises:
        BadInput, NotFound: what the plan names cannot be used any more.
        Cancelled: the job was asked to stop.
    """
    job = handle.job
    ablation_id = run(
        handle.workspace,
        Request.from_json(job.args),
        handle.watch,
        device=devices.choose(job.device),
        person=job.person,
        job_id=job.job_id,
    )
    return Ablated(ablation_id).to_json()
