"""A measurement of agreement as it is kept: by network and layer, by person, by unit.

found = measured(scores, subject_of)         # out of `annotator.agreement.scores.score`
Measurement.from_json(job.result)            # as a job kept it
write_units(path, found)
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotator.agreement import scores as agreements
from annotator.agreement.scores import Agreement, Scores, UnitAgreement
from db import tables
from db.units import Unit

VERSION = 1
COLUMNS = tuple(field.name for field in dataclasses.fields(UnitAgreement))


@dataclass(frozen=True)
class Part:
    """The agreement over one part of a campaign: all of it, a network, a layer, or a person."""

    name: str
    agreement: Agreement


@dataclass(frozen=True)
class Measurement:
    """What one run measured.

    Attributes:
        model: the scorer's name and the hash of its weights.
        parts: the whole first, then networks, then layers.
        persons: None where it was measured before people were.
        units: lowest agreement first.
    """

    model: str
    parts: tuple[Part, ...]
    persons: tuple[Part, ...] | None
    units: tuple[UnitAgreement, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values, as a job keeps them."""
        return {
            "version": VERSION,
            "model": self.model,
            "rows": _written(self.parts),
            "persons": None if self.persons is None else _written(self.persons),
            "units": [dataclasses.asdict(unit) for unit in self.units],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Measurement":
        """What `to_json` gave; the first ones have no version, and lack persons and units."""
        persons = stored.get("persons")
        return cls(
            model=stored["model"],
            parts=_read(stored["rows"]),
            persons=None if persons is None else _read(persons),
            units=tuple(UnitAgreement(**unit) for unit in stored.get("units", ())),
        )


def measured(scores: Scores, subject_of: Mapping[str, str]) -> Measurement:
    """Everything that is kept of scores; `subject_of` is the network of each `network/layer`."""
    layers = sorted({layer for layer, _ in scores.units})
    parts = [Part("all", agreements.over(scores))]
    for subject in sorted({subject_of[layer] for layer in layers}):
        own = frozenset(layer for layer in layers if subject_of[layer] == subject)
        parts.append(Part(f"{subject}, all layers", agreements.over(scores, _among(own))))
    parts += [Part(layer, agreements.over(scores, _among(frozenset({layer})))) for layer in layers]
    persons = [Part(name, found) for name, found in sorted(agreements.by_author(scores).items())]
    units = agreements.by_unit(scores)
    return Measurement(scores.model, tuple(parts), tuple(persons), tuple(units))


def write_units(path: Path, found: Measurement) -> None:
    """Every unit as a table, lowest agreement first."""
    rows = ([*dataclasses.astuple(unit), found.model] for unit in found.units)
    tables.write(path, [*COLUMNS, "model"], rows)


def _among(layers: frozenset[str]) -> Callable[[Unit], bool]:
    return lambda unit: unit[0] in layers


def _written(parts: Sequence[Part]) -> list[dict[str, Any]]:
    return [{"name": part.name, **dataclasses.asdict(part.agreement)} for part in parts]


def _read(rows: Sequence[Mapping[str, Any]]) -> tuple[Part, ...]:
    return tuple(
        Part(row["name"], Agreement(**{key: row[key] for key in row if key != "name"}))
        for row in rows
    )
