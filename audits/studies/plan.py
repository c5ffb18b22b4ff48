"""Studies of a network's descriptions, checked and queued: feature importance, and their uses.

    enqueue(db, Plan("importance", "resnet18", "milan", "val"), device="auto", person="ada")
    said(db, "resnet18", "milan")           # what is studied: one sentence a unit

A study is its job: what was found is the job's result, and what can be taken away is a table
among the workspace's reports (`file_name`).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlite_utils import Database

from audits.network import labels
from db import jobs
from db.describe import descriptions, exemplars, subjects
from db.describe.descriptions import Description
from db.errors import BadInput
from describer.images import probing
from describer.subjects import definition as files

Kind = Literal["importance", "uses", "faithfulness"]
LEAST = 3


@dataclass(frozen=True)
class Plan:
    """One study.

    Attributes:
        kind: "importance" (MILAN, Section 5), "uses" (Describe-and-Dissect, Section 5) or
            "faithfulness" (whether units act where their sentences hold).
        subject: name of the network.
        method: whose sentences; the newest of each unit counts.
        images: name of a labelled image folder, on which units are ablated; for faithfulness, on
            which they are looked at.
        layer: only units of this layer; "" takes all.
        controls: how many random orders, random draws, or sentences of other units.
        seed: of everything random.
        step: importance: share of the units ablated at each step.
        threshold: uses: the least product of two descriptions that are alike.
        terms: uses: terms whose units are pruned, separated by commas; "" takes the commonest.
        groups: uses: super-classes, one a line, as `animals: dog, cat`; "" makes none.
        unseen: uses: name of a labelled image folder whose classes units are to tell apart.
    """

    kind: Kind
    subject: str
    method: str
    images: str
    layer: str = ""
    controls: int = 5
    seed: int = 0
    step: float = 0.02
    threshold: float = 0.8
    terms: str = ""
    groups: str = ""
    unseen: str = ""


def plan_of(args: Mapping[str, Any]) -> Plan:
    """The plan that a job was queued with."""
    return Plan(**args)


def enqueue(db: Database, plan: Plan, *, device: str, person: str) -> int:
    """Queue a study and return its job's id.

    Raises:
        BadInput: something was not chosen or does not fit.
        NotFound: a name is not one of this workspace.
    """
    for what, chosen in (
        ("a network", plan.subject),
        ("whose descriptions", plan.method),
        ("labelled images", plan.images),
    ):
        if not chosen:
            raise BadInput(f"Choose {what} first.")
    if plan.controls < 2:
        raise BadInput(f"expected at least 2 random controls, got {plan.controls}")
    if not 0 < plan.step <= 0.5:
        raise BadInput(f"expected a step above 0 and up to 50 %, got {100 * plan.step:g} %")
    if not 0 < plan.threshold <= 1:
        raise BadInput(f"expected a threshold above 0 and up to 1, got {plan.threshold:g}")
    super_classes(plan.groups)
    units = said(db, plan.subject, plan.method, layer=plan.layer)
    if len(units) < LEAST:
        where = f" in {plan.layer}" if plan.layer else ""
        raise BadInput(
            f"expected at least {LEAST} units of {plan.subject}{where} described by "
            f"{plan.method}, got {len(units)}: describe the network first"
        )
    subject = files.read(subjects.get(db, plan.subject).source)
    if subject.input != "image":
        raise BadInput(f"expected a network that classifies images, got {plan.subject}")
    shown = subjects.get_probing_set(db, plan.images)
    folder = probing.open_folder(shown.root)
    any_classes = plan.kind == "faithfulness"
    if not shown.classes or not (any_classes or _labelled(folder, subject.classes)):
        raise BadInput(f"expected labelled images, got {plan.images}, which has no sub-folders")
    if plan.unseen and not subjects.get_probing_set(db, plan.unseen).classes:
        raise BadInput(f"expected images of several classes, got {plan.unseen} without sub-folders")
    what = {
        "importance": "Feature importance of",
        "uses": "Uses of the descriptions of",
        "faithfulness": "Faithfulness of the descriptions of",
    }[plan.kind]
    title = f"{what} {len(units)} units of {plan.subject}"
    return jobs.enqueue(db, plan.kind, asdict(plan), title=title, device=device, person=person)


def _labelled(folder: probing.ProbingSet, classes: tuple[str, ...]) -> bool:
    return labels.labels_of(folder, classes=classes) is not None


def said(db: Database, subject: str, method: str, *, layer: str = "") -> list[Description]:
    """The newest sentence of a method about each unit of a network, by layer and unit."""
    newest: dict[tuple[str, int], Description] = {}
    for each in descriptions.of_subject(db, subject, method=method):
        if not layer or each.layer == layer:
            newest[each.layer, each.unit] = each
    return list(newest.values())


def networks(db: Database) -> list[str]:
    """The described networks that take images, those with named classes first."""
    described = {each.subject for each in exemplars.sets(db)}
    found = []
    for each in subjects.every(db):
        if each.name in described and each.source.is_file():
            subject = files.read(each.source)
            if subject.input == "image":
                found.append((not subject.classes, each.name))
    return [name for _, name in sorted(found)]


def classifiers(db: Database) -> list[str]:
    """The described networks that classify images, those with named classes first.

    Without names of classes, one whose last layer gives a vector is taken to classify; an image
    generator's gives a map.
    """
    found = []
    for name in networks(db):
        row = subjects.get(db, name)
        vector = bool(row.layers) and row.layers[-1].kind == "vector"
        if vector or files.read(row.source).classes:
            found.append(name)
    return found


def super_classes(text: str) -> dict[str, tuple[str, ...]]:
    """Read super-classes, one a line: a name, and after a colon words that stand for it.

    >>> super_classes("animals: dog, cat\\nwater")
    {'animals': ('animals', 'dog', 'cat'), 'water': ('water',)}

    Raises:
        BadInput: a line without a name.
    """
    found = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, rest = line.partition(":")
        if not name.strip():
            raise BadInput(f"expected a super-class as `name: word, word`, got {line!r}")
        words = [word.strip() for word in rest.split(",") if word.strip()]
        found[name.strip()] = (name.strip(), *words)
    return found


def file_name(job_id: int, kind: str) -> str:
    """What the table of a study is called among the reports."""
    return f"{kind}-{job_id}.csv"
