"""Curves give the accuracies of one whole pass for every count; controls match their layers."""

from collections import Counter

import numpy as np
import pytest
import torch

from audits.ablation import curves
from audits.ablation.curves import Curve, curve, matched_draws
from audits.ablation.engine.hooks import ablated, layer_means
from audits.ablation.engine.sweep import Sweep
from audits.ablation.engine.units import by_layer
from audits.figures import intervals
from audits.network.evaluation import Cache, Evaluator
from db.errors import BadInput, Cancelled
from db.jobs import Watch
from helpers.networks import Residual, Tokens, TwoBranches, Untraceable, ready
from helpers.noise import KINDS, SIZES, pictures

STOPPED = Watch(cancelled=lambda: True)


def shuffled(network: type, seed: int = 0) -> list[tuple[str, int]]:
    units = [(layer, unit) for layer, size in SIZES[network].items() for unit in range(size)]
    return [units[index] for index in np.random.default_rng(seed).permutation(len(units))]


def naive(model, images, order, counts, means=None) -> np.ndarray:
    rule = "zero" if means is None else "mean"
    rows = []
    for count in counts:
        units = by_layer(order[:count])
        with ablated(model, units, rule=rule, means=means), torch.no_grad():
            rows.append(torch.cat([model(batch).argmax(1) for batch in images.batches()]))
    return torch.stack(rows).numpy()


@KINDS
@pytest.mark.parametrize("rule", ["zero", "mean"])
def test_predictions_equal_one_pass_a_count(network: type, rule: str) -> None:
    model, images, order = ready(network()), pictures(), shuffled(network)
    means = layer_means(model, SIZES[network], images.batches()) if rule == "mean" else None
    counts = list(range(len(order) + 1))
    found = curves.curve_predictions(Evaluator(model, rule, means), images, order, counts)
    expected = naive(model, images, order, counts, means)
    assert found.tolist() == expected.tolist()
    assert (expected != expected[0]).any(axis=1).sum() > 2


def test_counts_may_skip() -> None:
    model, images, order = ready(Residual()), pictures(), shuffled(Residual)
    counts = [0, 3, 20, len(order)]
    found = curves.curve_predictions(Evaluator(model), images, order, counts)
    assert found.tolist() == naive(model, images, order, counts).tolist()


@pytest.mark.parametrize(
    ("network", "is_cut"), [(Residual, True), (Tokens, True), (Untraceable, False)]
)
def test_what_lies_before_the_first_layer_is_shared(network: type, is_cut: bool) -> None:
    units = {layer: [0, 1] for layer in SIZES[network]}
    sweep = Sweep.of(ready(network()), units, torch.randn(4, 3, 16, 16))
    assert (sweep.split is not None) == is_cut


def test_layers_beside_each_other_are_not_cut() -> None:
    sweep = Sweep.of(ready(TwoBranches()), {"left": [0], "right": [1]}, torch.randn(4, 3, 16, 16))
    assert sweep.split is None


def test_silent_units_cost_no_pass() -> None:
    model, images = ready(Residual()), pictures(8)
    with torch.no_grad():
        model.layer1.bn2.weight[:] = 0
        model.layer1.bn2.bias[:] = -100
    order = [("layer1", unit) for unit in range(12)]
    sizes = []
    model.linear.register_forward_hook(lambda module, inputs, output: sizes.append(len(output)))
    line = curve(Evaluator(model), images, order)
    assert len(set(line.accuracies)) == 1
    assert sum(sizes) < 8 * 6, "thirteen counts of eight images would be 104 rows"


def test_counts_that_are_known_are_not_computed_again() -> None:
    model, images, order = ready(Residual()), pictures(), shuffled(Residual)[:6]
    network = Evaluator(model, cache=Cache({}, "weights"))
    first = curve(network, images, order)
    calls = []
    model.register_forward_hook(lambda *_: calls.append(1))
    assert curve(network, images, order) == first
    assert curve(network, images, order[:4]).accuracies == first.accuracies[:5]
    assert not calls


def test_without_labels_the_curve_is_agreement() -> None:
    model, images = ready(Residual()), pictures(labels=False)
    line = curve(Evaluator(model), images, shuffled(Residual)[:10])
    assert line.at(0) == 1.0
    assert min(line.accuracies) < 1.0


@pytest.mark.parametrize(
    ("order", "counts", "message"),
    [
        ([("conv1", 0), ("conv1", 0)], None, "expected every unit once in an order, got conv1-0"),
        ([("conv1", 9)], None, "expected units 0 to 7 of layer 'conv1', got 9"),
        ([("conv1", 0)], [2], "expected counts between 0 and 1"),
        ([("convX", 0)], None, "got 'convX'"),
    ],
)
def test_bad_orders_are_refused(order, counts, message) -> None:
    with pytest.raises(BadInput, match=message):
        curve(Evaluator(ready(Residual())), pictures(), order, counts=counts)


def test_a_cancelled_curve_stops() -> None:
    with pytest.raises(Cancelled):
        curve(Evaluator(ready(Residual())), pictures(), [("conv1", 0)], watch=STOPPED)


def test_draws_match_layers_position_by_position_and_differ() -> None:
    order = [("b", 3), ("a", 0), ("b", 1), ("a", 5), ("b", 7)]
    draws = matched_draws(order, {"a": 8, "b": 9, "c": 4}, trials=6, seed=3)
    assert len(draws) == 6
    for draw in draws:
        assert [layer for layer, _ in draw] == [layer for layer, _ in order]
        assert len(set(draw)) == len(order)
        assert all(0 <= unit < {"a": 8, "b": 9}[layer] for layer, unit in draw)
    assert len({frozenset(draw) for draw in [*draws, tuple(order)]}) == 7
    assert draws == matched_draws(order, {"a": 8, "b": 9}, trials=6, seed=3)
    assert draws != matched_draws(order, {"a": 8, "b": 9}, trials=6, seed=4)


def test_draws_of_a_whole_layer_are_its_units_in_another_order() -> None:
    draws = matched_draws([("a", unit) for unit in range(3)], {"a": 3}, trials=3, seed=0)
    assert all(Counter(draw) == Counter([("a", 0), ("a", 1), ("a", 2)]) for draw in draws)


@pytest.mark.parametrize(
    ("trials", "sizes", "message"),
    [(0, {"a": 3}, "at least one random control, got 0"), (1, {"a": 1}, "got 2")],
)
def test_impossible_draws_are_refused(trials, sizes, message) -> None:
    with pytest.raises(BadInput, match=message):
        matched_draws([("a", 2)], sizes, trials=trials, seed=0)


@pytest.mark.parametrize(
    ("accuracies", "chosen", "best"),
    [
        ([0.8, 0.9, 0.7, 0.8, 0.6], 3, 1),  # it comes back to the start once more
        ([0.8, 0.7, 0.6], 0, 0),
        ([0.8, 0.8, 0.8], 2, 0),
        ([0.5, 0.6, 0.4, 0.3, 0.6], 4, 1),
    ],
)
def test_the_count_is_chosen_before_accuracy_decreases_for_good(accuracies, chosen, best) -> None:
    line = Curve((), tuple(range(len(accuracies))), tuple(accuracies))
    assert curves.chosen_count(line) == chosen
    assert curves.best_count(line) == best


def test_the_interval_is_where_one_more_value_would_lie() -> None:
    stats = pytest.importorskip("scipy.stats")
    values = [0.61, 0.64, 0.6, 0.66, 0.59]
    found = intervals.interval(values)
    half = stats.t.ppf(0.975, 4) * np.std(values, ddof=1) * np.sqrt(1 + 1 / 5)
    assert found.low == pytest.approx(found.mean - half, rel=1e-4)
    assert found.high == pytest.approx(found.mean + half, rel=1e-4)
    inside = 0
    generator = np.random.default_rng(0)
    for _ in range(2000):
        *trials, other = generator.normal(size=6)
        band = intervals.interval(trials)
        inside += band.low <= other <= band.high
    assert inside / 2000 == pytest.approx(0.95, abs=0.015)
