"""Vectors of images and texts by the real loading code, on tiny random models."""

from pathlib import Path

import numpy as np
import pytest

from describer.methods.models.likeness import Likeness


@pytest.mark.parametrize("name", ["clip", "siglip"])
def test_vectors_of_images_and_texts_have_one_length_and_size(models: Path, name: str) -> None:
    likeness = Likeness.open(name, models, device="cpu")
    images = list(np.random.default_rng(0).integers(0, 255, (3, 3, 40, 40), dtype=np.uint8))
    texts = ["a red door", "blue", "a very long text of a wooden bench with a dog " * 9]
    shown, said = likeness.of_images(images), likeness.of_texts(texts)
    assert shown.shape == said.shape
    np.testing.assert_allclose(np.linalg.norm(np.stack([shown, said]), axis=-1), 1, rtol=1e-5)
    np.testing.assert_allclose(likeness.of_texts(texts[:2]), said[:2], atol=1e-5)
