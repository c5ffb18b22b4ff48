"""CLIP-Dissect: how well each of many given words fits a unit (Oikarinen and Weng, 2023).

    scores = soft_wpmi(image_text_cosine, activations)      # (units, texts)
    best = scores.argmax(axis=1)

The probing images are compared with every text by CLIP, and with every unit by its activation; a
text fits a unit when the images that the unit prefers are those that the text describes. All
functions take `image_text_cosine` (images, texts), cosines of CLIP embeddings, and `activations`
(images, units), one number an image (the published code uses the spatial mean), and return
(units, texts), higher is better. numpy arrays and torch tensors on the CPU are understood and the
same kind is returned. Constants are those of the published code.

Scores are comparable within one call only: the prior of the PMI scores is taken over the units that
are given, so it changes when some of them are left out. `ClipDissect` therefore always scores whole
layers. The scores know no CLIP and no images.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from db.errors import BadInput
from db.jobs import Watch
from describer.methods import image_text
from describer.methods.image_text import ImageText
from describer.methods.study import Provenance, Sentence, Study, Units

METHOD = "clip-dissect"
CANDIDATES = 10

if TYPE_CHECKING:
    import torch

Array = TypeVar("Array", "NDArray[np.float32]", "torch.Tensor")
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


def soft_wpmi(image_text_cosine: Array, activations: Array) -> Array:
    """SoftWPMI, the method's default: images belong to a unit's set with a probability.

    With P the softmax over texts of 10 * cosine, and p_r falling from 0.998 towards 0.97 over a
    unit's 100 strongest images, S = sum_r log(1 + p_r (P - 1)), and the score is S minus its
    log-mean-exp over units.

    Raises:
        BadInput: other than two matrices with a row for each image.
    """
    cosine, strength = _check(image_text_cosine, activations)
    chosen = _strongest(strength, 100)
    rank = np.arange(len(chosen), dtype=np.float32)[:, None]
    belongs = 0.998 - rank / len(chosen) * (0.998 - 0.97)
    fits = _softmax(10 * cosine)
    sums = [_sum_of_logs(1 + belongs * (fits[images] - 1) + 1e-7) for images in chosen.T]
    return _like(image_text_cosine, _less_common(np.stack(sums), weight=1.0))


def wpmi(image_text_cosine: Array, activations: Array) -> Array:
    """WPMI: a unit's 28 strongest images, all alike; the prior counts 0.6.

    Raises:
        BadInput: other than two matrices with a row for each image.
    """
    cosine, strength = _check(image_text_cosine, activations)
    fits = _softmax(2 * cosine)
    sums = [_sum_of_logs(fits[images]) for images in _strongest(strength, 28).T]
    return _like(image_text_cosine, _less_common(np.stack(sums), weight=0.6))


def cos_similarity(image_text_cosine: Array, activations: Array) -> Array:
    """The cosine, over images, between a text's column and a unit's.

    Raises:
        BadInput: other than two matrices with a row for each image.
    """
    cosine, strength = _check(image_text_cosine, activations)
    return _like(image_text_cosine, _unit_columns(strength).T @ _unit_columns(cosine))


def cos_similarity_cubed(image_text_cosine: Array, activations: Array) -> Array:
    """The same of the cubes of centred columns, in which the strongest images count most.

    Raises:
        BadInput: other than two matrices with a row for each image.
    """
    cosine, strength = _check(image_text_cosine, activations)
    texts = _unit_columns((cosine - cosine.mean(axis=0)) ** 3)
    units = _unit_columns((strength - strength.mean(axis=0)) ** 3)
    return _like(image_text_cosine, units.T @ texts)


def _check(image_text_cosine: ArrayLike, activations: ArrayLike) -> tuple[Floats, Floats]:
    cosine = np.asarray(image_text_cosine, dtype=np.float32)
    strength = np.asarray(activations, dtype=np.float32)
    if cosine.ndim != 2 or strength.ndim != 2 or len(cosine) != len(strength) or not len(cosine):
        raise BadInput(
            f"expected cosines (images, texts) and activations (images, units) of the same images, "
            f"got {cosine.shape} and {strength.shape}"
        )
    if not (np.isfinite(cosine).all() and np.isfinite(strength).all()):
        raise BadInput("expected finite cosines and activations, got NaN or infinity among them")
    return cosine, strength


def _strongest(activations: Floats, count: int) -> NDArray[np.int64]:
    """The images on which each unit is strongest, strongest first: (count, units)."""
    order = np.argsort(-activations, axis=0, kind="stable")[:count]
    return order.astype(np.int64)


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


def _sum_of_logs(fits: Floats) -> Doubles:
    """The sum over images of the logarithms: (images, texts) -> (texts,); in double precision,
    because the scores are small differences between sums that are large.
    """
    return np.asarray(np.log(fits, dtype=np.float64).sum(axis=0))


def _less_common(sums: Doubles, *, weight: float) -> Doubles:
    """Take off how well a text fits units in general: sums is (units, texts)."""
    highest = sums.max(axis=0)
    common = highest + np.log(np.exp(sums - highest).mean(axis=0))
    return np.asarray(sums - weight * common)


def _unit_columns(matrix: Floats) -> Floats:
    """Columns divided by their length; columns of zeros stay."""
    length = np.linalg.norm(matrix, axis=0)
    return np.asarray(matrix / np.where(length > 0, length, 1), dtype=np.float32)


def _like(example: Array, scores: Floats | Doubles) -> Array:
    """The scores as the kind of array that the caller gave."""
    if isinstance(example, np.ndarray):
        return scores.astype(np.float32)
    import torch

    return torch.from_numpy(scores.astype(np.float32))


SCORINGS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "soft-wpmi": soft_wpmi,
    "wpmi": wpmi,
    "cosine": cos_similarity,
    "cosine-cubed": cos_similarity_cubed,
}


@dataclass(frozen=True)
class ClipDissect:
    """The method with its options, see `describer.methods.study`.

    Attributes:
        model: what compares images with words.
        words: what units may be named by.
        scoring: one of SCORINGS.
        pooling: which pooled activations are compared; the published code has the mean.
    """

    model: ImageText
    words: tuple[str, ...]
    scoring: str = "soft-wpmi"
    pooling: str = "mean"

    def provenance(self, _models: Path | None = None) -> Provenance:
        """What sentences were made of."""
        words = "\n".join(self.words)
        values = {
            "model": self.model.hash,
            "words": hashlib.blake2b(words.encode(), digest_size=20).hexdigest(),
            "word_count": len(self.words),
            "scoring": self.scoring,
            "pooling": self.pooling,
        }
        return Provenance(METHOD, values)

    def __call__(self, study: Study, units: Units, watch: Watch) -> Iterator[list[Sentence]]:
        """A layer's units at a time.

        Raises:
            BadInput: the exemplars were computed without pooled activations.
        """
        wanted = {layer: some for layer, some in units.items() if some}
        activations = {layer: self._activations(study, layer) for layer in wanted}
        if not wanted:
            return
        cosine = self._pictures(study, watch) @ self.model.texts(self.words).T
        for layer, strength in activations.items():
            watch.check(f"before {layer}")
            if len(strength) != len(cosine):
                raise BadInput(
                    f"expected activations of {len(cosine)} images for {layer}, got {len(strength)}"
                )
            seen = np.isfinite(strength).all(axis=1) & np.isfinite(cosine).all(axis=1)
            scores = SCORINGS[self.scoring](cosine[seen], strength[seen].astype(np.float32))
            yield [self._sentence(layer, unit, scores[unit]) for unit in wanted[layer]]

    def _activations(self, study: Study, layer: str) -> NDArray[np.float16]:
        from describer.exemplars import pooled

        found = pooled.read(study.source, layer, self.pooling)
        if found is None:
            raise BadInput(
                f"expected exemplars of {layer} with pooled activations (exemplars --pooled), got "
                "none"
            )
        return found

    def _pictures(self, study: Study, watch: Watch) -> Floats:
        """A vector an image, in the order of the probing set; NaN where it cannot be read."""
        images = study.probing
        if images is None:
            raise BadInput("expected the images that the exemplars come from, got none")
        if images.seeds:
            return self._generated(study, watch)
        return image_text.of_images(self.model, images, watch)

    def _generated(self, study: Study, watch: Watch) -> Floats:
        """A vector of each picture that a generator makes of its seeds, in their order."""
        from describer.methods.responses import Responses

        responses = Responses.open(study, self.pooling)
        found: list[Floats] = []
        done = 0
        for batch in responses.read():
            watch.check(f"before picture {done} of the generator")
            shown = [Image.fromarray(image.transpose(1, 2, 0)) for image in batch.images]
            found.append(self.model.pictures(shown))
            done += len(shown)
            watch.progress(done, len(responses.probing_set), "pictures through the model")
        return np.concatenate(found)

    def _sentence(self, layer: str, unit: int, scores: Floats) -> Sentence:
        order = np.argsort(-scores, kind="stable")[:CANDIDATES].tolist()
        candidates = [(self.words[place], float(scores[place]), 0.0) for place in order]
        return Sentence(layer, unit, candidates[0][0], candidates[0][1], candidates)
