"""The demo's truth as a concept set: what was drawn is where it was drawn."""

import numpy as np

from describer.demo.world import scene
from describer.methods.concepts import demo
from helpers.concepts import shown


def test_concepts_are_where_the_world_has_them() -> None:
    found = demo.read("demo-probe")
    picture = shown(f"{scene.CLASS_NAMES[3]}/00003.png", (64, 64))
    labels = found.labels(picture)
    assert labels is not None
    drawn = scene.render("probe", 3, variant="probe")
    for number, mask in zip(labels.present, labels.masks, strict=True):
        name = found.names[number]
        if found.categories[number] not in ("edge", "family"):
            assert np.array_equal(mask, drawn.mask(name)), name
    assert labels.present.size > 5
    assert found.labels(shown("elsewhere/photo.png")) is None
