"""An image-text model as judge: whether a sentence holds is how likely the model finds it.

    judge = ImageTextJudge.of(model, images, watch)
    judge.hold(["a dog on grass"], watch)

A cosine is no probability, so it is made one by the model's own rule. A SigLIP was trained to say
whether a text belongs to an image: probability = sigmoid(scale x cosine + bias), both its own. A
CLIP was trained to choose among texts: it chooses between the sentence and "a photo", which says
nothing; probability = sigmoid(scale x (cosine of the sentence - cosine of "a photo")).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from db.errors import BadInput
from db.jobs import Watch
from describer.faithfulness.judges.shape import Bools, Floats, Held
from describer.images.probing import ProbingSet
from describer.methods import image_text
from describer.methods.image_text import ImageText

NOTHING = "a photo"
LIKELY = 0.5


@dataclass(frozen=True)
class ImageTextJudge:
    """A model with the vectors of the images, float32 (images, size); NaN where unreadable."""

    model: ImageText
    vectors: Floats

    @classmethod
    def of(cls, model: ImageText, images: ProbingSet, watch: Watch) -> "ImageTextJudge":
        """Show the model all images once.

        Raises:
            BadInput: the images are a generator's seeds.
            Cancelled: the watch said so.
        """
        if images.seeds:
            raise BadInput("expected a folder of images for an image-text model, got seeds")
        return cls(model, image_text.of_images(model, images, watch))

    @property
    def name(self) -> str:
        """Who it is."""
        return f"the image-text model {self.model.name} ({self.model.hash[:12]})"

    @property
    def rule(self) -> str:
        """When a sentence counts as holding."""
        how = "against “a photo”" if self.model.bias is None else "by its own scale and bias"
        return f"where the model finds it {LIKELY:.0%} likely, {how}"

    def hold(self, texts: Sequence[str], watch: Watch) -> Held:
        """The probability of each text in each image."""
        watch.check("before reading sentences")
        cosines = self.vectors @ self.model.texts([*texts, NOTHING]).T
        if self.model.bias is None:
            logits = np.asarray(self.model.scale * (cosines[:, :-1] - cosines[:, -1:]))
        else:
            logits = np.asarray(self.model.scale * cosines[:, :-1] + self.model.bias)
        from scipy.special import expit

        degree = expit(np.nan_to_num(logits, nan=-np.inf)).astype(np.float32)
        known = np.array([bool(text.strip()) for text in texts], dtype=np.bool_)
        readable: Bools = np.all(np.isfinite(self.vectors), axis=1)
        return Held(degree, degree >= LIKELY, known, readable)
