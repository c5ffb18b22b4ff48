"""The scores of sentences: by hand, and at chance."""

import numpy as np
import pytest

from describer.demo.checks import scores
from describer.demo.world import scene as world_scene
from describer.demo.world.concepts import NAMES
from describer.demo.world.truth import Atlas, Profile


def profile(main: str | None, **shares: float) -> Profile:
    column = np.zeros(len(NAMES))
    for name, share in shares.items():
        column[NAMES.index(name)] = share
    return Profile(main, (), None, False, column, 100)


def test_naming_counts_the_main_concept_and_what_does_not_hold() -> None:
    profiles = [profile("wheel", wheel=0.9, black=0.8), profile("text", text=1.0), profile(None)]
    found = scores.naming(["black tires", "red roofs", "wheels"], profiles)
    assert found.named.tolist() == [True, False]
    assert found.right.tolist() == [2, 0]
    assert found.wrong.tolist() == [0, 2]
    assert found.share().value == 0.5
    assert found.f1().value == pytest.approx(0.5)


def test_concept_f1_is_one_for_the_truth_and_zero_for_its_opposite() -> None:
    profiles = [profile("text", text=0.8), profile("car", car=0.8)] * 5
    assert scores.concept_f1(["words on signs", "cars"] * 5, profiles, "text").value == 1.0
    assert scores.concept_f1(["cars", "letters"] * 5, profiles, "text").value == 0.0


def test_a_constant_description_detects_at_chance() -> None:
    atlas = Atlas.of(world_scene.render_many("scores", range(30)))
    activations = np.random.default_rng(0).random((30, 4))
    found = scores.detection(["things"] * 4, activations, scores.Holdings(atlas))
    assert (found.auroc == 0.5).all()
    np.testing.assert_allclose(found.auprc, 0.1)
    assert (found.correlation == 0).all()


def test_a_right_description_detects_its_unit() -> None:
    scenes = world_scene.render_many("scores", range(60))
    atlas = Atlas.of(scenes)
    cars = np.array([scene.mask("car").mean() for scene in scenes])[:, None]
    right = scores.detection(["cars"], cars, scores.Holdings(atlas))
    wrong = scores.detection(["fish"], cars, scores.Holdings(atlas))
    assert right.auroc[0] == 1.0
    assert right.correlation[0] > 0.99
    assert wrong.auprc[0] < right.auprc[0]


def test_joined_phrases_hold_where_either_does_and_adjectives_narrow() -> None:
    atlas = Atlas.of(world_scene.render_many("scores", range(40)))
    holdings = scores.Holdings(atlas)
    either = holdings.of("cars and trees")
    assert (either >= np.maximum(holdings.of("cars"), holdings.of("trees"))).all()
    assert (holdings.of("red cars") <= holdings.of("cars")).all()


def test_intervals_hold_the_value_and_count_rows() -> None:
    found = scores.mean(np.arange(50.0))
    assert found.low < found.value < found.high
    assert found.count == 50
    assert scores.interval(0, lambda rows: 1.0).count == 0
