"""Cells of a layer's maps are those of the image, in whatever order the network has its tokens."""

import importlib.util

import pytest
import torch
from torch import Tensor, nn

from describer.layers import catalogue
from describer.layers.catalogue import Layer, as_maps
from describer.layers.positions import laid
from helpers.networks import ready

SIDE, PATCH = 4, 4
SHUFFLED = torch.randperm(SIDE * SIDE, generator=torch.Generator().manual_seed(1))


def _windows(x: Tensor, size: int = 2) -> Tensor:
    """(N, C, H, W) to tokens (N, H x W, C), window by window."""
    n, c, h, w = x.shape
    x = x.reshape(n, c, h // size, size, w // size, size)
    return x.permute(0, 2, 4, 3, 5, 1).reshape(n, h * w, c)


def _merged(x: Tensor) -> Tensor:
    """Swin's patch merging: four neighbours side by side along the channels."""
    x = x.permute(0, 2, 3, 1)
    four = [x[:, 0::2, 0::2], x[:, 1::2, 0::2], x[:, 0::2, 1::2], x[:, 1::2, 1::2]]
    return torch.cat(four, -1)


def _patches(x: Tensor) -> Tensor:
    """The means of patches, cut out by reshaping and no convolution."""
    n, c, h, w = x.shape
    x = x.reshape(n, c, h // PATCH, PATCH, w // PATCH, PATCH).permute(0, 2, 4, 3, 5, 1)
    return x.reshape(n, SIDE * SIDE, PATCH * PATCH, c).mean(2).repeat(1, 1, 3)[..., :8]


def _in_windows(x: Tensor) -> Tensor:
    """Rolled, cut into windows that are mixed inside, and put back, as in shifted windows."""
    n, c, h, w = x.shape
    x = x.permute(0, 2, 3, 1).roll((-1, -1), (1, 2))
    x = x.reshape(n, 2, 2, 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(n * 4, 4, c)
    x = torch.softmax(x @ x.transpose(1, 2), -1) @ x + 4 * x
    x = x.reshape(n, 2, 2, 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(n, h, w, c)
    return x.roll((1, 1), (1, 2))


ORDERS = {
    "rows": (lambda x: x.flatten(2).transpose(1, 2), False),
    "columns": (lambda x: x.transpose(2, 3).flatten(2).transpose(1, 2), True),
    "windows": (_windows, True),
    "backwards": (lambda x: x.flatten(2).transpose(1, 2).flip(1), True),
    "shuffled": (lambda x: x.flatten(2).transpose(1, 2)[:, SHUFFLED], True),
    "token before": (lambda x: torch.cat([x.new_ones(len(x), 1, 8), _windows(x)], 1), True),
    "tokens behind": (lambda x: torch.cat([_windows(x), x.new_ones(len(x), 2, 8)], 1), True),
    "mean before": (
        lambda x: torch.cat([x.flatten(2).mean(2)[:, None], x.flatten(2).transpose(1, 2)], 1),
        False,
    ),
    "rolled map": (lambda x: x.roll(1, 3).permute(0, 2, 3, 1), True),
    "transposed map": (lambda x: x.permute(0, 3, 2, 1), True),
    "windows apart": (lambda x: _windows(x).reshape(len(x), 4, 4, 8), True),
    "shifted windows": (_in_windows, False),
}


class Ordered(nn.Module):
    """Patches in some order, then a norm over their channels and a linear layer."""

    def __init__(self, order) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 8, PATCH, PATCH)
        self.order = order
        self.norm = nn.LayerNorm(8)
        self.block = nn.Linear(8, 8)
        self.head = nn.Linear(8, 5)

    def forward(self, images: Tensor) -> Tensor:
        x = self.block(self.norm(self.order(self.patch(images))))
        return self.head(x.flatten(1, -2).mean(1))


def moved(model: nn.Module, layer: Layer, size: int, cells: list[tuple[int, int]]) -> list[Tensor]:
    """How much each cell of a layer's maps (h, w) changes with each of those cells of the image."""
    generator = torch.Generator().manual_seed(5)
    plain = 0.1 * torch.randn(1, 3, size, size, generator=generator)
    steps = [size // length for length in layer.grid]
    images = [plain]
    for row, column in cells:
        changed = plain.clone()
        patch = changed[..., row * steps[0] :, column * steps[1] :][..., : steps[0], : steps[1]]
        patch.add_(torch.randn(patch.shape, generator=generator))
        images.append(changed)
    outputs = {}
    handle = model.get_submodule(layer.path).register_forward_hook(
        lambda _module, _inputs, output: outputs.update(found=output)
    )
    with torch.no_grad():
        model(torch.cat(images))
    handle.remove()
    maps = as_maps(outputs["found"], layer)
    return [(each - maps[0]).norm(dim=0) for each in maps[1:]]


@pytest.mark.parametrize("kind", ORDERS)
def test_every_patch_of_the_image_moves_its_own_cell(kind: str) -> None:
    order, otherwise = ORDERS[kind]
    model = ready(Ordered(order))
    found = catalogue.trace(model, SIDE * PATCH)
    cells = [(row, column) for row in range(SIDE) for column in range(SIDE)]
    for layer in catalogue.find(found, ["norm", "block"]):
        assert bool(layer.order) == otherwise
        assert bool(layer.identity) >= otherwise, "its exemplars are others than before"
        for (row, column), change in zip(
            cells, moved(model, layer, SIDE * PATCH, cells), strict=True
        ):
            strongest = divmod(int(change.argmax()), change.shape[1])
            assert strongest == (row, column)


def test_four_patches_that_become_one_lie_in_their_middle() -> None:
    model = Ordered(_merged)
    model.norm, model.block = nn.LayerNorm(32), nn.Linear(32, 8)
    (norm,) = catalogue.find(catalogue.trace(ready(model), 16), ["norm"])
    assert (norm.grid, norm.order) == ((2, 2), ())


def test_patches_that_no_convolution_cut_are_followed() -> None:
    model = Ordered(_patches)
    model.patch = nn.Identity()
    (norm,) = catalogue.find(catalogue.trace(model, 16), ["norm"])
    assert (norm.kind, norm.grid, norm.prefix_tokens, norm.order) == ("tokens", (4, 4), 0, ())


@pytest.mark.parametrize("kind", ["map", "tokens"])
def test_what_lies_on_no_grid_is_refused(kind: str) -> None:
    some = torch.randperm(64, generator=torch.Generator().manual_seed(1))[:16]

    def kept(x: Tensor) -> Tensor:
        """A quarter of the patches, as when tokens are dropped."""
        x = x.flatten(2).transpose(1, 2)[:, some]
        return x.reshape(len(x), SIDE, SIDE, 8) if kind == "map" else x

    model = Ordered(kept)
    model.patch = nn.Conv2d(3, 8, 2, 2)
    found = catalogue.trace(model, SIDE * PATCH)
    assert "in no rows and columns of the image" in found.refused["norm"]
    settled = catalogue.trace(model, SIDE * PATCH, prefix_tokens=0)
    assert "norm" not in {layer.name for layer in settled}, "a prefix settles no order"


def test_a_grid_that_is_not_full_is_none() -> None:
    places = torch.tensor([0.25 + 0.25j, 0.75 + 0.25j, 0.25 + 0.75j, 0.75 + 0.75j])
    here = laid(torch.cat([torch.tensor([complex("nan")]), places[[0, 2, 1, 3]]]))
    assert here is not None
    assert (here.prefix, here.grid, here.order) == (1, (2, 2), (1, 3, 2, 4))
    assert laid(places[:3]) is None
    assert laid(places[[0, 1, 2, 2]]) is None
    assert laid(torch.full((3,), complex("nan"))) is None


@pytest.mark.parametrize(
    ("name", "layers", "otherwise"),
    [
        ("hiera_tiny_224", ["blocks.0.norm1", "blocks.0", "blocks.2", "blocks.4"], True),
        ("swin_tiny_patch4_window7_224", ["layers.0.blocks.1", "layers.1.blocks.1.mlp"], False),
        ("vit_tiny_patch16_224", ["blocks.2"], False),
        ("levit_128s", ["stages.0.blocks.1"], False),
    ],
)
def test_real_networks_have_their_cells_where_the_image_has_them(name, layers, otherwise) -> None:
    if importlib.util.find_spec("timm") is None:
        pytest.skip("timm is not installed")
    import timm

    model = timm.create_model(name, pretrained=False).eval()
    for layer in catalogue.find(catalogue.trace(model, 224), layers):
        height, width = layer.grid
        assert bool(layer.order) == otherwise
        cells = [(0, 0), (0, width - 1), (height - 1, 0), (height // 3, width // 2)]
        for (row, column), change in zip(cells, moved(model, layer, 224, cells), strict=True):
            found = divmod(int(change.argmax()), width)
            assert max(abs(found[0] - row), abs(found[1] - column)) <= 1, (layer.name, row, column)
