"""Whether units act where their sentences hold: scores of each sentence, and what they come to.

    scored = score(said, active, held, judge="…", images="val", controls=5, seed=0, watch=watch)
    scored.scores, scored.silent            # one a sentence; units that are alike active everywhere
    layers(said, scored.scores)["all"].auprc

On each image a unit has an activation (the greatest over positions), and its sentence holds to some
degree. A faithful sentence finds the images on which the unit is most active: its AUPRC stands
beside that of a sentence that holds everywhere, and of other units' sentences. How it is measured,
and by whom it can be judged, is `describer.faithfulness`.

A unit that is alike active on all images gets what chance gives. AUPRC and correlation are used
because they notice labels that are too wide or too narrow; areas under the ROC curve alone do not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.studies.results import Example, LayerScores
from audits.studies.uses import Range
from db.describe.descriptions import Description
from db.describe.faithfulness import Score
from db.jobs import Watch
from describer.demo.checks import scores
from describer.faithfulness import measures, rows, scoring
from describer.faithfulness.halves import Split
from describer.faithfulness.judges.shape import Held

SHOWN = 5
# What no sentence can do better than where a unit is alike active on all images.
CHANCE: dict[str, Any] = {
    "auprc": measures.SHARE,
    "auroc": 0.5,
    "correlation": 0.0,
    "constant": measures.SHARE,
    "shuffled": measures.SHARE,
}


@dataclass(frozen=True)
class Scored:
    """A score for each sentence, and how many units are alike active on all images."""

    scores: tuple[Score, ...]
    silent: int


def score(
    said: Sequence[Description],
    active: NDArray[np.floating],
    held: Held,
    *,
    judge: str,
    images: str,
    controls: int,
    seed: int,
    watch: Watch,
) -> Scored:
    """Score every sentence.

    Args:
        active: float (images, sentences), the activation of each sentence's unit.
        held: where each distinct text holds on those images, by alphabet.
        images: the name of the image folder, kept with each score.
        controls: how many sentences of other units of the layer stand beside each.
    """
    options = scoring.Options(seed=seed, controls=controls)
    everything = np.ones(len(active), dtype=np.bool_)
    # These images are others than those that gave exemplars: none is left out.
    split = Split.of([str(image) for image in range(len(active))], everything, seed=seed)
    every = sorted({one.text for one in said})
    found: dict[int, Score] = {}
    silent = 0
    for layer in dict.fromkeys(one.layer for one in said):
        watch.check(f"before {layer}")
        watch.progress(len(found), len(said), "scoring descriptions")
        places = [place for place, one in enumerate(said) if one.layer == layer]
        texts = {"": [said[place].text for place in places]}
        columns = [every.index(text) for text in scoring.texts_of(texts)]
        own = Held(
            held.degree[:, columns], held.holds[:, columns], held.known[columns], held.judged
        )
        nothing = np.full((len(places), 1), -1, dtype=np.int64)
        material = scoring.Layer(layer, active[:, places], nothing, texts)
        for one in scoring.score(material, split, own, options).scores:
            place = places[one.unit]
            kept = rows.score_of(one, said[place].description_id, judge, images)
            if np.ptp(active[:, place]) == 0:
                silent += 1
                kept = replace(kept, **CHANCE)
            found[place] = kept
    return Scored(tuple(found[place] for place in range(len(said))), silent)


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
