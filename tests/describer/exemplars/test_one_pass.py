"""One pass gives every layer's exemplars, and cutting, merging or resuming it changes nothing."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from db.errors import BadInput
from describer.exemplars import one_pass, scanning, state
from describer.exemplars.records import LayerExemplars, Settings
from describer.layers.catalogue import Layer, find, trace

IMAGES = 40
BATCH = 8
SETTINGS = Settings(k=5, quantile=0.9)


class Network(nn.Module):
    """Maps, tokens and a vector; an in-place ReLU spoils what is read after the pass."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.mix = nn.Linear(4, 5)
        self.head = nn.Linear(5, 6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps = self.relu(self.conv(x))
        tokens = maps.flatten(2).transpose(1, 2)
        tokens = self.mix(torch.cat([tokens.mean(1, keepdim=True), tokens], dim=1))
        return self.head(tokens[:, 0])


@pytest.fixture(scope="module")
def model() -> nn.Module:
    torch.manual_seed(0)
    return Network().eval()


@pytest.fixture(scope="module")
def layers(model: nn.Module) -> list[Layer]:
    return find(trace(model, 6), ["conv", "relu", "mix", "head"])


@pytest.fixture(scope="module")
def inputs() -> torch.Tensor:
    return torch.randn(IMAGES, 3, 6, 6, generator=torch.Generator().manual_seed(1))


def run(
    model: nn.Module,
    layers: list[Layer],
    inputs: torch.Tensor,
    *,
    settings: Settings = SETTINGS,
    starts: range = range(0, IMAGES, BATCH),
    states: one_pass.States | None = None,
) -> one_pass.States:
    states = states or one_pass.new_states(layers, settings, images=IMAGES)
    batches = ((np.arange(at, at + BATCH), inputs[at : at + BATCH]) for at in starts)
    one_pass.run(model, states, batches)
    return states


def outputs(model: nn.Module, inputs: torch.Tensor, name: str) -> NDArray[np.float32]:
    """What a module gives for all images, (N, units, positions), by a plain forward pass."""
    kept: list[torch.Tensor] = []
    handle = model.get_submodule(name).register_forward_hook(
        lambda _module, _inputs, output: kept.append(output.detach().clone())
    )
    with torch.inference_mode():
        for at in range(0, IMAGES, BATCH):
            model(inputs[at : at + BATCH])
    handle.remove()
    output = torch.cat(kept)
    if output.ndim == 3:
        output = output[:, 1:].transpose(1, 2)
    return output.reshape(IMAGES, output.shape[1], -1).numpy()


def same(ours: one_pass.States, others: one_pass.States) -> None:
    for name, each in ours.items():
        left, right = each.exemplars(), others[name].exemplars()
        for field in ("ids", "activations", "maps", "levels", "dead", "nan_counts"):
            assert getattr(left, field).tobytes() == getattr(right, field).tobytes(), (name, field)


@pytest.mark.parametrize("name", ["conv", "relu", "mix", "head"])
@pytest.mark.parametrize("pooling", ["max", "mean"])
def test_exemplars_are_those_of_all_outputs(model, layers, inputs, name, pooling) -> None:
    settings = Settings(k=5, quantile=0.9, pooling=pooling)
    found: LayerExemplars = run(model, layers, inputs, settings=settings)[name].exemplars()
    values = outputs(model, inputs, name)
    pooled = values.max(2) if pooling == "max" else values.mean(2)
    height, width = found.layer.grid
    for unit in range(found.layer.units):
        best = sorted(range(IMAGES), key=lambda image: (-pooled[image, unit], image))[:5]
        assert found.ids[unit].tolist() == best
        np.testing.assert_allclose(found.activations[unit], pooled[best, unit], rtol=1e-6)
        maps = values[best, unit].reshape(5, height, width).astype(np.float16)
        np.testing.assert_array_equal(found.maps[unit], maps)
        exact = np.quantile(values[:, unit], 0.9)
        np.testing.assert_allclose(found.levels[unit], exact, rtol=2e-3, atol=1e-6)


def test_merged_parts_are_one_run_whatever_their_order(model, layers, inputs) -> None:
    whole = run(model, layers, inputs)
    spans = [range(0, 16, BATCH), range(16, 24, BATCH), range(24, IMAGES, BATCH)]
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
        parts = [run(model, layers, inputs, starts=spans[place]) for place in order]
        for part in parts[1:]:
            one_pass.merge(parts[0], part)
        same(parts[0], whole)


def test_a_resumed_run_is_one_run(model, layers, inputs) -> None:
    half = run(model, layers, inputs, starts=range(0, 16, BATCH))
    resumed = one_pass.new_states(layers, SETTINGS, images=IMAGES)
    for name, each in half.items():
        resumed[name].restore(each.arrays())
    run(model, layers, inputs, starts=range(16, IMAGES, BATCH), states=resumed)
    same(resumed, run(model, layers, inputs))


def test_the_state_does_not_grow_with_the_images(model, layers, inputs) -> None:
    sizes = []
    for images in (2000, 8000):
        draw = torch.Generator().manual_seed(2)
        states = one_pass.new_states(layers[:1], SETTINGS, images=images)
        one_pass.run(
            model,
            states,
            (
                (np.arange(at, at + 200), torch.randn(200, 3, 6, 6, generator=draw))
                for at in range(0, images, 200)
            ),
        )
        sizes.append(sum(array.nbytes for array in states["conv"].arrays().values()))
    assert sizes[1] < 2 * sizes[0]


def test_scanning_in_small_pieces_changes_nothing(model, layers, inputs, monkeypatch) -> None:
    whole = run(model, layers, inputs)
    monkeypatch.setattr(scanning, "CHUNK_VALUES", 100)
    same(run(model, layers, inputs), whole)


@pytest.mark.parametrize("guess", [-np.inf, 0.0, 0.3, 50.0])
def test_a_wrong_guess_of_the_bounds_is_mended(model, layers, inputs, monkeypatch, guess) -> None:
    whole = run(model, layers, inputs)
    monkeypatch.setattr(
        scanning,
        "likely_bounds",
        lambda values, _needed: np.full(values.shape[1], guess, dtype=np.float32),
    )
    same(run(model, layers, inputs), whole)


def test_bounds_are_reached_by_as_many_values_as_needed() -> None:
    values = torch.randn(8, 5, 900, generator=torch.Generator().manual_seed(4)).relu()
    values[0, 1, 3] = torch.nan
    bounds = scanning.likely_bounds(values, 200)
    reached = (values >= torch.from_numpy(bounds)[:, None]).sum(dim=(0, 2))
    assert (reached >= 200).all()
    assert (reached < 500).all()
    assert np.isneginf(scanning.likely_bounds(values, 6000)).all()


@pytest.mark.parametrize("pooling", ["max", "mean"])
def test_scanning_on_a_device_finds_the_same(pooling: str) -> None:
    values = torch.randn(3, 4, 25, generator=torch.Generator().manual_seed(3))
    values[1, 2, 7] = torch.nan
    values[2, 0] = torch.nan
    thresholds = np.array([-np.inf, 0.5, 1.0, 3.0], dtype=np.float32)
    here = scanning._scan_here(values, thresholds, pooling)
    there = scanning._scan_there(values, thresholds, pooling)
    np.testing.assert_allclose(there.pooled, here.pooled, rtol=1e-6)
    np.testing.assert_array_equal(np.sort(there.keys), np.sort(here.keys))
    np.testing.assert_array_equal(there.counts, here.counts)
    np.testing.assert_array_equal(there.nans, here.nans)


def states_of(output: torch.Tensor, settings: Settings) -> LayerExemplars:
    """Exemplars of one batch of outputs (n, units, h, w)."""
    layer = Layer("conv1", "map", output.shape[1], tuple(output.shape[2:]))
    one = state.LayerState(layer, settings, images=len(output))
    one.add(np.arange(len(output)), output)
    return one.exemplars()


def test_nan_counts_as_lowest_and_is_reported() -> None:
    output = torch.rand(4, 2, 3, 3) + 1
    output[0, 0, 0, 0] = 9.0
    output[0, 0, 1, 1] = torch.nan
    output[2, 1] = torch.nan
    found = states_of(output, Settings(k=4))
    assert found.nan_counts.tolist() == [1, 9]
    assert found.ids[0, 0] == 0
    assert found.activations[0, 0] == 9.0
    assert found.ids[1, 3] == 2
    assert found.activations[1, 3] == -np.inf
    assert np.isfinite(found.maps).all()
    assert np.isfinite(found.levels).all()


def test_a_mean_over_nan_is_lowest() -> None:
    output = torch.ones(2, 1, 2, 2)
    output[0, 0, 0, 0] = torch.nan
    found = states_of(output, Settings(k=2, pooling="mean"))
    assert found.ids.tolist() == [[1, 0]]
    assert found.activations.tolist() == [[1.0, -np.inf]]


def test_units_that_are_never_positive_are_dead() -> None:
    output = torch.zeros(3, 3, 2, 2)
    output[:, 1] = -1.0
    output[2, 2, 0, 0] = 0.1
    found = states_of(output, Settings(k=2))
    assert found.dead.tolist() == [True, True, False]
    assert found.ids[0].tolist() == [0, 1]
    assert found.levels[0] == 0.0


def test_maps_are_clipped_to_what_float16_holds() -> None:
    output = torch.tensor([1e6, -1e6, 1.0, torch.inf]).reshape(1, 1, 2, 2)
    found = states_of(output, Settings(k=1))
    assert found.maps.reshape(-1).tolist() == [65504.0, -65504.0, 1.0, 65504.0]


def test_images_that_are_missing_leave_places_empty() -> None:
    layer = Layer("fc", "vector", 1, (1, 1))
    one = state.LayerState(layer, Settings(k=3), images=3)
    one.add(np.array([1]), torch.ones(1, 1))
    found = one.exemplars()
    assert found.ids.tolist() == [[1, -1, -1]]
    assert found.activations.tolist() == [[1.0, -np.inf, -np.inf]]


def test_half_precision_outputs_are_taken() -> None:
    found = states_of(torch.ones(2, 1, 2, 2, dtype=torch.bfloat16), Settings(k=1))
    assert found.activations.tolist() == [[1.0]]


def test_the_rest_of_the_network_is_not_run(model, layers, inputs) -> None:
    ran: list[bool] = []
    handle = model.get_submodule("head").register_forward_hook(lambda *_: ran.append(True))
    run(model, layers[:3], inputs)
    handle.remove()
    assert not ran


def test_no_hook_is_left_behind(model, layers, inputs) -> None:
    run(model, layers, inputs)
    assert not any(module._forward_hooks for module in model.modules())


def test_a_layer_that_does_not_run_is_named(model, inputs) -> None:
    model.add_module("idle", nn.ReLU())
    states = one_pass.new_states([Layer("idle", "map", 4, (6, 6))], Settings(k=1), images=IMAGES)
    with pytest.raises(BadInput, match="layer idle to run in every pass"):
        one_pass.run(model, states, [(np.arange(BATCH), inputs[:BATCH])])
    del model.idle


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"k": 41}, "at most the number of images, 40, got k = 41"),
        ({"k": 0}, "k of at least 1, got 0"),
        ({"quantile": 1.0}, "quantile between 0 and 1, got 1.0"),
        ({"pooling": "sum"}, "pooling max or mean, got 'sum'"),
    ],
)
def test_bad_settings_are_named(layers, settings, message) -> None:
    with pytest.raises(BadInput, match=message):
        one_pass.new_states(layers, Settings(**settings), images=IMAGES)


def test_no_layers_are_nothing_to_do() -> None:
    with pytest.raises(BadInput, match="at least one layer"):
        one_pass.new_states([], Settings(), images=IMAGES)


def test_states_of_other_settings_do_not_merge(model, layers, inputs) -> None:
    ours = run(model, layers[:1], inputs)
    other = run(model, layers[:1], inputs, settings=Settings(k=4))
    with pytest.raises(ValueError, match="expected a state of"):
        one_pass.merge(ours, other)
    with pytest.raises(ValueError, match="expected states of"):
        one_pass.merge(ours, {})
