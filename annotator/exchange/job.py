"""Folders with pictures as a job: gigabytes for a large layer, so the worker writes them.

    enqueue(db, campaign_id, form="dataset", person="ada")                  # job kind `answers`
    forget(workspace)                    # files that were made before somebody withdrew

The result is a `Packed`. Pictures are read by another package, which is passed in.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from annotator import campaign as campaigning
from annotator.exchange import dataset, write
from annotator.exchange.about import of_campaign
from annotator.exchange.write import EVERYTHING, Choice, ExemplarsOf
from db.annotate import campaigns
from db.errors import BadInput
from db.jobs import Handle
from db.workspace import Workspace, open_database

KIND = "answers"
FORMS = ("milannotations", "dataset")
BUSY = "This file is being written already; it appears here."
VERSION = 1
_PREFIX = "answers-"


@dataclass(frozen=True)
class Packed:
    """A zip file that was written.

    Attributes:
        file: its name among the workspace's reports.
        units: how many it holds.
        bytes: its size.
    """

    file: str
    units: int
    bytes: int

    def to_json(self) -> dict[str, Any]:
        """Plain values, as a job keeps them."""
        return {"version": VERSION, **dataclasses.asdict(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Packed":
        """What `to_json` gave; the first ones have no version and are the same otherwise."""
        return cls(stored["file"], stored["units"], stored["bytes"])


def enqueue(
    db: Database,
    campaign_id: int,
    *,
    person: str,
    form: str = "milannotations",
    licence: str = "unknown",
    choice: Choice = EVERYTHING,
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
    args = {"campaign_id": campaign_id, "form": form, "licence": licence}
    args |= dataclasses.asdict(choice)
    return campaigning.enqueue(db, KIND, args, title="Export of", person=person, busy=BUSY)


def answers(handle: Handle, *, exemplars_of: ExemplarsOf) -> dict[str, Any]:
    """Write the folders of the form asked for into one zip file."""
    args, workspace = handle.job.args, handle.workspace
    with open_database(workspace) as db:
        campaign = campaigns.get(db, args["campaign_id"])
        # jobs that were queued before a choice was there lack it
        names = {each.name for each in dataclasses.fields(Choice)}
        choice = Choice(**{name: args[name] for name in names & args.keys()})
        secret = workspace.secret.read_bytes()
        records = write.chosen(db, campaign.campaign_id, choice, secret=secret)
        layout = write.layout(db, choice)
        about = of_campaign(db, campaign.campaign_id)
    read = exemplars_of(workspace)
    total = len({(r.subject, r.layer, r.unit) for r in records if r.slot is not None})
    done = 0

    def pictures(subject: str, layer: str, unit: int, hash_: str) -> Any:
        nonlocal done
        handle.watch.check(f"before unit {unit} of {layer}")
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
        layout=layout,
        about=about,
    )
    return Packed(out.name, done, out.stat().st_size).to_json()


def forget(workspace: Workspace) -> int:
    """Delete the files that were made so far: somebody's text is to be in none of them."""
    found = list(workspace.reports.glob(f"{_PREFIX}*.zip"))
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)
