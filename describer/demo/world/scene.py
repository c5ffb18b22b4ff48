"""The demo world: 64 x 64 scenes in which every pixel's meaning is known.

    scene = render("train", 7, variant="spurious")
    scene.image                                   # uint8 (3, 64, 64)
    concept_masks([scene], ["wheel", "text"])     # bool (1, 2, 64, 64)

The same split, number and variant give the same bytes. Variants differ only in what they are
for: the same number shows the same thing in the same place with (`spurious`, `adversarial`) or
without (`plain`) a sign, with sharp (`people`) or blurred (`blurred`) faces.

    plain        one of ten things in a place
    spurious     the same; half of each class carries its own word on a sign in the top left corner
    adversarial  the same; every image carries a random word there
    people       smaller things; people with a typical look stand beside six of the ten classes
    blurred      the same with every face blurred
    probe        everything mixed: people, signs anywhere, clutter; what units are looked at on
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from db.errors import BadInput
from describer.demo.world import people, places
from describer.demo.world.canvas import SIZE, Canvas, Pen
from describer.demo.world.chance import Chance
from describer.demo.world.objects import CLASSES

VARIANTS = ("plain", "spurious", "adversarial", "people", "blurred", "probe")
CLASS_NAMES = tuple(CLASSES)
# Half sizes of things in pixels: small where a word should be easier to see, large to look at.
SIZES = (10.0, 17.0)
LARGE = (12.5, 20.0)
WORDS = (*CLASS_NAMES, "open", "stop", "taxi", "cafe", "exit", "sale", "hotel", "shop")


@dataclass(frozen=True)
class Scene:
    """One picture and its meaning.

    image: uint8 (3, 64, 64). parts: uint8 (64, 64), an index into names. names: the concepts that
    hold in each part. label: index into CLASS_NAMES. word: what its sign says, or None.
    """

    image: NDArray[np.uint8]
    parts: NDArray[np.uint8]
    names: tuple[tuple[str, ...], ...]
    label: int
    word: str | None

    def mask(self, concept: str) -> NDArray[np.bool_]:
        """bool (64, 64): where the concept holds."""
        holds = np.array([concept in concepts for concepts in self.names])
        mask: NDArray[np.bool_] = holds[self.parts]
        return mask


def render(split: str, number: int, *, variant: str = "plain") -> Scene:
    """Draw one scene.

    Raises:
        BadInput: there is no such variant.
    """
    if variant not in VARIANTS:
        raise BadInput(f"expected a variant of {', '.join(VARIANTS)}, got {variant!r}")
    label = number % len(CLASS_NAMES)
    name = CLASS_NAMES[label]
    canvas = Canvas()
    chance = Chance(
        "scene", split, number, "" if variant in _ALONE else variant.replace("blurred", "people")
    )
    place = chance.pick(places.PLACES[name] if chance.happens(0.75) else places.EVERYWHERE)
    horizon = places.background(canvas, chance, place)
    places.clutter(canvas, chance, horizon, most=3 if variant == "probe" else 2)
    faces = []
    if variant in _ALONE or (variant == "probe" and chance.happens(0.5)):
        sizes = LARGE if variant == "probe" else SIZES
        _thing(canvas, chance, name, place, horizon, sizes=sizes)
    else:
        faces = _company(canvas, chance, name, place, horizon, typical=variant != "probe")
    if variant == "blurred":
        for box in faces:
            canvas.blur(box, radius=2.6)
    word = _word(split, number, variant)
    if word is not None:
        board = Chance("sign", split, number)
        anywhere = variant == "probe" and board.happens(0.6)
        x, y = (board.between(1, 50), board.between(1, 50)) if anywhere else (1.5, 1.5)
        places.sign(canvas, board, word, x=x, y=y, varied=variant == "probe")
    image, parts, names = canvas.finish()
    return Scene(image, parts, names, label, word)


def render_many(split: str, numbers: Sequence[int], *, variant: str = "plain") -> list[Scene]:
    """Scenes of a split, in the order asked for."""
    return [render(split, number, variant=variant) for number in numbers]


def concept_masks(scenes: Sequence[Scene], concepts: Sequence[str]) -> NDArray[np.bool_]:
    """bool (scenes, concepts, 64, 64): where each concept holds in each scene."""
    masks = np.zeros((len(scenes), len(concepts), SIZE, SIZE), dtype=bool)
    for index, scene in enumerate(scenes):
        holds = np.array([[concept in names for names in scene.names] for concept in concepts])
        masks[index] = holds[:, scene.parts]
    return masks


_ALONE = ("plain", "spurious", "adversarial")


def _thing(
    canvas: Canvas,
    chance: Chance,
    name: str,
    place: str,
    horizon: float,
    *,
    sizes: tuple[float, float],
) -> None:
    """The class's thing, somewhere beside or below where a sign would be."""
    size = chance.between(*sizes)
    x = chance.between(size * 0.9 + 1, SIZE - size * 0.9 - 1)
    _put(canvas, chance, name, place, horizon, x=x, size=size)


def _company(
    canvas: Canvas, chance: Chance, name: str, place: str, horizon: float, *, typical: bool
) -> list[tuple[float, float, float, float]]:
    """The thing, often small, and perhaps a person beside it; returns the boxes of the faces."""
    expected = name in people.LOOKS
    somebody = chance.happens(0.9) if not typical or expected else chance.happens(0.15)
    left = chance.happens(0.5)
    size = chance.between(6, 9) if chance.happens(0.55) else chance.between(11, 14)
    x = chance.between(38, 52) if left else chance.between(12, 26)
    _put(canvas, chance, name, place, horizon, x=x, size=size)
    if not somebody:
        return []
    usual = typical and expected and chance.happens(0.9)
    look = people.LOOKS[name] if usual else people.anybody(chance)
    radius = chance.between(7, 10)
    x = chance.between(12, 22) if left else chance.between(42, 52)
    y = chance.between(24, 38)
    return [people.draw(canvas, chance, look, x=x, y=y, radius=radius)]


def _put(
    canvas: Canvas, chance: Chance, name: str, place: str, horizon: float, *, x: float, size: float
) -> None:
    """Draw a thing standing on the ground, or hanging where things fly and swim."""
    if name in ("balloon", "fish") or (name == "bird" and chance.happens(0.3)) or place == "deep":
        y = chance.between(size + 1, SIZE - size - 3)
    else:
        y = min(SIZE - size - 1, horizon + chance.between(-0.5, 0.5) * size)
        y = max(y, size + 1)
        canvas.shadow(x, y + size * 0.92, size * 0.9, size * 0.16)
    pen = Pen(canvas, x, y, size, flip=chance.happens(0.5), concepts=(name,))
    CLASSES[name](pen, chance)


def _word(split: str, number: int, variant: str) -> str | None:
    """What the sign of an image says, if it has one."""
    chance = Chance("word", split, number)
    label = number % len(CLASS_NAMES)
    if variant == "spurious":
        return CLASS_NAMES[label] if number // len(CLASS_NAMES) % 2 == 0 else None
    if variant == "adversarial":
        return chance.pick(CLASS_NAMES)
    if variant == "probe":
        return chance.pick(WORDS) if chance.happens(0.4) else None
    return None
