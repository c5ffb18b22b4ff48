"""The subject files that the project shows are valid, build, answer, and have their layers."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from describer.images import latents, probing
from describer.layers import catalogue
from describer.subjects import definition, factory

FOLDER = Path(__file__).resolve().parents[3] / "examples"
EXAMPLES = sorted(FOLDER.glob("*.toml"))
# Packages that are no part of the workbench, by what a factory begins with.
PACKAGES = ("timm", "open_clip", "transformers")


def needs(subject: definition.Subject) -> None:
    package = subject.factory.partition(":")[0].partition(".")[0]
    if package in PACKAGES:
        pytest.importorskip(package, reason=f"{package} is not installed")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    "path",
    [path for path in EXAMPLES if "huggingface" not in path.stem],
    ids=lambda path: path.stem,
)
def test_an_example_builds_and_has_its_layers(path: Path) -> None:
    # Weights are downloaded by who uses an example.
    subject = replace(definition.read(path), weights=None)
    needs(subject)
    model = factory.build(subject)
    found = catalogue.find(latents.trace(model, subject), subject.layers)
    assert [layer.name for layer in found] == list(subject.layers)
    assert all(layer.units > 1 and layer.grid > (1, 1) for layer in found)
    answer = model(factory.example(subject))
    if "detection" not in path.stem:
        assert answer.shape[0] == 2


def test_there_is_an_example_of_every_family() -> None:
    factories = " ".join(definition.read(path).factory for path in EXAMPLES)
    for family in ("torchvision.models:", "segmentation:", "detection:", "hubconf.py:", *PACKAGES):
        assert family in factories


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_network_of_transformers_comes_from_its_folder(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    config = transformers.ViTConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        image_size=32,
        patch_size=8,
        num_labels=3,
    )
    saved = transformers.ViTForImageClassification(config)
    folder = tmp_path / "vit-base-patch16-224"
    saved.save_pretrained(folder)
    shutil.copy(FOLDER / "huggingface-vit.toml", tmp_path / "SUBJECT.toml")
    text = (tmp_path / "SUBJECT.toml").read_text()
    processor = {
        "do_resize": True,
        "size": {"height": 32, "width": 32},
        "resample": 3,
        "image_mean": [0.4, 0.5, 0.6],
        "image_std": [0.2, 0.2, 0.2],
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    kept = [
        line for line in text.splitlines() if not line.startswith(("image_size", "mean", "std"))
    ]
    (tmp_path / "SUBJECT.toml").write_text("\n".join(kept))
    subject = definition.read(tmp_path / "SUBJECT.toml")
    assert (subject.size, subject.resize_size) == ((32, 32), (32, 32))
    assert (subject.mean, subject.interpolation) == ((0.4, 0.5, 0.6), "bicubic")
    made = factory.make(subject)
    images = factory.example(subject)
    torch.testing.assert_close(made.model(images), saved.eval()(images).logits)
    assert made.notes == (
        "the network's answer is ['logits'] of its output (ImageClassifierOutput)",
    )


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_folder_without_some_of_the_weights_is_refused(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    config = transformers.ResNetConfig(
        embedding_size=4, hidden_sizes=[4, 8], depths=[1, 1], layer_type="basic"
    )
    transformers.ResNetModel(config).save_pretrained(tmp_path / "body")
    path = tmp_path / "SUBJECT.toml"
    path.write_text(
        'name = "r"\nfactory = "transformers:AutoModelForImageClassification"\nweights = "body"\n'
        "image_size = 32\nmean = [0.5, 0.5, 0.5]\nstd = [0.5, 0.5, 0.5]\n"
    )
    with pytest.raises(ValueError, match=r"got classifier\.1\.bias, classifier\.1\.weight missing"):
        factory.build(definition.read(path))


def test_the_multispectral_example_reads_its_arrays(tmp_path: Path) -> None:
    subject = definition.read(FOLDER / "multispectral.toml")
    (tmp_path / "images").mkdir()
    np.save(tmp_path / "images" / "field.npy", np.full((6, 40, 50), 1200, np.uint16))
    (batch,) = probing.batches(probing.open_folder(tmp_path / "images"), subject)
    inputs = probing.as_inputs(batch.values, subject)
    assert inputs.shape == (1, 6, 32, 32)
    assert inputs[0, 0, 0, 0] == pytest.approx(100 / 600)


def test_every_key_of_a_subject_file_is_described() -> None:
    rows = [line for line in (FOLDER / "README.md").read_text("utf-8").splitlines() if "|" in line]
    described = {key for row in rows for key in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert described == set(definition.KEYS)
