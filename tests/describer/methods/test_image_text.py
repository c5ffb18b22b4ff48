"""Image-text models: real loading of tiny random ones, from files alone."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from db.errors import BadInput
from describer.methods import image_text
from helpers import image_text as tiny

pytest.importorskip("transformers")


@pytest.mark.parametrize("kind", ["clip", "siglip", "siglip2"])
def test_pictures_and_texts_come_into_one_space(tmp_path: Path, kind: str) -> None:
    model = image_text.load(str(tiny.save(tmp_path / kind, kind)))
    noise = np.random.default_rng(0).integers(0, 256, (3, 40, 50, 3), dtype=np.uint8)
    images = [Image.fromarray(each) for each in noise]
    pictures, texts = model.pictures(images), model.texts(["a red dog", "sky"])
    assert pictures.shape[1] == texts.shape[1]
    for vectors in (pictures, texts):
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(model.texts(["sky"])[0], texts[1], atol=1e-5)
    assert np.allclose(model.pictures(images[2:])[0], pictures[2], atol=1e-5)
    assert model.kind == kind
    assert model.hash == image_text.load(str(tmp_path / kind)).hash


def test_what_is_not_here_is_not_fetched(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nothing is fetched"):
        image_text.load("nobody/no-such-model")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="expected an image-text model in"):
        image_text.load(str(tmp_path / "empty"))
