"""The same concept in several networks: what is described with it, and what was confirmed of it.

    found = compare(db, concept="face", names=["sharp", "blurred"])
    found[0].layers["layer4"]           # Count(units=512, described=40, confirmed=31)

Source: MILAN, Section 6, Figures 5 and 6: face units of networks trained with and without blurred
faces, counted layer by layer, and what those that remain respond to. Reads rows alone.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlite_utils import Database

from audits.find import verdicts
from db.audit import finding, signoffs, words
from db.audit.words import Query
from db.describe import exemplars, subjects
from db.describe.exemplars import UnitRow
from db.errors import BadInput


@dataclass(frozen=True)
class Count:
    """One layer: its units, those whose description matches, those confirmed, and those that
    match and have no verdict yet.
    """

    units: int
    described: int
    confirmed: int
    unjudged: int = 0


@dataclass(frozen=True)
class Compared:
    """One network; `confirmed` holds its confirmed units in the order of their layers."""

    name: str
    layers: Mapping[str, Count]
    confirmed: tuple[UnitRow, ...]

    @property
    def total(self) -> Count:
        """All layers together."""
        counts = self.layers.values()
        return Count(
            sum(each.units for each in counts),
            sum(each.described for each in counts),
            sum(each.confirmed for each in counts),
            sum(each.unjudged for each in counts),
        )


def compare(db: Database, query: Query, names: Sequence[str]) -> list[Compared]:
    """Count a filter's units in each network.

    Args:
        query: what is looked for; its own choice of networks and verdicts is passed over.
        names: of networks, in the order to show them.

    Raises:
        BadInput: fewer than two networks.
        NotFound: a name is no network of the workspace.
    """
    if len(set(names)) < 2:
        raise BadInput(f"Choose at least two networks to compare, got {len(set(names))}.")
    verdicts = signoffs.current(db, concept=query.concept)
    units = [exemplars.unit(db, unit_id) for unit_id in {each.unit_id for each in verdicts}]
    judged = {(unit.subject, unit.layer, unit.unit) for unit in units}
    return [_one(db, query, name, judged) for name in dict.fromkeys(names)]


def standing_query(db: Database, concept: str) -> Query:
    """The filter that stood on the screen at the newest verdict about a concept.

    Raises:
        BadInput: nobody gave a verdict about it.
    """
    given = signoffs.current(db, concept=concept)
    if not given:
        raise BadInput(f"expected a concept that was judged, got {concept!r}")
    return words.stored(given[-1].seen.get("filter", {}))


def _one(
    db: Database, query: Query, name: str, judged: Collection[tuple[str, str, int]]
) -> Compared:
    subjects.get(db, name)
    asked = replace(query, subjects=(name,), verdict=None, reviewer=None, layer=None)
    sizes = {each.layer: each.units for each in exemplars.sets(db, subject=name)}
    matching = {
        (unit.layer, unit.unit)
        for unit in (exemplars.unit(db, each) for each in finding.unit_ids(db, asked))
    }
    described = Counter(layer for layer, _ in matching)
    unjudged = Counter(layer for layer, unit in matching if (name, layer, unit) not in judged)
    places = {layer: place for place, layer in enumerate(sizes)}
    # A unit that was confirmed by several sets of exemplars is one unit, shown by the newest.
    confirmations = sorted(
        verdicts.confirmed(db, name, query.concept), key=lambda unit: unit.exemplar_set_id
    )
    units = sorted(
        {(unit.layer, unit.unit): unit for unit in confirmations}.values(),
        key=lambda unit: (places[unit.layer], unit.unit),
    )
    confirmed = Counter(unit.layer for unit in units)
    layers = {
        layer: Count(size, described[layer], confirmed[layer], unjudged[layer])
        for layer, size in sizes.items()
    }
    return Compared(name, layers, tuple(units))
