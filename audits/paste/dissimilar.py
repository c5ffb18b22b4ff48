"""Units whose descriptions join dissimilar words, the most dissimilar first.

    ranked = rank({12: "animals, vehicles, and vases"}, checkpoint="demo")
    ranked.units[0].pair                     # ("animals", "vases")
    listed(db, "resnet18")                   # all units of a network as choices, those first

Source: MILAN, Section 5's maximum word difference and Appendix D: a unit described with "animals
and vehicles" may let one stand for the other. The paper takes the largest distance between any two
words; here only nouns count, since "a" and "of" lie far from everything and "green" far from what
it describes. Distances depend on the word vectors, which are named beside them.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from sqlite_utils import Database

from db.describe import descriptions, exemplars, subjects

LISTED = 5000
CONTENT = ("NOUN", "PROPN")


@dataclass(frozen=True)
class Joined:
    """A unit, the two words of its description that lie furthest apart, and how far."""

    unit_id: int
    text: str
    pair: tuple[str, str]
    difference: float


@dataclass(frozen=True)
class Ranked:
    """Units that have two words to compare, and whose vectors were used (or why none were)."""

    units: tuple[Joined, ...]
    vectors: str


def rank(texts: Mapping[int, str], *, checkpoint: str) -> Ranked:
    """Order units by the largest difference of two words of their descriptions, largest first.

    Args:
        texts: a description by unit id.
        checkpoint: the MILAN checkpoint whose word embeddings stand in where no spaCy pipeline with
            vectors is installed.

    Raises:
        BadInput: the checkpoint cannot be used.
    """
    found, vectors = _furthest(tuple(sorted(set(texts.values()))), checkpoint)
    joined = [
        Joined(unit_id, text, *found[text]) for unit_id, text in texts.items() if text in found
    ]
    joined.sort(key=lambda one: (-one.difference, one.unit_id))
    return Ranked(tuple(joined), vectors)


def listed(db: Database, network: str) -> list[tuple[str, int]]:
    """(what it is called, id) of a network's units with exemplars, the most dissimilar first."""
    units = [
        unit
        for kept in exemplars.sets(db, subject=network)
        if kept.folder
        for unit in exemplars.units_of(db, kept.exemplar_set_id)
    ]
    named = {unit.unit_id: f"{unit.layer}-{unit.unit}" for unit in units[:LISTED] if not unit.dead}
    rows = descriptions.page(db, subject=network, limit=LISTED).rows
    texts = {row.unit_id: row.text for row in rows if row.unit_id in named}
    checkpoints = [row.source for row in subjects.every_checkpoint(db)]
    joined = rank(texts, checkpoint=next(iter(checkpoints), "demo")).units
    first = {
        one.unit_id: f"{named[one.unit_id]} · {' ≠ '.join(one.pair)} · {one.text}" for one in joined
    }
    rest = {
        unit_id: f"{name} · {texts[unit_id]}" if unit_id in texts else name
        for unit_id, name in named.items()
        if unit_id not in first
    }
    return [(name, unit_id) for unit_id, name in {**first, **rest}.items()]


@functools.lru_cache(maxsize=8)
def _furthest(
    texts: Sequence[str], checkpoint: str
) -> tuple[dict[str, tuple[tuple[str, str], float]], str]:
    """For each text with two content words that have vectors, the furthest two; and the vectors."""
    from audits.studies.criteria import words_of
    from describer import english, milan
    from describer.english import distance

    known = distance.vectors() or words_of(milan.load(checkpoint))
    nlp = english.load()
    found = {}
    for text, doc in zip(texts, nlp.pipe(text.lower() for text in texts), strict=True):
        words = dict.fromkeys(word.text for word in english.words(doc) if word.tag in CONTENT)
        points = {word: known.lookup(word) for word in words}
        there = [(word, np.asarray(point)) for word, point in points.items() if point is not None]
        pairs = [
            (float(np.linalg.norm(one - other)), (word, another))
            for (word, one), (another, other) in combinations(there, 2)
        ]
        if pairs:
            difference, pair = max(pairs)
            found[text] = (pair, difference)
    return found, known.source
