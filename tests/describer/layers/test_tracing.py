"""Which axis holds the units is known from what is computed, not from lengths; all else is said."""

import importlib.util
import time
from pathlib import Path

import pytest
import torch
from torch import nn

from db.errors import BadInput
from describer.images import latents
from describer.layers import catalogue, table
from describer.layers.catalogue import as_maps
from describer.layers.grid import Evidence, arrange
from describer.subjects import definition, factory
from helpers import layered
from helpers.layered import Open
from helpers.networks import ready

IMAGES = torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize(
    ("make", "name", "value", "kind", "axis", "grid"),
    [
        (layered.SharedReLU, "relu#1", "relu#1", "map", 1, (16, 16)),
        (layered.SharedReLU, "relu#2", "relu#2", "map", 1, (7, 7)),
        (layered.ChannelsLast, "norm", "norm", "map", 3, (8, 8)),
        (layered.ChannelsLast, "mlp", "mlp", "map", 3, (8, 8)),
        (layered.Lengths, "volume", "volume", "map", 1, (14, 14)),
        (layered.Lengths, "line", "line", "tokens", 1, (1, 194)),
        (layered.SequenceFirst, "attention", "attention", "tokens", 2, (4, 4)),
        (layered.SequenceFirst, "recurrent", "recurrent", "tokens", 2, (4, 4)),
        (layered.Windows, "pool", "pool", "map", 1, (1, 1)),
        (layered.FunctionalReLU, "first:relu", "first:relu", "map", 1, (14, 14)),
        (layered.Prefixed, "norm", "norm", "tokens", 2, (2, 2)),
    ],
)
def test_a_layer_says_what_its_value_is(make, name, value, kind, axis, grid) -> None:
    model: Open = ready(make())
    (layer,) = catalogue.find(catalogue.trace(model, 16), [name])
    model(IMAGES)
    output = model.values[value]
    assert (layer.kind, layer.unit_axis, layer.grid) == (kind, axis, grid)
    assert layer.units == output.shape[axis]
    maps = as_maps(output, layer)
    assert maps.shape == (3, layer.units, *grid)
    largest = output.movedim((layer.batch_axis, axis), (0, 1)).flatten(2)
    assert torch.equal(maps.flatten(2).amax(2), largest[..., layer.prefix_tokens :].amax(2))


def test_a_network_that_takes_one_size_alone_is_followed_all_the_same() -> None:
    found = {layer.name: layer for layer in catalogue.trace(ready(layered.TokenMixing()), 16)}
    assert (found["channels"].units, found["channels"].unit_axis) == (8, 2)
    assert "tokens" not in found


class Shrinking(nn.Module):
    """Windows as wide as the smallest image so far, which is remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)
        self.window = 100

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.window = min(self.window, images.shape[-1])
        return self.conv(images)[..., : self.window].mean((2, 3))


def test_what_a_network_notes_while_it_is_looked_at_is_put_back() -> None:
    network = Shrinking().train()
    latest = catalogue.trace(network, 64)
    assert [layer.name for layer in latest] == ["conv"]
    assert (network.window, network.training, network.conv.training) == (100, True, True)
    assert catalogue.known(network) is latest


@pytest.mark.parametrize(
    ("make", "name", "reason"),
    [
        (layered.Windows, "inside", "no axis of its output is that of the images: 8 x 16 x 8"),
        (layered.TokenMixing, "tokens", "two axes of 2 x 8 x 16 may hold units; say axis"),
        (layered.SequenceFirst, "attention.out_proj", "its parent computes in its place"),
    ],
)
def test_every_module_is_a_layer_or_has_a_reason(make, name: str, reason: str) -> None:
    model = ready(make())
    found = catalogue.trace(model, 16)
    named = {layer.path for layer in found} | set(found.refused)
    assert {path for path, _ in model.named_modules() if path} <= named
    assert reason in found.refused[name]
    with pytest.raises(BadInput, match="expected a layer with units"):
        catalogue.find(found, [name])


@pytest.mark.parametrize("axes", [{"tokens": -1}, {"": -1}])
def test_a_subject_file_settles_the_axis(axes: dict[str, int]) -> None:
    found = catalogue.trace(ready(layered.TokenMixing()), 16, axes=axes)
    (layer,) = catalogue.find(found, ["tokens"])
    assert (layer.units, layer.unit_axis) == (16, 2)
    (patch,) = catalogue.find(found, ["patch"])
    assert patch.unit_axis == 1, "what is in no doubt stays"


@pytest.mark.parametrize("axis", [0, 3, -4])
def test_an_axis_that_cannot_hold_units_is_refused(axis: int) -> None:
    with pytest.raises(BadInput, match="that is not that of the images"):
        catalogue.trace(ready(layered.TokenMixing()), 16, axes={"tokens": axis})


def test_two_grids_that_fit_are_asked_about_and_settled() -> None:
    model = ready(layered.Prefixed(patches=False))
    found = catalogue.trace(model, 16)
    assert found.refused["norm"].startswith("its 9 tokens may be 3 x 3 after 0 or 2 x 2 after 5")
    (layer,) = catalogue.find(catalogue.trace(model, 16, prefix_tokens=5), ["norm"])
    assert (layer.prefix_tokens, layer.grid) == (5, (2, 2))


@pytest.mark.parametrize(
    ("tokens", "evidence", "expected"),
    [
        (9, Evidence(maps=((2, 2),)), (5, (2, 2))),
        (9, Evidence(stated=5), (5, (2, 2))),
        (50, Evidence(maps=((7, 7),)), (1, (7, 7))),
        (50, Evidence(size=224, other=(112, 17)), (1, (7, 7))),
        (50, Evidence(), "its 50 tokens may be 7 x 7 after 1 or 6 x 6 after 14: say prefix"),
        (197, Evidence(size=224, other=(112, 50)), (1, (14, 14))),
        (49, Evidence(earlier=((0, (14, 14)),)), (0, (7, 7))),
        (196, Evidence(), (0, (14, 14))),
        (194, Evidence(), (0, (1, 194))),
        (1, Evidence(), (0, (1, 1))),
    ],
)
def test_tokens_are_arranged_by_what_is_known(tokens, evidence, expected) -> None:
    found = arrange(tokens, evidence)
    assert found.startswith(expected) if isinstance(expected, str) else found == expected


def test_a_module_under_two_names_leads_to_its_calls() -> None:
    relu = nn.ReLU()
    model = nn.Sequential(nn.Conv2d(3, 4, 1), relu, nn.Conv2d(4, 6, 1), relu)
    found = catalogue.trace(model, 8)
    assert "it is the module 1, which runs 2 times" in found.refused["3"]
    assert {layer.name: layer.units for layer in found} == {"0": 4, "1#1": 4, "2": 6, "1": 6}


def test_the_list_is_printed_with_reasons_in_little_time(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(Path(layered.__file__).read_text())
    (tmp_path / "SUBJECT.toml").write_text(
        'name = "n"\nfactory = "net.py:TokenMixing"\nimage_size = 16\n'
        "mean = [0.5, 0.5, 0.5]\nstd = [0.5, 0.5, 0.5]\naxis = { channels = -1 }\n"
    )
    subject = definition.read(tmp_path / "SUBJECT.toml")
    model = factory.build(subject)
    start = time.perf_counter()
    lines = list(table.lines(latents.trace(model, subject)))
    assert time.perf_counter() - start < 2
    assert lines[0].split() == ["layer", "kind", "units", "grid", "call", "axis"]
    (line,) = [line for line in lines if line.startswith("channels")]
    assert line.split() == ["channels", "tokens", "8", "4", "x", "4", "1", "of", "1", "2"]
    assert any(line.startswith("tokens") and "say axis" in line for line in lines)


def test_plain_names_keep_the_identity_they_had() -> None:
    found = {layer.name: layer for layer in catalogue.trace(ready(layered.SharedReLU()), 16)}
    assert found["relu"].identity == [], "the last call, as commit c2e8b49 took it"
    tied = {layer.name: layer for layer in catalogue.trace(ready(layered.ChannelsLast()), 16)}
    assert tied["norm"].identity != [], "of which that commit took rows for units"
    assert tied["patch"].identity == []


LIBRARIES = [
    ("torchvision.models", "swin_t", {}, 384, "features.1.0.norm1", (96, 3, (96, 96))),
    ("torchvision.models", "convnext_tiny", {}, 384, "features.1.0.block.2", (96, 3, (96, 96))),
    ("torchvision.models", "resnet18", {}, 64, "layer1.0.relu#1", (64, 1, (16, 16))),
    ("timm", "vit_tiny_patch16_224", {}, 224, "blocks.0.attn.q_norm", "heads of attention"),
    ("timm", "mixer_s32_224", {}, 224, "blocks.0.mlp_tokens.fc1", "two axes of 2 x 512 x 256"),
    ("timm", "swin_tiny_patch4_window7_224", {}, 224, "layers.0.blocks.0.attn", "that of the im"),
]


@pytest.mark.parametrize(("library", "name", "options", "size", "layer", "expected"), LIBRARIES)
def test_real_architectures(library, name, options, size, layer, expected) -> None:
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    module = importlib.import_module(library)
    if library == "timm":
        model = module.create_model(name, pretrained=False, **options)
    else:
        model = getattr(module, name)(weights=None, **options)
    found = catalogue.trace(model, size)
    if isinstance(expected, str):
        assert expected in found.refused[layer]
        return
    (there,) = catalogue.find(found, [layer])
    assert (there.units, there.unit_axis, there.grid) == expected
