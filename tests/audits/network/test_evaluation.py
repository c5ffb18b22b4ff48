"""Accuracies are shares of right predictions, labels must fit, what is known is kept."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from audits.network.evaluation import Cache, DatabaseStore, Evaluator, judged
from audits.network.images import Images
from db.errors import BadInput, Cancelled
from db.jobs import Watch
from db.workspace import create, open_database
from describer.layers import catalogue

LOGITS = torch.tensor([[3.0, 1, 0], [0, 2, 1], [0, 1, 2], [5, 0, 0]])


def images(labels: list[int] | None = None, classes: tuple[str, ...] = ()) -> Images:
    truth = None if labels is None else np.array(labels)
    return Images("test", "digest", 4, lambda: LOGITS.split(3), truth, classes)


def test_accuracy_overall_and_by_class() -> None:
    found = Evaluator(nn.Identity()).evaluate(images([0, 1, 1, 2], ("cat", "dog", "cow")))
    assert found.predictions.tolist() == [0, 1, 2, 0]
    assert found.accuracy == 0.5
    assert found.by_class == {"cat": 1.0, "dog": 0.5, "cow": 0.0}
    assert found.measure == "accuracy"


def test_classes_without_names_are_numbered_and_absent_ones_left_out() -> None:
    assert Evaluator(nn.Identity()).evaluate(images([0, 1, 1, 0])).by_class == {"0": 1.0, "1": 0.5}


def test_classes_of_one_name_stay_apart() -> None:
    found = Evaluator(nn.Identity()).evaluate(images([0, 1, 1, 2], ("crane", "dog", "crane")))
    assert found.by_class == {"crane (0)": 1.0, "dog": 0.5, "crane (2)": 0.0}
    assert found.images_by_class == {"crane (0)": 1, "dog": 2, "crane (2)": 1}


def test_without_labels_the_unedited_network_is_the_measure() -> None:
    model = nn.Sequential(nn.Identity())
    assert Evaluator(model).evaluate(images()).accuracy == 1.0
    edited = Evaluator(model).evaluate(images(), {"0": [0]})
    assert edited.measure == "agreement"
    # without its first output the network says 1, 1, 2, 1 or 2 (0 everywhere: the first)
    assert edited.accuracy == 0.75
    with pytest.raises(BadInput, match="expected labels for test"):
        judged(edited.predictions, images())


def test_the_first_of_equal_logits_is_the_prediction() -> None:
    flat = Images("flat", "d", 1, lambda: [torch.zeros(1, 3)])
    assert Evaluator(nn.Identity()).predict(flat).tolist() == [0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (images([0, 1, 2, 3]), "expected labels 0 to 2 as the network has 3 outputs, got 3"),
        (images([0, 0, 0, 0], ("a", "b")), "each of the network's 3 outputs, got 2"),
        (
            Images("maps", "d", 1, lambda: [torch.zeros(1, 3, 2, 2)]),
            r"expected logits \(images, classes\) from the network, got \(1, 3, 2, 2\)",
        ),
    ],
)
def test_labels_and_outputs_must_fit(given: Images, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        Evaluator(nn.Identity()).evaluate(given)


def test_a_workspace_keeps_predictions(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Identity())
    calls: list[int] = []
    catalogue.trace(model, 1, inputs=LOGITS[:2])
    model.register_forward_hook(lambda *_: calls.append(1))
    workspace = create(tmp_path / "workspace")
    for _ in range(2):
        with open_database(workspace) as db:
            cache = Cache(DatabaseStore(db), "weights")
            found = Evaluator(model, cache=cache).predict(images(), {"0": [1]})
            assert found.tolist() == [0, 2, 2, 0]
            assert found.dtype == np.int32
    assert len(calls) == 2, "two batches, once"


def test_the_cache_tells_apart_what_differs() -> None:
    cache = Cache({}, "weights")
    means = {"a": torch.arange(4.0)}
    predictions = np.zeros(4, np.int32)
    cache.put(images(), {"a": [1, 2]}, None, predictions)
    assert cache.get(images(), {"a": [2, 1], "b": []}, None) is predictions
    assert cache.get(images(), {"a": [1]}, None) is None
    assert cache.get(images(), {"b": [1, 2]}, None) is None
    assert cache.get(images(), {"a": [1, 2]}, means) is None
    assert Cache(cache.store, "others").get(images(), {"a": [1, 2]}, None) is None
    cache.put(images(), {"a": [1]}, means, predictions)
    other = {"a": torch.tensor([9.0, 1.0, 9.0, 9.0])}
    assert cache.get(images(), {"a": [1]}, other) is predictions, "only unit 1's mean matters"


def test_a_cancelled_evaluation_stops() -> None:
    with pytest.raises(Cancelled):
        Evaluator(nn.Identity()).predict(images(), watch=Watch(cancelled=lambda: True))


def test_progress_ends_with_all_images() -> None:
    seen: list[tuple[int, int, str]] = []
    Evaluator(nn.Identity()).predict(images(), watch=Watch(lambda *step: seen.append(step)))
    assert seen == [(3, 4, "images of test"), (4, 4, "images of test")]
