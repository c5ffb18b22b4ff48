"""Small real networks that the tests of audits share: one of each kind that matters."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


class Block(nn.Module):
    """A residual block with an in-place addition and activation, as ResNets have."""

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inner, outer, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outer)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outer, outer, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outer)
        self.shortcut = nn.Conv2d(inner, outer, 1, stride=2)

    def forward(self, images: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(images)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(images)
        return self.relu(out)


class Residual(nn.Module):
    """Convolution, batch norm, pooling, two blocks, a linear head that reads sizes."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(8)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(2)
        self.layer1 = Block(8, 12)
        self.layer2 = nn.Sequential(Block(12, 16), Block(16, 20))
        self.linear = nn.Linear(20, classes)

    def forward(self, images: Tensor) -> Tensor:
        out = self.pool(self.relu(self.bn1(self.conv1(images))))
        out = self.layer2(self.layer1(out))
        out = F.avg_pool2d(out, out.size()[3])
        return self.linear(out.view(out.size(0), -1))


class Tokens(nn.Module):
    """A transformer: patches, a class token expanded to the batch, attention, norm."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 16, 4, stride=4)
        self.class_token = nn.Parameter(torch.randn(1, 1, 16))
        self.first = nn.Linear(16, 16)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.norm = nn.LayerNorm(16)
        self.hidden = nn.Sequential(nn.Linear(16, 24), nn.GELU())
        self.head = nn.Linear(24, classes)

    def forward(self, images: Tensor) -> Tensor:
        out = self.patches(images).flatten(2).transpose(1, 2)
        out = torch.cat([self.class_token.expand(out.shape[0], -1, -1), out], dim=1)
        out = self.first(out)
        out = out + self.attention(out, out, out, need_weights=False)[0]
        return self.head(self.hidden(self.norm(out)[:, 0]))


class Untraceable(nn.Module):
    """A network whose way depends on its values, so that it cannot be cut."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU())
        self.linear = nn.Linear(6, classes)

    def forward(self, images: Tensor) -> Tensor:
        out = self.conv(images)
        if out.mean() > 100:
            out = out / 2
        return self.linear(out.mean(dim=(2, 3)))


class TwoBranches(nn.Module):
    """Two layers beside each other: neither lies behind the other."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.left = nn.Conv2d(3, 6, 3)
        self.right = nn.Conv2d(3, 6, 3)
        self.twice = nn.Conv2d(6, 6, 1)
        self.linear = nn.Linear(6, classes)

    def forward(self, images: Tensor) -> Tensor:
        out = self.twice(F.relu(self.left(images))) + self.twice(F.relu(self.right(images)))
        return self.linear(F.relu(out).mean([2, 3]))


def ready(network: nn.Module, *, seed: int = 0) -> nn.Module:
    """The network in evaluation mode, with random weights and batch statistics.

    The last bias takes the mean logits away, so that predictions differ from image to image.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point():
                values = torch.randn(tensor.shape, generator=generator)
                scale = 1.0 if tensor.ndim < 2 else (2.0 / tensor[0].numel()) ** 0.5
                tensor.copy_(values.abs() + 0.5 if "running_var" in name else values * scale)
        last = [module for module in network.modules() if isinstance(module, nn.Linear)][-1]
        images = torch.randn(32, 3, 16, 16, generator=generator) * 2
        last.bias -= network.eval()(images).mean(dim=0)
    return network.eval().requires_grad_(False)
