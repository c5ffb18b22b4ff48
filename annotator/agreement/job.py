"""Agreement as a job: measured by the worker, kept as the job's result, shown beside the campaign.

    enqueue(db, campaign_id, person="rae")       # the job kind `agreement`
    latest(db)[campaign_id]                      # its newest job, whatever its state
    measured(db)[campaign_id]                    # the newest that has numbers

A model of language takes seconds to minutes over a campaign, so nobody's page waits for it. What
the result holds is `annotator.agreement.result.Measurement`.
"""

from typing import Any

from sqlite_utils import Database

from annotator import campaign
from annotator.agreement import result, scores
from annotator.agreement.scorer import Scorers
from db.jobs import Handle, Job
from db.workspace import open_database

KIND = "agreement"
BUSY = "Agreement is being measured already; the numbers appear here."


def enqueue(db: Database, campaign_id: int, *, person: str, model: str | None = None) -> int:
    """Let the worker measure a campaign's agreement; returns the job's id.

    Args:
        model: a name out of `Scorers.here`; None for the best of them.

    Raises:
        BadInput: it is being measured already.
    """
    args = {"campaign_id": campaign_id, "model": model}
    return campaign.enqueue(db, KIND, args, title="Agreement of", person=person, busy=BUSY)


def agreement(handle: Handle, *, scorers: Scorers) -> dict[str, Any]:
    """Measure: the whole, every network, layer and unit, and every person with the others."""
    with open_database(handle.workspace) as db:
        given = campaign.sentences(db, handle.job.args["campaign_id"])
        subject_of = campaign.subjects(db, handle.job.args["campaign_id"])
    model = handle.job.args.get("model")
    scorer = scorers.find() if model is None else scorers.named(model, handle.workspace.models)
    found = scores.score(given, scorer, watch=handle.watch)
    return result.measured(found, subject_of).to_json()


def latest(db: Database) -> dict[int, Job]:
    """The newest measurement of every campaign, whether queued, running, done or failed."""
    return campaign.newest(db, KIND)


def measured(db: Database) -> dict[int, Job]:
    """The newest measurement of every campaign that came to its end."""
    return campaign.newest(db, KIND, done=True)
