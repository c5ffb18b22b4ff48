"""A unit is one call's channel: ablation, one at a time or many, gives what the network itself
gives when it sets that channel to zero at that call."""

import pytest
import torch
from torch import Tensor

from audits.ablation.engine.hooks import ablated, layer_means
from audits.ablation.engine.singles import Singles
from audits.ablation.engine.sweep import Sweep
from db.errors import BadInput
from describer.layers import catalogue
from helpers import layered
from helpers.layered import Open, silence
from helpers.networks import ready

IMAGES = torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(4)) * 2

# The network, how a layer is asked for, the value in the network's own code, and its axis of units.
PLACES = [
    (layered.SharedReLU, "relu#1", "relu#1", 1),
    (layered.SharedReLU, "relu#2", "relu#2", 1),
    (layered.SharedReLU, "relu", "relu#3", 1),
    (layered.SharedReLU, "relu#3", "relu#3", 1),
    (layered.ChannelsLast, "norm", "norm", 3),
    (layered.ChannelsLast, "mlp", "mlp", 3),
    (layered.Lengths, "volume", "volume", 1),
    (layered.Lengths, "line", "line", 1),
    (layered.SequenceFirst, "block", "block", 2),
    (layered.SequenceFirst, "attention", "attention", 2),
    (layered.SequenceFirst, "recurrent", "recurrent", 2),
    *(
        (lambda kind=kind: layered.Wrapped(kind), "stem", "stem", 1)
        for kind in layered.Wrapped.WRAPS
    ),
    (layered.Windows, "back", "back", 3),
    (layered.Windows, "pool", "pool", 1),
    (layered.FunctionalReLU, "first:relu", "first:relu", 1),
    (layered.TokenMixing, "channels", "channels", 2),
    (layered.Prefixed, "norm", "norm", 2),
]


def independent(model: Open, value: str, axis: int, unit: int) -> Tensor:
    model.edits = {value: silence(axis=axis, unit=unit)}
    logits: Tensor = model(IMAGES)
    model.edits = {}
    return logits


@pytest.mark.parametrize(("make", "name", "value", "axis"), PLACES)
def test_a_unit_is_ablated_at_its_call_alone(make, name: str, value: str, axis: int) -> None:
    model = ready(make())
    found = catalogue.trace(model, 16)
    before = model(IMAGES)
    units = model.values[value].shape[axis]
    assert found.sizes[name] == units
    moved = 0.0
    for unit in range(units):
        expected = independent(model, value, axis, unit)
        moved = max(moved, float((expected - before).abs().max()))
        with ablated(model, {name: [unit]}):
            torch.testing.assert_close(model(IMAGES), expected, rtol=0, atol=1e-6)
    assert moved > 1e-3, "the test would see nothing"
    assert torch.equal(model(IMAGES), before)


@pytest.mark.parametrize(("make", "name", "value", "axis"), PLACES)
def test_rows_with_units_of_their_own_and_cuts_agree(make, name, value, axis) -> None:
    model = ready(make())
    model(IMAGES)
    units = model.values[value].shape[axis]
    singles = Singles.of(model, {name: range(units)}, IMAGES, None)
    start = singles.start(IMAGES)
    sweep = Sweep.of(model, {name: range(units)}, IMAGES)
    sweep.start(IMAGES)
    rows = torch.arange(4)
    for unit in (0, units - 1):
        expected = independent(model, value, axis, unit)
        found = singles.logits(start, name, rows, torch.full((4,), unit))
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
        chosen = torch.zeros(4, units, dtype=torch.bool)
        chosen[:, unit] = True
        swept = sweep.logits(rows.numpy(), {name: chosen})
        torch.testing.assert_close(swept, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("make", "name", "value", "axis"), PLACES)
def test_a_mean_is_that_of_the_call(make, name: str, value: str, axis: int) -> None:
    model = ready(make())
    model(IMAGES)
    expected = model.values[value].movedim(axis, 0).flatten(1).mean(1)
    found = layer_means(model, [name], [IMAGES[:1], IMAGES[1:]])[name]
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["first:relu", "relu#1"])
def test_the_mean_takes_the_place_of_the_rectified_value(name: str) -> None:
    model = ready(layered.FunctionalReLU() if ":" in name else layered.SharedReLU())
    model(IMAGES)
    means = layer_means(model, [name], [IMAGES])
    model.edits = {
        name: lambda value: torch.where(
            torch.arange(value.shape[1])[:, None, None] == 2, means[name][2], value
        )
    }
    expected = model(IMAGES)
    model.edits = {}
    with ablated(model, {name: [2]}, rule="mean", means=means):
        torch.testing.assert_close(model(IMAGES), expected, rtol=0, atol=1e-6)


def test_calls_are_counted_anew_in_every_pass() -> None:
    model = ready(layered.SharedReLU())
    expected = independent(model, "relu#1", 1, 0)
    with ablated(model, {"relu#1": [0]}):
        for _ in range(3):
            torch.testing.assert_close(model(IMAGES), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "name", "message"),
    [
        (layered.SharedReLU, "relu#4", "one of the 3 calls of relu in a pass, got 'relu#4'"),
        (layered.FunctionalReLU, "second:relu", "whose output a ReLU reads, and nothing else"),
        (layered.Windows, "inside", "no axis of its output is that of the images: 8 x 16 x 8"),
        (layered.TokenMixing, "tokens", "two axes of 2 x 8 x 16 may hold units; say axis"),
    ],
)
def test_what_is_no_layer_is_refused_with_the_reason(make, name: str, message: str) -> None:
    model = ready(make())
    catalogue.trace(model, 16)
    with pytest.raises(BadInput, match=message), ablated(model, {name: [0]}):
        model(IMAGES)


@pytest.mark.parametrize("axis", [1, -1])
def test_a_given_axis_settles_what_is_in_doubt(axis: int) -> None:
    model = ready(layered.TokenMixing())
    catalogue.trace(model, 16, axes={"tokens": axis})
    expected = independent(model, "tokens", axis, 3)
    with ablated(model, {"tokens": [3]}):
        torch.testing.assert_close(model(IMAGES), expected, rtol=0, atol=1e-6)
