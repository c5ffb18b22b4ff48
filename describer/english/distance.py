"""Maximum word difference: how far apart the words of a description are.

    known = vectors() or the_checkpoints_own
    max_word_difference("dogs and letters".split(), known.lookup)
    known.source                               # to be named beside the number

spaCy's `en_core_web_md` and `en_core_web_lg` carry word vectors; nothing built in does. Distances
from different sources have different scales and must not be compared.
"""

import functools
import importlib.util
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

Vector = npt.NDArray[Any]
Lookup = Callable[[str], Vector | None]

PACKAGES = ("en_core_web_lg", "en_core_web_md")
"""spaCy's English pipelines that have word vectors, best first."""


@dataclass(frozen=True)
class WordVectors:
    """Vectors of words: `lookup` gives (dimensions,) float, or None for a word without one."""

    source: str
    lookup: Lookup


@functools.cache
def vectors() -> WordVectors | None:
    """The vectors of the largest installed spaCy pipeline that has some, or None.

    With None the caller takes other vectors (those of a MILAN checkpoint's vocabulary) and says
    so.
    """
    from describer.english import load, source

    for package in PACKAGES:
        if importlib.util.find_spec(package) is not None:
            nlp = load((package,))
            return WordVectors(source=source(nlp), lookup=functools.partial(_vector, nlp.vocab))
    return None


def max_word_difference(words: "Doc | Iterable[str]", lookup: Lookup) -> float:
    """The largest Euclidean distance between the vectors of two words (MILAN section 5).

    Words without a vector and, in a spaCy document, punctuation and white space are left out; 0.0
    when fewer than two are left. (The published code reports the square, over all tokens, which
    gives the same order of units but for descriptions with punctuation.)

    >>> points = {"cat": np.array([0.0, 3.0]), "dog": np.array([0.0, 0.0]),
    ...           "car": np.array([4.0, 0.0])}
    >>> max_word_difference(["cat", "dog", "zzz", "car"], points.get)
    5.0
    """
    from describer.english import words as words_of

    if isinstance(words, Iterable) and not hasattr(words, "has_annotation"):
        texts: Iterable[str] = (str(word) for word in words)
    else:
        texts = (word.text for word in words_of(words))
    found = [vector for vector in map(lookup, texts) if vector is not None]
    if len(found) < 2:
        return 0.0
    points = np.stack(found).astype(np.float64)  # (words, dimensions)
    differences = points[:, None] - points[None, :]  # (words, words, dimensions)
    return float(np.sqrt((differences**2).sum(axis=-1)).max())


def _vector(vocabulary: "Vocab", word: str) -> Vector | None:
    return np.asarray(vocabulary.get_vector(word)) if vocabulary.has_vector(word) else None
