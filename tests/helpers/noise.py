"""Images of noise for the small networks, and how wide their layers are."""

import pytest
import torch

from audits.network.images import Images
from helpers.networks import Residual, Tokens, TwoBranches, Untraceable

SIZES = {
    Residual: {
        "conv1": 8,
        "bn1": 8,
        "layer1.conv1": 12,
        "layer1": 12,
        "layer2.0": 16,
        "layer2": 20,
    },
    Tokens: {"patches": 16, "first": 16, "hidden": 24},
    Untraceable: {"conv": 6},
    TwoBranches: {"left": 6, "right": 6},
}
KINDS = pytest.mark.parametrize("network", list(SIZES), ids=lambda kind: kind.__name__)


def pictures(count: int = 11, *, size: int = 16, batch: int = 4, labels: bool = True) -> Images:
    generator = torch.Generator().manual_seed(7)
    images = torch.randn(count, 3, size, size, generator=generator) * 2
    truth = torch.randint(0, 5, (count,), generator=generator).numpy()
    return Images("noise", "7", count, lambda: images.split(batch), truth if labels else None)
