"""What studies found, as their jobs store it and pages read it.

    job.result == Importance(…).to_json()
    found = RESULTS[job.kind].from_json(job.result)

The fields are named as the stored results' keys have always been; those with defaults came later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from audits.figures.chart import Box
from audits.figures.intervals import Interval
from audits.studies.uses import Classified, Likeness, Range
from db import records


@dataclass(frozen=True)
class _Result:
    """What every study is about: a network, whose sentences, and how many images and units."""

    subject: str
    method: str
    images: str
    image_count: int
    units: int

    def to_json(self) -> dict[str, Any]:
        """The result as JSON can hold it, with a version."""
        return records.to_json(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read a stored result, with or without a version.

        Raises:
            BadInput: it is of a later version, or no such result.
        """
        return records.from_json(cls, stored)


@dataclass(frozen=True)
class Example:
    """A unit that a page shows, with its sentence and score; `name` is its layer and number."""

    unit_id: int
    name: str
    text: str
    score: float


@dataclass(frozen=True)
class LayerBox(Box):
    """A score over the units of a layer."""

    units: int = 0


@dataclass(frozen=True)
class Importance(_Result):
    """Which kinds of description matter.

    Attributes:
        words, vectors: what the criteria were counted and measured with.
        counts: how many units were ablated at each point of the curves.
        curves: accuracies by criterion, the mean over the orders that ties are broken by.
        random: the range of the random orders at each count.
        random_curves: accuracies of each random order.
        first: the first ten units ablated, by criterion.
        layers: by criterion and layer.
        tied: by criterion, how many units share the score at which each count cuts.
        constant: criteria that are the same for all units, so without a curve.
        file: the table to take away, among the workspace's reports.
    """

    words: str
    vectors: str
    counts: tuple[int, ...]
    curves: Mapping[str, tuple[float, ...]]
    random: tuple[Interval, ...]
    random_curves: tuple[tuple[float, ...], ...]
    first: Mapping[str, tuple[Example, ...]]
    layers: Mapping[str, Mapping[str, LayerBox]]
    tied: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    constant: tuple[str, ...] = ()
    file: str = ""


@dataclass(frozen=True)
class Group:
    """Units with like descriptions; `units` are named by layer and number."""

    name: str
    super_class: str
    units: tuple[str, ...]


@dataclass(frozen=True)
class Pruning:
    """Accuracies with all units, without some, and without as many random ones.

    `share` is of all units of their layers; `drawn` names the units of every random draw.
    """

    units: int
    share: float
    before: float
    after: float
    random: Interval
    classes_before: Mapping[str, float]
    classes_after: Mapping[str, float]
    drawn: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class TermPruning(Pruning):
    """The same for the units whose description holds a term."""

    term: str = ""


@dataclass(frozen=True)
class TermCount:
    """How many descriptions hold a term, and their share of all."""

    term: str
    units: int
    share: float


@dataclass(frozen=True)
class LikenessOfUnits(Likeness):
    """How like units are described whose exemplars are alike, by an encoder's features."""

    units: int = 0
    encoder: str = ""


@dataclass(frozen=True)
class Uses(_Result):
    """What descriptions can be used for.

    Attributes:
        vectors: what descriptions were compared by.
        threshold: the least product of two descriptions that are alike.
        groups: every unit is in one, the largest first.
        super_classes: their names, as they were asked for.
        alone: how many units no other is like.
        pruned: what pruning those costs, by layer.
        terms: the commonest.
        pruned_terms: what pruning the units of some terms costs.
        unseen: the images whose classes units were to tell apart; "" where none were asked for.
        known: classes among those that the network was trained on.
        classified: None where no images were asked for.
        likeness: None where too few units have exemplars.
        file: the table to take away, among the workspace's reports.
    """

    vectors: str
    threshold: float
    groups: tuple[Group, ...]
    super_classes: tuple[str, ...]
    alone: int
    pruned: Mapping[str, Pruning]
    terms: tuple[TermCount, ...]
    pruned_terms: tuple[TermPruning, ...]
    unseen: str
    known: tuple[str, ...]
    classified: Classified | None
    likeness: LikenessOfUnits | None
    file: str = ""


@dataclass(frozen=True)
class LayerScores:
    """Mean faithfulness of the sentences of a layer, with intervals over units."""

    units: int
    auprc: Range
    constant: Range
    shuffled: Range
    auroc: Range
    correlation: Range


@dataclass(frozen=True)
class Faithfulness(_Result):
    """Whether units act where their descriptions hold.

    Attributes:
        judge: who says where a sentence holds.
        layers: by layer, with "all" in front.
        most, least: the most and the least faithful sentences.
        silent: how many units are alike active on all images.
        file: the table to take away, among the workspace's reports.
    """

    judge: str
    layers: Mapping[str, LayerScores]
    most: tuple[Example, ...]
    least: tuple[Example, ...]
    silent: int = 0
    file: str = ""


RESULTS: Mapping[str, type[Importance] | type[Uses] | type[Faithfulness]] = {
    "importance": Importance,
    "uses": Uses,
    "faithfulness": Faithfulness,
}
