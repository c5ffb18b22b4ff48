"""The exemplars of a real network agree with those that the published implementation found."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from describer.exemplars import layout, run
from describer.exemplars.layout import ExemplarFolder
from describer.images import probing
from describer.layers import catalogue
from describer.subjects import definition, factory
from describer.subjects.definition import Subject

FACTORY = Path(__file__).resolve().parents[3] / "examples" / "cifar_resnet.py"
LAYERS = ("conv1", "layer1", "layer2", "layer3")

SUBJECT = """
name = "resnet20-cifar10"
factory = "{factory}:resnet"
weights = "{weights}"
layers = ["conv1", "layer1", "layer2", "layer3"]
image_size = 32
mean = [0.485, 0.456, 0.406]
std = [0.229, 0.224, 0.225]
"""


@pytest.fixture(scope="module")
def subject(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Subject:
    folder = tmp_path_factory.mktemp("subject")
    weights = shared / "data" / "weights" / "cifar10-resnet20.th"
    (folder / "SUBJECT.toml").write_text(SUBJECT.format(factory=FACTORY, weights=weights))
    return definition.read(folder / "SUBJECT.toml")


@pytest.fixture(scope="module")
def folder(shared: Path, subject: Subject, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exemplars")
    run.study(subject, probing.open_folder(shared / "data" / "cifar10"), folder)
    return folder


@pytest.fixture(scope="module")
def ours(folder: Path) -> ExemplarFolder:
    source = layout.read(folder)
    assert isinstance(source, ExemplarFolder)
    return source


@pytest.fixture(scope="module")
def places(shared: Path) -> np.ndarray:
    """For each of our ids the id that the golden values use: they order the files otherwise."""
    golden = json.loads((golden_folder(shared) / "inputs.json").read_text())["files"]
    paths = probing.open_folder(shared / "data" / "cifar10").paths
    return np.array([golden.index(path) for path in paths])


@pytest.fixture(scope="module")
def outputs(shared: Path, subject: Subject) -> dict[str, np.ndarray]:
    """All activations, (units, images * positions), by a plain forward pass."""
    model = factory.build(subject)
    chosen = catalogue.find(catalogue.trace(model, 32), (*LAYERS, "linear"))
    kept: dict[str, list[torch.Tensor]] = {layer.name: [] for layer in chosen}
    for layer in chosen:
        model.get_submodule(layer.name).register_forward_hook(
            lambda _module, _inputs, output, name=layer.name: kept[name].append(output.clone())
        )
    with torch.inference_mode():
        for batch in probing.batches(probing.open_folder(shared / "data" / "cifar10"), subject):
            model(probing.as_inputs(batch.images, subject))
    return {name: torch.cat(parts).movedim(1, 0).flatten(1).numpy() for name, parts in kept.items()}


def golden_folder(shared: Path) -> Path:
    return shared / "golden" / "exemplars_cifar10_resnet20"


def golden_of(shared: Path, name: str) -> Any:
    return np.load(golden_folder(shared) / f"{name}.npz")


@pytest.mark.parametrize("name", LAYERS)
def test_the_same_images_are_exemplars_up_to_ties(shared, ours, places, name) -> None:
    golden, found = golden_of(shared, name), ours.exemplars(name)
    np.testing.assert_allclose(found.activations, golden["activations"], atol=1e-4)
    for unit in range(len(found.ids)):
        least = golden["activations"][unit, -1] + 1e-4
        above = golden["activations"][unit] > least
        expected = set(golden["ids"][unit][above].tolist())
        assert expected <= set(places[found.ids[unit]].tolist())


@pytest.mark.parametrize("name", LAYERS)
def test_levels_have_the_rank_of_the_quantile(ours, outputs, name) -> None:
    for unit, level in enumerate(ours.exemplars(name).levels):
        values = outputs[name][unit]
        lowest, highest = (values < level).mean(), (values <= level).mean()
        assert max(lowest - 0.99, 0.99 - highest) <= 3e-4, unit


@pytest.mark.parametrize("name", LAYERS)
def test_levels_are_the_exact_quantiles_nearly(shared, ours, name) -> None:
    exact = golden_of(shared, name)["exact_levels"]
    np.testing.assert_allclose(ours.exemplars(name).levels, exact, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", LAYERS)
def test_masks_are_those_of_the_published_code(shared, ours, places, name) -> None:
    golden = golden_of(shared, name)
    shape = golden["mask_shape"]
    bits = np.unpackbits(golden["masks"], axis=-1)[..., : shape[-1] * shape[-2]]
    expected = bits.reshape(shape).astype(np.bool_)
    scores = []
    for unit in range(ours.units(name)):
        found = ours.unit(name, unit)
        published = dict(zip(golden["ids"][unit].tolist(), expected[unit], strict=True))
        for place, mask in zip(places[found.ids].tolist(), found.masks, strict=True):
            if place in published:
                union = (mask | published[place]).sum()
                scores.append((mask & published[place]).sum() / union if union else 1.0)
    assert np.mean(scores) >= 0.99


def test_the_networks_accuracy_is_the_published_one(shared, outputs) -> None:
    labels = probing.open_folder(shared / "data" / "cifar10").labels
    right = outputs["linear"].argmax(0) == np.array(labels)
    assert right.mean() == pytest.approx(0.8135, abs=1e-6)
