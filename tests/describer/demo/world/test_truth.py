"""A unit's truth is what its masks lie on, and the simulated sentences say it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from describer.demo.sentences import annotators
from describer.demo.world import scene as world_scene
from describer.demo.world.chance import Chance
from describer.demo.world.concepts import CONCEPTS, NAMES, concepts_in
from describer.demo.world.truth import Atlas, edge_masks


@pytest.fixture(scope="module")
def atlas() -> tuple[Atlas, list[world_scene.Scene]]:
    scenes = world_scene.render_many("truth", range(120), variant="probe")
    return Atlas.of(scenes), scenes


def exemplars_on(
    scenes: list[world_scene.Scene], concept: str, k: int = 8
) -> tuple[list[int], np.ndarray]:
    ids = [n for n, scene in enumerate(scenes) if scene.mask(concept).sum() > 4][:k]
    return ids, np.stack([scenes[n].mask(concept) for n in ids])


@pytest.mark.parametrize("concept", ["wheel", "text", "roof", "face", "sky", "water", "glasses"])
def test_a_unit_whose_masks_are_a_concept_has_that_main_concept(
    atlas: tuple[Atlas, list[world_scene.Scene]], concept: str
) -> None:
    ids, masks = exemplars_on(atlas[1], concept)
    found = atlas[0].profile(ids, masks)
    assert found.main == concept or atlas[0].base[NAMES.index(concept)] > 1 / 3
    assert found.shares[NAMES.index(concept)] == 1.0


def test_a_part_is_preferred_to_its_thing_and_the_thing_is_kept(
    atlas: tuple[Atlas, list[world_scene.Scene]],
) -> None:
    ids, masks = exemplars_on(atlas[1], "wheel")
    found = atlas[0].profile(ids, masks)
    assert found.main == "wheel"
    assert "car" in found.also


def test_masks_all_over_the_picture_have_no_main_concept(
    atlas: tuple[Atlas, list[world_scene.Scene]],
) -> None:
    found = atlas[0].profile(range(15), np.ones((15, 64, 64), dtype=bool))
    assert found.main is None
    np.testing.assert_allclose(found.shares.max(), found.shares[found.shares.argmax()])


def test_empty_masks_and_missing_exemplars_have_no_concept(
    atlas: tuple[Atlas, list[world_scene.Scene]],
) -> None:
    assert atlas[0].profile([0, 1], np.zeros((2, 64, 64), dtype=bool)).pixels == 0
    assert atlas[0].profile([-1, -1], np.ones((2, 64, 64), dtype=bool)).main is None


def test_shares_agree_with_counting_pixel_by_pixel(
    atlas: tuple[Atlas, list[world_scene.Scene]],
) -> None:
    generator = np.random.default_rng(0)
    masks = generator.random((5, 64, 64)) < 0.1
    found = atlas[0].profile(range(5), masks)
    for concept in ("sky", "red", "person", "stripes"):
        hits = sum(int((atlas[1][n].mask(concept) & masks[n]).sum()) for n in range(5))
        assert found.shares[NAMES.index(concept)] == pytest.approx(hits / masks.sum())


def test_base_rates_are_shares_of_all_pixels(atlas: tuple[Atlas, list[world_scene.Scene]]) -> None:
    share = np.mean([scene.mask("sky").mean() for scene in atlas[1]])
    assert atlas[0].base[NAMES.index("sky")] == pytest.approx(share)


def test_edges_are_named_by_their_direction() -> None:
    parts = np.zeros((1, 64, 64), dtype=np.uint8)
    parts[0, 30:] = 1
    level, upright, slanted = edge_masks(parts)[0]
    assert level[29:31].all()
    assert not upright.any()
    assert not slanted.any()
    assert edge_masks(parts.transpose(0, 2, 1))[0, 1, :, 29:31].all()
    diagonal = (np.add.outer(np.arange(64), np.arange(64)) > 64).astype(np.uint8)[None]
    assert edge_masks(diagonal)[0, 2].sum() > 0.9 * edge_masks(diagonal)[0].any(axis=0).sum()


@pytest.mark.parametrize("concept", ["wheel", "text", "face", "balloon", "hat"])
def test_simulated_sentences_contain_the_concept_most_of_the_time(
    atlas: tuple[Atlas, list[world_scene.Scene]], concept: str
) -> None:
    found = atlas[0].profile(*exemplars_on(atlas[1], concept))
    assert found.main is not None
    rounds = [annotators.annotate(found, Chance("test", n)) for n in range(40)]
    assert all(len(sentences) == 3 for sentences in rounds)
    sentences = [sentence for three in rounds for sentence in three]
    named = np.mean([found.main in concepts_in(sentence) for sentence in sentences])
    assert 0.8 < named < 1.0
    assert np.mean([len(set(three)) for three in rounds]) > 2.5


def test_annotators_are_reproducible(atlas: tuple[Atlas, list[world_scene.Scene]]) -> None:
    found = atlas[0].profile(*exemplars_on(atlas[1], "roof"))
    assert annotators.annotate(found, Chance("x", 1)) == annotators.annotate(found, Chance("x", 1))


@pytest.mark.parametrize("name", NAMES)
def test_every_phrase_of_a_concept_names_it(name: str) -> None:
    for phrase in CONCEPTS[name].phrases:
        assert name in concepts_in(phrase), phrase


@given(st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_two_phrases_joined_name_both(first: str, second: str) -> None:
    sentence = f"{CONCEPTS[first].phrases[0]} and {CONCEPTS[second].phrases[0]}"
    assert {first, second} <= concepts_in(sentence)
