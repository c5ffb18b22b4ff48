"""Building and training the demo's networks by their recipes.

    model = train(subject("signs"), folder)      # in minutes, from the pictures in the folder

`draw_pictures` puts them there.
"""

from pathlib import Path

import torch
from torch import nn

from db.jobs import Progress
from describer.demo import networks
from describer.demo.training import fitting
from describer.demo.training.recipes import PICTURES, PICTURES_OF_OBSERVER, Recipe
from describer.demo.world import scene
from describer.demo.world.concepts import NAMES


def build(recipe: Recipe) -> nn.Module:
    """The network of a recipe with first weights of its seed."""
    torch.manual_seed(recipe.seed)
    if recipe.kind == "observer":
        return networks.observer(len(NAMES))
    model: nn.Module = getattr(networks, recipe.kind)()
    return model


def train(recipe: Recipe, pictures: Path, *, progress: Progress | None = None) -> nn.Module:
    """Train the network of a recipe.

    Args:
        pictures: folder where `draw_pictures` put the classifiers' pictures.
    """
    model = build(recipe).to(memory_format=torch.channels_last)
    if recipe.kind == "observer":
        ((split, variant),) = recipe.pictures
        scenes = scene.render_many(split, range(PICTURES_OF_OBSERVER), variant=variant)
        return fitting.observe(
            model, scenes, seed=recipe.seed, epochs=recipe.epochs, progress=progress
        )
    loaded = [torch.load(pictures_file(pictures, *which)) for which in recipe.pictures]
    images = torch.cat([images for images, _ in loaded])
    labels = torch.cat([labels for _, labels in loaded])
    if recipe.kind == "generator":
        return fitting.redraw(
            model, images, seed=recipe.seed, epochs=recipe.epochs, progress=progress
        )
    return fitting.classify(
        model,
        images,
        labels,
        seed=recipe.seed,
        epochs=recipe.epochs,
        rate=recipe.rate,
        progress=progress,
    )


def pictures_file(folder: Path, split: str, variant: str) -> Path:
    """Where the pictures of a split and variant lie."""
    return folder / f"{split}-{variant}.pt"


def draw_pictures(folder: Path, split: str, variant: str) -> None:
    """Render the pictures of a split and variant into the folder, unless they are there."""
    path = pictures_file(folder, split, variant)
    if not path.exists():
        torch.save(fitting.paintings(split, range(PICTURES), variant=variant), path)
