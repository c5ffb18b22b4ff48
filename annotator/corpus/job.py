"""Statistics of a campaign's sentences as a job: the rows of the paper's Table 5.

    enqueue(db, campaign_id, cleaned=False, person="ada")      # the job kind `statistics`
    runs.newest(db, KIND, done=True)[campaign_id].result

Tagging takes about a second for a thousand sentences and a while to load, so the worker does it.
The English pipeline is of another package and is passed in.
"""

import csv
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlite_utils import Database

from annotator import campaign
from annotator.corpus import cleaning, spelling
from annotator.corpus import statistics as corpu_statistics
from db import jobs
from db.annotate import campaigns
from db.cells import neutral
from db.errors import BadInput, Cancelled
from db.jobs import Handle
from db.workspace import open_database

if TYPE_CHECKING:
    from spacy.language import Language

KIND = "statistics"
COLUMNS = tuple(corpu_statistics.LayerStatistics.__dataclass_fields__)
_STEP = 200


def enqueue(db: Database, campaign_id: int, *, cleaned: bool, person: str) -> int:
    """Let the worker count; returns the job's id.

    Raises:
        BadInput: it is counting already.
    """
    before = campaign.newest(db, KIND).get(campaign_id)
    if before is not None and before.state in ("queued", "running"):
        raise BadInput("These sentences are being counted already; the numbers appear here.")
    name = campaigns.get(db, campaign_id).name
    args = {"campaign_id": campaign_id, "cleaned": cleaned}
    return jobs.enqueue(db, KIND, args, title=f"Words of {name}", device="cpu", person=person)


def statistics(handle: Handle, *, english: "Callable[[], Language]") -> dict[str, Any]:
    """Count: a row for every layer and one for every network."""
    campaign_id = handle.job.args["campaign_id"]
    with open_database(handle.workspace) as db:
        given = campaign.sentences(db, campaign_id)
        subject_of = campaign.subjects(db, campaign_id)
        version, in_force = cleaning.in_force(db)
    cleaned = handle.job.args["cleaned"]
    rows = [
        (
            layer,
            unit,
            cleaning.clean(text, in_force, annotator=author, spelling=spelling.suggest)
            if cleaned
            else text,
        )
        for (layer, unit), said in sorted(given.items())
        for author, text in said
    ]

    def watched() -> Iterator[tuple[str, int, str]]:
        for number, row in enumerate(rows):
            if number % _STEP == 0:
                if handle.watch.cancelled():
                    raise Cancelled("Counting was cancelled.")
                handle.watch.progress(number, len(rows), "sentences counted")
            yield row

    nlp = english()
    found = corpu_statistics.statistics(
        watched(), nlp, total=lambda layer: f"{subject_of[layer]}, all layers"
    )
    return {
        "pipeline": f"{nlp.meta['lang']}_{nlp.meta['name']} {nlp.meta['version']}",
        "rules": version if cleaned else None,
        "rows": [dataclasses.asdict(line) for line in found.values()],
    }


def write(path: Path, result: dict[str, Any]) -> None:
    """The rows as a table; shares of words in [0, 1]."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*COLUMNS, "pipeline"])
        for row in result["rows"]:
            plain = [row[name] for name in COLUMNS[1:]]
            writer.writerow([neutral(row["layer"]), *plain, result["pipeline"]])
