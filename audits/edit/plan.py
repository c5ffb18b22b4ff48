"""An edit of a finished experiment: which units it removes, what was said of them, what it cost.

    enqueue(db, ablation_id, count, device="auto", person="ada")    # a job of kind `export`
    offered(db, ablation_id)                                        # what is there to fetch

Reads rows alone; the network is opened by the job (`audits.edit.job`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlite_utils import Database

from audits.ablation import result
from audits.ablation.plan import Request
from db import jobs
from db.audit import ablations, signoffs
from db.audit.ablations import Ablation, Point
from db.describe import descriptions
from db.errors import BadInput
from db.units import Unit

KIND = "export"
VERSION = 1


@dataclass(frozen=True)
class Offered:
    """The result of a job of kind `export`: an edited network that can be fetched.

    Attributes:
        file: among the workspace's reports.
        count: how many of the experiment's units are removed.
        way, reason, images, accuracy: see `audits.edit.export.Exported`.
    """

    ablation_id: int
    count: int
    file: str
    way: str
    reason: str
    images: int
    accuracy: float | None

    def to_json(self) -> dict[str, Any]:
        """As the job stores it."""
        return {**asdict(self), "version": VERSION}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "Offered":
        """What `to_json` gave, with or without a version."""
        return Offered(**{each.name: values[each.name] for each in fields(Offered)})


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
    return jobs.enqueue(db, KIND, args, title=title, device=device, person=person)


def removed(experiment: Ablation, count: int) -> tuple[Unit, ...]:
    """The first units of an experiment's order.

    Raises:
        BadInput: it is not finished, or has no so many.
    """
    found = result.of(experiment)
    if found is None or not found.units:
        raise BadInput("Ablate first: an edit is exported once its cost is known.")
    order = found.units
    if not 1 <= count <= len(order):
        raise BadInput(f"expected between 1 and {len(order)} units to remove, got {count}")
    return order[:count]


def suggested(experiment: Ablation) -> int:
    """The count chosen on validation; all units where that is none."""
    found = result.of(experiment)
    if found is None:
        return 0
    return (found.chosen.n_ablated if found.chosen else 0) or len(found.units)


def offered(db: Database, ablation_id: int) -> list[Offered]:
    """The exports of an experiment that are done, newest first, one of each count."""
    found: dict[int, Offered] = {}
    for job in jobs.latest(db, kinds=[KIND], limit=200):
        if job.state == "done" and job.args.get("ablation_id") == ablation_id:
            made = Offered.from_json(job.result)
            found.setdefault(made.count, made)
    return list(found.values())


def file_name(ablation_id: int, count: int) -> str:
    """How an exported edit is called."""
    return f"edit-{ablation_id}-{count}"


def sentences(db: Database, experiment: Ablation) -> dict[Unit, str]:
    """What the reviewer saw when the units were confirmed, else their newest description."""
    finished = result.of(experiment)
    order = finished.units if finished else ()
    concept = Request.from_json(experiment.request).plan.concept
    found: dict[Unit, str] = {}
    seen = {
        each.unit_id: str(each.seen.get("description", ""))
        for each in signoffs.current(db, concept=concept or None)
    }
    for place, unit_id in zip(order, experiment.units, strict=False):
        said = descriptions.of_unit(db, unit_id)
        found[place] = seen.get(unit_id) or (said[0].text if said else "")
    return found if len(order) == len(experiment.units) else {}


def cost(experiment: Ablation, points: Sequence[Point], count: int) -> list[tuple[str, str]]:
    """What was measured with that many units removed, (what, value)."""
    finished = result.of(experiment)
    measure = finished.measure if finished else "accuracy"
    plan = Request.from_json(experiment.request).plan
    rows = []
    for split, images in (("validation", plan.validation), ("test", plan.test)):
        line = {
            point.n_ablated: point.accuracy
            for point in points
            if point.condition == "keyword" and point.split == split
        }
        name = images or split
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
        of = f"range of {len(draws)} draws" if len(draws) > 1 else "one draw"
        rows.append(
            (
                f"… without as many random units of the same layers, {of}",
                f"{min(draws):.2%} to {max(draws):.2%}",
            )
        )
    if measure == "agreement":
        rows.append(("there were no labels", "agreement is with the unedited network"))
    return rows
