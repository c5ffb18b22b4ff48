"""The subject files that the project shows are valid, and their layers exist."""

from dataclasses import replace
from pathlib import Path

import pytest

from describer.subjects import definition, factory, latents, layers

EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "examples").glob("*.toml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_builds_and_has_its_layers(path: Path) -> None:
    # Weights are downloaded by who uses an example.
    subject = replace(definition.read(path), weights=None)
    found = layers.find(latents.trace(factory.build(subject), subject), subject.layers)
    assert [layer.name for layer in found] == list(subject.layers)
    assert all(layer.units > 1 and layer.grid > (1, 1) for layer in found)


def test_there_are_examples() -> None:
    assert EXAMPLES
