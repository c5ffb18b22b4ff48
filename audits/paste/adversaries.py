"""Cut-and-paste adversaries: what a network says when what a unit looks for is pasted somewhere.

    drawn = outgoing(network, "layer4", 427, images)        # the classes that the unit speaks for
    found = batch(network, bases, distractors, others, toward=drawn.first(3))
    found.changed, found.random                             # beside pieces of other images
    save(folder, found, classes)                            # images and manifest.csv

Source: MILAN, Appendix D, Figure 14. A piece of any kind hides a part of the image and so changes
predictions: the control pastes pieces of the same shape, place and size that are cut from other
images. torch is imported when a function runs a network.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from audits.paste.pixels import Cut, Mask, Pasted, Pixels, cut, paste, scale_for
from db.arrays import new_folder
from db.csv_cells import neutral
from db.errors import BadInput

if TYPE_CHECKING:
    from torch import Tensor

    from audits.figures.intervals import Interval
    from audits.network.images import Network
    from describer.layers.catalogue import Layer

AT_ONCE = 32
MANIFEST = ("file", "base", "distractor", "covered", "truth", "before", "after", "changed")


@dataclass(frozen=True)
class Shown:
    """An image as the network takes it, uint8 (3, S, S), with the mask of what may be cut from it.

    `truth` is its class's place among the network's outputs, where that is known.
    """

    name: str
    image: Pixels
    mask: Mask | None = None
    truth: int | None = None


@dataclass(frozen=True)
class Outgoing:
    """What a unit does to each class, float (classes,): the larger, the more it speaks for it.

    `how` says whether these are the weights that lead from the unit to the outputs, or the mean
    change of the logits when the unit is set to zero.
    """

    how: Literal["weights", "ablation"]
    effects: NDArray[np.float64]

    def first(self, count: int) -> tuple[int, ...]:
        """The classes that the unit speaks for most."""
        return tuple(int(each) for each in np.argsort(-self.effects, kind="stable")[:count])


@dataclass(frozen=True)
class Attack:
    """One piece pasted on one image; predictions are places among the network's outputs."""

    base: str
    distractor: str
    image: Pixels
    covered: float
    truth: int | None
    before: int
    after: int


@dataclass(frozen=True)
class Batch:
    """Every distractor pasted on every base, beside pieces of other images.

    `changed` is the share of pairs whose first choice changed, `toward` the share in which it
    became one of the classes that the unit speaks for and was none of them before. `random` and
    `random_toward` hold the same for each trial of the control, with the interval in which another
    trial would lie in 19 of 20 cases.
    """

    attacks: tuple[Attack, ...]
    changed: float
    toward: float
    random: tuple[float, ...]
    random_toward: tuple[float, ...]
    random_band: "Interval"
    toward_band: "Interval"


@dataclass(frozen=True)
class Placing:
    """Where pieces are laid: their middle (x, y), and the share of the image that they cover."""

    x: float = 0.5
    y: float = 0.5
    share: float = 0.15


@dataclass(frozen=True)
class Arrangement:
    """How one piece is cut and laid.

    Attributes:
        piece, base: which exemplar and which base image, from 1.
        by: "mask", "box" or "polygon".
        margin: by which a mask is grown, as a share of the side.
        edges: left, top, right and bottom of the box, in [0, 1].
        polygon: its corners as typed, in percent.
        x, y: where the piece's middle lies, in [0, 1].
        scale: of the piece's own size.
    """

    piece: int = 1
    base: int = 1
    by: str = "mask"
    margin: float = 0.06
    edges: tuple[float, float, float, float] = (0.2, 0.2, 0.8, 0.8)
    polygon: str = ""
    x: float = 0.5
    y: float = 0.5
    scale: float = 1.0


def probabilities(network: "Network", images: Sequence[Pixels]) -> NDArray[np.float64]:
    """What the network makes of images, float (images, classes), rows sum to 1.

    Raises:
        BadInput: its output is no row of class scores for each image.
    """
    import torch

    from describer.images import probing

    found = []
    with torch.no_grad():
        for first in range(0, len(images), AT_ONCE):
            part = np.stack(images[first : first + AT_ONCE])
            inputs = probing.as_inputs(part, network.subject, device=network.device)
            found.append(_scores(network, inputs).double().softmax(dim=1).cpu().numpy())
    return np.concatenate(found)


def best(
    shares: NDArray[np.float64], classes: Sequence[str], count: int = 5
) -> list[tuple[str, float]]:
    """The first choices of one image, (class, probability).

    >>> best(np.array([0.2, 0.7, 0.1]), ("cat", "dog", "cow"), 2)
    [('dog', 0.7), ('cat', 0.2)]
    """
    order = np.argsort(-shares, kind="stable")[:count].tolist()
    return [(class_name(classes, index), float(shares[index])) for index in order]


def class_name(classes: Sequence[str], index: int) -> str:
    """A class's name, or its number where the network names none."""
    return classes[index] if index < len(classes) else f"class {index}"


def strength(
    network: "Network", layer: str, unit: int, images: Sequence[Pixels]
) -> NDArray[np.float64]:
    """How strongly each image drives a unit: its maximum over positions, float (images,)."""
    import torch

    from audits.ablation.engine.hooks import by_unit, check_units
    from describer.images import probing
    from describer.layers.taps import tapped

    check_units({layer: [unit]}, network.sizes)
    found: list[NDArray[np.float64]] = []

    def keep(output: "Tensor", place: "Layer") -> None:
        values = by_unit(output, place)[:, unit]
        found.append(values.reshape(len(values), -1).amax(dim=1).double().cpu().numpy())

    with tapped(network.model, {layer: keep}), torch.no_grad():
        for first in range(0, len(images), AT_ONCE):
            part = np.stack(images[first : first + AT_ONCE])
            network.model(probing.as_inputs(part, network.subject, device=network.device))
    return np.concatenate(found)


def outgoing(network: "Network", layer: str, unit: int, images: Sequence[Pixels]) -> Outgoing:
    """Which classes a unit speaks for.

    Behind the last layer, where one linear map of the pooled units gives the logits, these are its
    weights (Figure 14); elsewhere the logits' mean change when the unit is silenced, over images
    that drive it.

    Raises:
        BadInput: no such unit, no images, or a network that gives no class scores.
    """
    import torch

    from audits.ablation.engine.cut import cut as split
    from audits.ablation.engine.hooks import ablated, check_units
    from describer.images import probing

    check_units({layer: [unit]}, network.sizes)
    if not images:
        raise BadInput("expected images to measure the unit's classes on, got none")
    inputs = probing.as_inputs(np.stack(images), network.subject, device=network.device)
    with torch.no_grad():
        found = split(network.model, [layer], inputs[:2])
        head = found.behind[layer].head if found is not None and layer in found.behind else None
        if head is not None and head.in_features == network.sizes[layer]:
            return Outgoing("weights", head.weight[:, unit].double().cpu().numpy())
        plain = _scores(network, inputs)
        with ablated(network.model, {layer: [unit]}):
            silent = _scores(network, inputs)
    return Outgoing("ablation", (plain - silent).double().mean(dim=0).cpu().numpy())


def batch(
    network: "Network",
    bases: Sequence[Shown],
    distractors: Sequence[Shown],
    others: Sequence[Pixels],
    *,
    toward: Sequence[int],
    placing: Placing | None = None,
    trials: int = 5,
    seed: int = 0,
) -> Batch:
    """Paste every distractor on every base, and pieces of other images in the same places.

    Args:
        bases: images that the pieces are laid on.
        distractors: images with the masks of what is cut.
        others: images that the control's pieces are cut from, as large as the distractors.
        toward: the classes that the unit speaks for.
        trials: of the control; each draws another image for every pair.

    Raises:
        BadInput: nothing to paste, or on, or to control with.
    """
    from audits.figures.intervals import of_draws

    if not bases or not distractors or not others:
        raise BadInput(
            "expected images to paste on, pieces to paste and other images for the control, got "
            f"{len(bases)}, {len(distractors)} and {len(others)}"
        )
    placing = placing or Placing()
    before = probabilities(network, [base.image for base in bases]).argmax(axis=1)
    pairs = [(row, piece) for row in range(len(bases)) for piece in range(len(distractors))]
    generator = np.random.default_rng(seed)
    started = np.array([before[row] for row, _ in pairs])

    def laid(cuts: Sequence[Cut]) -> list[Pasted]:
        return [
            _laid(bases[row].image, piece, placing)
            for (row, _), piece in zip(pairs, cuts, strict=True)
        ]

    masks = [_mask(piece) for piece in distractors]
    real = laid([cut(distractors[piece].image, masks[piece]) for _, piece in pairs])
    after = probabilities(network, [one.image for one in real]).argmax(axis=1)
    random, random_toward = [], []
    for _ in range(trials):
        drawn = generator.integers(0, len(others), len(pairs)).tolist()
        pieces = [
            cut(others[other], masks[piece]) for (_, piece), other in zip(pairs, drawn, strict=True)
        ]
        said = probabilities(network, [one.image for one in laid(pieces)]).argmax(axis=1)
        random.append(float((said != started).mean()))
        random_toward.append(_toward(started, said, toward))
    attacks = tuple(
        Attack(
            bases[row].name,
            distractors[piece].name,
            real[place].image,
            real[place].covered,
            bases[row].truth,
            int(started[place]),
            int(after[place]),
        )
        for place, (row, piece) in enumerate(pairs)
    )
    return Batch(
        attacks,
        float((after != started).mean()),
        _toward(started, after, toward),
        tuple(random),
        tuple(random_toward),
        of_draws(random),
        of_draws(random_toward),
    )


def _laid(base: Pixels, piece: Cut, placing: Placing) -> Pasted:
    scale = scale_for(piece, base.shape[1:], placing.share)
    return paste(base, piece, x=placing.x, y=placing.y, scale=scale)


def save(
    folder: Path, attacks: Sequence[Attack], classes: Sequence[str], card: Mapping[str, str]
) -> None:
    """Write the images as PNG with manifest.csv, and README.md of what they are.

    Args:
        folder: appears when it is complete; one of the same name is replaced.
        card: what was done, (what: value).
    """
    with new_folder(folder) as temporary:
        with (temporary / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(MANIFEST)
            for number, one in enumerate(attacks):
                name = f"{number:04d}.png"
                pixels = np.ascontiguousarray(one.image.transpose(1, 2, 0))
                Image.fromarray(pixels).save(temporary / name)
                truth = "" if one.truth is None else class_name(classes, one.truth)
                said = [class_name(classes, each) for each in (one.before, one.after)]
                texts = [neutral(each) for each in (one.base, one.distractor)]
                rows.writerow(
                    [
                        name,
                        *texts,
                        f"{one.covered:.4f}",
                        *(neutral(each) for each in (truth, *said)),
                        "yes" if one.before != one.after else "no",
                    ]
                )
        lines = [f"- {what}: {' '.join(value.split())}" for what, value in card.items()]
        text = "\n".join(["# Cut-and-paste adversaries", "", *lines])
        (temporary / "README.md").write_text(text + "\n", encoding="utf-8")


def _mask(one: Shown) -> Mask:
    if one.mask is None:
        raise BadInput(f"expected a mask of what to cut from {one.name}, got none")
    return one.mask


def _scores(network: "Network", inputs: "Tensor") -> "Tensor":
    """What the network answers, float (images, classes)."""
    import torch

    answer = network.model(inputs)
    if isinstance(answer, torch.Tensor) and answer.ndim == 2 and len(answer) == len(inputs):
        return answer
    got = tuple(answer.shape) if isinstance(answer, torch.Tensor) else type(answer).__name__
    raise BadInput(
        f"expected a network that gives each image a row of class scores, got {got} for "
        f"{len(inputs)} images from {network.subject.name}: choose one that classifies"
    )


def _toward(before: NDArray[np.int64], after: NDArray[np.int64], classes: Sequence[int]) -> float:
    there, then = np.isin(before, classes), np.isin(after, classes)
    return float((then & ~there).mean())
