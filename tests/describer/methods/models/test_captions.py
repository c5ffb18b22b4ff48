"""Captions by the real loading and generation code, on tiny random models."""

from pathlib import Path

import numpy as np
import pytest

from db.errors import BadInput
from describer.methods.models.captions import Captioner
from describer.methods.models.prompt import Manner, Prompt

IMAGES = list(np.random.default_rng(0).integers(0, 255, (3, 3, 48, 48), dtype=np.uint8))


@pytest.mark.parametrize("name", ["blip", "looker"])
def test_an_image_has_one_caption_whatever_is_captioned_beside_it(models: Path, name: str) -> None:
    captioner = Captioner.open(name, models, device="cpu")
    captions = captioner.captions(IMAGES)
    assert len(captions) == 3
    assert all(captions)
    assert captions == Captioner.open(name, models, device="cpu").captions(IMAGES)
    assert captioner.captions(IMAGES[:1]) == captions[:1]
    assert captioner.captions([]) == []


def test_a_model_that_converses_is_asked_about_a_picture(models: Path) -> None:
    captioner = Captioner.open("looker", models, device="cpu")
    assert captioner.converses
    (answer,) = captioner.answers([Prompt("a red door on", picture=IMAGES[0])], Manner(tokens=5))
    # What was asked is no part of the answer.
    assert len(answer.split()) <= 5


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("clip", "which compares images and texts"),
        ("nobody", "found none"),
        ("../models", "name of a model's folder"),
    ],
)
def test_another_model_is_refused(models: Path, name: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        Captioner.open(name, models, device="cpu")
