"""The entry points of a repository, as torch.hub looks for them."""

from models.settings import Settings
from models.small import Small

dependencies = ["torch"]


def small_network(classes: int = 10) -> Small:
    """A small network of two layers."""
    return Small(Settings(classes=classes))
