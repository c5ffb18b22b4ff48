"""What a report says: every part of it, as the page reads it and as its JSON names it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from audits.studies.results import RESULTS, Faithfulness, Importance, Uses
from db.audit.ablations import Point
from db.audit.evidence import Evidence
from db.describe.exemplars import UnitRow


@dataclass(frozen=True)
class Layer:
    """A set of exemplars: its layer, its images, and how many of its units are confirmed."""

    layer: str
    units: int
    confirmed: int
    exemplars: str
    images: str
    images_hash: str
    images_count: int | None
    k: int
    quantile: float | None


@dataclass(frozen=True)
class Network:
    """A network; `confirmed` counts a unit once, however many sets of exemplars confirm it."""

    name: str
    weights: str
    units: int
    confirmed: int
    layers: tuple[Layer, ...]
    layers_without_exemplars: tuple[str, ...]


@dataclass(frozen=True)
class Person:
    """How often a reviewer gave each verdict that stands."""

    person: str
    confirmed: int
    rejected: int
    unsure: int


@dataclass(frozen=True)
class Verdict:
    """One verdict with what was seen when it was given; `standing` unless it was replaced."""

    person: str
    verdict: str
    tag: str
    note: str
    given: str
    standing: bool
    withdrawn: bool
    description: str
    method: str
    exemplars_seen: str


@dataclass(frozen=True)
class Unit:
    """A unit with every verdict about it; `withheld` counts those that must stay blind."""

    unit: str
    subject: str
    layer: str
    index: int
    exemplars: str
    dead: bool
    decision: str
    withheld: int
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class NotExamined:
    """How many units of a network no verdict speaks of, and why."""

    network: str
    units: int
    without_description: int
    matching_without_verdict: int
    not_matching: int


@dataclass(frozen=True)
class Experiment:
    """An ablation with its whole curve; request and summary are what the workspace holds."""

    number: int
    subject: str
    person: str
    asked: str
    request: Mapping[str, Any]
    summary: Mapping[str, Any]
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Agreement:
    """How far reviewers agreed beyond chance; None where a number is undefined."""

    measure: str
    kappa: float | None
    low: float | None
    high: float | None
    same: float
    units: int


@dataclass(frozen=True)
class Faithful:
    """How faithful one sentence about a unit is, beside its controls."""

    method: str
    description: str
    judge: str
    images: str
    auprc: float
    auroc: float
    correlation: float
    constant: float
    shuffled: float


@dataclass(frozen=True)
class TrustedSentence:
    """The sentence that was chosen on some images and holds on others; else the reason why none.

    value, low, high: its score by the measure on images that did not choose it, with its interval.
    others: what other units' sentences score there.
    """

    method: str
    text: str
    measure: str
    value: float | None
    low: float | None
    high: float | None
    others: float | None
    judge: str
    images: str
    reason: str


@dataclass(frozen=True)
class OfUnit:
    """How faithful a unit's descriptions are, and what detectors saw in its regions.

    trusted: None where the unit's sentences were never weighed.
    """

    faithfulness: tuple[Faithful, ...]
    detectors: tuple[Evidence, ...]
    trusted: TrustedSentence | None = None


@dataclass(frozen=True)
class Study:
    """A finished study; `result` is as its job stored it, without the table to take away."""

    number: int
    kind: str
    title: str
    person: str
    asked: str
    request: Mapping[str, Any]
    result: Mapping[str, Any]

    @property
    def found(self) -> Importance | Uses | Faithfulness:
        """The result, read."""
        return RESULTS[self.kind].from_json(self.result)


@dataclass(frozen=True)
class Findings:
    """What stands beside verdicts; `of_units` is by the unit's name."""

    agreement: Agreement | None
    of_units: Mapping[str, OfUnit]
    studies: tuple[Study, ...]


@dataclass(frozen=True)
class ImageSheet:
    """The data sheet of a set of images: what it is, and what it was used for."""

    name: str
    images: int | None
    classes: tuple[str, ...]
    hashes: tuple[str, ...]
    used_for: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ModelCard:
    """The card of a network: what it is, and what is known of how it answers."""

    name: str
    origin: str
    weights: str
    code: str
    layers: tuple[str, ...]
    units: int
    trained_on: str
    accuracies: tuple[str, ...]


@dataclass(frozen=True)
class Contents:
    """Everything that a report says.

    `filters` holds the filters that stood on the screen when verdicts were given, as they were
    stored; `software` the versions of packages, `environment` the machine and hashes of what ran;
    `signed_by` the public key of the workspace that signed it.
    """

    concept: str
    purpose: str
    networks: tuple[Network, ...]
    people: tuple[Person, ...]
    reviewers_needed: int
    filters: tuple[Mapping[str, Any], ...]
    units: tuple[Unit, ...]
    not_examined: tuple[NotExamined, ...]
    experiments: tuple[Experiment, ...]
    findings: Findings
    limits: tuple[str, ...]
    software: Mapping[str, str]
    images: tuple[ImageSheet, ...] = ()
    cards: tuple[ModelCard, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    signed_by: str = ""


@dataclass(frozen=True)
class Report:
    """What a report says, and the units whose pictures it shows."""

    contents: Contents
    units: tuple[UnitRow, ...]

    @property
    def values(self) -> dict[str, Any]:
        """The contents as JSON holds them."""
        values: dict[str, Any] = json.loads(json.dumps(asdict(self.contents)))
        return values
