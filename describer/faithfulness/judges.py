"""Who says in which images a sentence holds; the judge's name stands beside every number.

    judge = Classes(classes, labels, vectors, "shared content words (lemmas)")
    held = judge.hold(["a dog on grass", …], watch)
    held.degree, held.holds, held.known            # (images, texts), (images, texts), (texts,)

Here are what a judge is, and the weakest one: the names of the images' folders, which know nothing
of colours, parts or textures. `labels` has concept sets and the demo's truth, `likeness` image-text
models.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from db.jobs import Watch

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

LIKE = 0.5
CONTENT = ("NOUN", "PROPN", "ADJ", "VERB")


@dataclass(frozen=True)
class Held:
    """What a judge says of some texts on all images, in their order.

    Attributes:
        degree: float32 (images, texts), how far each holds, at least 0.
        holds: bool (images, texts), whether that is enough.
        known: bool (texts,), whether the judge has anything to go by; where not, it holds nowhere.
        judged: bool (images,), which images the judge knows; the others judge nothing.
    """

    degree: Floats
    holds: Bools
    known: Bools
    judged: Bools

    def part(self, images: NDArray[np.int64]) -> "Held":
        """Some of the images, in that order."""
        return Held(self.degree[images], self.holds[images], self.known, self.judged[images])

    def of(self, texts: Sequence[int]) -> "Held":
        """Some of the texts, in that order."""
        columns = list(texts)
        return Held(
            self.degree[:, columns], self.holds[:, columns], self.known[columns], self.judged
        )


class Judge(Protocol):
    """Somebody who says where sentences hold."""

    @property
    def name(self) -> str:
        """Who it is, with what it goes by."""

    @property
    def rule(self) -> str:
        """When a sentence counts as holding, in words."""

    def hold(self, texts: Sequence[str], watch: Watch) -> Held:
        """Where each text holds; a text's answer does not depend on the others."""


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
