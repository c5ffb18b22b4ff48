"""Jobs as the page shows them.

line(job)                             one job: progress with rate and finish time
table(jobs)                           the newest jobs, a row each
chips(jobs)                           those under way, for the line above the tabs
"""

import datetime
from collections.abc import Sequence

from markupsafe import Markup

from db import templates
from db.jobs import Job
from describer.jobs.ownership import LIVE

_PARTS = templates.beside(__file__)


def line(job: Job, *, asked_by: str = "", now: datetime.datetime | None = None) -> Markup:
    """One job: what it does, how far it is, at what rate, and when its phase will be done.

    Args:
        asked_by: whose it is, where that has to be told.
    """
    if job.state == "running" and job.cancel:
        note = "It stops after the piece of work at hand; what is done is kept."
    elif job.state == "running":
        note = "Closing this page is safe: the work goes on, and the page finds it again."
    elif job.state == "queued":
        note = "Waits until its device is free."
    else:
        note = job.message
    return _PARTS(
        "line",
        job=job,
        state=state(job),
        share=share(job),
        asked_by=asked_by,
        note=note,
        width=100 if job.state == "done" else _percent(job),
        ends=_end(job, now or datetime.datetime.now(datetime.UTC)),
    )


def table(every: Sequence[Job]) -> Markup:
    """The given jobs, a row each: number, what, state, how far, by whom, when, and what it said."""
    return _PARTS("table", rows=[(job, state(job), share(job)) for job in every])


def chips(every: Sequence[Job]) -> Markup:
    """The jobs under way, small; a press opens the list of jobs."""
    return _PARTS("chips", rows=[(job, share(job)) for job in every if job.state in LIVE])


def state(job: Job) -> str:
    """The state in a word, which for a job that was asked to stop is not yet its state."""
    return "stopping" if job.state == "running" and job.cancel else job.state


def share(job: Job) -> str:
    """How much of its phase is done."""
    if job.state == "queued":
        return "queued"
    return f"{job.done} / {job.total}" if job.total else "starting"


def _percent(job: Job) -> int:
    return round(100 * job.done / job.total) if job.total else 0


def _end(job: Job, now: datetime.datetime) -> str:
    """When the phase ends at the rate it has; "" as long as it has none."""
    if not job.rate:
        return ""
    left = datetime.timedelta(seconds=(job.total - job.done) / job.rate)
    return (now + left).strftime("%Y-%m-%dT%H:%M:%SZ")
