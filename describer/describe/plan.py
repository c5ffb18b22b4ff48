"""What a person asks to be described, checked before it is queued.

    plan = Plan(subject="resnet18", images="val", checkpoint="demo", layers=("layer4",))
    job_id = enqueue(db, plan, device="auto", person="ada")
    estimate(db, "resnet18", "val", ["layer4"])

Estimates are made of rates that earlier jobs of this workspace measured; without one there is none.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlite_utils import Database

from db import jobs
from db.describe import subjects
from db.errors import BadInput
from describer.describe.result import Result

# As which MILAN's sentences are stored.
METHOD = "milan"


@dataclass(frozen=True)
class Plan:
    """One description job.

    Attributes:
        subject, images, checkpoint: names as the workspace knows them.
        layers: module paths.
        k, quantile, pooling: of the exemplars (Section 3.1).
        beam_size, temperature: of the search; temperature is lambda (Section 3.4).
    """

    subject: str
    images: str
    checkpoint: str
    layers: tuple[str, ...]
    k: int = 15
    quantile: float = 0.99
    pooling: str = "max"
    beam_size: int = 50
    temperature: float = 0.2

    def known_by(self, checkpoint_hash: str) -> str:
        """What its sentences are stored under: the checkpoint, and the search where it is another.

        The usual search leaves the checkpoint's hash alone.
        """
        if (self.beam_size, self.temperature) == (Plan.beam_size, Plan.temperature):
            return checkpoint_hash
        return f"{checkpoint_hash}+beam {self.beam_size}, lambda {self.temperature:g}"


def checkpoint_of(model_hash: str) -> str:
    """The hash of the checkpoint among what a sentence is stored under."""
    return model_hash.partition("+")[0]


def search_of(model_hash: str) -> str:
    """The search that a sentence was found with, in words; "" for the usual one.

    >>> search_of("5f3c+beam 5, lambda 0")
    'beam 5, lambda 0'
    """
    return model_hash.partition("+")[2]


@dataclass(frozen=True)
class Estimate:
    """How much work a plan is; seconds are None where nothing was measured yet."""

    units: int
    images: int
    exemplar_s: float | None
    description_s: float | None


def enqueue(db: Database, plan: Plan, *, device: str, person: str) -> int:
    """Queue a plan as a job of kind `describe` and return the job's id.

    Raises:
        BadInput: something was not chosen, or a number is out of its range.
        NotFound: a name is not one of this workspace.
    """
    for what, chosen in (
        ("a network", plan.subject),
        ("images", plan.images),
        ("a MILAN checkpoint", plan.checkpoint),
        ("at least one layer", plan.layers),
    ):
        if not chosen:
            raise BadInput(f"Choose {what} first.")
    if plan.k < 1 or plan.beam_size < 1:
        raise BadInput(f"expected k and beam of at least 1, got {plan.k} and {plan.beam_size}")
    if not 0 < plan.quantile < 1:
        raise BadInput(f"expected a quantile between 0 and 1, got {plan.quantile}")
    subject = subjects.get(db, plan.subject)
    folder = subjects.get_probing_set(db, plan.images)
    subjects.get_checkpoint(db, plan.checkpoint)
    known = {layer.name for layer in subject.layers}
    unknown = [name for name in plan.layers if name not in known]
    if unknown:
        raise BadInput(f"expected layers of {subject.name}, got {', '.join(unknown)}")
    if plan.k > folder.images:
        raise BadInput(f"expected k of at most {folder.images}, the number of images, got {plan.k}")
    title = f"Describe {plan.subject} {', '.join(plan.layers)}"
    return jobs.enqueue(db, "describe", asdict(plan), title=title, device=device, person=person)


def estimate(
    db: Database, subject: str | None, images: str | None, layers: Sequence[str]
) -> Estimate | None:
    """How much work a choice is; None while it is incomplete."""
    if not subject or not images or not layers:
        return None
    row = subjects.get(db, subject)
    units = sum(layer.units for layer in row.layers if layer.name in layers)
    count = subjects.get_probing_set(db, images).images
    measured = [
        Result.from_json(job.result)
        for job in jobs.latest(db, kinds=["describe"])
        if job.state == "done" and job.args["subject"] == subject
    ]
    images_rate = next((each.images_per_s for each in measured if each.images_per_s), None)
    units_rate = next((each.units_per_s for each in measured if each.units_per_s), None)
    return Estimate(
        units,
        count,
        count / images_rate if images_rate else None,
        units / units_rate if units_rate else None,
    )
