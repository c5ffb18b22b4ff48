"""Statistics of a campaign's sentences as a job: the rows of the paper's Table 5.

    enqueue(db, campaign_id, cleaned=False, person="ada")      # the job kind `statistics`
    campaign.newest(db, KIND, done=True)[campaign_id].result   # of a `statistics.Counted`

Tagging takes about a second for a thousand sentences and a while to load, so the worker does it.
The English pipeline is of another package and is passed in.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from sqlite_utils import Database

from annotator import campaign
from annotator.corpus import cleaning, spelling
from annotator.corpus import statistics as counting
from db.jobs import Handle
from db.workspace import open_database

if TYPE_CHECKING:
    from spacy.language import Language

KIND = "statistics"
BUSY = "These sentences are being counted already; the numbers appear here."
_STEP = 200


def enqueue(db: Database, campaign_id: int, *, cleaned: bool, person: str) -> int:
    """Let the worker count; returns the job's id.

    Raises:
        BadInput: it is counting already.
    """
    args = {"campaign_id": campaign_id, "cleaned": cleaned}
    return campaign.enqueue(db, KIND, args, title="Words of", person=person, busy=BUSY)


def statistics(handle: Handle, *, english: "Callable[[], Language]") -> dict[str, Any]:
    """Count: a row for every layer and one for every network."""
    campaign_id = handle.job.args["campaign_id"]
    with open_database(handle.workspace) as db:
        given = campaign.sentences(db, campaign_id)
        subject_of = campaign.subjects(db, campaign_id)
        version, in_force = cleaning.in_force(db)
    cleaned = handle.job.args["cleaned"]

    def worded(author: str, text: str) -> str:
        if not cleaned:
            return text
        return cleaning.clean(text, in_force, annotator=author, spelling=spelling.suggest)

    rows = [
        (layer, unit, worded(author, text))
        for (layer, unit), said in sorted(given.items())
        for author, text in said
    ]

    def watched() -> Iterator[tuple[str, int, str]]:
        for number, row in enumerate(rows):
            if number % _STEP == 0:
                handle.watch.check(f"before sentence {number}")
                handle.watch.progress(number, len(rows), "sentences counted")
            yield row

    nlp = english()
    found = counting.statistics(
        watched(), nlp, total=lambda layer: f"{subject_of[layer]}, all layers"
    )
    pipeline = f"{nlp.meta['lang']}_{nlp.meta['name']} {nlp.meta['version']}"
    rules = version if cleaned else None
    return counting.Counted(pipeline, rules, tuple(found.values())).to_json()
