"""MILAN: natural-language descriptions of units from their exemplars (Hernandez et al. 2022).

    from describer import milan
    model = milan.load("milan-base.pth", device="cpu")      # or one of our folders, or "demo"
    model.describe_features(features)                       # (units, images, feature_size)
    for unit in milan.describe(folder, model): ...          # a whole folder of exemplars

Importing this package imports torch; code on the app's start-up path imports it inside functions.
"""

from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from db.errors import BadInput
from describer.milan.checkpoints import folder, published
from describer.milan.describing import UnitDescription, describe
from describer.milan.encoder import PyramidEncoder
from describer.milan.model import STRATEGIES, Candidate, Description, Model, rerank

__all__ = [
    "STRATEGIES",
    "Candidate",
    "Description",
    "Model",
    "PyramidEncoder",
    "UnitDescription",
    "describe",
    "load",
    "rerank",
]

DEMO = "demo"
DEMO_FOLDER = Path(__file__).resolve().parents[1] / "demo" / "checkpoint"


def load(
    checkpoint: str | Path,
    *,
    device: str | torch.device = "cpu",
    network: nn.Module | None = None,
) -> Model:
    """Load a MILAN model; nothing in the checkpoint is run.

    Args:
        checkpoint: a published `.pth` file, one of our folders, or "demo".
        device: where the model computes.
        network: the encoder's network, for checkpoints whose encoder weights are left out and not
            in torch's cache; without it they are looked for only when the encoder is needed.

    Raises:
        BadInput: no such checkpoint, or one that cannot be used.
    """
    path = DEMO_FOLDER if str(checkpoint) == DEMO else Path(checkpoint)
    if str(checkpoint) == DEMO and not path.is_dir():
        raise BadInput(
            f"expected the demo's MILAN checkpoint in {path}, got no such folder; it is made by "
            "`python app.py demo build`"
        )
    if not path.exists():
        raise BadInput(
            f"expected a published MILAN checkpoint (.pth), a checkpoint folder or {DEMO!r}, got "
            f"{str(checkpoint)!r}, which is not there"
        )
    model = folder.load(path) if path.is_dir() else published.load(path)
    return replace(model, network=network).to(device)
