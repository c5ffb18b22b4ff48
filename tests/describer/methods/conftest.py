"""Tiny models and a small study that the tests of methods share, made once."""

from pathlib import Path

import pytest

from describer.exemplars import records, run
from describer.images import probing
from describer.methods.study import Study
from describer.subjects import definition
from helpers import tiny
from helpers.worlds import coloured_images, two_layer_subject


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a captioner, a language model, one that looks, CLIP and SigLIP."""
    pytest.importorskip("transformers", reason="transformers is not installed")
    folder = tmp_path_factory.mktemp("models")
    for make in (tiny.blip, tiny.causal, tiny.looker, tiny.clip, tiny.siglip):
        make(folder / make.__name__)
    return folder


@pytest.fixture(scope="session")
def models_that_draw(models: Path) -> Path:
    """The same folder with a text-to-image pipeline."""
    pytest.importorskip("diffusers", reason="diffusers is not installed")
    if not (models / "pipeline").is_dir():
        tiny.pipeline(models / "pipeline")
    return models


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Study:
    """Two layers on images of red and blue patches."""
    folder = tmp_path_factory.mktemp("study")
    subject = definition.read(two_layer_subject(folder / "subject"))
    images = probing.open_folder(coloured_images(folder / "images"))
    settings = records.Settings(k=5)
    source = run.study(subject, images, folder / "out", options=run.Options(settings=settings))
    return Study(source, subject, images, models)
