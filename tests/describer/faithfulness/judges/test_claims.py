"""Claims of sentences, and where they hold."""

import numpy as np
import pytest

from describer.demo.world import scene
from describer.demo.world.concepts import NAMES, concepts_in
from describer.demo.world.truth import Atlas
from describer.faithfulness.judges import claims

NUMBERS = {"red": 0, "cat": 1, "dog": 2}
# Two images of 2048 pixels: red and cat meet in the first, dog is nowhere with them.
MASKS = np.zeros((2, 3, 2048), dtype=bool)
MASKS[0, 0, :100], MASKS[0, 1, 50:150] = True, True
MASKS[1, 0, :10], MASKS[1, 2, 500:900] = True, True


def look(concepts: list[int]):  # type: ignore[no-untyped-def]
    return iter([masks[list(concepts)] for masks in MASKS])


def find(text: str) -> frozenset[str]:
    return frozenset(word for word in text.lower().split() if word in NUMBERS)


@pytest.mark.parametrize(
    ("text", "pixels"),
    [
        ("red things", (100, 10)),
        ("a red cat", (50, 0)),
        ("red and cat", (150, 10)),
        ("a cat, a dog or so", (100, 400)),
        # They meet nowhere, and red is rarer.
        ("a red dog", (100, 10)),
        ("red AND cat", (50, 0)),
        ("(cat OR dog) AND NOT red", (50, 400)),
        ("((red OR cat) AND NOT dog) AND cat", (100, 0)),
        ("something", (0, 0)),
    ],
)
def test_sentences_hold_where_they_say(text: str, pixels: tuple[int, int]) -> None:
    claim = claims.read(text, find, NUMBERS)
    found = claims.shares([claim, claim], look)
    assert (found * 2048).tolist() == [[pixels[0]] * 2, [pixels[1]] * 2]
    assert claim.known == (text != "something")


def test_too_little_of_an_image_does_not_count() -> None:
    little = np.zeros((1, 4096), dtype=bool)
    claim = claims.read("red", find, NUMBERS)
    for pixels, expected in ((3, 0.0), (4, 4 / 4096)):
        little[0, :pixels] = True
        assert claims.shares([claim], lambda _: iter([little])).tolist() == [[expected]]


def test_equal_claims_in_other_words_are_equal() -> None:
    first, other = (
        claims.read(text, find, NUMBERS) for text in ("cat red or a dog", "dog and a red cat")
    )
    assert first == other


def test_the_truth_of_the_drawn_world_is_counted_pixel_by_pixel() -> None:
    scenes = scene.render_many("probe", range(30), variant="probe")
    atlas = Atlas.of(scenes)
    numbers = {name: place for place, name in enumerate(NAMES)}

    def of_atlas(concepts: list[int]):  # type: ignore[no-untyped-def]
        names = [NAMES[concept] for concept in concepts]
        return (atlas.masks(image, names).reshape(len(names), -1) for image in range(30))

    texts = ["red roofs of houses", "windows or doors", "green things"]
    read = [claims.read(text, concepts_in, numbers) for text in texts]
    found = claims.shares(read, of_atlas)
    for image in range(30):
        red, roof, house, window, door, green = atlas.masks(
            image, ["red", "roof", "house", "window", "door", "green"]
        )
        expected = [(red & roof & house).mean(), (window | door).mean(), green.mean()]
        assert found[image] == pytest.approx([x if x >= 4 / 4096 else 0 for x in expected])
