"""A network that finds its settings beside itself."""

from torch import Tensor, nn

from .settings import Settings


class Small(nn.Module):
    """Two convolutions, their rectified outputs, and a linear head."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, settings.stem, 3, padding=1), nn.ReLU())
        self.block = nn.Sequential(
            nn.Conv2d(settings.stem, settings.block, 3, stride=2, padding=1), nn.ReLU()
        )
        self.head = nn.Linear(settings.block, settings.classes)

    def forward(self, images: Tensor) -> Tensor:
        """float (N, 3, H, W) to logits (N, classes)."""
        return self.head(self.block(self.stem(images)).mean(dim=(2, 3)))
