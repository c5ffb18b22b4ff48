"""A real network on real photographs: what is measured equals an independent loop."""

import csv
import itertools
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import app
from audits.ablation.measure import Sets, measure
from audits.ablation.order.importance import importance, single_predictions
from audits.ablation.plan import How
from audits.find.words import analyse_missing
from audits.network.evaluation import Cache, Evaluator
from audits.network.images import Images, Network, open_images, open_network
from audits.network.labels import read_class_table
from db.audit import finding
from db.audit.words import Query
from db.describe import descriptions, exemplars
from db.workspace import create, open_database
from describer.subjects.definition import Subject

LAYERS = {"features.17": 320, "features.18": 1280}


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
    found = open_images(shared / "data" / "imagenet_sample", network, name="test", table=table)
    kept = list(found.batches())  # 0.2 GB, read and resized once for all tests
    return replace(found, batches=lambda: kept)


def test_published_accuracy_is_reproduced(network: Network, photographs: Images) -> None:
    assert photographs.count == 334
    found = Evaluator(network.model).evaluate(photographs)
    assert found.accuracy == pytest.approx(0.799, abs=0.0005)


@pytest.fixture(scope="module")
def described(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, int]]:
    """Thirty units that a filter finds among imported sentences: those of the published table.

    Nobody published sentences about MobileNetV2: these are a ResNet-50's, given to its units in
    order. What is measured does not depend on whether they are true.
    """
    folder = tmp_path_factory.mktemp("described")
    published = shared / "data" / "descriptions" / "MILAN" / "m_base_resnet50_imagenet.csv"
    with published.open(encoding="utf-8", newline="") as file:
        said = [row["description"] for row in csv.DictReader(file) if row["layer"] == "layer4"]
    units = [(layer, unit) for layer, size in LAYERS.items() for unit in range(size)]
    with (folder / "milan.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["layer", "unit", "description"])
        rows.writerows([*unit, text] for unit, text in zip(units, said, strict=False))
    weights = shared / "data" / "weights" / "imagenet-mobilenet_v2-fp16.safetensors"
    (folder / "SUBJECT.toml").write_text(
        'name = "mobilenet_v2"\nfactory = "torchvision.models:mobilenet_v2"\nimage_size = 224\n'
        f'weights = "{weights}"\nlayers = ["features.17", "features.18"]\n'
        "mean = [0.5, 0.5, 0.5]\nstd = [0.5, 0.5, 0.5]\n"
    )
    workspace = create(folder / "workspace")
    place = ["--workspace", str(workspace.path)]
    assert app.main(["add", "network", str(folder / "SUBJECT.toml"), *place]) == 0
    table = ["add", "descriptions", str(folder / "milan.csv"), "--subject", "mobilenet_v2"]
    assert app.main([*table, *place]) == 0
    with open_database(workspace) as db:
        analyse_missing(db)
        query = Query(any=("people", "face"), methods=("milan",))
        found = [exemplars.unit(db, each) for each in finding.unit_ids(db, query)]
        sentences = {each.unit_id: each.text for each in descriptions.page(db, limit=2000).rows}
    assert all(re.search(r"\b(people|faces?)\b", sentences[unit.unit_id], re.I) for unit in found)
    chosen = [(unit.layer, unit.unit) for unit in found]
    assert {layer for layer, _ in chosen} == set(LAYERS)
    assert len(chosen) > 30
    return [chosen[index] for index in np.linspace(0, len(chosen) - 1, 30).round().astype(int)]


def test_thirty_units_that_a_filter_finds_are_ablated_as_by_an_independent_loop(
    shared: Path, network: Network, photographs: Images, described: list[tuple[str, int]]
) -> None:
    assert len(set(described)) == 30
    found = measure(
        Evaluator(network.model, cache=Cache({}, network.weights)),
        described,
        Sets(photographs),
        sizes=network.sizes,
        how=How(controls=1, sort_all=False),
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


def test_every_importance_of_a_layer_equals_the_naive_one(
    network: Network, photographs: Images
) -> None:
    layer, units = "features.18", range(1280)
    batches = list(itertools.islice(photographs.batches(), 4))
    count = sum(map(len, batches))
    labels = photographs.labels[:count]
    some = Images("some", "some", count, lambda: batches, labels, photographs.classes)
    ranking = importance(Evaluator(network.model), some, {layer: units})
    scores = {one.unit: one.accuracy for one in ranking.units}
    assert set(scores) == set(units)
    # The definition: each unit set to zero where the layer ends, and all that follows run again.
    features, classifier = network.model.features, network.model.classifier
    right = np.zeros(1280, int)
    seen = 0
    with torch.no_grad():
        for batch in batches:
            truth = torch.from_numpy(labels[seen : seen + len(batch)])
            seen += len(batch)
            # The mean of a map of zeros is zero.
            pooled = features(batch).mean(dim=(2, 3))
            for unit in units:
                kept = pooled[:, unit].clone()
                pooled[:, unit] = 0
                logits = classifier(pooled)
                pooled[:, unit] = kept
                right[unit] += int((logits.argmax(dim=1) == truth).sum())
    assert [round(scores[unit] * count) for unit in units] == right.tolist()
    assert len(set(right.tolist())) > 3, "some units matter more than others"


def test_importance_equals_passes_through_the_whole_network(
    network: Network, photographs: Images
) -> None:
    few = Images("few", "few", 32, lambda: [next(iter(photographs.batches()))])
    unedited, found = single_predictions(
        Evaluator(network.model), few, {"features.18": range(1280)}
    )
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
