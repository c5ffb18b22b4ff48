"""The small networks of the demo world: the subjects to describe and the pictures' encoder.

    model = residual(classes=10)          # 64 x 64 images, normalised with MEAN and STD

Four kinds: residual, plain convolutional, a small vision transformer, and an image generator (the
decoding half of an autoencoder, so that what it draws is known). `describer/demo/subjects/*.toml`
name these functions as factories. Training is in `describer.demo.training.fitting`.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

MEAN = (0.5, 0.5, 0.5)
STD = (0.25, 0.25, 0.25)


class Block(nn.Module):
    """A 3 x 3 convolution and one `second` cells wide, around which the input is carried."""

    def __init__(self, inputs: int, outputs: int, stride: int, *, second: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, second, 1, second // 2, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.carry: nn.Module = nn.Identity()
        if inputs != outputs or stride != 1:
            self.carry = nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride), not negative."""
        inner = torch.relu(self.norm1(self.conv1(x)))
        result: Tensor = torch.relu(self.norm2(self.conv2(inner)) + self.carry(x))
        return result


def _stage(inputs: int, outputs: int, size: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class SoftPool(nn.Module):
    """Mean over positions, weighted by the softmax of the values themselves.

    Between a mean, under which a small thing drowns in its background, and a maximum, which
    teaches one position at a time.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C)."""
        flat = x.flatten(2)
        return (flat * flat.softmax(dim=2)).sum(dim=2)


def _head(inputs: int, classes: int) -> list[tuple[str, nn.Module]]:
    return [
        ("pool", SoftPool()),
        ("fc", nn.Linear(inputs, classes)),
    ]


def residual(classes: int = 10, widths: tuple[int, ...] = (24, 32, 48, 80, 96)) -> nn.Sequential:
    """conv1 and four residual layers; maps of 32, 16, 8, 8 and 8 cells a side."""
    stages: list[tuple[str, nn.Module]] = [("conv1", _stage(3, widths[0], 5, 2))]
    for index, stride in enumerate((2, 2, 1, 1)):
        stages.append(
            (f"layer{index + 1}", Block(widths[index], widths[index + 1], stride, second=1))
        )
    return nn.Sequential(OrderedDict([*stages, *_head(widths[-1], classes)]))


def plain(classes: int = 10, widths: tuple[int, ...] = (24, 48, 64, 96, 112)) -> nn.Sequential:
    """Five convolutions without shortcuts; maps of 32, 16, 8, 8 and 8 cells a side."""
    stages: list[tuple[str, nn.Module]] = []
    inputs = 3
    for index, (width, stride) in enumerate(zip(widths, (2, 2, 2, 1, 1), strict=True)):
        stages.append((f"conv{index + 1}", _stage(inputs, width, 5 if index == 0 else 3, stride)))
        inputs = width
    return nn.Sequential(OrderedDict([*stages, *_head(inputs, classes)]))


class TransformerBlock(nn.Module):
    """Attention, then a two-layer perceptron whose middle (`mlp.act`) is what one describes."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.mix = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            OrderedDict(
                [
                    ("fc1", nn.Linear(width, hidden)),
                    ("act", nn.GELU()),
                    ("fc2", nn.Linear(hidden, width)),
                ]
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, tokens, width) -> the same."""
        N, T, D = x.shape
        mixed = self.mix(self.norm1(x)).view(N, T, 3, self.heads, D // self.heads)
        q, k, v = mixed.permute(2, 0, 3, 1, 4)  # (3, N, heads, T, D / heads)
        seen = nn.functional.scaled_dot_product_attention(q, k, v)
        x = x + self.out(seen.transpose(1, 2).reshape(N, T, D))
        result: Tensor = x + self.mlp(self.norm2(x))
        return result


class Transformer(nn.Module):
    """A vision transformer over 64 patches of 8 x 8 pixels behind a class token."""

    def __init__(self, classes: int, width: int, depth: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, 8, 8)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(0.02 * torch.randn(1, 65, width))
        self.blocks = nn.Sequential(*(TransformerBlock(width, heads, hidden) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)
        self.fc = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, 64, 64) -> (N, classes)."""
        tokens = self.patches(x).flatten(2).transpose(1, 2)  # (N, 64, width)
        tokens = torch.cat([self.class_token.expand(len(x), -1, -1), tokens], dim=1)
        tokens = self.norm(self.blocks(tokens + self.positions))
        result: Tensor = self.fc(tokens[:, 0] + tokens[:, 1:].mean(dim=1))
        return result


def transformer(
    classes: int = 10, width: int = 96, depth: int = 4, heads: int = 4, hidden: int = 160
) -> Transformer:
    """A small vision transformer; its layers are `blocks.N.mlp.act`, grids of 8 x 8 cells."""
    return Transformer(classes, width, depth, heads, hidden)


class Generator(nn.Module):
    """An autoencoder whose second half, `generator`, draws 64 x 64 pictures from 4 x 4 latents."""

    def __init__(self, latent: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.reader = nn.Sequential(
            _stage(3, 32, 5, 2),
            _stage(32, 48, 3, 2),
            _stage(48, 96, 3, 2),
            nn.Conv2d(96, latent, 4, 2, 1),
        )
        layers: list[tuple[str, nn.Module]] = []
        inputs = latent
        for index, width in enumerate(widths):
            stage = _stage(inputs, width, 3, 1)
            if index:
                stage.insert(0, nn.Upsample(scale_factor=2, mode="nearest"))
            layers.append((f"layer{index}", stage))
            inputs = width
        self.generator = nn.Sequential(OrderedDict(layers))
        self.paint = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(inputs, 3, 3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, 64, 64) -> the picture drawn again, (N, 3, 64, 64)."""
        result: Tensor = self.paint(self.generator(self.reader(x)))
        return result


def generator(latent: int = 64, widths: tuple[int, ...] = (128, 96, 48, 24)) -> Generator:
    """An image generator; its layers are `generator.layer0` (4 x 4 cells) to `layer3` (32 x 32)."""
    return Generator(latent, widths)


class Stress(nn.Module):
    """Multiplies; brings probabilities, most of them near zero, to the scale of other features."""

    def forward(self, x: Tensor) -> Tensor:
        """The input, four times as large."""
        return 4 * x


class Observer(nn.Module):
    """The demo's eye: three depths of features merged into maps of what is where.

    `conv1`, `layer1`, `layer2` are seen by stride 2, 4 and 8; `merged` has stride 4 again, and
    `concepts` says, at stride 2, with which probability each concept of the world holds, and
    `stressed` says it louder.
    """

    def __init__(self, concepts: int, widths: tuple[int, int, int]) -> None:
        super().__init__()
        first, second, third = widths
        self.conv1 = _stage(3, first, 5, 2)
        self.layer1 = Block(first, second, 2, second=3)
        self.layer2 = Block(second, third, 2, second=3)
        self.down = nn.Conv2d(third, second, 1)
        self.merged = _stage(second, second, 3, 1)
        self.mix = nn.Conv2d(first + second, third, 1)
        self.concepts = nn.Sequential(nn.ReLU(), nn.Conv2d(third, concepts, 1), nn.Sigmoid())
        self.stressed = Stress()

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> probabilities (N, concepts, H / 2, W / 2)."""
        fine = self.conv1(x)
        middle = self.layer1(fine)
        coarse = self.layer2(middle)
        enlarged = nn.functional.interpolate(self.down(coarse), scale_factor=2.0, mode="nearest")
        merged = self.merged(middle + enlarged)
        enlarged = nn.functional.interpolate(merged, scale_factor=2.0, mode="nearest")
        result: Tensor = self.concepts(self.mix(torch.cat([fine, enlarged], dim=1)))
        self.stressed(result)  # for whoever listens
        return result


def observer(concepts: int, widths: tuple[int, int, int] = (24, 48, 96)) -> Observer:
    """The encoder of the demo's MILAN; its recipe names the layers to pool."""
    return Observer(concepts, widths)
