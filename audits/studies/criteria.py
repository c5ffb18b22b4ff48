"""The seven criteria by which MILAN's Section 5 orders units: what their descriptions are like.

    scored = score(["red roofs of houses", "text"], model)
    scored.values["adjectives"]             # array([1., 0.])

Four count parts of speech; length, depth of the parse tree and the largest distance between two
words measure the whole description. Which tagger and which word vectors were used is part of the
result, as the numbers depend on them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from describer import english
from describer.english import distance
from describer.milan.model import Model

TAGS: Mapping[str, tuple[str, ...]] = {
    "nouns": ("NOUN", "PROPN"),
    "verbs": ("VERB",),
    "prepositions": ("ADP",),
    "adjectives": ("ADJ",),
}


@dataclass(frozen=True)
class Scored:
    """values: float (descriptions,) by criterion. source, vectors: what they were made with."""

    values: Mapping[str, NDArray[np.float64]]
    source: str
    vectors: str


def score(descriptions: Sequence[str], model: Model) -> Scored:
    """Score descriptions by all seven criteria; the model's word vectors stand in for spaCy's."""
    nlp = english.load()
    known = distance.vectors() or words_of(model)
    columns: dict[str, list[float]] = {
        name: [] for name in (*TAGS, "length", "parse depth", "max word difference")
    }
    seen: dict[str, list[float]] = {}
    for text in descriptions:
        if text not in seen:
            doc = nlp(text)
            words = english.words(doc)
            counts = [float(sum(word.tag in tags for word in words)) for tags in TAGS.values()]
            apart = distance.max_word_difference(
                [word.text.lower() for word in words], known.lookup
            )
            seen[text] = [*counts, float(len(words)), float(english.depth(doc)), apart]
        for column, value in zip(columns.values(), seen[text], strict=True):
            column.append(value)
    values = {name: np.array(column) for name, column in columns.items()}
    return Scored(values, english.source(nlp), known.source)


def words_of(model: Model) -> distance.WordVectors:
    """The word vectors that a MILAN checkpoint's decoder learned."""
    weights = model.decoder.embedding.weight.detach().float().cpu().numpy()
    rows = {word: weights[row] for row, word in enumerate(model.vocabulary.words)}
    return distance.WordVectors("the checkpoint's word embeddings", rows.get)
