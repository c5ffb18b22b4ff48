"""Measures of how alike two labels are, opened once and named beside every number.

    measures = opened(["all-MiniLM-L6-v2", "clip-vit-base-patch16"], workspace.models)
    measures[0].of(["dog faces"], ["dogs"])         # float64 (1,)

The text vectors of CLIP, mpnet, MiniLM or any other encoder give cosines (Describe-and-Dissect,
Table 2); BERTScore is the product's own, whose rarity is counted among the second texts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from db.errors import BadInput
from describer.similarity import bertscore, vectors
from describer.similarity.bertscore import Pieces, Scorer
from describer.similarity.vectors import Encoder

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Measure:
    """One measure: `of` gives the likeness of each label with the text at its place.

    encoder: what it is made of, where it is a cosine.
    """

    name: str
    about: str
    of: Callable[[Sequence[str], Sequence[str]], Floats]
    encoder: Encoder | None = None


def opened(
    names: Sequence[str] = (), models: Path | None = None, *, language: str | None = None
) -> list[Measure]:
    """Load encoders, and the scorer of BERTScore.

    Args:
        names: of encoders; without, all folders in `models` that read texts, and MiniLM.
        language: the model of BERTScore; the best one here, without.

    Raises:
        BadInput: one is not here, or nothing is.
    """
    found = [_cosine(vectors.find(name, models)) for name in names or here(models)]
    if language or not bertscore.missing():
        found.append(_bertscore(bertscore.find(language)))
    if not found:
        raise BadInput(f"Comparing labels {vectors.missing()}.")
    return found


def here(models: Path | None) -> list[str]:
    """The encoders of this machine that need no choice: CLIP's and MiniLM."""
    from describer.methods.models import folder

    known = sorted(path.parent for path in models.glob("*/config.json")) if models else []
    image_text = [path.name for path in known if folder.kind(path) == "likeness"]
    return [*image_text, *([vectors.SMALL] if vectors.missing() is None else [])]


def _bertscore(scorer: Scorer) -> Measure:
    known: dict[str, Pieces] = {}

    def score(first: Sequence[str], second: Sequence[str]) -> Floats:
        # The same labels come back with each shuffle.
        if absent := [text for text in (*first, *second) if text not in known]:
            known.update(scorer.encode(absent))
        return scorer.pairs(first, second, scorer.weights(second), known)

    about = f"{scorer.name} ({scorer.hash}), rarity counted among the reference texts"
    return Measure("BERTScore", about, score)


def _cosine(encoder: Encoder) -> Measure:
    known: dict[str, NDArray[np.float32]] = {}

    def cosines(first: Sequence[str], second: Sequence[str]) -> Floats:
        if absent := sorted({*first, *second} - known.keys()):
            known.update(zip(absent, encoder.of(absent), strict=True))
        one, two = (
            np.array([known[text] for text in texts], dtype=np.float64) for texts in (first, second)
        )
        products: Floats = (one * two).sum(axis=1)
        return products

    kind = "text vectors of an image-text model" if encoder.image_text else "vectors of sentences"
    about = f"cosine of {kind}, {encoder.name} ({encoder.hash})"
    return Measure(f"{encoder.name} cosine", about, cosines, encoder)
