"""How well the demo's own models see, read, write and draw, on scenes that they never saw.

section = table(report=print)

What a caption should name is what its scene's true pixels hold. Chance is the caption, or the
picture, of another scene.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from describer.demo import shipped
from describer.demo.checks.scores import Estimate, mean
from describer.demo.checks.table import Section
from describer.demo.models import learning, wording
from describer.demo.world import renderer, scene
from describer.demo.world.concepts import concepts_in
from describer.methods.models.captions import Captioner
from describer.methods.models.likeness import Likeness

Report = Callable[[str], None]
Floats = NDArray[np.float64]

HELD_OUT, SCENES, AMONG = "models-held-out", 300, 50
PLAIN = ("test", 300, "plain")
DRAWN = 60


def table(*, report: Report) -> Section:
    """Retrieval, classes, captions and drawings, each beside its chance."""
    views = learning.drawn(SCENES, HELD_OUT)
    images = [each.image for each in views.scenes]
    captions = [wording.caption(views.whole(number).view) for number in range(SCENES)]
    likeness = Likeness.open(shipped.IMAGE_TEXT, shipped.MODELS, device="cpu")
    pictures, texts = likeness.of_images(images), likeness.of_texts(captions)
    rows = [
        (
            "image-text encoder: the caption of a picture among 50",
            *_found(pictures, texts, captions),
        ),
        (
            "image-text encoder: the picture of a caption among 50",
            *_found(texts, pictures, captions),
        ),
        ("image-text encoder: class of a picture by its name", *_classes(likeness)),
    ]
    report("the image-text encoder is measured")
    captioner = Captioner.open(shipped.CAPTIONER, shipped.MODELS, device="cpu")
    said = captioner.captions(images)
    rows.append(("captioner: concepts named, F1", *_named(said, captions)))
    report("the captioner is measured")
    rows.append(("renderer: concepts of a caption drawn", *_drawn(captions[:DRAWN])))
    report("the renderer is measured")
    unread = sum(bool(renderer.unread(text)) for text in said)
    return Section(
        "The demo's own models",
        f"On {SCENES} scenes that no model has seen. A caption should name the concepts that the "
        "caption made of the scene's true pixels names; chance is the caption, or drawing, of the "
        f"next scene. Of the captioner's {len(said)} captions the renderer reads all words in "
        f"{len(said) - unread}. Intervals: 95 %, over scenes.",
        ("what", "measured", "chance"),
        tuple(rows),
    )


def _found(
    asked: NDArray[np.float32], among: NDArray[np.float32], texts: Sequence[str]
) -> list[str]:
    """How often what belongs together is nearest among 50; equal captions belong together."""
    right, chance = [], []
    for first in range(0, len(asked), AMONG):
        here = slice(first, first + AMONG)
        nearest = (asked[here] @ among[here].T).argmax(axis=1)
        block = texts[here]
        right += [block[row] == block[place] for row, place in enumerate(nearest)]
        chance += [np.mean([text == other for other in block]) for text in block]
    return [str(mean(np.array(right, dtype=float))), f"{np.mean(chance):.2f}"]


def _classes(likeness: Likeness) -> list[str]:
    split, count, variant = PLAIN
    scenes = scene.render_many(split, range(count), variant=variant)
    names = likeness.of_texts([f"a {name}" for name in scene.CLASS_NAMES])
    chosen = (likeness.of_images([each.image for each in scenes]) @ names.T).argmax(axis=1)
    right = np.array([place == each.label for place, each in zip(chosen, scenes, strict=True)])
    return [str(mean(right.astype(float))), f"{1 / len(scene.CLASS_NAMES):.2f}"]


def _named(said: Sequence[str], true: Sequence[str]) -> list[str]:
    other = [*said[1:], said[0]]
    return [str(_f1(said, true)), f"{_f1(other, true).value:.2f}"]


def _f1(said: Sequence[str], true: Sequence[str]) -> Estimate:
    """The mean over scenes of the F1 of concepts named."""
    found = []
    for one, other in zip(map(concepts_in, said), map(concepts_in, true), strict=True):
        both = len(one) + len(other)
        found.append(2 * len(one & other) / both if both else 1.0)
    return mean(np.array(found))


def _drawn(captions: Sequence[str]) -> list[str]:
    """The share of a caption's concepts that its drawing holds, by the drawing's true pixels."""
    wanted = [renderer.asked(text) for text in captions]
    held = [renderer.drawn_concepts(one, seed) for seed, one in enumerate(wanted)]
    others = [*held[1:], held[0]]
    shares = [
        [
            len(one.concepts & got) / max(1, len(one.concepts))
            for one, got in zip(wanted, of, strict=True)
        ]
        for of in (held, others)
    ]
    return [str(mean(np.array(shares[0]))), f"{np.mean(shares[1]):.2f}"]
