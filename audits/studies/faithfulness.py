"""Whether units act where their sentences hold: scores of each sentence, and what they come to.

    scored = score(said, active, holds, judge="…", images="val", controls=5, seed=0)
    scored.scores, scored.silent            # one a sentence; units that are alike active everywhere
    layers(said, scored.scores)["all"].auprc

On each image a unit has an activation (the greatest over positions), and its sentence holds to some
degree. A faithful sentence finds the images on which the unit is most active: its AUPRC stands
beside that of a sentence that holds everywhere, and of other units' sentences.

A unit that is alike active on all images gets what chance gives. AUPRC and correlation are used
because they notice labels that are too wide or too narrow; areas under the ROC curve alone do not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audits.studies.results import Example, LayerScores
from audits.studies.uses import Range
from db.describe.descriptions import Description
from db.describe.faithfulness import Score
from db.jobs import Watch
from describer.demo.checks import scores

SHOWN = 5
# AUPRC, AUROC, correlation, constant and shuffled where a unit is alike active on all images: no
# sentence can say where it is active.
CHANCE = (scores.ACTIVE_SHARE, 0.5, 0.0, scores.ACTIVE_SHARE, scores.ACTIVE_SHARE)

# How far the sentence of a row holds in each image: float (images,).
Holds = Callable[[int], NDArray[np.float64]]


@dataclass(frozen=True)
class Judge:
    """Who says where sentences hold (the name is part of every score), and what they say."""

    name: str
    holds: Holds


@dataclass(frozen=True)
class Scored:
    """A score for each sentence, and how many units are alike active on all images."""

    scores: tuple[Score, ...]
    silent: int


def score(
    said: Sequence[Description],
    active: NDArray[np.floating],
    judge: Judge,
    *,
    images: str,
    controls: int,
    seed: int,
    watch: Watch,
) -> Scored:
    """Score every sentence.

    Args:
        active: float (images, sentences), the activation of each sentence's unit.
        images: the name of the image folder, kept with each score.
        controls: how many sentences of other units of the layer stand beside each.
    """
    generator = np.random.default_rng(seed)
    first: dict[str, int] = {}
    for row, one in enumerate(said):
        first.setdefault(one.text, row)
    known: dict[int, NDArray[np.float64]] = {}

    def held(row: int) -> NDArray[np.float64]:
        # The first unit of a sentence stands for all that bear it.
        stands = first[said[row].text]
        if stands not in known:
            known[stands] = judge.holds(stands)
        return known[stands]

    found, silent = [], 0
    for row, one in enumerate(said):
        watch.progress(row, len(said), "scoring descriptions")
        strongest = scores.strongest(active[:, row], seed=seed)
        others = [
            other
            for other in range(len(said))
            if said[other].layer == one.layer and said[other].text != one.text
        ]
        drawn = generator.permutation(others)[:controls].tolist()
        if not strongest.any():
            silent += 1
            found.append(Score(one.description_id, judge.name, images, *CHANCE))
            continue
        shuffled = [scores.auprc(strongest, held(other)) for other in drawn]
        found.append(
            Score(
                one.description_id,
                judge.name,
                images,
                scores.auprc(strongest, held(row)),
                scores.auroc(strongest, held(row)),
                scores.correlation(active[:, row].astype(np.float64), held(row)),
                float(strongest.mean()),
                float(np.mean(shuffled)) if shuffled else float(strongest.mean()),
            )
        )
    return Scored(tuple(found), silent)


def layers(said: Sequence[Description], found: Sequence[Score]) -> dict[str, LayerScores]:
    """Means by layer with 95 % intervals over units; "all" holds all layers."""
    by_layer = {"all": list(found)}
    for one, its in zip(said, found, strict=True):
        by_layer.setdefault(one.layer, []).append(its)
    return {
        layer: LayerScores(
            len(own),
            _mean([its.auprc for its in own]),
            _mean([its.constant for its in own]),
            _mean([its.shuffled for its in own]),
            _mean([its.auroc for its in own]),
            _mean([its.correlation for its in own]),
        )
        for layer, own in by_layer.items()
    }


def extremes(
    said: Sequence[Description], found: Sequence[Score]
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """The most and the least faithful sentences, the extreme ones first."""
    order = sorted(range(len(found)), key=lambda row: -found[row].auprc)

    def shown(rows: Sequence[int]) -> tuple[Example, ...]:
        return tuple(
            Example(
                said[row].unit_id,
                f"{said[row].layer}-{said[row].unit}",
                said[row].text,
                found[row].auprc,
            )
            for row in rows
        )

    return shown(order[:SHOWN]), shown(order[-SHOWN:][::-1])


def _mean(values: Sequence[float]) -> Range:
    found = scores.mean(np.array(values))
    return Range(found.value, found.low, found.high)
