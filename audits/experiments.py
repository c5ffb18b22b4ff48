"""A reviewer's work as values: the query, the sign-off, and the ablation that follows from them.

query = query_of("head nose", "face", lemmas=True, networks=[], methods=[])
sign_off(db, match, query, person="ada", verdict="confirmed")
enqueue(db, Plan("resnet18", query.concept, "val", "test"), device="auto", person="ada")
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

from sqlite_utils import Database

from db import exemplars, jobs, signoffs, subjects
from db.errors import BadInput
from db.words import PRESETS, Match, Query, parse

LEAST_CONTROLS = 1


@dataclass(frozen=True)
class Plan:
    """One ablation job.

    Attributes:
        subject: name of the network.
        concept: the confirmed units of this concept are ablated.
        validation, test: names of labelled image folders; units are ordered and their number is
            chosen on the first, the accuracy is reported on the second.
        rule: "zero" or "mean".
        controls: how many draws of random units, matched by layer.
        seed: of the draws.
        sort_all: also measure all units of the network sorted by importance (slow).
    """

    subject: str
    concept: str
    validation: str
    test: str
    rule: Literal["zero", "mean"] = "zero"
    controls: int = 5
    seed: int = 0
    sort_all: bool = False


def query_of(
    typed: str,
    preset: str,
    *,
    lemmas: bool,
    networks: Sequence[str],
    methods: Sequence[str],
) -> Query:
    """Read what the tab's fields say; the preset's words join the typed ones.

    Raises:
        BadInput: neither a word nor a preset was given, or the preset does not exist.
    """
    if preset and preset not in PRESETS:
        raise BadInput(f"expected a preset among {', '.join(PRESETS)}, got {preset!r}")
    text = " ".join([*PRESETS.get(preset, ()), typed])
    return replace(
        parse(text),
        lemmas=lemmas,
        subjects=tuple(networks),
        methods=tuple(methods),
        concept=" ".join([preset, *typed.replace(",", " ").casefold().split()]).strip(),
    )


def likely(names: Sequence[str], purpose: str, subject: str = "") -> str | None:
    """The image folder that is probably meant for a purpose: the one that is called most like it.

    >>> likely(["cats-test", "dogs-test", "dogs-validation"], "validation", "dogs-blurred")
    'dogs-validation'
    """

    def alike(name: str) -> tuple[bool, int]:
        parts = {*re.split(r"\W+", name.casefold())}
        return (
            any(part.startswith(purpose[:3]) for part in parts),
            len(parts & {*re.split(r"\W+", subject.casefold())}),
        )

    return max(names, key=alike, default=None)


def sign_off(
    db: Database,
    match: Match,
    query: Query,
    *,
    person: str,
    verdict: signoffs.Verdict,
    tag: str = "",
    note: str = "",
) -> int:
    """Store a verdict together with what was seen when it was given; returns its id."""
    seen = {
        "exemplars": exemplars.unit(db, match.unit_id).hash,
        "method": match.method,
        "description": match.text,
        "filter": asdict(query),
    }
    return signoffs.add(
        db,
        match.unit_id,
        person=person,
        verdict=verdict,
        concept=query.concept,
        seen=seen,
        tag=tag,
        note=note,
    )


def confirmed(db: Database, subject: str, concept: str) -> list[exemplars.Unit]:
    """The units of a network that somebody confirmed for a concept and nobody rejected."""
    standing = signoffs.current(db, concept=concept)
    rejected = {each.unit_id for each in standing if each.verdict == "rejected"}
    chosen = {each.unit_id for each in standing if each.verdict == "confirmed"} - rejected
    units = [exemplars.unit(db, unit_id) for unit_id in sorted(chosen)]
    return [unit for unit in units if unit.subject == subject]


def most_confirmed(db: Database, concept: str) -> str | None:
    """The network that the most units are confirmed of for a concept; None when there is none."""
    counts = Counter(
        exemplars.unit(db, each.unit_id).subject
        for each in signoffs.current(db, concept=concept)
        if each.verdict == "confirmed"
    )
    return max(counts, key=lambda name: counts[name], default=None)


def enqueue(db: Database, plan: Plan, *, device: str, person: str) -> int:
    """Queue a plan as a job of kind `ablate` and return the job's id.

    Raises:
        BadInput: something was not chosen, or no unit was confirmed.
        NotFound: a name is not one of this workspace.
    """
    for what, chosen in (
        ("what the units were confirmed for", plan.concept),
        ("a network", plan.subject),
        ("validation images", plan.validation),
        ("test images", plan.test),
    ):
        if not chosen:
            raise BadInput(f"Choose {what} first.")
    if plan.controls < LEAST_CONTROLS:
        raise BadInput(f"expected at least {LEAST_CONTROLS} random control, got {plan.controls}")
    if plan.rule not in ("zero", "mean"):
        raise BadInput(f"expected the rule zero or mean, got {plan.rule!r}")
    subjects.get(db, plan.subject)
    subjects.get_probing_set(db, plan.validation)
    subjects.get_probing_set(db, plan.test)
    count = len(confirmed(db, plan.subject, plan.concept))
    if not count:
        raise BadInput(
            f"expected confirmed units of {plan.subject} for {plan.concept!r}, got none: "
            "confirm some above"
        )
    title = f"Ablate {count} units of {plan.subject}: {plan.concept}"
    return jobs.enqueue(db, "ablate", asdict(plan), title=title, device=device, person=person)
