"""Captions say what the true pixels hold, in words that the models have."""

import re

import numpy as np
import pytest

from describer.demo.models import wording
from describer.demo.models.views import Views
from describer.demo.models.wording import View
from describer.demo.world import scene
from describer.demo.world.chance import Chance
from describer.demo.world.concepts import concepts_in


@pytest.fixture(scope="module")
def views() -> Views:
    return Views.of(scene.render_many("wording", range(60), variant="probe"))


def test_a_caption_names_the_thing_its_colour_and_its_place() -> None:
    parts = np.zeros((10, 10), np.uint8)
    parts[5:] = 1
    parts[4:7, 2:8] = 2
    parts[6, 3:5] = 3
    names = (("blue", "sky"), ("green", "grass"), ("car", "red"), ("black", "car", "wheel"))
    said = wording.caption(View.of(parts, names))
    assert said == "a red car with wheels on blue sky and green grass"


def test_a_part_that_fills_the_view_is_named_with_its_thing() -> None:
    parts = np.full((10, 10), 1, np.uint8)
    names = (("blue", "sky"), ("house", "red", "roof", "triangle"))
    assert wording.caption(View.of(parts, names)) == "red roof of a house"


def test_captions_name_nothing_that_is_not_there(views: Views) -> None:
    for number in range(60):
        shown = views.draw(number, Chance("test", number))
        there = set(shown.view.concepts)
        said = concepts_in(wording.caption(shown.view))
        # a singular may spell another concept, as a person's head does the animals'
        assert len(said - there) <= 1, (wording.caption(shown.view), said - there)


def test_every_word_is_one_that_the_models_have(views: Views) -> None:
    known = set(wording.vocabulary())
    for number in range(60):
        chance = Chance("test", number)
        shown = views.draw(number, chance)
        for text in (
            wording.caption(shown.view),
            wording.phrases(shown.view, views.base, chance),
        ):
            assert set(re.findall("[a-z]+", text)) <= known, text


def test_a_view_has_the_same_caption_every_time(views: Views) -> None:
    first = views.draw(3, Chance("same", 1))
    again = views.draw(3, Chance("same", 1))
    assert wording.caption(first.view) == wording.caption(again.view)
    assert (first.picture == again.picture).all()
    assert first.cells.shape == (64, len(views.base))
