"""The models learn in one run that can be cut, and load by the classes that users' models do."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from describer.demo.models import learning
from describer.demo.models.learning import Course
from describer.demo.models.towers import LONGEST, tokenizer
from describer.demo.shipped import CAPTIONER, IMAGE_TEXT
from describer.methods import image_text
from describer.methods.models import folder
from describer.methods.models.captions import Captioner
from describer.methods.models.likeness import Likeness

SHORT = Course(scenes=20, steps=4, batch=6)


def quiet(_message: str) -> None:
    pass


def test_a_run_that_was_cut_ends_as_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "KEPT_EVERY", 2)
    whole = learning.learn(tmp_path / "whole.pt", SHORT, report=quiet)

    def stop(message: str) -> None:
        if "batch 2" in message:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learning.learn(tmp_path / "cut.pt", SHORT, report=stop)
    resumed = learning.learn(tmp_path / "cut.pt", SHORT, report=quiet)
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other)


def test_both_are_loaded_as_users_models_are_and_see_what_they_saw(tmp_path: Path) -> None:
    pair = learning.learn(tmp_path / "kept.pt", SHORT, report=quiet)
    pair.save(tmp_path)
    shown = learning.drawn(3).whole(1)
    picture = shown.picture
    assert folder.kind(tmp_path / CAPTIONER) == "captioner"
    assert folder.kind(tmp_path / IMAGE_TEXT) == "likeness"
    likeness = Likeness.open(IMAGE_TEXT, tmp_path, device="cpu")
    other = image_text.load(str(tmp_path / IMAGE_TEXT))
    with torch.no_grad():
        tokens, vectors = pair.look(learning.pixels([shown]))
        words = pair.read(["red wheels of cars"])
    np.testing.assert_allclose(likeness.of_images([picture]), vectors.numpy(), atol=2e-3)
    np.testing.assert_allclose(likeness.of_texts(["red wheels of cars"]), words.numpy(), atol=2e-3)
    image = Image.fromarray(np.ascontiguousarray(picture.transpose(1, 2, 0)))
    np.testing.assert_allclose(other.pictures([image]), vectors.numpy(), atol=2e-3)
    captioner = Captioner.open(CAPTIONER, tmp_path, device="cpu")
    assert isinstance(captioner.captions([picture])[0], str)
    eye = captioner.model.git.image_encoder
    with torch.no_grad():
        seen = eye(learning.pixels([shown])).last_hidden_state
    np.testing.assert_allclose(seen.numpy(), tokens.numpy(), atol=2e-2)


def test_words_are_tokens_and_what_is_no_word_is_one_of_its_own() -> None:
    words = tokenizer()
    ids = words("Red wheels, of a unicorn")["input_ids"]
    assert words.convert_ids_to_tokens(ids) == [
        *("<s>", "red", "wheels", ",", "of", "a", "<unk>", "</s>")
    ]
    assert len(words("red " * 100, truncation=True)["input_ids"]) == LONGEST
