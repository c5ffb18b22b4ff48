"""Units with like descriptions, units like no other, the commonest terms, and pruning by them.

    vectors = lemma_vectors([words_of_unit_0, words_of_unit_1, …])      # or sentence embeddings
    groups = cluster(vectors, threshold=0.8)
    loners(groups)                                  # units whose description stands alone
    terms([words_of_unit_0, …])[0]                  # the term that most units share
    prune(Evaluator(model), images, chosen, sizes)  # accuracy by class, random pruning beside it

Source: Describe-and-Dissect, Section 5. 5.1: two units are alike where the mean product of their
labels' text vectors is at least 0.8, and every unit belongs to exactly one group. 5.2: units that
no other is like are pruned, random units beside them. 5.3: term frequencies, and accuracy by
class when a term's units are pruned. The paper's vectors are CLIP's; here they are whatever the
caller gives, and `lemma_vectors` need no model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audits.ablation.curves import matched_draws
from audits.ablation.engine.units import by_layer
from audits.figures.intervals import Interval, of_draws
from audits.network.evaluation import Evaluation, Evaluator
from audits.network.images import Images
from db.audit.words import Word
from db.errors import BadInput
from db.jobs import Watch
from db.units import Unit

CONTENT = ("NOUN", "PROPN", "ADJ", "VERB")
COMMONEST = 3


@dataclass(frozen=True)
class Term:
    """A lemma, the units whose description holds it (their places), and their share of all."""

    lemma: str
    units: tuple[int, ...]
    share: float


@dataclass(frozen=True)
class Pruned:
    """What pruning costs: before, after, and by how much random pruning of as many units does.

    `random` is the range of accuracies with as many random units of the same layers pruned, and
    `draws` says which they were.
    """

    share: float
    before: Evaluation
    after: Evaluation
    random: Interval
    draws: tuple[tuple[Unit, ...], ...]


def lemma_vectors(descriptions: Sequence[Sequence[Word]]) -> NDArray[np.float64]:
    """One vector a description from its content words alone: float (descriptions, lemmas).

    A lemma counts more the fewer descriptions hold it (inverse document frequency); rows have
    length 1, or 0 where a description has no content word.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    lemmas = [_content(words) for words in descriptions]
    if not any(lemmas):
        return np.zeros((len(lemmas), 0))
    # Texts are lists of lemmas already: what would split them passes them on.
    reader = TfidfVectorizer(analyzer=list, smooth_idf=False)
    vectors: NDArray[np.float64] = reader.fit_transform(lemmas).toarray()
    return vectors


def cluster(
    vectors: NDArray[np.floating], *, threshold: float = 0.8
) -> tuple[tuple[int, ...], ...]:
    """Put every unit into exactly one group in which all are alike, the largest groups first.

    The unit with the most like ones begins a group; they join, the most alike first, as long as
    they are like every member. The rule is the paper's; scikit-learn's complete linkage merges the
    nearest groups first and would give others.

    Args:
        vectors: (units, dimensions), the mean of a unit's label vectors, each of length 1. Their
            products are the mean products of the labels.
        threshold: the least product of two units that are alike.

    >>> cluster(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]))
    ((0, 2), (1,))
    """
    if not -1 <= threshold <= 1:
        raise BadInput(f"expected a threshold between -1 and 1, got {threshold}")
    products = vectors @ vectors.T
    # Rounding must not part units with one and the same description.
    alike = products >= threshold - 1e-9
    np.fill_diagonal(alike, True)
    free = np.ones(len(vectors), dtype=bool)
    groups = []
    while free.any():
        neighbours = np.where(free, (alike & free).sum(axis=1), 0)
        first = int(neighbours.argmax())
        group = [first]
        others = np.flatnonzero(alike[first] & free)
        for other in others[np.argsort(-products[first, others], kind="stable")].tolist():
            if other != first and alike[other, group].all():
                group.append(other)
        free[group] = False
        groups.append(tuple(sorted(group)))
    return tuple(sorted(groups, key=lambda group: (-len(group), group)))


def loners(groups: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """The units that are alone in their group.

    >>> loners([(0, 2), (1,), (3,)])
    (1, 3)
    """
    return tuple(sorted(group[0] for group in groups if len(group) == 1))


def terms(descriptions: Sequence[Sequence[Word]]) -> tuple[Term, ...]:
    """Content words by how many descriptions hold them, the commonest first."""
    places: dict[str, list[int]] = {}
    for place, words in enumerate(descriptions):
        for lemma in dict.fromkeys(_content(words)):
            places.setdefault(lemma, []).append(place)
    found = [
        Term(lemma, tuple(units), len(units) / len(descriptions)) for lemma, units in places.items()
    ]
    return tuple(sorted(found, key=lambda term: (-len(term.units), term.lemma)))


def chosen_terms(known: Sequence[Term], asked: str) -> list[Term]:
    """The terms that are asked for, separated by commas; the commonest when none are.

    Words of one phrase share their units; of the commonest, one of them is enough.

    Raises:
        BadInput: a term that no description holds.
    """
    wanted = [word.strip().lower() for word in asked.split(",") if word.strip()]
    if not wanted:
        distinct = list({term.units: term for term in reversed(known)}.values())[::-1]
        return distinct[:COMMONEST]
    chosen = [term for term in known if term.lemma in wanted]
    if missing := set(wanted) - {term.lemma for term in chosen}:
        raise BadInput(
            f"expected terms that descriptions hold, got {', '.join(sorted(missing))}; the "
            f"commonest are {', '.join(term.lemma for term in known[:5])}"
        )
    return chosen


def prune(
    network: Evaluator,
    images: Images,
    chosen: Sequence[Unit],
    sizes: Mapping[str, int],
    *,
    controls: int = 5,
    seed: int = 0,
    watch: Watch | None = None,
) -> Pruned:
    """Ablate all chosen units at once, and as many random units of the same layers.

    Args:
        chosen: the units to prune.
        sizes: how many units each of the network's layers has.

    Raises:
        BadInput: nothing chosen, unknown units, labels that do not fit.
        Cancelled: the watch said so.
    """
    if not chosen:
        raise BadInput("expected at least one unit to prune, got none")

    def without(units: Sequence[Unit]) -> Evaluation:
        return network.evaluate(images, by_layer(units), watch=watch)

    draws = matched_draws(chosen, sizes, trials=controls, seed=seed)
    layers = {layer for layer, _ in chosen}
    return Pruned(
        share=len(chosen) / sum(sizes[layer] for layer in layers),
        before=without(()),
        after=without(chosen),
        random=of_draws([without(draw).accuracy for draw in draws]),
        draws=tuple(draws),
    )


def _content(words: Sequence[Word]) -> list[str]:
    return [word.lemma for word in words if word.tag in CONTENT]
