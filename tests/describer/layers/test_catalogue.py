"""Layers are found by one pass, whatever shape their outputs have; the network is left alone."""

import pytest
import torch
from torch import nn
from torchvision.models.vision_transformer import VisionTransformer

from db.errors import BadInput
from describer.layers.catalogue import Layer, as_maps, find, trace


def two_layers() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(16, 5),
    )


class ReusesReLU(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 1)
        self.relu = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(-self.relu(self.conv(x)))


class ChannelsLast(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(x.permute(0, 2, 3, 1))


class Tokens(nn.Module):
    """Gives as many tokens as it is told."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.tokens = tokens
        self.norm = nn.LayerNorm(6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(x.new_zeros(len(x), self.tokens, 6))


def test_maps_and_vectors_are_listed_in_the_order_of_the_pass() -> None:
    assert trace(two_layers(), 8) == [
        Layer("0", "map", 4, (8, 8)),
        Layer("1", "map", 4, (8, 8)),
        Layer("2", "map", 4, (2, 2)),
        Layer("3", "vector", 16, (1, 1)),
        Layer("4", "vector", 5, (1, 1)),
    ]


def test_the_class_token_of_a_transformer_is_no_part_of_its_grid() -> None:
    model = VisionTransformer(32, 8, 2, 4, 16, 32, num_classes=7)
    layers = {layer.name: layer for layer in trace(model, 32)}
    assert layers["encoder.ln"] == Layer("encoder.ln", "tokens", 16, (4, 4), prefix_tokens=1)
    assert layers["conv_proj"] == Layer("conv_proj", "map", 16, (4, 4))
    assert layers["heads"].kind == "vector"


@pytest.mark.parametrize(
    ("tokens", "prefix", "grid"),
    [(196, 0, (14, 14)), (198, 2, (14, 14)), (261, 5, (16, 16)), (420, 0, (1, 420))],
)
def test_tokens_are_laid_out_on_the_largest_square(
    tokens: int, prefix: int, grid: tuple[int, int]
) -> None:
    (layer,) = trace(Tokens(tokens), 8)
    assert (layer.prefix_tokens, layer.grid) == (prefix, grid)


def test_a_stated_number_of_prefix_tokens_wins() -> None:
    model = Tokens(5)
    model.num_prefix_tokens = 1  # type: ignore[assignment]
    (layer,) = trace(model, 8)
    assert (layer.prefix_tokens, layer.grid) == (1, (2, 2))


def test_channels_last_maps_are_recognised() -> None:
    (layer,) = trace(ChannelsLast(), 8)
    assert layer == Layer("norm", "map", 3, (8, 8), channels_last=True)
    assert layer.unit_axis == 3
    assert as_maps(torch.zeros(2, 8, 8, 3), layer).shape == (2, 3, 8, 8)


def test_a_module_that_runs_twice_is_counted() -> None:
    calls = {layer.name: layer.calls for layer in trace(ReusesReLU(), 4)}
    assert calls == {"conv": 1, "relu#1": 2, "relu": 2}


def test_the_network_is_left_as_it_was() -> None:
    model = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2)).train()
    model[1].eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    trace(model, 4)
    assert [module.training for module in model] == [True, False]
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())


def test_tokens_become_maps_row_by_row() -> None:
    layer = Layer("blocks", "tokens", 2, (2, 2), prefix_tokens=1)
    output = torch.arange(10.0).reshape(1, 5, 2)
    assert as_maps(output, layer)[0, 0].tolist() == [[2, 4], [6, 8]]


def test_vectors_become_maps_of_one_cell() -> None:
    assert as_maps(torch.zeros(3, 5), Layer("fc", "vector", 5, (1, 1))).shape == (3, 5, 1, 1)


@pytest.mark.parametrize("shape", [(2, 4, 8, 7), (2, 5, 8, 8), (2, 4, 64), (2, 4)])
def test_outputs_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected an output of conv1 with 4 units on 8 x 8"):
        as_maps(torch.zeros(shape), Layer("conv1", "map", 4, (8, 8)))


def test_a_wrong_name_is_answered_with_the_nearest() -> None:
    layers = [Layer(name, "map", 1, (1, 1)) for name in ("conv1", "layer1", "layer2")]
    with pytest.raises(BadInput, match=r"got 'layr2'; nearest: layer2"):
        find(layers, ["conv1", "layr2"])


def test_layers_are_found_in_the_order_asked_for_and_once() -> None:
    layers = [Layer(name, "map", 1, (1, 1)) for name in ("conv1", "layer1")]
    assert [each.name for each in find(layers, ["layer1", "conv1", "layer1"])] == [
        "layer1",
        "conv1",
    ]


def test_a_network_that_cannot_take_the_images_is_named_with_its_complaint() -> None:
    with pytest.raises(BadInput, match=r"\(2, 3, 8, 8\).*stopped with"):
        trace(nn.Sequential(nn.Conv2d(1, 2, 1)), 8)
