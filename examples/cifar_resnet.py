"""The CIFAR-10 residual network of He et al. (2016), section 4.2, with parameter-free shortcuts.

model = resnet(blocks=3)        # 20 layers, inputs (N, 3, 32, 32)
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


class Block(nn.Module):
    """Two convolutions beside a shortcut; new channels of the shortcut are zero (option A)."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.stride, self.added = stride, after - before

    def forward(self, x: Tensor) -> Tensor:
        out = functional.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        short = x[:, :, :: self.stride, :: self.stride]
        below = self.added // 2
        short = functional.pad(short, (0, 0, 0, 0, below, self.added - below))
        return functional.relu(out + short)


class ResNet(nn.Module):
    """Three stages of 16, 32 and 64 channels on 32 x 32, 16 x 16 and 8 x 8 positions."""

    def __init__(self, blocks: int, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = _stage(16, 16, blocks, stride=1)
        self.layer2 = _stage(16, 32, blocks, stride=2)
        self.layer3 = _stage(32, 64, blocks, stride=2)
        self.linear = nn.Linear(64, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        logits: Tensor = self.linear(torch.mean(x, dim=(2, 3)))
        return logits


def resnet(blocks: int = 3, classes: int = 10) -> ResNet:
    """The network of 6 * blocks + 2 layers."""
    return ResNet(blocks, classes)


def _stage(before: int, after: int, blocks: int, *, stride: int) -> nn.Sequential:
    rest = [Block(after, after, 1) for _ in range(blocks - 1)]
    return nn.Sequential(Block(before, after, stride), *rest)
