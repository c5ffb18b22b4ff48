"""Units become lessons, lessons a MILAN; with untrained networks, so that it is quick."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from describer.demo import build, networks, shipped, units
from describer.demo.checks.dissection import dissect
from describer.demo.sentences import milan
from describer.demo.training import curriculum, fitting, recipes
from describer.demo.world import scene
from describer.demo.world.concepts import NAMES

PICTURES = 40


@pytest.fixture(scope="module")
def gallery() -> units.Gallery:
    return milan.gallery(("small", PICTURES))


@pytest.fixture(scope="module")
def lesson(gallery: units.Gallery) -> milan.Lesson:
    torch.manual_seed(0)
    encoder = milan.encoder_of(networks.observer(len(NAMES)))
    recipe = dataclasses.replace(recipes.subject("signs"), layers=("conv1",))
    return milan.lesson(recipe, curriculum.build(recipe).eval(), gallery, encoder)


def test_examined_masks_are_those_of_the_exemplars(gallery: units.Gallery) -> None:
    model = curriculum.build(recipes.subject("signs")).eval()
    (study,) = units.examine(model, gallery, ["conv1"])
    assert len(study.profiles) == 24
    source = units.Source.of([study], gallery)
    for unit in (0, 7):
        for rank in (0, 14):
            assert (source.mask("conv1", unit, rank) == study.masks(unit)[rank]).all()
    with torch.inference_mode():
        maps = model.conv1(fitting.normalise(torch.from_numpy(gallery.images)))
    strongest = maps.flatten(2).amax(dim=2).argmax(dim=0)
    assert (study.exemplars.ids[:, 0] == strongest.numpy()).all()


def test_activations_are_maxima_over_positions(gallery: units.Gallery) -> None:
    model = curriculum.build(recipes.subject("transformer")).eval()
    layers = ["blocks.0.mlp.act", "blocks.1.mlp.act"]
    found = units.activations(model, gallery.images, layers)
    assert found.shape == (PICTURES, 320)
    (study,) = units.examine(model, gallery, layers[1:])
    best = study.exemplars.activations[:, 0]
    np.testing.assert_allclose(found[:, 160:].amax(dim=0).numpy(), best, rtol=1e-4, atol=1e-5)


def test_a_lesson_has_features_and_three_sentences_for_every_living_unit(
    lesson: milan.Lesson,
) -> None:
    assert lesson.features.shape == (len(lesson.unit), 15, 24 + 48 + 96 + 48 + len(NAMES))
    assert {len(sentences) for sentences in lesson.sentences} == {3}
    assert len(lesson.unit) <= 24


def test_lessons_make_a_milan_that_describes(lesson: milan.Lesson) -> None:
    encoder = milan.encoder_of(networks.observer(len(NAMES)))
    config = dataclasses.replace(milan.CONFIG, max_epochs=1, hidden_size=16, minimum_count=1)
    taught = milan.teach([lesson], encoder, config=config)
    described = taught.model.describe_features(lesson.features[:2], beam_size=3)
    assert all(description.text for description in described)


def test_dissection_labels_every_unit(gallery: units.Gallery) -> None:
    model = curriculum.build(recipes.subject("signs")).eval()
    studies = units.examine(model, gallery, ["conv1", "layer3"])
    labels = dissect(model, gallery, studies)
    assert [len(labels[layer]) for layer in ("conv1", "layer3")] == [24, 80]


@pytest.mark.parametrize("recipe", recipes.SUBJECTS, ids=lambda recipe: recipe.name)
def test_every_recipe_builds_its_layers_from_its_seed(recipe: recipes.Recipe) -> None:
    first, again = curriculum.build(recipe), curriculum.build(recipe)
    for name, value in first.state_dict().items():
        assert torch.equal(value, again.state_dict()[name])
    modules = dict(first.named_modules())
    assert set(recipe.layers) <= set(modules)


def test_held_out_networks_share_no_pictures_with_the_teachers() -> None:
    taught = {which for recipe in recipes.SUBJECTS if recipe.teaches for which in recipe.pictures}
    held_out = [recipe for recipe in recipes.SUBJECTS if not recipe.teaches]
    assert len(held_out) >= 3
    assert "transformer" in {recipe.kind for recipe in held_out}
    assert "transformer" not in {r.kind for r in recipes.SUBJECTS if r.teaches}
    for recipe in held_out:
        assert not taught & set(recipe.pictures)


def test_training_is_reproducible_and_learns() -> None:
    images, labels = fitting.paintings("small", range(48), variant="plain")

    def trained() -> torch.nn.Module:
        torch.manual_seed(0)
        return fitting.classify(networks.plain(), images, labels, seed=1, epochs=3)

    first, again = trained(), trained()
    for one, two in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, two)
    assert fitting.accuracy(first, images, labels) >= 0.1


def test_shifting_repeats_the_rim() -> None:
    image = torch.arange(9.0).view(1, 1, 3, 3)
    moved = fitting.shifted(image, (1, 0))
    assert moved[0, 0].tolist() == [[0, 1, 2], [0, 1, 2], [3, 4, 5]]
    assert torch.equal(fitting.shifted(image, (0, 0)), image)


def test_the_observer_learns_what_is_where() -> None:
    scenes = scene.render_many("small", range(16), variant="probe")
    torch.manual_seed(0)
    losses: list[float] = []
    fitting.observe(
        networks.observer(len(NAMES)),
        scenes,
        seed=0,
        epochs=100,  # 25 steps: all 16 scenes are one batch
        progress=lambda _done, _total, message: losses.append(float(message.split()[1])),
    )
    assert np.mean(losses[-3:]) < 0.7 * losses[0]


def test_subject_files_name_everything_that_a_subject_needs(tmp_path: Path) -> None:
    from describer.subjects import definition

    recipe = recipes.subject("signs")
    (tmp_path / "signs.toml").write_text(build.subject_toml(recipe))
    found = definition.read(tmp_path / "signs.toml")
    assert found.layers == recipe.layers
    assert found.classes == scene.CLASS_NAMES
    assert found.mean == networks.MEAN


def test_missing_weights_name_the_command_that_makes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    from db.errors import BadInput

    monkeypatch.setattr(shipped, "SUBJECTS", Path("nowhere"))
    with pytest.raises(BadInput, match="demo build"):
        shipped.load(recipes.subject("signs"))
