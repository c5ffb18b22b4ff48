"""The demo's weights as they are shipped: subjects and their files beside this module."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from db.errors import BadInput
from describer.demo.training.recipes import Recipe

if TYPE_CHECKING:
    from torch import nn

FOLDER = Path(__file__).resolve().parent
SUBJECTS = FOLDER / "subjects"
CHECKPOINT = FOLDER / "checkpoint"
MODELS = FOLDER / "weights"
IMAGE_TEXT, CAPTIONER, RENDERER = "demo-image-text", "demo-captioner", "demo-renderer"
LIMIT = 12 * 2**20


def size() -> int:
    """Bytes of all shipped weights together."""
    return sum(path.stat().st_size for path in FOLDER.rglob("*.safetensors"))


def checkpoint_hash() -> str:
    """The hash by which `describer.milan` knows the demo's checkpoint, without loading it."""
    return hashlib.sha256((CHECKPOINT / "checkpoint.json").read_bytes()).hexdigest()


def own_models() -> list[Path]:
    """The folders of the demo's own models, as a workspace's `models/` takes them."""
    return [path for path in sorted(MODELS.glob("*")) if path.is_dir()]


def load(recipe: Recipe) -> "nn.Module":
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


def filled(recipe: Recipe, path: Path) -> "nn.Module":
    """The network of a recipe with the weights of a safetensors file, float16 cast to float32."""
    # Imported here: who only wants to know where the weights are needs no machine learning.
    import torch
    from safetensors.torch import load_file

    from describer.demo.training import curriculum

    model = curriculum.build(recipe)
    state = {
        name: value.float() if value.dtype == torch.float16 else value
        for name, value in load_file(path).items()
    }
    model.load_state_dict(state)
    return model.eval()
