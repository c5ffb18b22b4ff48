"""How much a network needs each unit: what it says with that unit ablated alone.

    ranking = importance(Evaluator(model), validation, {"layer3": range(256), "layer4": range(512)})
    ranking.units[0]            # the least important unit, ranking.unedited.accuracy the start
    in_order(ranking.units, by="accuracy", seed=3)      # another order of the same units

Source: MILAN, Section 7 and Appendix E: units are sorted by validation accuracy when that single
unit is ablated, least important first. A thousand images give few different accuracies, so that
many units are equal and an order by accuracy is mostly an order of ties. The mean log-likelihood
of the right class on the same images is a measure in which nearly none are; it is ours, and the
default. Equal units are in random order in both.

Predictions are those of one whole pass for every unit, at a fraction of the cost: what lies before
a layer is computed once a batch; many (image, unit) pairs share a pass over what lies behind it; an
image on which a unit is silent already keeps its prediction; behind the last layer, where only
pooling and a linear map remain, a unit is one column of that map. Wherever rounding could decide,
the plain network is asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch

from audits.ablation.engine.singles import Likelihoods, Singles
from audits.ablation.engine.units import Predictions
from audits.network.evaluation import Evaluation, Evaluator, check_outputs, judged
from audits.network.images import Images
from db.jobs import Watch
from db.units import Unit

By = Literal["likelihood", "accuracy"]

# Likelihoods (nats an image) nearer than this are equal: logits in float32 say no more.
RESOLUTION = 1e-7


@dataclass(frozen=True)
class UnitImportance:
    """A unit and what the network does without it alone.

    accuracy: in [0, 1] (or agreement). log_likelihood: of the right output, the mean over images in
    nats, at most 0.
    """

    layer: str
    unit: int
    accuracy: float
    log_likelihood: float

    @property
    def place(self) -> Unit:
        """The unit alone."""
        return self.layer, self.unit


@dataclass(frozen=True)
class Ranking:
    """Units, least important first, and the unedited network on the same images."""

    unedited: Evaluation
    units: tuple[UnitImportance, ...]


@dataclass(frozen=True)
class Alone:
    """Each unit ablated alone, by layer in the order of the units asked for.

    unedited: int32 (images,). predictions: int32 (units, images). likelihoods: float64 (units,),
    means over the images.
    """

    unedited: Predictions
    predictions: dict[str, Predictions] = field(default_factory=dict)
    likelihoods: dict[str, Likelihoods] = field(default_factory=dict)


def importance(
    network: Evaluator,
    images: Images,
    units: Mapping[str, Sequence[int]],
    *,
    by: By = "likelihood",
    seed: int | None = 0,
    watch: Watch | None = None,
) -> Ranking:
    """Order units by what the network does without each of them alone, least important first.

    Without labels the unedited network's choices are what is right.

    Args:
        units: the units to order, by layer.
        by, seed: see `in_order`.

    Raises:
        BadInput: unknown layer or unit, labels that do not fit the network.
        Cancelled: the watch said so.
    """
    found = alone(network, images, units, watch=watch)
    measured = [
        UnitImportance(
            layer,
            unit,
            judged(found.predictions[layer][row], images, unedited=found.unedited).accuracy,
            float(found.likelihoods[layer][row]),
        )
        for layer, numbers in units.items()
        for row, unit in enumerate(numbers)
    ]
    return Ranking(
        judged(found.unedited, images, unedited=found.unedited),
        tuple(in_order(measured, by=by, seed=seed)),
    )


def in_order(units: Sequence[UnitImportance], *, by: By, seed: int | None) -> list[UnitImportance]:
    """Units, least important first: the network is best without the first one.

    Args:
        by: the mean log-likelihood of the right output, or accuracy (Appendix E to the letter).
        seed: of the random order of equal units; None orders them by layer name and number, as
            experiments did before likelihoods were measured.
    """
    known = sorted(units, key=lambda one: one.place)
    turns = range(len(known))
    chance = list(turns) if seed is None else np.random.default_rng(seed).permutation(len(known))
    order = sorted(turns, key=lambda row: (-_worth(known[row], by), chance[row]))
    return [known[row] for row in order]


def equal_units(units: Sequence[UnitImportance], *, by: By) -> int:
    """How many units share their value with another one.

    >>> equal_units([UnitImportance("a", n, 0.5, -n) for n in range(3)], by="accuracy")
    3
    """
    values, counts = np.unique([_worth(one, by) for one in units], return_counts=True)
    return int(counts[counts > 1].sum()) if len(values) else 0


def _worth(one: UnitImportance, by: By) -> float:
    if by == "accuracy" or not np.isfinite(one.log_likelihood):
        return one.accuracy if by == "accuracy" else one.log_likelihood
    return round(one.log_likelihood / RESOLUTION) * RESOLUTION


def single_predictions(
    network: Evaluator,
    images: Images,
    units: Mapping[str, Sequence[int]],
    *,
    watch: Watch | None = None,
) -> tuple[Predictions, dict[str, Predictions]]:
    """First choices of the unedited network, and with each unit ablated alone.

    Returns:
        int32 (count,), and int32 (units, count) by layer, in the order of `units`.
    """
    found = alone(network, images, units, watch=watch)
    return found.unedited, found.predictions


def alone(
    network: Evaluator,
    images: Images,
    units: Mapping[str, Sequence[int]],
    *,
    watch: Watch | None = None,
) -> Alone:
    """Ablate each unit alone; what is kept already is not computed again."""
    watch = watch or Watch()
    network.check(units)
    found, missing = _kept(network, images, units)
    unedited = network.known(images, {})
    if unedited is not None and not missing:
        return Alone(unedited, found.predictions, found.likelihoods)

    unedited = found.unedited
    sums = {layer: np.zeros(len(rows)) for layer, rows in missing.items()}
    singles: Singles | None = None
    total = images.count * max(1, len(missing))
    done = 0
    for batch in images.batches():
        with torch.no_grad():
            if singles is None:
                check_outputs(network.model(batch), images)
                asked = {layer: units[layer] for layer in missing}
                singles = Singles.of(network.model, asked, batch, network.means)
            here = slice(done, done + len(batch))
            start = singles.start(batch)
            plain = singles.unedited(start, None if images.labels is None else images.labels[here])
            unedited[here] = plain.choices
            for index, (layer, rows) in enumerate(missing.items()):
                numbers = [units[layer][row] for row in rows]
                choices, likelihoods = singles.alone(start, layer, numbers, plain, watch)
                found.predictions[layer][rows, here] = choices
                sums[layer] += likelihoods.sum(axis=1)
                watch.progress(
                    done * len(missing) + (index + 1) * len(batch),
                    total,
                    f"units alone, {images.name}",
                )
        done += len(batch)
    network.keep(images, {}, unedited)
    for layer, rows in missing.items():
        found.likelihoods[layer][rows] = sums[layer] / images.count
        for row in rows:
            edit = {layer: [units[layer][row]]}
            network.keep(images, edit, found.predictions[layer][row])
            network.keep_likelihood(images, edit, float(found.likelihoods[layer][row]))
    return found


def _kept(
    network: Evaluator, images: Images, units: Mapping[str, Sequence[int]]
) -> tuple[Alone, dict[str, list[int]]]:
    """What is known already, with room for the rest, and the missing rows of each layer."""
    found = Alone(np.empty(images.count, np.int32))
    missing: dict[str, list[int]] = {}
    for layer, numbers in units.items():
        found.predictions[layer] = np.empty((len(numbers), images.count), np.int32)
        found.likelihoods[layer] = np.empty(len(numbers))
        for row, unit in enumerate(numbers):
            kept = network.known(images, {layer: [unit]})
            likelihood = network.known_likelihood(images, {layer: [unit]})
            if kept is None or likelihood is None:
                missing.setdefault(layer, []).append(row)
            else:
                found.predictions[layer][row] = kept
                found.likelihoods[layer][row] = likelihood
    return found, missing
