"""The one shape of all methods: what a method is given, and what it yields.

    for batch in method(study, {"layer4": [0, 1, 2]}, watch):
        ...                                          # Sentences of some units, ready to be stored

A method is a function of an opened study and the units that are wanted, with its own frozen options
bound to it (`functools.partial`, or a dataclass with `__call__`). It yields what it says unit by
unit or a few at a time, and whatever was yielded need not be done again: a job stores every batch
and asks later for the rest alone. So a sentence must not depend on which other units are wanted, on
their order, or on where the work was cut; randomness is seeded by the unit (`seed_of`).
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from db.describe.descriptions import Candidate
from db.jobs import Watch
from describer.exemplars.layout import Source

if TYPE_CHECKING:
    from describer.images.probing import ProbingSet
    from describer.subjects.definition import Subject


@dataclass(frozen=True)
class Study:
    """What a method may look at.

    Attributes:
        source: the exemplars, with what the pass kept of every image where it was asked to.
        subject: the network, to be built by methods that show it further images.
        probing: the images that the exemplars come from.
        models: the workspace's folder of models, one folder each.
        device: where networks run.
        keep: a folder for pictures of how sentences came about, written as `picture_file` names
            them; none are kept without one.
    """

    source: Source
    subject: "Subject | None" = None
    probing: "ProbingSet | None" = None
    models: Path | None = None
    device: str = "cpu"
    keep: Path | None = None


@dataclass(frozen=True)
class Sentence:
    """What a method says about a unit.

    Attributes:
        layer, unit: which unit.
        text: the sentence; "" where the method has none, with the reason in `detail["reason"]`.
        score: the method's own, comparable within the method only.
        candidates: what else it considered, best first: (text, score, second number or 0).
        detail: how the sentence came about, as plain JSON values.
    """

    layer: str
    unit: int
    text: str
    score: float | None
    candidates: Sequence[Candidate] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Provenance:
    """What sentences were made of: the method's name, and plain JSON values.

    values: names and hashes of models, prompts, seeds, the hash of a list of concepts, options.
    known_by: a hash that sentences like these were stored under before; none by default.
    """

    method: str
    values: Mapping[str, Any]
    known_by: str = ""

    @property
    def hash(self) -> str:
        """Identity of all that a sentence depends on beside the unit's exemplars."""
        if self.known_by:
            return self.known_by
        text = json.dumps(dict(self.values), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(f"{self.method}\n{text}".encode()).hexdigest()[:40]


def picture_file(layer: str, unit: int, what: str) -> str:
    """The name of a picture of how a unit's sentence came about; what: "shown", "candidates", …"""
    return f"{layer}-{unit}-{what}.jpg"


Units = Mapping[str, Sequence[int]]
Method = Callable[[Study, Units, Watch], Iterator[list[Sentence]]]


class Described(Protocol):
    """A method that says what it is made of."""

    def provenance(self, models: Path | None) -> Provenance:
        """What its sentences depend on beside the exemplars; models are hashed, not loaded."""

    def __call__(self, study: Study, units: Units, watch: Watch) -> Iterator[list[Sentence]]:
        """Sentences of these units."""


def seed_of(seed: int, layer: str, unit: int) -> int:
    """A seed of one unit's own, the same wherever and after whatever it is described.

    >>> seed_of(0, "layer4", 3) == seed_of(0, "layer4", 3) != seed_of(0, "layer4", 4)
    True
    """
    digest = hashlib.sha256(f"{seed}/{layer}/{unit}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
