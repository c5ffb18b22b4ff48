"""Agreement as a job: measured by the worker, kept as the job's result, shown beside the campaign.

    enqueue(db, campaign_id, person="rae")       # the job kind `agreement`
    latest(db)[campaign_id]                      # its newest job, whatever its state
    measured(db)[campaign_id]                    # the newest that has numbers

A model of language takes seconds to minutes over a campaign, so nobody's page waits for it.
"""

import csv
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from annotator.agreement import scores as agreements
from annotator.campaign import newest, sentences, subjects
from db import jobs
from db.annotate import campaigns
from db.cells import neutral
from db.errors import BadInput, Cancelled
from db.jobs import Handle, Job
from db.units import Unit
from db.workspace import open_database

KIND = "agreement"
UNIT = ("layer", "unit", "mean", "chance", "sentences")


def enqueue(db: Database, campaign_id: int, *, person: str, model: str | None = None) -> int:
    """Let the worker measure a campaign's agreement; returns the job's id.

    Args:
        model: a name out of `scorers.here`; None for the best of them.

    Raises:
        BadInput: it is being measured already.
    """
    before = latest(db).get(campaign_id)
    if before is not None and before.state in ("queued", "running"):
        raise BadInput("Agreement is being measured already; the numbers appear here.")
    name = campaigns.get(db, campaign_id).name
    args = {"campaign_id": campaign_id, "model": model}
    return jobs.enqueue(db, KIND, args, title=f"Agreement of {name}", device="cpu", person=person)


def agreement(handle: Handle) -> dict[str, Any]:
    """Measure: the whole, every network, layer and unit, and every person with the others."""
    from annotator.agreement import bertscore

    with open_database(handle.workspace) as db:
        given = sentences(db, handle.job.args["campaign_id"])
        subject_of = subjects(db, handle.job.args["campaign_id"])
    model = handle.job.args.get("model")

    def progress(done: int, total: int, message: str) -> None:
        if handle.watch.cancelled():
            raise Cancelled("Agreement was cancelled.")
        handle.watch.progress(done, total, message)

    scorer = bertscore.find() if model is None else bertscore.named(model, handle.workspace.models)
    scores = agreements.score(given, scorer, progress=progress)
    layers = sorted({layer for layer, _ in scores.units})
    parts = [("all", agreements.over(scores))]
    for subject in sorted({subject_of[layer] for layer in layers}):
        own = frozenset(layer for layer in layers if subject_of[layer] == subject)
        parts.append((f"{subject}, all layers", agreements.over(scores, _among(own))))
    parts += [(each, agreements.over(scores, _among(frozenset({each})))) for each in layers]
    return {
        "model": scores.model,
        "rows": [{"name": name, **dataclasses.asdict(found)} for name, found in parts],
        "persons": [
            {"name": name, **dataclasses.asdict(found)}
            for name, found in sorted(agreements.by_author(scores).items())
        ],
        "units": [
            {"layer": layer, "unit": unit, "mean": mean, "chance": chance, "sentences": count}
            for (layer, unit), mean, chance, count in agreements.by_unit(scores)
        ],
    }


def write_units(path: Path, job: Job) -> None:
    """Every unit of a measurement as a table, lowest agreement first."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*UNIT, "model"])
        for line in job.result.get("units", ()):
            plain = [line[name] for name in UNIT[1:]]
            writer.writerow([neutral(line["layer"]), *plain, job.result["model"]])


def latest(db: Database) -> dict[int, Job]:
    """The newest measurement of every campaign, whether queued, running, done or failed."""
    return newest(db, KIND)


def measured(db: Database) -> dict[int, Job]:
    """The newest measurement of every campaign that came to its end."""
    return newest(db, KIND, done=True)


def _among(layers: frozenset[str]) -> Callable[[Unit], bool]:
    return lambda unit: unit[0] in layers
