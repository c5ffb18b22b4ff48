"""Labels against people's annotations by likeness of text: Describe-and-Dissect's Table 10.

    table = against_annotations([corpus], measures, reliable=measures[0])

A unit is reliable where two of its annotations are alike by more than a threshold; the paper takes
0.81 with CLIP. Cosines of other encoders lie elsewhere, so for those the threshold is what one pair
in twenty of different units' annotations exceeds: a pair above it is alike beyond chance. A
constant label stands beside, and the likeness between annotations themselves.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from audits.papers.corpus import Corpus
from audits.papers.measures import Floats, Measure
from audits.papers.names import CONSTANT, by_layer, mean, truths_elsewhere
from audits.papers.table import Cell, Table
from db.errors import BadInput
from db.units import Unit

THRESHOLD = 0.81
CHANCE = 0.95


def against_annotations(
    corpora: Sequence[Corpus],
    measures: Sequence[Measure],
    *,
    threshold: float | None = None,
    seed: int = 0,
) -> Table:
    """Mean likeness of labels to a unit's annotations, over all and over reliable units, by layer.

    Args:
        measures: the first cosine among them decides which units are reliable.
        threshold: of it; by the rule above without.

    Raises:
        BadInput: no measure is a cosine, or too few units are described.
    """
    judge = next((one for one in measures if one.encoder is not None), None)
    if judge is None:
        raise BadInput("expected an encoder of sentences to find reliable units by, got none")
    rows: list[tuple[Cell, ...]] = []
    notes = []
    for corpus in corpora:
        units = corpus.common()
        pairs = _between(corpus, units, judge)
        limit = threshold or _threshold(judge, corpus, units, seed)
        reliable = np.array([max(own) > limit for own in pairs])
        notes.append(
            f"{corpus.network}: {int(reliable.sum())} of {len(units)} units are reliable: two of "
            f"their annotations are alike by more than {limit:.3f} ({judge.name})."
        )
        for measure in measures:
            rows += _rows(corpus, units, measure, reliable, seed)
    return Table(
        "reliable",
        "Labels against annotations, over all and over reliable units",
        (
            "Describe-and-Dissect, Table 10: the mean over a unit's annotations. Intervals: 95 %, "
            "over units. Chance: the annotations of another unit, for the first method.",
            f"The threshold is {THRESHOLD} of CLIP as in the paper; of another encoder what one "
            "pair in twenty of different units' annotations exceeds."
            if threshold is None
            else f"The threshold was set to {threshold:g}.",
            *(f"{measure.name}: {measure.about}." for measure in measures),
            *notes,
        ),
        ("network", "measure", "units are", "layer", "labels of", "units", "likeness"),
        tuple(rows),
    )


def _rows(
    corpus: Corpus, units: Sequence[Unit], measure: Measure, reliable: Floats, seed: int
) -> list[tuple[Cell, ...]]:
    said = {name: [own[unit] for unit in units] for name, own in corpus.methods.items()}
    first = next(iter(said), "")
    found = {name: _to_annotations(corpus, units, labels, measure) for name, labels in said.items()}
    found[f"constant: {CONSTANT}"] = _to_annotations(
        corpus, units, [CONSTANT] * len(units), measure
    )
    found["between annotations"] = np.array(
        [np.mean(own) for own in _between(corpus, units, measure)]
    )
    if first:
        chance = [
            _to_annotations(corpus, units, labels, measure)
            for labels in truths_elsewhere(said[first], seed=seed)
        ]
        found[f"chance: {first}"] = np.mean(chance, axis=0)
    rows: list[tuple[Cell, ...]] = []
    for which, kept in (("all", np.ones(len(units), bool)), ("reliable", reliable)):
        for layer, chosen in by_layer(corpus, units).items():
            some = chosen & kept.astype(bool)
            if some.sum() < 2:
                continue
            rows += [
                (corpus.network, measure.name, which, layer, name, int(some.sum()), mean(own[some]))
                for name, own in found.items()
            ]
    return rows


def _to_annotations(
    corpus: Corpus, units: Sequence[Unit], labels: Sequence[str], measure: Measure
) -> Floats:
    """The mean likeness of each label to its unit's annotations."""
    references = [corpus.people[unit] for unit in units]
    left = [label for label, own in zip(labels, references, strict=True) for _ in own]
    values = measure.of(left, [text for own in references for text in own])
    ends = np.cumsum([len(own) for own in references])[:-1]
    return np.array([part.mean() for part in np.split(values, ends)])


def _between(corpus: Corpus, units: Sequence[Unit], measure: Measure) -> list[Floats]:
    """The likeness of every two annotations of each unit."""
    pairs = [list(combinations(corpus.people[unit], 2)) for unit in units]
    flat = [pair for own in pairs for pair in own]
    values = measure.of([first for first, _ in flat], [second for _, second in flat])
    return np.split(values, np.cumsum([len(own) for own in pairs])[:-1])


def _threshold(judge: Measure, corpus: Corpus, units: Sequence[Unit], seed: int) -> float:
    if judge.encoder is not None and judge.encoder.image_text:
        return THRESHOLD
    first = [corpus.people[unit][0] for unit in units]
    values = [judge.of(first, other) for other in truths_elsewhere(first, seed=seed)]
    return float(np.quantile(np.concatenate(values), CHANCE))
