"""A real network on real photographs: what is measured equals an independent loop."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from audits.evaluation import Cache, Images, evaluate
from audits.importance import single_predictions
from audits.labels import read_class_table
from audits.loading import Network, open_images, open_network
from audits.measurement import Plan, measure
from describer.subjects import Subject

UNITS = [("features.17", unit) for unit in range(0, 320, 22)] + [
    ("features.18", unit) for unit in range(3, 1280, 86)
]


@pytest.fixture(scope="module")
def network(shared: Path) -> Network:
    subject = Subject(
        name="mobilenet_v2",
        factory="torchvision.models:mobilenet_v2",
        image_size=224,
        resize_size=256,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        weights=shared / "data" / "weights" / "imagenet-mobilenet_v2-fp16.safetensors",
    )
    return open_network(subject)


@pytest.fixture(scope="module")
def photographs(shared: Path, network: Network) -> Images:
    table = read_class_table(shared / "data" / "imagenet_class_index.json")
    return open_images(shared / "data" / "imagenet_sample", network, name="test", table=table)


def test_published_accuracy_is_reproduced(network: Network, photographs: Images) -> None:
    assert photographs.count == 334
    assert evaluate(network.model, photographs).accuracy == pytest.approx(0.799, abs=0.0005)


def test_thirty_units_ablated_equal_an_independent_loop(
    shared: Path, network: Network, photographs: Images
) -> None:
    assert len(UNITS) == 30
    found = measure(
        network.model,
        UNITS,
        test=photographs,
        sizes=network.sizes,
        plan=Plan(controls=1, sort_all=False),
        cache=Cache({}, network.weights),
    )
    # Written without anything of the project: own images, own labels, own ablation.
    classes = json.loads((shared / "data" / "imagenet_class_index.json").read_text())
    labels = torch.tensor(
        [
            classes[path.parent.name]
            for path in sorted((shared / "data" / "imagenet_sample").rglob("*.*"))
        ]
    )
    features = network.model.features
    right = {0: 0, 7: 0, 30: 0}
    seen = 0
    with torch.no_grad():
        for batch in photographs.batches():
            before = features[:17](batch)
            for count in right:
                middle = features[17](before).clone()
                for layer, unit in found.order[:count]:
                    if layer == "features.17":
                        middle[:, unit] = 0
                last = features[18](middle).clone()
                for layer, unit in found.order[:count]:
                    if layer == "features.18":
                        last[:, unit] = 0
                logits = network.model.classifier(last.mean(dim=(2, 3)))
                truth = labels[seen : seen + len(batch)]
                right[count] += int((logits.argmax(dim=1) == truth).sum())
            seen += len(batch)
    line = found.lines[0].curve
    assert {count: round(line.at(count) * 334) for count in right} == right
    assert len(set(line.accuracies)) > 1


def test_importance_of_a_layer_equals_whole_passes(network: Network, photographs: Images) -> None:
    few = Images("few", "few", 32, lambda: [next(iter(photographs.batches()))])
    unedited, found = single_predictions(network.model, few, {"features.18": range(1280)})
    changed = np.flatnonzero((found["features.18"] != unedited).any(axis=1))
    assert len(changed) > 0, "some unit matters to some photograph"
    module = network.model.features[18]
    batch = next(iter(few.batches()))
    for unit in [*changed[:4].tolist(), 5]:
        keep = torch.ones(1, 1280, 1, 1)
        keep[0, unit] = 0
        hook = module.register_forward_hook(lambda m, i, out, keep=keep: out * keep)
        with torch.no_grad():
            expected = network.model(batch).argmax(dim=1).numpy()
        hook.remove()
        assert found["features.18"][unit].tolist() == expected.tolist()
