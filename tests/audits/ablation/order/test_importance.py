"""Importance gives the predictions of one whole pass for every unit, whatever the network."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from audits.ablation.engine.cut import cut
from audits.ablation.engine.hooks import ablated, layer_means
from audits.ablation.engine.singles import Singles
from audits.ablation.order.importance import (
    UnitImportance,
    alone,
    equal_units,
    importance,
    in_order,
    single_predictions,
)
from audits.network.evaluation import Cache, Evaluator
from audits.network.images import Images
from db.errors import BadInput, Cancelled
from db.jobs import Watch
from describer.layers import catalogue
from helpers.networks import Residual, Tokens, TwoBranches, Untraceable, ready
from helpers.noise import KINDS, SIZES, pictures


def naive(model: nn.Module, images: Images, units, means=None) -> dict[str, np.ndarray]:
    """One whole pass for every unit: the definition."""
    rule = "zero" if means is None else "mean"
    found = {}
    for layer, numbers in units.items():
        rows = []
        for unit in numbers:
            with ablated(model, {layer: [unit]}, rule=rule, means=means), torch.no_grad():
                rows.append(torch.cat([model(batch).argmax(1) for batch in images.batches()]))
        found[layer] = torch.stack(rows).numpy()
    return found


@KINDS
@pytest.mark.parametrize("rule", ["zero", "mean"])
def test_predictions_equal_the_naive_ones(network: Callable[[], nn.Module], rule: str) -> None:
    model, images = ready(network()), pictures()
    units = {layer: range(size) for layer, size in SIZES[network].items()}
    means = layer_means(model, units, images.batches()) if rule == "mean" else None
    unedited, found = single_predictions(Evaluator(model, rule, means), images, units)
    expected = naive(model, images, units, means)
    assert {layer: rows.tolist() for layer, rows in found.items()} == {
        layer: rows.tolist() for layer, rows in expected.items()
    }
    changed = sum((rows != unedited).sum() for rows in expected.values())
    assert changed > 5, "the test would see nothing if no ablation changed a prediction"


def test_networks_are_cut_where_they_can_be() -> None:
    batch = torch.randn(4, 3, 16, 16)
    residual = Singles.of(ready(Residual()), {k: [0] for k in SIZES[Residual]}, batch, None)
    assert list(residual.cut) == list(SIZES[Residual])
    assert residual.split is not None
    heads = [layer for layer, part in residual.split.behind.items() if part.head is not None]
    assert heads == ["layer2"]
    tokens = Singles.of(ready(Tokens()), {k: [0] for k in SIZES[Tokens]}, batch, None)
    assert list(tokens.cut) == list(SIZES[Tokens])
    assert not Singles.of(ready(Untraceable()), {"conv": [0]}, batch, None).cut
    twice = Singles.of(ready(TwoBranches()), {"twice": [0], "twice#1": [0]}, batch, None)
    assert list(twice.cut) == ["twice", "twice#1"], "each behind its own call"


def test_a_cut_moves_past_operations_on_single_channels() -> None:
    split = cut(ready(Residual()), ["conv1"], torch.randn(2, 3, 16, 16))
    assert split is not None
    state = split.run(torch.randn(2, 3, 16, 16))
    assert state.values["conv1"].shape == (2, 8, 8, 8), "behind batch norm, activation and pooling"


def test_silent_units_cost_no_pass() -> None:
    model = ready(Residual())
    with torch.no_grad():
        model.conv1.weight[3:] = 0
        model.conv1.bias[3:] = 0
    images = pictures()
    passes = []
    catalogue.trace(model, 16)
    model.conv1.register_forward_hook(lambda module, inputs, output: passes.append(len(output)))
    single_predictions(Evaluator(model), images, {"conv1": range(3, 8)})
    # three batches plain and three to share, and those that learn the shapes and try the cut
    assert len(passes) <= 10


@KINDS
def test_likelihoods_equal_the_naive_ones(network: Callable[[], nn.Module]) -> None:
    model, images = ready(network()), pictures()
    units = {layer: range(size) for layer, size in SIZES[network].items()}
    found = alone(Evaluator(model), images, units).likelihoods
    truth = torch.from_numpy(images.labels)
    for layer, numbers in units.items():
        for unit in numbers:
            with ablated(model, {layer: [unit]}), torch.no_grad():
                logits = torch.cat([model(batch) for batch in images.batches()]).double()
            right = torch.log_softmax(logits, dim=1)[torch.arange(len(truth)), truth]
            assert found[layer][unit] == pytest.approx(right.mean().item(), abs=1e-5)


def test_by_likelihood_the_least_important_come_first_and_hardly_any_are_equal() -> None:
    model, images = ready(Residual()), pictures(40, batch=16)
    units = {layer: range(SIZES[Residual][layer]) for layer in ("layer2", "conv1")}
    ranking = importance(Evaluator(model), images, units)
    values = [one.log_likelihood for one in ranking.units]
    assert values == sorted(values, reverse=True)
    assert equal_units(ranking.units, by="likelihood") < equal_units(ranking.units, by="accuracy")
    different = [one for one in ranking.units if one.log_likelihood != values[8]]
    other = importance(Evaluator(model), images, units, seed=9).units
    assert [one for one in other if one.log_likelihood != values[8]] == different


def test_equal_units_are_in_random_order_whatever_they_are_called() -> None:
    units = [UnitImportance("a", n, 0.5, -1.0) for n in range(6)]
    units += [UnitImportance("b", n, 0.75, -0.5) for n in range(6)]
    orders = [in_order(units, by="accuracy", seed=seed) for seed in range(40)]
    assert all(one.layer == "b" for order in orders for one in order[:6])
    assert len({order[0].unit for order in orders}) == 6
    assert in_order(units[::-1], by="accuracy", seed=3) == orders[3], "nor how they are given"
    assert in_order(units, by="likelihood", seed=3) == orders[3]


def test_a_unit_without_a_number_is_the_most_important() -> None:
    found = in_order(
        [UnitImportance("a", 0, 0.1, -float("inf")), UnitImportance("a", 1, 0.1, -5.0)],
        by="likelihood",
        seed=0,
    )
    assert [one.unit for one in found] == [1, 0]


def test_by_accuracy_without_a_seed_ties_go_by_layer_and_unit() -> None:
    model, images = ready(Residual()), pictures(40, batch=16)
    units = {layer: range(SIZES[Residual][layer]) for layer in ("layer2", "conv1")}
    ranking = importance(Evaluator(model), images, units, by="accuracy", seed=None)
    expected = naive(model, images, units)
    accuracies = [
        (-float((rows[unit] == images.labels).mean()), layer, unit)
        for layer, rows in expected.items()
        for unit in range(len(rows))
    ]
    assert [(-one.accuracy, one.layer, one.unit) for one in ranking.units] == sorted(accuracies)
    assert ranking.unedited.measure == "accuracy"


def test_without_labels_agreement_takes_the_place_of_accuracy() -> None:
    model, images = ready(Residual()), pictures(labels=False)
    ranking = importance(Evaluator(model), images, {"layer2": range(20)})
    assert ranking.unedited.accuracy == 1.0
    assert ranking.unedited.measure == "agreement"
    assert ranking.units[-1].accuracy < 1.0


def test_only_what_is_new_is_computed() -> None:
    model, images = ready(Residual()), pictures()
    network = Evaluator(model, cache=Cache({}, "weights"))
    first = importance(network, images, {"conv1": [0, 1, 2]})
    calls = []
    model.register_forward_hook(lambda *_: calls.append(1))
    assert importance(network, images, {"conv1": [0, 1, 2]}) == first or not calls
    assert not calls
    more = importance(network, images, {"conv1": [2, 5]})
    assert calls
    assert {one.unit for one in more.units} == {2, 5}


def test_networks_that_know_the_size_of_the_batch_are_padded() -> None:
    class Knows(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 6, 3)
            self.linear = nn.Linear(6 * 14 * 14, 5)

        def forward(self, images):
            count = images.shape[0]
            return self.linear(torch.relu(self.conv(images)).reshape(count, -1))

    model, images = ready(Knows()), pictures()
    _, found = single_predictions(Evaluator(model), images, {"conv": range(6)})
    assert found["conv"].tolist() == naive(model, images, {"conv": range(6)})["conv"].tolist()
    singles = Singles.of(model, {"conv": [0]}, next(iter(images.batches())), None)
    assert singles.needs_full("conv")


def test_a_cut_that_gives_something_else_is_not_used() -> None:
    class Hidden(nn.Module):
        """Reads a layer's output through a hook, which a graph does not show."""

        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(3, 6, 3)
            self.second = nn.Conv2d(6, 6, 3)
            self.linear = nn.Linear(6, 5)
            self.scale = 1.0
            self.second.register_forward_hook(self.note)

        def note(self, module, inputs, output):
            return output * (inputs[0].amax(dim=(1, 2, 3), keepdim=True) > inputs[0].mean())

        def forward(self, images):
            return self.linear(torch.relu(self.second(self.first(images))).mean((2, 3)))

    model, images = ready(Hidden()), pictures()
    _, found = single_predictions(Evaluator(model), images, {"first": range(6)})
    assert found["first"].tolist() == naive(model, images, {"first": range(6)})["first"].tolist()


def test_a_unit_without_a_mean_is_refused_before_anything_is_looked_up() -> None:
    means = {"layer2": torch.zeros(20)}
    network = Evaluator(ready(Residual()), "mean", means, Cache({}, "weights"))
    with pytest.raises(BadInput, match="expected units 0 to 19 of layer 'layer2', got 20"):
        importance(network, pictures(), {"layer2": [20]})


def test_a_cancelled_run_stops() -> None:
    watch = Watch(cancelled=lambda: True)
    with pytest.raises(Cancelled):
        importance(Evaluator(ready(Residual())), pictures(), {"conv1": range(8)}, watch=watch)


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ({"layer7": [0]}, "expected the path of a module of the network, got 'layer7'"),
        ({"layer2": [20]}, "expected units 0 to 19 of layer 'layer2', got 20"),
    ],
)
def test_unknown_units_are_refused(units, message) -> None:
    with pytest.raises(BadInput, match=message):
        importance(Evaluator(ready(Residual())), pictures(), units)
