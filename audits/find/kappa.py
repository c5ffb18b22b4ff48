"""Agreement of reviewers beyond chance: Cohen's kappa for two people, Fleiss' for more.

    agreement([{"ada": "confirmed", "bob": "confirmed"}, …])      # Agreement(kappa, low, high, …)

Cohen (1960): chance is what two people with these habits would agree on. Fleiss (1971): chance is
what people who share one habit would; who answered which unit does not matter. The interval is the
middle 95 % over units drawn again with replacement.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_DRAWS = 2_000
_SEED = 0


@dataclass(frozen=True)
class Agreement:
    """Kappa over some units.

    Attributes:
        measure: "Cohen's kappa" or "Fleiss' kappa".
        kappa: nan when chance alone agrees always, as with one verdict everywhere.
        low, high: 95 % interval over units; nan where it is undefined.
        same: share of units on which all agree.
        units: how many units.
    """

    measure: str
    kappa: float
    low: float
    high: float
    same: float
    units: int


def agreement(verdicts: Sequence[Mapping[str, str]]) -> Agreement | None:
    """Kappa of (person -> verdict) of each unit; None when no unit has two verdicts.

    Every unit must have as many verdicts as the first with several; others are left out. One and
    the same two people: Cohen. Otherwise: Fleiss.
    """
    several = [each for each in verdicts if len(each) > 1]
    if not several:
        return None
    several = [each for each in several if len(each) == len(several[0])]
    people = sorted({person for each in several for person in each})
    labels = sorted({verdict for each in several for verdict in each.values()})
    place = {label: index for index, label in enumerate(labels)}
    if len(people) == 2:
        first, second = (np.array([place[each[who]] for each in several]) for who in people)
        pairs = np.eye(len(labels))[first], np.eye(len(labels))[second]
        name, kappa = "Cohen's kappa", _cohen(*pairs)
        drawn = [_cohen(pairs[0][rows], pairs[1][rows]) for rows in _draws(len(several))]
    else:
        counts = np.zeros((len(several), len(labels)))
        for row, each in enumerate(several):
            for verdict in each.values():
                counts[row, place[verdict]] += 1
        name, kappa = "Fleiss' kappa", fleiss(counts)
        drawn = [fleiss(counts[rows]) for rows in _draws(len(several))]
    same = sum(len(set(each.values())) == 1 for each in several) / len(several)
    defined = np.array([value for value in drawn if not math.isnan(value)])
    low, high = np.quantile(defined, [0.025, 0.975]) if defined.size else (math.nan, math.nan)
    return Agreement(name, kappa, float(low), float(high), same, len(several))


def cohen(first: Sequence[Hashable], second: Sequence[Hashable]) -> float:
    """Cohen's kappa of two people's labels of the same things; nan when chance always agrees.

    >>> cohen(["yes", "yes", "no", "no"], ["yes", "no", "no", "no"])
    0.5
    """
    labels = list(dict.fromkeys([*first, *second]))
    place = {label: index for index, label in enumerate(labels)}
    one, two = (np.eye(len(labels))[[place[label] for label in each]] for each in (first, second))
    return _cohen(one, two)


def fleiss(counts: npt.NDArray[np.float64]) -> float:
    """Fleiss' kappa of how many people gave each label: (things, labels), equal row sums.

    Nan when chance always agrees.
    """
    people = counts.sum(axis=1)[0]
    observed = ((counts**2).sum(axis=1) - people) / (people * (people - 1))
    return _beyond(float(observed.mean()), float(((counts.mean(axis=0) / people) ** 2).sum()))


def _cohen(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> float:
    """Of one-hot labels (things, labels)."""
    observed = float((first * second).sum(axis=1).mean())
    return _beyond(observed, float((first.mean(axis=0) * second.mean(axis=0)).sum()))


def _beyond(observed: float, chance: float) -> float:
    return math.nan if math.isclose(chance, 1) else (observed - chance) / (1 - chance)


def _draws(units: int) -> npt.NDArray[np.int64]:
    return np.random.default_rng(_SEED).integers(units, size=(_DRAWS, units))
