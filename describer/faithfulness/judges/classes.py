"""The names of the images' folders as judge, which know nothing of colours, parts or textures.

judge = Classes(classes, labels, lemmas, "shared content words (lemmas)")
judge.hold(["a dog on grass"], watch)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from db.jobs import Watch
from describer.faithfulness.judges.shape import Held

LIKE = 0.5
CONTENT = ("NOUN", "PROPN", "ADJ", "VERB")


@dataclass(frozen=True)
class Classes:
    """The names of the images' classes, compared with the sentence as texts.

    Attributes:
        classes: their names. labels: int64 (images,).
        vectors: of texts, float (texts, size), of length 1 or 0, whose products are likeness.
        source: what the vectors are.
    """

    classes: tuple[str, ...]
    labels: NDArray[np.int64]
    vectors: Callable[[Sequence[str]], NDArray[np.floating]]
    source: str

    @property
    def name(self) -> str:
        """Who it is."""
        return f"likeness to the images' classes, by {self.source}"

    @property
    def rule(self) -> str:
        """When a sentence counts as holding."""
        return f"where its likeness to the class's name is at least {LIKE:g}"

    def hold(self, texts: Sequence[str], watch: Watch) -> Held:
        """As alike as the text is to the name of each image's class, and no less than 0."""
        watch.check("before comparing sentences with classes")
        known = self.vectors([*texts, *(name.replace("_", " ") for name in self.classes)])
        products = np.maximum(0, known[: len(texts)] @ known[len(texts) :].T)
        degree = products[:, self.labels].T.astype(np.float32)
        every = np.ones(len(degree), dtype=np.bool_)
        return Held(degree, degree >= LIKE, products.max(axis=1, initial=0) > 0, every)


def lemmas(texts: Sequence[str]) -> NDArray[np.float64]:
    """Texts as their content words: float64 (texts, lemmas), rows of length 1, or 0 without any.

    The product of two is the share of common lemmas, as Ochiai has it.
    """
    from describer import english

    nlp = english.load()
    own = [
        {word.lemma for word in english.words(document) if word.tag in CONTENT}
        for document in nlp.pipe(texts)
    ]
    columns = {lemma: place for place, lemma in enumerate(sorted(set().union(*own)))}
    vectors = np.zeros((len(texts), len(columns)))
    for row, words in enumerate(own):
        vectors[row, [columns[word] for word in words]] = 1 / np.sqrt(max(1, len(words)))
    return vectors
