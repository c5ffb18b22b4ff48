"""An image-text model as judge: its own probability of a sentence."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from db.errors import BadInput
from db.jobs import Watch
from describer.faithfulness.judges.likeness import NOTHING, ImageTextJudge
from describer.images import probing
from describer.images.probing import ProbingSet
from describer.methods import image_text
from helpers.image_text import save
from helpers.worlds import coloured_images

TEXTS = ["a red patch", "sky", ""]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> ProbingSet:
    pytest.importorskip("transformers", reason="transformers is not installed")
    folder = coloured_images(tmp_path_factory.mktemp("images"), count=3)
    (folder / "red" / "bad.png").write_bytes(b"no picture")
    return probing.open_folder(folder)


@pytest.mark.parametrize("kind", ["clip", "siglip", "siglip2"])
def test_the_probability_is_that_of_the_models_own_rule(
    images: ProbingSet, kind: str, tmp_path: Path
) -> None:
    model = image_text.load(str(save(tmp_path / kind, kind)))
    judge = ImageTextJudge.of(model, images, Watch())
    held = judge.hold(TEXTS, Watch())
    assert held.degree.shape == (7, 3)
    pictures = [Image.open(images.root / path) for path in images.paths if "bad" not in path]
    cosine = model.pictures(pictures) @ model.texts([*TEXTS, NOTHING]).T
    if kind == "clip":
        # A softmax over the sentence and what says nothing.
        both = np.stack([cosine[:, :3], np.repeat(cosine[:, 3:], 3, axis=1)])
        powers = np.exp(model.scale * both)
        expected = powers[0] / powers.sum(axis=0)
        assert "a photo" in judge.rule
    else:
        assert model.bias is not None
        expected = 1 / (1 + np.exp(-(model.scale * cosine[:, :3] + model.bias)))
        assert "own scale and bias" in judge.rule
    readable = np.array(["bad" not in path for path in images.paths])
    np.testing.assert_allclose(held.degree[readable], expected, rtol=1e-4)
    assert (held.degree[~readable] == 0).all()
    assert (held.judged == readable).all()
    assert (held.holds == (held.degree >= 0.5)).all()
    assert held.known.tolist() == [True, True, False]
    assert model.hash[:12] in judge.name


def test_seeds_are_no_pictures(images: ProbingSet, tmp_path: Path) -> None:
    model = image_text.load(str(save(tmp_path / "clip", "clip")))
    with pytest.raises(BadInput, match="got seeds"):
        ImageTextJudge.of(model, probing.open_folder(Path("seeds:5")), Watch())
