"""What a person asks to be described, checked before it is queued.

    plan = Plan("resnet18", "val", ("layer4",), (MilanOptions("demo"), NetDissectOptions(("sky",))))
    job_id = enqueue(db, plan, device="auto", person="ada")
    Plan.from_json(job.args)
    estimate(db, "resnet18", "val", ["layer4"], ["milan"])

Estimates are made of rates that earlier jobs of this workspace measured; without one there is none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from db import jobs
from db.describe import concept_sets, subjects
from db.errors import BadInput
from describer.describe.result import Result
from describer.methods import options
from describer.methods.options import Asked, MilanOptions

VERSION = 2
COLOURS = "colours"
# A judge that is none.
NONE = "none"
_OWN = ("k", "quantile", "pooling", "judge")


@dataclass(frozen=True)
class Plan:
    """One description job.

    Attributes:
        subject, images: names as the workspace knows them.
        layers: module paths.
        methods: what describes, one after the other, each with its options.
        k, quantile, pooling: of the exemplars (Section 3.1).
        judge: who says where sentences hold, a word of `describer.faithfulness.judges.opening`: ""
            for the best there is, `none` to score no sentence.
    """

    subject: str
    images: str
    layers: tuple[str, ...]
    methods: tuple[Asked, ...]
    k: int = 15
    quantile: float = 0.99
    pooling: str = "max"
    judge: str = ""

    @property
    def pooled(self) -> bool:
        """Whether the pass keeps the pooled activations of every image."""
        return self.judge != NONE or any(options.needs_pooled(each) for each in self.methods)

    def to_json(self) -> dict[str, Any]:
        """The arguments of its job."""
        return {
            "version": VERSION,
            "subject": self.subject,
            "images": self.images,
            "layers": list(self.layers),
            "methods": [options.to_json(each) for each in self.methods],
            "k": self.k,
            "quantile": self.quantile,
            "pooling": self.pooling,
            "judge": self.judge,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Plan":
        """What a job's row keeps; those of before there were several methods name MILAN's alone.

        Raises:
            BadInput: a method or an option that is not known.
        """
        values = {name: kept[name] for name in _OWN if name in kept}
        methods: tuple[Asked, ...]
        if "methods" in kept:
            methods = tuple(options.from_json(each) for each in kept["methods"])
        else:
            search = {name: kept[name] for name in ("beam_size", "temperature") if name in kept}
            methods = (MilanOptions(kept["checkpoint"], **search),)
        return cls(kept["subject"], kept["images"], tuple(kept["layers"]), methods, **values)


@dataclass(frozen=True)
class Estimate:
    """How much work a plan is; seconds are None where nothing was measured yet.

    unmeasured: methods that no job has measured; description_s is that of the others.
    """

    units: int
    images: int
    exemplar_s: float | None
    description_s: float | None
    unmeasured: tuple[str, ...] = ()


def enqueue(db: Database, plan: Plan, *, device: str, person: str) -> int:
    """Queue a plan as a job of kind `describe` and return the job's id.

    Raises:
        BadInput: something was not chosen, or a number is out of its range.
        NotFound: a name is not one of this workspace.
    """
    for what, chosen in (
        ("a network", plan.subject),
        ("images", plan.images),
        ("at least one layer", plan.layers),
        ("at least one method", plan.methods),
    ):
        if not chosen:
            raise BadInput(f"Choose {what} first.")
    if plan.k < 1:
        raise BadInput(f"expected k of at least 1, got {plan.k}")
    if not 0 < plan.quantile < 1:
        raise BadInput(f"expected a quantile between 0 and 1, got {plan.quantile}")
    subject = subjects.get(db, plan.subject)
    folder = subjects.get_probing_set(db, plan.images)
    for asked in plan.methods:
        _check(db, asked)
    known = {layer.name for layer in subject.layers}
    unknown = [name for name in plan.layers if name not in known]
    if unknown:
        raise BadInput(f"expected layers of {subject.name}, got {', '.join(unknown)}")
    if plan.k > folder.images:
        raise BadInput(f"expected k of at most {folder.images}, the number of images, got {plan.k}")
    title = f"Describe {plan.subject} {', '.join(plan.layers)}"
    if any(each.method != options.MILAN for each in plan.methods):
        title += f" by {', '.join(options.TITLES[each.method] for each in plan.methods)}"
    return jobs.enqueue(db, "describe", plan.to_json(), title=title, device=device, person=person)


def _check(db: Database, asked: Asked) -> None:
    """See that what a method names is the workspace's: no path comes from a page."""
    if isinstance(asked, MilanOptions):
        if not asked.checkpoint:
            raise BadInput("Choose a MILAN checkpoint first.")
        subjects.get_checkpoint(db, asked.checkpoint)
    elif isinstance(asked, options.NetDissectOptions | options.CompositionalOptions):
        for name in asked.concepts:
            if name != COLOURS:
                concept_sets.get(db, name)


def estimate(
    db: Database,
    subject: str | None,
    images: str | None,
    layers: Sequence[str],
    methods: Sequence[str] = (options.MILAN,),
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
    rates = {
        method: next((rate for each in measured if (rate := each.rate_of(method))), None)
        for method in methods
    }
    seconds = [units / rate for rate in rates.values() if rate]
    return Estimate(
        units,
        count,
        count / images_rate if images_rate else None,
        sum(seconds) if seconds else None,
        tuple(method for method, rate in rates.items() if not rate),
    )
