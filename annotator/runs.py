"""Agreement as a job: measured by the worker, kept as the job's result, shown beside the campaign.

    enqueue(db, campaign_id, person="rae")       # the job kind `agreement`
    latest(db)[campaign_id]                      # its newest job, whatever its state
    measured(db)[campaign_id]                    # the newest that has numbers

A model of language takes seconds to minutes over a campaign, so nobody's page waits for it.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

from sqlite_utils import Database

from annotator import agreement as agreements
from annotator.agreement import Unit
from db import annotations, campaigns, exemplars, jobs
from db.errors import BadInput, Cancelled
from db.jobs import Handle, Job
from db.workspace import open_database

KIND = "agreement"
KEPT = 1000


def enqueue(db: Database, campaign_id: int, *, person: str) -> int:
    """Let the worker measure a campaign's agreement; returns the job's id.

    Raises:
        BadInput: it is being measured already.
    """
    before = latest(db).get(campaign_id)
    if before is not None and before.state in ("queued", "running"):
        raise BadInput("Agreement is being measured already; the numbers appear here.")
    name = campaigns.get(db, campaign_id).name
    args = {"campaign_id": campaign_id}
    return jobs.enqueue(db, KIND, args, title=f"Agreement of {name}", device="cpu", person=person)


def agreement(handle: Handle) -> dict[str, Any]:
    """Measure: agreement of the whole and of every layer, and of every person with the others."""
    from annotator import scorers

    with open_database(handle.workspace) as db:
        given = sentences(db, handle.job.args["campaign_id"])

    def progress(done: int, total: int, message: str) -> None:
        if handle.cancelled():
            raise Cancelled("Agreement was cancelled.")
        handle.progress(done, total, message)

    scores = agreements.score(given, scorers.find(), progress=progress)
    layers = sorted({layer for layer, _ in scores.units})
    parts = [("all", agreements.over(scores))]
    parts += [(each, agreements.over(scores, _in_layer(each))) for each in layers]
    return {
        "model": scores.model,
        "rows": [{"name": name, **dataclasses.asdict(found)} for name, found in parts],
        "people": {name: list(pair) for name, pair in agreements.by_author(scores).items()},
    }


def sentences(db: Database, campaign_id: int) -> dict[Unit, list[tuple[str, str]]]:
    """The sentences that count, by layer and unit."""
    found: dict[Unit, list[tuple[str, str]]] = {}
    for answer in annotations.of_campaign(db, campaign_id):
        if answer.slot is not None and answer.kind == "text" and not answer.withdrawn:
            unit = exemplars.unit(db, answer.unit_id)
            place = f"{unit.subject}/{unit.layer}", unit.unit
            found.setdefault(place, []).append((answer.annotator, answer.text))
    return found


def latest(db: Database) -> dict[int, Job]:
    """The newest measurement of every campaign, whether queued, running, done or failed."""
    return _newest(db, lambda job: True)


def measured(db: Database) -> dict[int, Job]:
    """The newest measurement of every campaign that came to its end."""
    return _newest(db, lambda job: job.state == "done")


def _newest(db: Database, wanted: Callable[[Job], bool]) -> dict[int, Job]:
    found: dict[int, Job] = {}
    for job in sorted(jobs.latest(db, kinds=(KIND,), limit=KEPT), key=lambda job: job.job_id):
        if wanted(job):
            found[job.args["campaign_id"]] = job
    return found


def _in_layer(layer: str) -> Callable[[Unit], bool]:
    return lambda unit: unit[0] == layer
