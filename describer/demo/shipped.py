"""The demo's weights as they are shipped: subjects and their files beside this module."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from db.errors import BadInput
from describer.demo import curriculum
from describer.demo.curriculum import Recipe

FOLDER = Path(__file__).resolve().parent
SUBJECTS = FOLDER / "subjects"
CHECKPOINT = FOLDER / "checkpoint"
LIMIT = 12 * 2**20


def size() -> int:
    """Bytes of all shipped weights together."""
    return sum(path.stat().st_size for path in FOLDER.rglob("*.safetensors"))


def load(recipe: Recipe) -> nn.Module:
    """A shipped subject in evaluation mode.

    Raises:
        BadInput: its weights are not there.
    """
    path = SUBJECTS / f"{recipe.name}.safetensors"
    if not path.is_file():
        raise BadInput(
            f"expected the demo's weights at {path}, got no such file; "
            "`python app.py demo build` makes them"
        )
    return filled(recipe, path)


def filled(recipe: Recipe, path: Path) -> nn.Module:
    """The network of a recipe with the weights of a safetensors file, float16 cast to float32."""
    model = curriculum.build(recipe)
    state = {
        name: value.float() if value.dtype == torch.float16 else value
        for name, value in load_file(path).items()
    }
    model.load_state_dict(state)
    return model.eval()
