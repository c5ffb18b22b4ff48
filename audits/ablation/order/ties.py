"""What an edit is worth however its equal units are ordered.

    found = tie_orders(network, sets, ranked, how=How(order="accuracy"))
    spread(found).mean                          # test accuracy at each order's own count
    gain = [one.test - start for one in found]

Where units are ordered by accuracy, most of them are equal to others, and which of these goes
first is nobody's finding. So every order is drawn several times, and text units, their controls and
all units are ordered alike by the same draw; in each the number of units is chosen on validation
images.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from audits.ablation import curves
from audits.ablation.engine.units import by_layer
from audits.ablation.order.importance import By, UnitImportance, in_order
from audits.network.evaluation import Evaluator
from audits.network.images import Images
from db.jobs import Watch
from db.units import Unit


@dataclass(frozen=True)
class Ranked:
    """What is put in order.

    Attributes:
        selected: the units to ablate.
        everyone: all examined units; empty where they are not asked for.
        draws: the units of each control, as many of each layer as are selected.
        drawn: the importance of all drawn units.
    """

    selected: tuple[UnitImportance, ...]
    everyone: tuple[UnitImportance, ...] = ()
    draws: tuple[tuple[Unit, ...], ...] = ()
    drawn: Mapping[Unit, UnitImportance] = field(default_factory=dict)

    def ordered(self, by: By, seed: int | None) -> "Ordered":
        """All of them, least important first, a control's at the positions of their layers."""
        order = tuple(one.place for one in in_order(self.selected, by=by, seed=seed))
        everyone = tuple(one.place for one in in_order(self.everyone, by=by, seed=seed))
        rows = in_order(tuple(self.drawn.values()), by=by, seed=seed)
        rank = {one.place: place for place, one in enumerate(rows)}
        draws = tuple(curves.arranged(draw, order, rank) for draw in self.draws)
        return Ordered(order, everyone[: len(order)], draws)


@dataclass(frozen=True)
class Ordered:
    """The selected units, as many of all, and each control's, least important first."""

    order: tuple[Unit, ...]
    everyone: tuple[Unit, ...]
    draws: tuple[tuple[Unit, ...], ...]


@dataclass(frozen=True)
class TieOrder:
    """One order of equal units, at the count that validation chose in it.

    count: units ablated. test: accuracy on test images without them. random: the mean of the
    controls at that count. sorted_all: of all examined units; None where they were not asked for.
    """

    count: int
    test: float
    random: float
    sorted_all: float | None


@dataclass(frozen=True)
class Spread:
    """Numbers over several orders: mean, standard deviation, least and greatest."""

    mean: float
    deviation: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """The spread of some numbers.

    >>> spread([1.0, 3.0])
    Spread(mean=2.0, deviation=1.4142135623730951, low=1.0, high=3.0)
    """
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return Spread(float(np.mean(values)), deviation, min(values), max(values))


def tie_order(
    network: Evaluator,
    validation: Images,
    test: Images,
    ordered: Ordered,
    *,
    watch: Watch | None = None,
) -> TieOrder:
    """Choose the count of one order on validation images and measure it on test images."""
    count = curves.chosen_count(curves.curve(network, validation, ordered.order, watch=watch))

    def accuracy(units: Sequence[Unit]) -> float:
        return network.evaluate(test, by_layer(units[:count]), watch=watch).accuracy

    return TieOrder(
        count,
        accuracy(ordered.order),
        float(np.mean([accuracy(draw) for draw in ordered.draws])),
        accuracy(ordered.everyone) if ordered.everyone else None,
    )
