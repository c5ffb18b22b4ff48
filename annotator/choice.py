"""Which units people should describe next: those that a model would learn most from.

    ranked(db, exemplar_set_id)          # every unit of a layer, most wanted first, with why
    pick(db, exemplar_set_id, 50)        # the indices of the first 50

Units that nobody described come before those that somebody did. Among them the mean of two ranks
decides: how unfaithful a machine's sentence is (AUPRC above that of a sentence that holds
everywhere, lowest first) and how little the methods' sentences share with each other. A unit of
which one of the two is not known takes the middle of it; where neither is known of any, the order
is drawn at random. Ties are broken at random.
"""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from sqlite_utils import Database

from db.annotate import annotations
from db.describe import descriptions, exemplars, faithfulness
from db.describe.descriptions import Description
from db.errors import BadInput


@dataclass(frozen=True)
class Wanted:
    """One unit of a layer.

    Attributes:
        described: how many sentences of people it has.
        faithful: the best AUPRC of its machine sentences above the constant; None: not measured.
        apart: 1 minus the mean likeness of the methods' sentences; None: fewer than two methods.
        score: 0 (least wanted) to 1, among the units with the same claim.
    """

    unit: int
    unit_id: int
    described: int
    faithful: float | None
    apart: float | None
    score: float


def ranked(db: Database, exemplar_set_id: int, *, seed: int = 0) -> list[Wanted]:
    """Every unit of a layer, most wanted first."""
    units = exemplars.units_of(db, exemplar_set_id)
    said = {unit.unit_id: descriptions.of_unit(db, unit.unit_id) for unit in units}
    people = {unit.unit_id: len(annotations.accepted(db, unit.unit_id)) for unit in units}
    faithful = _faithful(db, said)
    apart = {unit_id: _apart(own) for unit_id, own in said.items()}
    low = _places({key: -value for key, value in faithful.items() if value is not None})
    far = _places({key: value for key, value in apart.items() if value is not None})
    lines = [
        Wanted(
            unit.unit,
            unit.unit_id,
            people[unit.unit_id],
            faithful[unit.unit_id],
            apart[unit.unit_id],
            (low.get(unit.unit_id, 0.5) + far.get(unit.unit_id, 0.5)) / 2,
        )
        for unit in units
    ]
    random.Random(seed).shuffle(lines)
    return sorted(lines, key=lambda line: (line.described > 0, -line.score))


def pick(db: Database, exemplar_set_id: int, count: int, *, seed: int = 0) -> list[int]:
    """The indices of the most wanted units.

    Raises:
        BadInput: the layer has fewer.
    """
    found = ranked(db, exemplar_set_id, seed=seed)
    if not 1 <= count <= len(found):
        raise BadInput(f"expected 1 to {len(found)} wanted units, got {count}")
    return [line.unit for line in found[:count]]


def _faithful(db: Database, said: Mapping[int, Sequence[Description]]) -> dict[int, float | None]:
    unit_of = {each.description_id: unit_id for unit_id, own in said.items() for each in own}
    best: dict[int, float | None] = dict.fromkeys(said)
    for score in faithfulness.of_descriptions(db, list(unit_of)):
        unit_id = unit_of[score.description_id]
        above = score.auprc - score.constant
        before = best[unit_id]
        best[unit_id] = above if before is None else max(before, above)
    return best


def _apart(own: Sequence[Description]) -> float | None:
    """How little the methods' sentences about a unit share; of each method the newest counts."""
    from rapidfuzz import fuzz

    newest = {each.method: each.text for each in sorted(own, key=lambda d: d.description_id)}
    pairs = list(combinations(newest.values(), 2))
    if not pairs:
        return None
    alike = [fuzz.token_set_ratio(one.casefold(), other.casefold()) for one, other in pairs]
    return 1 - sum(alike) / len(alike) / 100


def _places(values: Mapping[int, float]) -> dict[int, float]:
    """Each value's place among all, 0 lowest to 1 highest; equal values share the mean place."""
    at: dict[float, list[int]] = defaultdict(list)
    for place, value in enumerate(sorted(values.values())):
        at[value].append(place)
    top = max(len(values) - 1, 1)
    return {key: sum(at[value]) / len(at[value]) / top for key, value in values.items()}
