"""What descriptions can be used for: a classifier of a class, and how alike units are.

    classified = classify(["dog", "cat"], labels, active, class_vectors, unit_vectors, seed=0)
    classified.mean, classified.chance         # AUROC beside that of random units
    found = likeness(said_vectors, seen_vectors, layers, seed=0)
    found.correlation, found.chance            # over random pairs, beside shuffled ones

Source: Describe-and-Dissect, A.6 (Table 14): the unit whose description is nearest to a class's
name stands for the class, and is judged by the area under the ROC curve of its mean activation;
units that are equally near share it. A.8: over random pairs of units of a layer, the likeness of
their exemplars is correlated with that of their descriptions. Groups, pruning and terms are in
`audits.studies.clusters`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from db.audit.words import Word
from db.errors import BadInput

Floats = NDArray[np.floating]

PAIRS = 500
DRAWS = 1000
NEAR = 0.35


@dataclass(frozen=True)
class Range:
    """A number with a 95 % interval, or the range that chance gives."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Classifier:
    """One class: the units that stand for it (their places), how near they are, their AUROC.

    `best` is the greatest AUROC of any unit, chosen on the same images: what no description beats.
    """

    name: str
    units: tuple[int, ...]
    nearness: float
    auroc: float
    best: float


@dataclass(frozen=True)
class Classified:
    """All classes that a description is near to, and those that none is near to.

    `mean` over the classes with its interval over classes; `chance` with a random unit for each.
    """

    classes: tuple[Classifier, ...]
    left: tuple[str, ...]
    mean: Range | None
    chance: Range | None


@dataclass(frozen=True)
class Likeness:
    """Pearson's r over pairs of units, its interval over pairs, and the range of shuffled pairs."""

    pairs: int
    correlation: Range
    chance: Range


def classify(
    classes: Sequence[str],
    labels: NDArray[np.int64],
    active: Floats,
    class_vectors: Floats,
    unit_vectors: Floats,
    *,
    seed: int,
) -> Classified:
    """Let the unit whose description is nearest to a class's name tell the class from the rest.

    Args:
        classes: their names.
        labels: (images,), indices into classes.
        active: (images, units).
        class_vectors: (classes, dimensions); unit_vectors: (units, dimensions), of length 1 or 0.
    """
    areas = auroc(active, labels, len(classes))
    products = class_vectors @ unit_vectors.T
    found, left, rows = [], [], []
    for row, name in enumerate(classes):
        if np.isnan(areas[row]).any() or products[row].max() <= 0:
            left.append(name)
            continue
        nearest = np.flatnonzero(products[row] >= products[row].max() - 1e-9)
        found.append(
            Classifier(
                name,
                tuple(nearest.tolist()),
                float(products[row].max()),
                float(areas[row, nearest].mean()),
                float(areas[row].max()),
            )
        )
        rows.append(row)
    if not found:
        return Classified((), tuple(left), None, None)
    generator = np.random.default_rng(seed)
    values = np.array([each.auroc for each in found])
    again = values[generator.integers(len(values), size=(DRAWS, len(values)))].mean(axis=1)
    drawn = areas[np.array(rows), generator.integers(active.shape[1], size=(DRAWS, len(rows)))]
    return Classified(
        tuple(found), tuple(left), _range(values.mean(), again), _range(None, drawn.mean(axis=1))
    )


def auroc(scores: Floats, labels: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Area under the ROC curve of every score for every class against the rest.

    Args:
        scores: (images, units); labels: (images,).

    Ranks are taken once for all classes; scikit-learn's `roc_auc_score`, against which a test holds
    this, would sort anew for every class and unit.

    Returns:
        float64 (classes, units); NaN for a class that no image or every image has.
    """
    from scipy.stats import rankdata

    ranks = rankdata(scores, axis=0)  # (images, units)
    areas = np.full((classes, scores.shape[1]), np.nan)
    for number in range(classes):
        inside = labels == number
        count, others = int(inside.sum()), int((~inside).sum())
        if count and others:
            above = ranks[inside].sum(axis=0) - count * (count + 1) / 2
            areas[number] = above / (count * others)
    return areas


def likeness(
    said: Floats, seen: Floats, layers: Sequence[str], *, seed: int, pairs: int = PAIRS
) -> Likeness:
    """Correlate how alike units' descriptions and exemplars are, over random pairs in a layer.

    Args:
        said: (units, dimensions) of the descriptions; seen: (units, features) of the exemplars.
        layers: of each unit.

    Raises:
        BadInput: fewer than three pairs of units share a layer.
    """
    layer = np.array(layers)
    first, second = np.triu_indices(len(layer), k=1)
    together = layer[first] == layer[second]
    first, second = first[together], second[together]
    if len(first) < 3:
        raise BadInput(f"expected at least 3 pairs of units in a layer, got {len(first)}")
    generator = np.random.default_rng(seed)
    chosen = generator.permutation(len(first))[:pairs]
    first, second = first[chosen], second[chosen]
    a, b = _cosines(said, first, second), _cosines(seen - seen.mean(axis=0), first, second)
    count = len(first)
    again = [_pearson(a[rows], b[rows]) for rows in generator.integers(count, size=(DRAWS, count))]
    mixed = [_pearson(a, b[generator.permutation(count)]) for _ in range(DRAWS)]
    return Likeness(count, _range(_pearson(a, b), np.array(again)), _range(None, np.array(mixed)))


def group_names(
    groups: Sequence[Sequence[int]], descriptions: Sequence[Sequence[Word]]
) -> list[str]:
    """A name for each group: the content words that most of its descriptions hold."""
    names = []
    for group in groups:
        counts = Counter(
            lemma
            for unit in group
            for lemma in dict.fromkeys(
                word.lemma for word in descriptions[unit] if word.tag in ("NOUN", "PROPN", "ADJ")
            )
        )
        common = [lemma for lemma, count in counts.most_common(2) if 2 * count > len(group)]
        names.append(" ".join(common) or "various")
    return names


def super_classes(
    vectors: Floats, groups: Sequence[Sequence[int]], named: Mapping[str, Floats]
) -> list[str]:
    """The super-class with the word nearest to each group, by the mean over its descriptions.

    Args:
        vectors: (units, dimensions).
        named: by super-class, (words, dimensions).

    Returns:
        A name a group; "other" where no word's mean product is at least `NEAR`.
    """
    found = []
    for group in groups:
        own = vectors[list(group)]
        near = {name: float((own @ of.T).mean(axis=0).max()) for name, of in named.items()}
        best = max(near, key=lambda name: near[name], default="other")
        found.append(best if near.get(best, 0.0) >= NEAR else "other")
    return found


def _cosines(vectors: Floats, first: NDArray[np.intp], second: NDArray[np.intp]) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.where(lengths == 0, 1, lengths)
    products: Floats = (unit[first] * unit[second]).sum(axis=1)
    return products


def _pearson(a: Floats, b: Floats) -> float:
    """Pearson's r; 0 where one side does not vary."""
    a, b = a - a.mean(), b - b.mean()
    scale = np.sqrt((a * a).sum() * (b * b).sum())
    return float((a * b).sum() / scale) if scale else 0.0


def _range(value: float | None, draws: Floats) -> Range:
    """The middle 95 % of seeded draws, as results hold them; scipy's bootstrap draws others."""
    low, high = np.percentile(draws, [2.5, 97.5])
    return Range(float(draws.mean() if value is None else value), float(low), float(high))
