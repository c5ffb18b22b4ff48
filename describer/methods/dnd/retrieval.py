"""Probing images that stand for pictures of a text: those whose vectors or captions are nearest.

    album = ByVectors.of(responses, likeness, watch)
    album.nearest("a red door", 10, without=shown.ids)  # ids of probing images

A mode of its own beside generation: it needs no maker of pictures and shows only what the probing
set has. A unit's own images never stand for a candidate: they would be found to activate it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from db.jobs import Watch
from describer import english
from describer.methods.models.captions import Captioner
from describer.methods.models.likeness import Likeness, Vectors
from describer.methods.responses import Responses


@dataclass(frozen=True)
class ByVectors:
    """The probing images' vectors, compared with that of a text."""

    ids: NDArray[np.int64]
    vectors: Vectors
    likeness: Likeness

    @classmethod
    def of(cls, responses: Responses, likeness: Likeness, watch: Watch) -> "ByVectors":
        """Compare all probing images; the vectors are kept for all units."""
        ids, vectors = [], []
        for batch in responses.read():
            watch.check("while probing images were compared with texts")
            watch.progress(
                int(batch.ids[0]), len(responses.probing_set), "vectors of probing images"
            )
            ids.append(batch.ids)
            vectors.append(likeness.of_images(list(batch.images)))
        return cls(np.concatenate(ids), np.concatenate(vectors), likeness)

    def nearest(self, text: str, count: int, *, without: Collection[int]) -> list[int]:
        """Ids of the probing images that are nearest to a text, the nearest first."""
        scores = self.vectors @ self.likeness.of_texts([text])[0]
        return _largest(self.ids, scores, count, without)


@dataclass(frozen=True)
class ByCaptions:
    """The probing images' captions, compared with a text by the words that they share."""

    ids: NDArray[np.int64]
    vectorizer: Any
    vectors: Any

    @classmethod
    def of(cls, responses: Responses, captioner: Captioner, watch: Watch) -> "ByCaptions":
        """Caption all probing images; rare words count more (tf-idf of lemmas)."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        ids, captions = [], []
        for batch in responses.read():
            watch.check("while probing images were captioned")
            watch.progress(
                int(batch.ids[0]), len(responses.probing_set), "captions of probing images"
            )
            ids.append(batch.ids)
            captions += captioner.captions(list(batch.images))
        vectorizer = TfidfVectorizer(analyzer=_lemmas)
        # One word more than any caption has, so that empty captions have a vector too.
        vectors = vectorizer.fit_transform([*captions, "caption"])[:-1]
        return cls(np.concatenate(ids), vectorizer, vectors)

    def nearest(self, text: str, count: int, *, without: Collection[int]) -> list[int]:
        """Ids of the probing images whose captions are nearest to a text, the nearest first."""
        scores = (self.vectors @ self.vectorizer.transform([text]).T).toarray()[:, 0]
        return _largest(self.ids, scores, count, without)


Album = ByVectors | ByCaptions


def _lemmas(text: str) -> list[str]:
    return list(english.lemmas(english.load(), text.lower()))


def _largest(
    ids: NDArray[np.int64], scores: NDArray[Any], count: int, without: Collection[int]
) -> list[int]:
    order = ids[np.argsort(-scores, kind="stable")]
    return [int(image_id) for image_id in order if image_id not in without][:count]
