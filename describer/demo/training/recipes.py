"""Which networks the demo world has, on which pictures each is trained, and by which seed.

    subject("transformer").layers                # ("blocks.0.mlp.act", …)

`SUBJECTS` are the networks to describe; those with `teaches` are the ones whose units, with
simulated annotations, MILAN is trained on. The others are never seen in its training, nor are the
pictures that they were trained on. `curriculum` builds and trains them.
"""

from dataclasses import dataclass

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
    "observer",
    "observer",
    (("c", "probe"),),
    31,
    ("conv1", "layer1", "layer2", "merged", "stressed"),
    "",
    epochs=6,
)


def subject(name: str) -> Recipe:
    """The recipe of a name."""
    return next(recipe for recipe in SUBJECTS if recipe.name == name)
