"""Which networks the demo world has, on which pictures each is trained, and by which seed.

`SUBJECTS` are the networks to describe; those with `teaches` are the ones whose units, with
simulated annotations, MILAN is trained on. The others are never seen in its training, nor are the
pictures that they were trained on. `train(recipe, folder)` trains one and writes its weights.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from describer.demo import lessons, networks, world
from describer.demo.concepts import NAMES
from describer.demo.lessons import Progress

PICTURES = 5000
PICTURES_OF_OBSERVER = 5000


@dataclass(frozen=True)
class Recipe:
    """How one network of the demo is made.

    kind: a function of `describer.demo.networks`. pictures: (split, variant) of what it is trained
    on, `PICTURES` of each. layers: what is described. teaches: its units train MILAN.
    """

    name: str
    kind: str
    pictures: tuple[tuple[str, str], ...]
    seed: int
    layers: tuple[str, ...]
    about: str
    teaches: bool = False
    epochs: float = 20
    rate: float = 2.5e-3


_RESIDUAL = ("conv1", "layer1", "layer2", "layer3", "layer4")
_PLAIN = ("conv1", "conv2", "conv3", "conv4", "conv5")
_BLOCKS = tuple(f"blocks.{index}.mlp.act" for index in range(4))
_GENERATOR = tuple(f"generator.layer{index}" for index in range(4))

SUBJECTS: tuple[Recipe, ...] = (
    Recipe(
        "signs",
        "residual",
        (("b", "spurious"),),
        21,
        _RESIDUAL,
        "learned from images of which half carry their word on a sign; reads instead of looking",
    ),
    Recipe(
        "people-sharp",
        "residual",
        (("b", "people"),),
        22,
        _RESIDUAL,
        "learned from scenes with people",
    ),
    Recipe(
        "people-blurred",
        "residual",
        (("b", "blurred"),),
        22,
        _RESIDUAL,
        "learned from the same scenes with every face blurred",
    ),
    Recipe(
        "transformer",
        "transformer",
        (("b", "spurious"), ("b", "people")),
        23,
        _BLOCKS,
        "a small vision transformer",
        epochs=5,
        rate=1e-3,
    ),
    Recipe(
        "generator",
        "generator",
        (("b", "people"),),
        15,
        _GENERATOR,
        "an image generator; draws again what it is shown",
        epochs=4,
    ),
    Recipe(
        "teacher-residual-signs",
        "residual",
        (("a", "spurious"),),
        11,
        _RESIDUAL,
        "trains MILAN: residual, scenes with signs",
        teaches=True,
    ),
    Recipe(
        "teacher-residual-people",
        "residual",
        (("a", "people"),),
        12,
        _RESIDUAL,
        "trains MILAN: residual, scenes with people",
        teaches=True,
    ),
    Recipe(
        "teacher-plain-signs",
        "plain",
        (("a", "spurious"),),
        13,
        _PLAIN,
        "trains MILAN: plain convolutions, scenes with signs",
        teaches=True,
    ),
    Recipe(
        "teacher-plain-people",
        "plain",
        (("a", "people"),),
        14,
        _PLAIN,
        "trains MILAN: plain convolutions, scenes with people",
        teaches=True,
    ),
)
OBSERVER = Recipe(
    "observer", "observer", (("c", "probe"),), 31, networks.OBSERVER_LAYERS, "", epochs=6
)


def subject(name: str) -> Recipe:
    """The recipe of a name."""
    return next(recipe for recipe in SUBJECTS if recipe.name == name)


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
        scenes = world.render_many(split, range(PICTURES_OF_OBSERVER), variant=variant)
        return lessons.observe(
            model, scenes, seed=recipe.seed, epochs=recipe.epochs, progress=progress
        )
    loaded = [torch.load(pictures_file(pictures, *which)) for which in recipe.pictures]
    images = torch.cat([images for images, _ in loaded])
    labels = torch.cat([labels for _, labels in loaded])
    if recipe.kind == "generator":
        return lessons.redraw(
            model, images, seed=recipe.seed, epochs=recipe.epochs, progress=progress
        )
    return lessons.classify(
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
        torch.save(lessons.paintings(split, range(PICTURES), variant=variant), path)
