"""An edit of a finished experiment: which units it removes, what was said of them, what it cost.

    edits.enqueue(db, ablation_id, count, device="auto", person="ada")      # a job of kind `export`
    edits.offered(db, ablation_id)                                          # what is there to fetch

Reads rows alone; the network is opened by the job (`audits.ablation.job`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from db import jobs
from db.audit import ablations, signoffs
from db.audit.ablations import Ablation, Point
from db.describe import descriptions
from db.errors import BadInput
from db.units import Unit


@dataclass(frozen=True)
class Offered:
    """An edited network that can be fetched."""

    file: str
    count: int
    way: str
    reason: str
    images: int
    accuracy: float | None


def enqueue(db: Database, ablation_id: int, count: int, *, device: str, person: str) -> int:
    """Queue the export of the network without the first `count` units of an experiment.

    Raises:
        BadInput: the experiment is not finished, or has no so many units.
        NotFound: there is no such experiment.
    """
    experiment = ablations.get(db, ablation_id)
    removed(experiment, count)
    title = f"Export {experiment.subject} without {count} units"
    args = {"ablation_id": ablation_id, "count": count}
    return jobs.enqueue(db, "export", args, title=title, device=device, person=person)


def removed(experiment: Ablation, count: int) -> list[Unit]:
    """The first units of an experiment's order.

    Raises:
        BadInput: it is not finished, or has no so many.
    """
    order: list[Unit] = [(layer, unit) for layer, unit in experiment.summary.get("units", [])]
    if not order:
        raise BadInput("Ablate first: an edit is exported once its cost is known.")
    if not 1 <= count <= len(order):
        raise BadInput(f"expected between 1 and {len(order)} units to remove, got {count}")
    return order[:count]


def suggested(experiment: Ablation) -> int:
    """The count chosen on validation; all units where that is none."""
    chosen = (experiment.summary.get("chosen") or {}).get("n_ablated", 0)
    return int(chosen) or len(experiment.summary.get("units", []))


def offered(db: Database, ablation_id: int) -> list[Offered]:
    """The exports of an experiment that are done, newest first, one of each count."""
    found: dict[int, Offered] = {}
    for job in jobs.latest(db, kinds=["export"], limit=200):
        if job.state == "done" and job.args.get("ablation_id") == ablation_id:
            values = {key: job.result[key] for key in Offered.__dataclass_fields__}
            found.setdefault(job.args["count"], Offered(**values))
    return list(found.values())


def file_name(ablation_id: int, count: int) -> str:
    """How an exported edit is called."""
    return f"edit-{ablation_id}-{count}"


def sentences(db: Database, experiment: Ablation) -> dict[Unit, str]:
    """What the reviewer saw when the units were confirmed, else their newest description."""
    order = [(layer, unit) for layer, unit in experiment.summary.get("units", [])]
    found: dict[Unit, str] = {}
    seen = {
        each.unit_id: str(each.seen.get("description", ""))
        for each in signoffs.current(db, concept=experiment.request.get("concept"))
    }
    for place, unit_id in zip(order, experiment.units, strict=False):
        said = descriptions.of_unit(db, unit_id)
        found[place] = seen.get(unit_id) or (said[0].text if said else "")
    return found if len(order) == len(experiment.units) else {}


def cost(experiment: Ablation, points: Sequence[Point], count: int) -> list[tuple[str, str]]:
    """What was measured with that many units removed, (what, value)."""
    measure = str(experiment.summary.get("measure", "accuracy"))
    rows = []
    for split in ("validation", "test"):
        line = {
            point.n_ablated: point.accuracy
            for point in points
            if point.condition == "keyword" and point.split == split
        }
        name = experiment.request.get(split, split)
        rows += [
            (f"{measure} on {split} images ({name}), unedited", f"{line[0]:.2%}"),
            (f"{measure} on {split} images ({name}), edited", f"{line[count]:.2%}"),
        ]
    draws = [
        point.accuracy
        for point in points
        if (point.condition, point.split, point.n_ablated) == ("random", "test", count)
    ]
    if draws:
        of = f"least to greatest of {len(draws)} draw{'s' * (len(draws) != 1)}"
        rows.append(
            (
                f"… without as many random units of the same layers, {of}",
                f"{min(draws):.2%} to {max(draws):.2%}",
            )
        )
    if measure == "agreement":
        rows.append(("there were no labels", "agreement is with the unedited network"))
    return rows


def head_rows(head: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The head trained again, in words: the edited network's and the unedited one's."""
    rows = []
    for name, label in (
        ("edited", f"without {head['units']} units"),
        ("unedited", "without ablation"),
    ):
        tuned = head[name]
        rows.append(
            (
                f"accuracy {label}, head trained again on {head['training']} "
                f"({tuned['best']} epochs)",
                f"{tuned['after']:.2%} (before: {tuned['before']:.2%})",
            )
        )
    return rows
