"""What a job of kind `spurious` does: one experiment, from a folder of images to its numbers.

jobs.work(workspace, {"spurious": spurious})
"""

from typing import Any

from audits.spurious.experiment import run
from audits.spurious.plan import Settings
from db.jobs import Handle
from describer.subjects import devices


def spurious(handle: Handle) -> dict[str, Any]:
    """Run one experiment; returns a `Result`.

    Raises:
        BadInput, NotFound: the images, the network or the checkpoint cannot be used.
        Cancelled: the job was asked to stop; what was finished is kept.
    """
    job = handle.job
    return run(
        handle.workspace,
        Settings(**job.args),
        handle.watch,
        device=devices.choose(job.device),
        person=job.person,
        job_id=job.job_id,
    ).to_json()
