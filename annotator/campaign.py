"""What jobs and pages share about a campaign: sentences, networks, and the jobs about it."""

from collections.abc import Mapping
from typing import Any

from sqlite_utils import Database

from db import jobs
from db.annotate import annotations, campaigns
from db.describe import exemplars
from db.errors import BadInput
from db.jobs import Job
from db.units import Unit

KEPT = 1000


def sentences(db: Database, campaign_id: int) -> dict[Unit, list[tuple[str, str]]]:
    """The sentences that count, by `network/layer` and unit."""
    units = {
        unit_id: exemplars.unit(db, unit_id) for unit_id in campaigns.unit_ids(db, campaign_id)
    }
    found: dict[Unit, list[tuple[str, str]]] = {}
    for answer in annotations.of_campaign(db, campaign_id):
        if answer.slot is not None and answer.kind == "text" and not answer.withdrawn:
            unit = units[answer.unit_id]
            place = f"{unit.subject}/{unit.layer}", unit.unit
            found.setdefault(place, []).append((answer.annotator, answer.text))
    return found


def subjects(db: Database, campaign_id: int) -> dict[str, str]:
    """The network of every `network/layer` in a campaign."""
    units = [exemplars.unit(db, unit_id) for unit_id in campaigns.unit_ids(db, campaign_id)]
    return {f"{unit.subject}/{unit.layer}": unit.subject for unit in units}


def enqueue(
    db: Database, kind: str, args: Mapping[str, Any], *, title: str, person: str, busy: str
) -> int:
    """Queue a job about the campaign `args["campaign_id"]`; returns the job's id.

    Args:
        title: what the job is called, before the campaign's name.
        busy: why a second one of this kind is refused while the first is live.

    Raises:
        BadInput: with `busy`.
    """
    campaign_id = args["campaign_id"]
    if live(newest(db, kind).get(campaign_id)):
        raise BadInput(busy)
    name = campaigns.get(db, campaign_id).name
    return jobs.enqueue(db, kind, args, title=f"{title} {name}", device="cpu", person=person)


def live(job: Job | None) -> bool:
    """Whether the job waits for its turn or runs."""
    return job is not None and job.state in ("queued", "running")


def newest(db: Database, kind: str, *, done: bool = False) -> dict[int, Job]:
    """The newest job of a kind for every campaign; with `done` the newest that came to its end."""
    found: dict[int, Job] = {}
    for job in sorted(jobs.latest(db, kinds=(kind,), limit=KEPT), key=lambda job: job.job_id):
        if job.state == "done" or not done:
            found[job.args["campaign_id"]] = job
    return found


def known(campaign_id: int | None) -> int:
    """The campaign that was chosen on a page.

    Raises:
        BadInput: none is.
    """
    if campaign_id is None:
        raise BadInput("Choose a campaign first.")
    return campaign_id
