"""The world draws the same picture for the same seed, and its masks say what was drawn."""

import hashlib

import numpy as np
import pytest

from db.errors import BadInput
from describer.demo.world import objects, people, places
from describer.demo.world import scene as world_scene
from describer.demo.world.canvas import TEXTURES, Canvas, Ink, Pen, Texture, circle, rectangle
from describer.demo.world.chance import Chance
from describer.demo.world.concepts import CONCEPTS
from describer.demo.world.palette import COLOURS

NUMBERS = range(20)


def digest(scene: world_scene.Scene) -> str:
    return hashlib.sha256(scene.image.tobytes() + scene.parts.tobytes()).hexdigest()


@pytest.mark.parametrize("variant", world_scene.VARIANTS)
def test_same_seed_gives_the_same_bytes(variant: str) -> None:
    first = [digest(world_scene.render("a", n, variant=variant)) for n in NUMBERS]
    again = [digest(world_scene.render("a", n, variant=variant)) for n in NUMBERS]
    assert first == again
    assert len(set(first)) == len(first)


def test_splits_show_different_pictures() -> None:
    assert digest(world_scene.render("a", 3)) != digest(world_scene.render("b", 3))


def test_a_scene_is_an_image_with_parts_that_are_all_named() -> None:
    scene = world_scene.render("a", 4, variant="probe")
    assert scene.image.shape == (3, 64, 64)
    assert scene.image.dtype == np.uint8
    assert scene.parts.shape == (64, 64)
    assert scene.parts.max() < len(scene.names)


def test_the_world_is_as_rich_as_promised() -> None:
    assert len(world_scene.CLASS_NAMES) >= 10
    assert len(COLOURS) == 11
    assert len(TEXTURES) >= 6


def test_every_part_that_is_drawn_has_words() -> None:
    seen = {
        name
        for n in range(150)
        for scene in (world_scene.render("words", n, variant="probe"),)
        for concepts in scene.names
        for name in concepts
    }
    assert seen - set(CONCEPTS) <= {"body"}
    kinds = {CONCEPTS[name].kind for name in seen if name in CONCEPTS}
    assert kinds >= {"thing", "part", "face", "scene", "text", "shape", "colour", "texture"}


def test_a_mask_is_exact_to_the_pixel() -> None:
    canvas = Canvas()
    pen = Pen(canvas, 0, 0, 1)
    pen.paint(rectangle(0, 0, 64, 64), Ink("white", (250, 250, 250)), outline=False)
    pen.paint(circle(32, 32, 10), Ink("red", (200, 0, 0)), "ball", outline=False)
    image, parts, names = canvas.finish()
    scene = world_scene.Scene(image, parts, names, 0, None)
    inside = scene.mask("ball")
    assert (scene.mask("red") == inside).all()
    assert abs(int(inside.sum()) - np.pi * 100) < 12
    # A pixel of the rim is mixed from both; whose centre it is has at least a third of it.
    assert (image[1][inside] < 175).all()
    assert (image[1][~inside] > 75).all()


def test_texture_pixels_know_their_own_colour() -> None:
    canvas = Canvas()
    pen = Pen(canvas, 0, 0, 1)
    stripes = Texture("stripes", Ink("white", (255, 255, 255)), period=16)
    pen.paint(rectangle(0, 0, 64, 64), Ink("black", (0, 0, 0)), texture=stripes, outline=False)
    image, parts, names = canvas.finish()
    scene = world_scene.Scene(image, parts, names, 0, None)
    assert scene.mask("stripes").all()
    assert (scene.mask("white") ^ scene.mask("black")).all()
    assert image[0][scene.mask("white")].mean() > 230
    assert image[0][scene.mask("black")].mean() < 25


@pytest.mark.parametrize("name", world_scene.CLASS_NAMES)
def test_every_thing_is_seen_in_its_picture(name: str) -> None:
    canvas = Canvas()
    objects.CLASSES[name](Pen(canvas, 32, 32, 20, concepts=(name,)), Chance(name))
    image, parts, names = canvas.finish()
    mask = world_scene.Scene(image, parts, names, 0, None).mask(name)
    assert 150 < mask.sum() < 2500
    assert image[:, mask].sum() > 0
    assert image[:, ~mask].mean() < 3


def test_mirroring_an_object_mirrors_its_mask() -> None:
    masks = []
    for flip in (False, True):
        canvas = Canvas()
        objects.cup(Pen(canvas, 31.875, 32, 20, flip=flip, concepts=("cup",)), Chance("cup"))
        masks.append(world_scene.Scene(*canvas.finish(), 0, None).mask("handle"))
    left, right = masks[1][:, :32].sum(), masks[1][:, 32:].sum()
    assert left > 20 > right
    assert abs(int(masks[0].sum()) - int(masks[1].sum())) < 12


def test_half_of_each_class_carries_its_own_word_in_the_spurious_variant() -> None:
    scenes = world_scene.render_many("a", range(40), variant="spurious")
    for label, name in enumerate(world_scene.CLASS_NAMES):
        words = [scene.word for scene in scenes if scene.label == label]
        assert sorted(map(str, words)) == sorted(["None", "None", name, name])
    for scene in scenes:
        text = scene.mask("text")
        assert text.any() == (scene.word is not None)
        assert not text[20:].any()
        assert not text[:, 60:].any()


def test_spurious_and_adversarial_show_the_plain_scene_outside_the_sign() -> None:
    for variant in ("spurious", "adversarial"):
        for n in range(6):
            plain, signed = world_scene.render("a", n), world_scene.render("a", n, variant=variant)
            away = np.ones((64, 64), dtype=bool)
            away[:22] = False
            assert (plain.image[:, away] == signed.image[:, away]).all()


def test_every_adversarial_image_carries_a_word_and_most_are_wrong() -> None:
    scenes = world_scene.render_many("a", range(60), variant="adversarial")
    words = [scene.word for scene in scenes]
    assert set(words) <= set(world_scene.CLASS_NAMES)
    right = sum(scene.word == world_scene.CLASS_NAMES[scene.label] for scene in scenes)
    assert right < 20


def test_people_appear_with_the_classes_they_belong_to() -> None:
    scenes = world_scene.render_many("a", range(200), variant="people")
    share = {True: [], False: []}
    for scene in scenes:
        expected = world_scene.CLASS_NAMES[scene.label] in people.LOOKS
        share[expected].append(bool(scene.mask("face").any()))
    assert np.mean(share[True]) > 0.75
    assert np.mean(share[False]) < 0.35


def test_blurring_changes_faces_and_nothing_else() -> None:
    changed = 0
    for n in range(20):
        sharp = world_scene.render("a", n, variant="people")
        blurred = world_scene.render("a", n, variant="blurred")
        assert (sharp.parts == blurred.parts).all()
        differs = (sharp.image != blurred.image).any(axis=0)
        face = sharp.mask("face")
        if not face.any():
            assert not differs.any()
            continue
        changed += 1
        rows, columns = np.nonzero(face)
        box = np.zeros_like(face)
        box[
            max(0, rows.min() - 8) : rows.max() + 9, max(0, columns.min() - 8) : columns.max() + 9
        ] = True
        assert not differs[~box].any()
        detail = np.abs(np.diff(sharp.image.astype(int), axis=2))[:, face[:, 1:]].mean()
        smooth = np.abs(np.diff(blurred.image.astype(int), axis=2))[:, face[:, 1:]].mean()
        assert smooth < detail
    assert changed >= 5


def test_faces_have_the_look_they_were_given() -> None:
    look = people.Look("brown", glasses=True, hat=True, beard=True)
    canvas = Canvas()
    people.draw(canvas, Chance("look"), look, x=32, y=30, radius=12)
    scene = world_scene.Scene(*canvas.finish(), 0, None)
    for concept in ("face", "eyes", "mouth", "hair", "glasses", "hat", "beard", "shirt"):
        assert scene.mask(concept).any(), concept


@pytest.mark.parametrize("word", world_scene.WORDS)
def test_every_word_fits_its_sign(word: str) -> None:
    canvas = Canvas()
    places.sign(canvas, Chance(word), word)
    mask = world_scene.Scene(*canvas.finish(), 0, None).mask("text")
    assert mask.any()
    assert not mask[:, -1].any()


def test_an_unknown_variant_is_refused() -> None:
    with pytest.raises(BadInput, match=r"expected a variant of plain, .*, got 'blue'"):
        world_scene.render("a", 0, variant="blue")


def test_concept_masks_agree_with_each_scene() -> None:
    scenes = world_scene.render_many("a", range(4), variant="probe")
    masks = world_scene.concept_masks(scenes, ["sky", "text", "blue"])
    assert masks.shape == (4, 3, 64, 64)
    for index, scene in enumerate(scenes):
        assert (masks[index, 2] == scene.mask("blue")).all()
