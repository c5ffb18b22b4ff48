"""Ablation silences exactly the named units, in each kind of layer, and leaves nothing behind."""

import pytest
import torch
from torch import Tensor, nn

from audits.ablation.engine.hooks import ablated, check_units, layer_means
from db.errors import BadInput
from describer.layers import catalogue
from helpers.networks import Residual, Tokens, ready


class Shapes(nn.Module):
    """Gives its input back, so that a test sees what a hook made of it."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Identity()

    def forward(self, values: Tensor) -> Tensor:
        return self.layer(values)


@pytest.mark.parametrize(
    ("shape", "place"),
    [
        ((2, 5, 3, 3), (slice(None), [1, 4])),
        ((2, 3, 3, 5), (slice(None), slice(None), slice(None), [1, 4])),
        ((2, 7, 5), (slice(None), slice(None), [1, 4])),
        ((2, 5), (slice(None), [1, 4])),
    ],
    ids=["map", "channels last", "tokens", "vector"],
)
@pytest.mark.parametrize("rule", ["zero", "mean"])
def test_only_the_named_units_change(shape: tuple[int, ...], place: object, rule: str) -> None:
    values = torch.randn(shape)
    means = {"layer": torch.arange(5.0)}
    network = Shapes()
    axis = -1 if shape[-1] == 5 else 1
    catalogue.trace(network, 8, inputs=torch.zeros(shape), axes={"layer": axis})
    with ablated(
        network, {"layer": [4, 1]}, rule=rule, means=means if rule == "mean" else None
    ) as model:
        out = model(values)
    expected = values.clone()
    expected.movedim(-1 if shape[-1] == 5 else 1, -1)[..., [1, 4]] = (
        torch.tensor([1.0, 4.0]) if rule == "mean" else 0.0
    )
    assert torch.equal(out, expected)
    assert (out[place] != values[place]).all()


def test_infinite_and_nan_units_become_zero() -> None:
    values = torch.tensor([[float("inf"), float("nan"), 2.0]])
    with ablated(Shapes(), {"layer": [0, 1]}) as model:
        assert model(values).tolist() == [[0.0, 0.0, 2.0]]


def test_the_input_is_not_written_to() -> None:
    values = torch.ones(1, 3)
    with ablated(Shapes(), {"layer": [0]}) as model:
        model(values)
    assert values.tolist() == [[1.0, 1.0, 1.0]]


def test_half_precision_stays_half_precision() -> None:
    values = torch.ones(1, 3, dtype=torch.float16)
    with ablated(Shapes(), {"layer": [0]}, rule="mean", means={"layer": torch.ones(3)}) as model:
        assert model(values).dtype == torch.float16


def test_hooks_are_removed_when_the_block_fails() -> None:
    model = ready(Residual())
    images = torch.randn(2, 3, 16, 16)
    before = model(images)
    with pytest.raises(KeyError), ablated(model, {"conv1": [0], "layer2": [3]}):
        raise KeyError
    assert torch.equal(model(images), before)
    assert not model.conv1._forward_hooks


def test_units_of_several_layers_go_together() -> None:
    model = ready(Residual())
    seen = {}
    model.conv1.register_forward_hook(lambda m, i, out: seen.update(conv1=out))
    with ablated(model, {"conv1": [2], "layer2": [0, 19]}):
        model.layer2.register_forward_hook(lambda m, i, out: seen.update(layer2=out))
        model.bn1.register_forward_pre_hook(lambda m, inputs: seen.update(conv1=inputs[0]))
        model(torch.randn(2, 3, 16, 16))
    assert seen["conv1"][:, 2].abs().max() == 0 < seen["conv1"][:, 1].abs().max()
    assert seen["layer2"][:, [0, 19]].abs().max() == 0


def test_means_are_over_images_positions_and_tokens() -> None:
    model = ready(Tokens())
    batches = [torch.randn(3, 3, 8, 8), torch.randn(2, 3, 8, 8)]
    outputs: dict[str, list[Tensor]] = {"first": [], "hidden": []}
    for name in outputs:
        model.get_submodule(name).register_forward_hook(
            lambda m, i, out, name=name: outputs[name].append(out)
        )
    for batch in batches:
        model(batch)
    expected = {name: torch.cat(out).flatten(0, -2).mean(0) for name, out in outputs.items()}
    means = layer_means(model, ["first", "hidden"], batches)
    for name in expected:
        torch.testing.assert_close(means[name], expected[name])


@pytest.mark.parametrize(
    ("units", "options", "message"),
    [
        ({"layer9": [0]}, {}, "got 'layer9'; nearest: layer"),
        ({"conv1": [8]}, {}, "expected units 0 to 7 of layer 'conv1', got 8"),
        ({"conv1": [-1]}, {}, "expected units 0 to 7 of layer 'conv1', got -1"),
        ({"conv1": [0]}, {"rule": "median"}, "'zero' or 'mean', got 'median'"),
        ({"conv1": [0]}, {"rule": "mean"}, "expected the units' means with the rule 'mean'"),
        ({"conv1": [0]}, {"rule": "mean", "means": {}}, "got none for 'conv1'"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(units, options, message) -> None:
    model = ready(Residual())
    with pytest.raises(BadInput, match=message), ablated(model, units, **options):
        model(torch.randn(1, 3, 16, 16))
    model(torch.randn(1, 3, 16, 16))


class Pyramid(nn.Module):
    """Gives a list of maps."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, images: Tensor) -> list[Tensor]:
        return [self.conv(images), self.conv(images[:, :, ::2, ::2])]


class OverPyramid(nn.Module):
    """A network whose inner part gives a list of maps."""

    def __init__(self) -> None:
        super().__init__()
        self.pyramid = Pyramid()
        self.linear = nn.Linear(4, 5)

    def forward(self, images: Tensor) -> Tensor:
        return self.linear(self.pyramid(images)[0].mean((2, 3)))


def test_a_layer_without_one_tensor_is_refused() -> None:
    model = ready(OverPyramid())
    with pytest.raises(BadInput, match="'pyramid': it gives a list of 2 tensors"):  # noqa: SIM117
        with ablated(model, {"pyramid": [0]}):
            model(torch.randn(1, 3, 8, 8))


def test_units_are_checked_against_sizes() -> None:
    check_units({"a": [0, 2]}, {"a": 3})
    with pytest.raises(BadInput, match="expected units 0 to 2 of layer 'a', got 3"):
        check_units({"a": [3]}, {"a": 3})
    with pytest.raises(BadInput, match="expected a layer of the network, got 'b'"):
        check_units({"b": [0]}, {"a": 3})
