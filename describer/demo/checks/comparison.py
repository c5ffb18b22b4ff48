"""MILAN beside other ways to describe: the tables of Section 4, against the planted truth.

    descriptions, paired = sections(cases, fresh, model)

The second table is about one choice alone, ranking by pointwise mutual information and not by
p(d | E): both describe the same units, so that their difference is known better than its parts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from describer.demo.checks import likeness, scores
from describer.demo.checks.case import OURS, WITHOUT_PRIOR, Case
from describer.demo.checks.scores import Detection, Estimate, Floats, Naming, interval
from describer.demo.checks.table import Section
from describer.demo.units import Gallery
from describer.demo.world.truth import HALF, LIFT, TIE
from describer.milan.model import Model
from describer.milan.training.bleu import score


@dataclass(frozen=True)
class Scored:
    """One method's sentences about one network, scored; rows are the network's living units.

    counts: int (units, …), of BLEU. matches: float (units,), likeness to the annotators' words.
    """

    naming: Naming
    detection: Detection
    counts: NDArray[np.int64]
    matches: Floats

    def cells(self) -> tuple[str, ...]:
        """A row of the first table, without the network's and the method's name."""
        found = self.detection
        means = (found.auroc, found.auprc, found.correlation)
        bleu = interval(len(self.counts), self.bleu)
        said = (self.naming.share(), self.naming.f1(), *map(scores.mean, means), bleu)
        return (*map(str, said), str(scores.mean(self.matches)))

    def bleu(self, rows: NDArray[np.int64]) -> float:
        """BLEU of some of the units."""
        return score(self.counts[rows].sum(axis=0).tolist())


def sections(found: Sequence[Case], fresh: Gallery, model: Model) -> list[Section]:
    """A row for every network and method, and one for every network about the prior."""
    measure, match = likeness.meaning(model)
    scored = _scored(found, fresh, match)
    counts = ", ".join(
        f"{one.recipe.name}: {sum(p.main is not None for p in one.profiles)} of {len(one.profiles)}"
        for one in found
    )
    table = Section(
        "Descriptions of held-out networks",
        f"Units with a main concept ({counts}) count for naming and F1, all living units for the "
        f"rest. The main concept lies on at least {HALF:.0%} of a unit's mask and is there "
        f"{LIFT:g} times as frequent as anywhere; of those within a tenth of the largest share the "
        "rarest is taken (a wheel, not the car around it). Intervals: 95 %, over units. NetDissect "
        "on the true masks is the ceiling of detection (AUROC, AUPRC, correlation), not of naming: "
        f"it looks for one word with the largest IoU. {likeness.remark(measure)}".rstrip(),
        (
            "network",
            "method",
            "main concept named",
            "F1",
            "AUROC",
            "AUPRC (chance 0.10)",
            "correlation",
            "BLEU",
            measure,
        ),
        tuple((name, method, *one.cells()) for (name, method), one in scored.items()),
    )
    paired = Section(
        "MILAN less p(d | E)",
        "What dividing by the language model's p(d) changes: each unit's sentence by MILAN beside "
        "its likeliest one. Intervals: 95 %, over units, both sentences of a unit drawn together.",
        ("network", "main concept named", "F1", "AUPRC", "correlation", "BLEU", measure),
        tuple(
            (
                one.recipe.name,
                *(
                    each.signed()
                    for each in differences(
                        scored[one.recipe.name, OURS], scored[one.recipe.name, WITHOUT_PRIOR]
                    )
                ),
            )
            for one in found
        ),
    )
    assert TIE == 0.9, "the note says: within a tenth"
    return [table, paired]


def differences(first: Scored, second: Scored) -> tuple[Estimate, ...]:
    """First less second, over the same units: named, F1, AUPRC, correlation, BLEU, likeness."""
    named = first.naming.named.astype(float) - second.naming.named
    units = len(first.matches)
    return (
        scores.mean(named),
        interval(len(named), lambda rows: first.naming.f1_of(rows) - second.naming.f1_of(rows)),
        scores.mean(first.detection.auprc - second.detection.auprc),
        scores.mean(first.detection.correlation - second.detection.correlation),
        interval(units, lambda rows: first.bleu(rows) - second.bleu(rows)),
        scores.mean(first.matches - second.matches),
    )


def _scored(
    found: Sequence[Case], fresh: Gallery, match: likeness.Match
) -> dict[tuple[str, str], Scored]:
    """By network and method."""
    holdings = scores.Holdings(fresh.atlas)
    said = [(one, method) for one in found for method in one.sentences]
    # All at once, as a language model then reads every sentence once.
    matches = match(
        [sentence for one, method in said for sentence in one.sentences[method]],
        [texts for one, _ in said for texts in one.references],
    )
    ends = np.cumsum([len(one.units) for one, _ in said])
    return {
        (one.recipe.name, method): Scored(
            scores.naming(one.sentences[method], one.profiles),
            scores.detection(one.sentences[method], one.activations, holdings),
            likeness.bleu_counts(one.sentences[method], one.references),
            matched,
        )
        for (one, method), matched in zip(said, np.split(matches, ends[:-1]), strict=True)
    }
