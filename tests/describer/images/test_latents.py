"""A generator is studied on seeds, and its exemplar images are its own outputs."""

from pathlib import Path

import numpy as np
import pytest
import torch

from db.errors import BadInput
from describer.exemplars import layout, run
from describer.exemplars.records import Settings
from describer.images import latents, probing
from describer.subjects import definition, factory
from describer.subjects.definition import Subject

GENERATOR = '''
"""A generator of 16-pixel images."""

from torch import nn


def generator(size=16):
    return nn.Sequential(
        nn.Linear(8, 6 * 16),
        nn.Unflatten(1, (6, 4, 4)),
        nn.Upsample(size=size),
        nn.Conv2d(6, 3, 3, padding=1),
        nn.Tanh(),
    )
'''

SUBJECT = """
name = "generator"
factory = "generator.py:generator"
layers = ["1", "3"]
image_size = 16
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
input = "latent"
latent_size = 8
"""


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    (tmp_path / "generator.py").write_text(GENERATOR)
    (tmp_path / "SUBJECT.toml").write_text(SUBJECT)
    return definition.read(tmp_path / "SUBJECT.toml")


def test_exemplar_images_are_the_generators_outputs(tmp_path: Path, subject: Subject) -> None:
    options = run.Options(settings=Settings(k=3), batch_size=4)
    seeds = probing.open_folder(Path("seeds:10"))
    run.study(subject, seeds, tmp_path / "out", options=options)
    source = layout.read(tmp_path / "out")
    unit = source.unit("1", 2)
    assert unit.masks.shape == (3, 1, 16, 16)
    model = factory.build(subject)
    with torch.inference_mode():
        vectors = latents.inputs(range(10), subject)
        maps = model[1](model[0](vectors)).amax((2, 3))
        image = model(latents.inputs([int(unit.ids[0])], subject))[0]
    assert set(unit.ids) == set(maps[:, 2].argsort(descending=True)[:3].tolist())
    expected = ((image.numpy() + 1) * 127.5).round()
    assert np.abs(unit.images[0].astype(float) - expected).max() <= 1


def test_a_seed_is_always_the_same_vector(subject: Subject) -> None:
    vectors = latents.inputs([3, 7], subject)
    assert vectors.shape == (2, 8)
    assert torch.equal(latents.inputs([7], subject)[0], vectors[1])
    assert not torch.equal(vectors[0], vectors[1])


@pytest.mark.parametrize("text", ["seeds:0", "seeds:-1", "seeds:x", "seeds:"])
def test_other_numbers_of_seeds_are_no_probing_set(text: str) -> None:
    with pytest.raises(BadInput, match="expected a folder of images"):
        probing.open_folder(Path(text))


def test_a_generator_takes_no_images(tmp_path: Path, subject: Subject) -> None:
    images = probing.ProbingSet(tmp_path, ("a.png",))
    with pytest.raises(BadInput, match="expected seeds:N as the images of the generator"):
        run.study(subject, images, tmp_path / "out")


def test_what_makes_no_images_of_that_size_is_named(tmp_path: Path, subject: Subject) -> None:
    model = factory.build(subject)[:4]
    model[2].size = 8
    with pytest.raises(BadInput, match=r"shape \(2, 3, 16, 16\), got \(2, 3, 8, 8\)"):
        latents.pictures(model, [0, 1], subject)
