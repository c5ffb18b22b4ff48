"""A small network for images of any number of channels and any shape."""

from torch import Tensor, nn


class Network(nn.Module):
    """Three convolutions, each half as fine as the one before, and a linear head."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.layer1 = nn.Sequential(nn.Conv2d(channels, 16, 3, 1, 1), nn.ReLU())
        self.layer2 = nn.Sequential(nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU())
        self.layer3 = nn.Sequential(nn.Conv2d(32, 64, 3, 2, 1), nn.ReLU())
        self.head = nn.Linear(64, classes)

    def forward(self, images: Tensor) -> Tensor:
        """float (N, channels, H, W) to logits (N, classes)."""
        logits: Tensor = self.head(self.layer3(self.layer2(self.layer1(images))).mean(dim=(2, 3)))
        return logits


def network(channels: int = 1, classes: int = 2) -> Network:
    """The network with its initial weights."""
    return Network(channels, classes)
