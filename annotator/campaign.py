"""What jobs and pages read of a campaign: its sentences, networks, and newest finished job."""

from sqlite_utils import Database

from db import jobs
from db.annotate import annotations, campaigns
from db.describe import exemplars
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


def newest(db: Database, kind: str, *, done: bool = False) -> dict[int, Job]:
    """The newest job of a kind for every campaign; with `done` the newest that came to its end."""
    found: dict[int, Job] = {}
    for job in sorted(jobs.latest(db, kinds=(kind,), limit=KEPT), key=lambda job: job.job_id):
        if job.state == "done" or not done:
            found[job.args["campaign_id"]] = job
    return found
