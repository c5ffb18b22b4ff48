"""Agreement of reviewers beyond chance: Cohen's kappa for two people, Fleiss' for more.

    agreement([{"ada": "confirmed", "bob": "confirmed"}, …])      # Agreement(kappa, low, high, …)

Cohen (1960): chance is what two people with these habits would agree on. Fleiss (1971): chance is
what people who share one habit would; who answered which unit does not matter. The interval is the
middle 95 % over units drawn again with replacement.

Cohen's kappa is scikit-learn's. Fleiss' stays by hand, as neither scikit-learn nor scipy has it; so
does the interval: scipy's bootstrap draws others, and a report's numbers are to stay.
"""

import math
from collections.abc import Mapping, Sequence
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
    several = [unit for unit in verdicts if len(unit) > 1]
    if not several:
        return None
    several = [unit for unit in several if len(unit) == len(several[0])]
    people = sorted({person for unit in several for person in unit})
    labels = sorted({verdict for unit in several for verdict in unit.values()})
    if len(people) == 2:
        first, second = ([unit[who] for unit in several] for who in people)
        pairs = _pairs(first, second, labels)
        measure, kappa = "Cohen's kappa", cohen(first, second)
        drawn = [_of_pairs(pairs[rows].sum(axis=0)) for rows in _draws(len(several))]
    else:
        counts = np.array([[[*unit.values()].count(name) for name in labels] for unit in several])
        measure, kappa = "Fleiss' kappa", fleiss(counts.astype(np.float64))
        drawn = [fleiss(counts[rows].astype(np.float64)) for rows in _draws(len(several))]
    same = sum(len(set(unit.values())) == 1 for unit in several) / len(several)
    defined = np.array([value for value in drawn if not math.isnan(value)])
    low, high = np.quantile(defined, [0.025, 0.975]) if defined.size else (math.nan, math.nan)
    return Agreement(measure, kappa, float(low), float(high), same, len(several))


def cohen(first: Sequence[str], second: Sequence[str]) -> float:
    """Cohen's kappa of two people's labels of the same things; nan when chance always agrees.

    >>> cohen(["yes", "yes", "no", "no"], ["yes", "no", "no", "no"])
    0.5
    """
    from sklearn.metrics import cohen_kappa_score

    if len({*first, *second}) < 2:
        return math.nan
    return float(cohen_kappa_score(first, second))


def fleiss(counts: npt.NDArray[np.float64]) -> float:
    """Fleiss' kappa of how many people gave each label: (things, labels), equal row sums.

    Nan when chance always agrees.
    """
    people = counts.sum(axis=1)[0]
    observed = ((counts**2).sum(axis=1) - people) / (people * (people - 1))
    return _beyond(float(observed.mean()), float(((counts.mean(axis=0) / people) ** 2).sum()))


def _pairs(
    first: Sequence[str], second: Sequence[str], labels: Sequence[str]
) -> npt.NDArray[np.float64]:
    """One-hot pairs of labels: (things, labels, labels); their sum is the table of both people."""
    one_hot = np.eye(len(labels))
    left, right = ([labels.index(name) for name in own] for own in (first, second))
    pairs: npt.NDArray[np.float64] = one_hot[left][:, :, None] * one_hot[right][:, None, :]
    return pairs


def _of_pairs(table: npt.NDArray[np.float64]) -> float:
    """Cohen's kappa of a table (labels, labels): 2,000 draws a time, too many for scikit-learn."""
    shares = table / table.sum()
    chance = float((shares.sum(axis=0) * shares.sum(axis=1)).sum())
    return _beyond(float(np.trace(shares)), chance)


def _beyond(observed: float, chance: float) -> float:
    return math.nan if math.isclose(chance, 1) else (observed - chance) / (1 - chance)


def _draws(units: int) -> npt.NDArray[np.int64]:
    return np.random.default_rng(_SEED).integers(units, size=(_DRAWS, units))
