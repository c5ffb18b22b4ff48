"""Folders with pictures as a job: gigabytes for a large layer, so the worker writes them.

    enqueue(db, campaign_id, form="dataset", person="ada")                  # job kind `answers`
    forget(workspace)                    # files that were made before somebody withdrew

The file is `result["file"]` among the workspace's reports. Pictures are read by another package,
which is passed in.
"""

from typing import Any

from sqlite_utils import Database

from annotator import campaign
from annotator.corpus import cleaning
from annotator.exchange import dataset, write
from annotator.exchange.write import ExemplarsOf
from db import jobs
from db.annotate import campaigns, transfers
from db.errors import BadInput, Cancelled
from db.jobs import Handle
from db.workspace import Workspace, open_database

KIND = "answers"
FORMS = ("milannotations", "dataset")
_PREFIX = "answers-"


def enqueue(
    db: Database,
    campaign_id: int,
    *,
    person: str,
    form: str = "milannotations",
    licence: str = "unknown",
    approved: bool = False,
    cleaned: bool = False,
    simulated: bool = False,
) -> int:
    """Let the worker write the folders of a campaign; returns the job's id.

    Args:
        form: one of `FORMS`.
        licence: what a dataset's card names.

    Raises:
        BadInput: they are being written already, or there is no such form or licence.
    """
    if form not in FORMS:
        raise BadInput(f"expected one of {', '.join(FORMS)}, got {form!r}")
    dataset.check_licence(licence)
    before = campaign.newest(db, KIND).get(campaign_id)
    if before is not None and before.state in ("queued", "running"):
        raise BadInput("This file is being written already; it appears here.")
    name = campaigns.get(db, campaign_id).name
    args = {
        "campaign_id": campaign_id,
        "form": form,
        "licence": licence,
        "approved": approved,
        "cleaned": cleaned,
        "simulated": simulated,
    }
    return jobs.enqueue(db, KIND, args, title=f"Export of {name}", device="cpu", person=person)


def answers(handle: Handle, *, exemplars_of: ExemplarsOf) -> dict[str, Any]:
    """Write the folders of the form asked for into one zip file."""
    args, workspace = handle.job.args, handle.workspace
    with open_database(workspace) as db:
        campaign = campaigns.get(db, args["campaign_id"])
        secret = workspace.secret.read_bytes()
        records = transfers.records(
            db, campaign.campaign_id, secret=secret, simulated=args["simulated"]
        )
        pseudonym_of = transfers.pseudonyms(db, secret=secret)
        version, in_force = cleaning.in_force(db)
    if args["cleaned"]:
        records = write.cleaned(records, in_force, pseudonym_of, version=version)
    if args["approved"]:
        records = [record for record in records if record.status == "approved"]
    read = exemplars_of(workspace)
    total = len({(r.subject, r.layer, r.unit) for r in records if r.slot is not None})
    done = 0

    def pictures(subject: str, layer: str, unit: int, hash_: str) -> Any:
        nonlocal done
        if handle.watch.cancelled():
            raise Cancelled("The export was cancelled.")
        handle.watch.progress(done, total, "units written")
        done += 1
        return read(subject, layer, unit, hash_)

    name = f"{_PREFIX}{campaign.campaign_id}-{handle.job.job_id}-{args['form']}.zip"
    out = workspace.reports / name
    # A job that is resumed begins anew.
    out.unlink(missing_ok=True)
    write.write(
        out,
        records,
        form=args["form"],
        title=campaign.name,
        pictures=pictures,
        licence=args["licence"],
    )
    return {"file": out.name, "units": done, "bytes": out.stat().st_size}


def forget(workspace: Workspace) -> int:
    """Delete the files that were made so far: somebody's text is to be in none of them."""
    found = list(workspace.reports.glob(f"{_PREFIX}*.zip"))
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)
