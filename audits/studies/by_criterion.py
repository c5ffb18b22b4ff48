"""Which kinds of description matter: units ablated in the order of a score of their sentences.

    found = by_attribute(Evaluator(model), images, units, {"nouns": counts, "length": lengths})
    found.curves["nouns"][0].accuracies, found.random       # and the band of random orders
    found.tied["nouns"]                                     # how many share the score at a cut
    found.first["nouns"]                                     # the first ten units ablated
    found.layers["nouns"]["layer4"]                          # mean score of that layer's units

Source: MILAN, Section 5 and Figure 4: units are ablated in the order of their score, highest
first, 2 % of them at each step, beside five random orders; Figure 13 shows units among the first
ten ablated. The scores come from elsewhere (criteria.py has the paper's seven).

Counts of words tie: of 280 units two may have a verb. Were tied units taken in the order of their
layers, the curve of verbs would be that of the first layer. So ties are broken as the random orders
have them, several times, and what ties at a cut stands beside the curve.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audits.ablation.curves import Curve, curve
from audits.figures.intervals import Interval, of_draws
from audits.network.evaluation import Evaluator
from audits.network.images import Images
from db.errors import BadInput
from db.jobs import Watch
from db.units import Unit

FIRST = 10
TIE_ORDERS = 3


@dataclass(frozen=True)
class Attributed:
    """Curves by criterion over the same counts, the random ones, and what stands behind them.

    `curves` holds one for every order that ties are broken by, and a single one without ties;
    `tied` for each count how many units share the score at which the order is cut, 0 where the cut
    lies between two scores; `random` the range of the random orders at each count; `first` the
    first ten units of each first order; `layers` the mean score of each layer's units.
    """

    curves: Mapping[str, tuple[Curve, ...]]
    tied: Mapping[str, tuple[int, ...]]
    random_curves: tuple[Curve, ...]
    random: tuple[Interval, ...]
    first: Mapping[str, tuple[Unit, ...]]
    layers: Mapping[str, Mapping[str, float]]


def by_attribute(
    network: Evaluator,
    images: Images,
    units: Sequence[Unit],
    scores: Mapping[str, NDArray[np.floating]],
    *,
    step: float = 0.02,
    trials: int = 5,
    seed: int = 0,
    watch: Watch | None = None,
) -> Attributed:
    """Ablate units in the order of each score, and in random orders.

    Args:
        units: all units that take part.
        scores: by criterion, float (units,); equal scores go in random order.
        step: share of the units ablated at each step.

    Raises:
        BadInput: scores that are not one for each unit, an impossible step or number of trials.
        Cancelled: the watch said so.
    """
    if not units:
        raise BadInput("expected at least one described unit, got none")
    for name, values in scores.items():
        if len(values) != len(units):
            raise BadInput(
                f"expected a score of {name} for each of {len(units)} units, got {len(values)}"
            )
    counts = steps(len(units), step)
    if trials < 1:
        raise BadInput(f"expected at least one random order, got {trials}")

    def measured(order: Sequence[int]) -> Curve:
        return curve(network, images, [units[index] for index in order], counts=counts, watch=watch)

    generator = np.random.default_rng(seed)
    orders = [generator.permutation(len(units)) for _ in range(max(trials, TIE_ORDERS))]
    random = tuple(measured(order.tolist()) for order in orders[:trials])
    curves = {
        name: tuple(measured(order) for order in _descending(np.asarray(values), orders))
        for name, values in scores.items()
    }
    return Attributed(
        curves=curves,
        tied={
            name: tuple(tied(np.asarray(values), count) for count in counts)
            for name, values in scores.items()
        },
        random_curves=random,
        random=tuple(of_draws([one.at(count) for one in random]) for count in counts),
        first={name: lines[0].order[:FIRST] for name, lines in curves.items()},
        layers={name: _by_layer(units, values) for name, values in scores.items()},
    )


def tied(values: NDArray[np.floating], count: int) -> int:
    """How many units share the score at which the first `count` end; 0 if the next one has less.

    >>> tied(np.array([2.0, 1.0, 1.0, 1.0, 0.0]), 2)
    3
    >>> tied(np.array([2.0, 1.0, 1.0, 1.0, 0.0]), 4)
    0
    """
    falling = np.sort(values)[::-1]
    if not 0 < count < len(falling) or falling[count - 1] != falling[count]:
        return 0
    return int((values == falling[count]).sum())


def steps(units: int, step: float) -> list[int]:
    """How many units are ablated after each step, from none to all.

    >>> steps(10, 0.25)
    [0, 2, 5, 8, 10]

    Raises:
        BadInput: the step is no share.
    """
    if not 0 < step <= 1:
        raise BadInput(f"expected a step above 0 and up to 1, got {step}")
    number = int(np.ceil(1 / step - 1e-9))
    return sorted({min(units, round(units * step * index)) for index in range(number + 1)})


def _descending(
    values: NDArray[np.floating], orders: Sequence[NDArray[np.intp]]
) -> list[list[int]]:
    """The greatest first, equal ones as each of `orders` has them; one order if none are equal."""
    wanted = TIE_ORDERS if len(np.unique(values)) < len(values) else 1
    return [order[np.argsort(-values[order], kind="stable")].tolist() for order in orders[:wanted]]


def _by_layer(units: Sequence[Unit], values: NDArray[np.floating]) -> dict[str, float]:
    layers = dict.fromkeys(layer for layer, _ in units)
    return {
        layer: float(
            np.mean(
                [value for (name, _), value in zip(units, values, strict=True) if name == layer]
            )
        )
        for layer in layers
    }
