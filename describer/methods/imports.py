"""Descriptions that other methods wrote, entered into a workspace beside MILAN's.

    entered = imports.enter(db, Path("clip.csv"), subject="resnet18", person="ada")
    entered.method, entered.units, entered.new          # "CLIP-Dissect", 1024, 1024

A table comes in whole or not at all; how tables are spelled is the business of `db.unit_tables`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from db import log
from db.describe import descriptions, exemplars, subjects
from db.describe.descriptions import NewDescription
from db.describe.subjects import SubjectRow
from db.errors import BadInput
from db.tables import Source, loaded
from db.units import Unit
from describer.methods import tables
from describer.methods.tables import Table

# Names that stand for something else where methods are chosen.
TAKEN = ("people", "any")
NAMED = 6


@dataclass(frozen=True)
class Entered:
    """What a table brought: units described, and how many of them were not there before.

    understood: how the table was read, where it is not spelled as ours are.
    """

    subject: str
    method: str
    units: int
    new: int
    understood: str = ""


def said(entered: Entered) -> str:
    """What came in, as a sentence.

    >>> said(Entered("resnet18", "CLIP-Dissect", 4, 0))
    '4 units of resnet18 described by CLIP-Dissect; all of it was here already'
    """
    new = "" if entered.new == entered.units else f"; {entered.new} of them are new"
    if not entered.new:
        new = "; all of it was here already"
    return f"{entered.units} units of {entered.subject} described by {entered.method}{new}"


def enter(
    db: Database,
    source: Source,
    *,
    subject: str,
    name: str = "",
    method: str = "",
    layer: str = "",
    person: str,
) -> Entered:
    """Enter a table of another method's descriptions, whole or not at all.

    The sentences go to the newest exemplars of each layer; units of a layer without any have no
    pictures, but can be found and ablated. The same table again adds nothing.

    Args:
        source, name: the table as a file, bytes or text, and what its file is called.
        method: what to call the method; by default what the columns tell, or the file's name.
        layer: of a table without a column for it.

    Raises:
        BadInput: the table cannot be used, or speaks of units that the network does not have.
        NotFound: there is no such network.
    """
    name = name or (source.name if isinstance(source, Path) else "the table")
    content = loaded(source, name)
    network = subjects.get(db, subject)
    sizes = {each.name: each.units for each in network.layers}
    if layer and layer not in sizes:
        raise BadInput(f"expected a layer of {subject} ({_some(sizes)}), got {layer!r}")
    table = tables.read(content, name=name, layers=tuple(sizes), layer=layer)
    called = " ".join((method or table.method or Path(name).stem).split())
    if not 0 < len(called) <= 64 or called.casefold() in TAKEN:
        raise BadInput(
            f"expected a method's name of 1 to 64 characters, none of {', '.join(TAKEN)}, "
            f"got {called!r}"
        )
    _check(table, subject, sizes)
    with db.atomic():
        ids: dict[Unit, int] = {}
        known = 0
        for each in dict.fromkeys(row.layer for row in table.rows):
            where = _newest(db, network, each, sizes[each])
            ids |= {(each, unit.unit): unit.unit_id for unit in exemplars.units_of(db, where)}
            known += len(descriptions.described(db, where, method=called, model_hash=table.digest))
        descriptions.add(
            db,
            [
                NewDescription(
                    ids[row.layer, row.unit],
                    called,
                    table.digest,
                    row.text,
                    row.score,
                    [(row.text, *row.logs)] if row.logs else [],
                )
                for row in table.rows
            ],
        )
        new = len(table.rows) - known
        if new:
            log.add(
                db,
                person,
                "added descriptions",
                f"subject:{subject}",
                method=called,
                units=len(table.rows),
                table=table.source,
                hash=table.digest,
            )
    return Entered(subject, called, len(table.rows), new, table.understood)


def _check(table: Table, subject: str, sizes: Mapping[str, int]) -> None:
    """Refuse rows about other networks, and layers and units that this one does not have."""
    for row in table.rows:
        if row.subject not in ("", subject):
            raise BadInput(
                f"expected rows about {subject}, got {row.subject!r} in line {row.line} of "
                f"{table.source}"
            )
        if row.layer not in sizes:
            raise BadInput(
                f"expected a layer of {subject} ({_some(sizes)}), got {row.layer!r} in line "
                f"{row.line} of {table.source}"
            )
        if row.unit >= sizes[row.layer]:
            raise BadInput(
                f"expected units 0 to {sizes[row.layer] - 1} of {row.layer}, got {row.unit} in "
                f"line {row.line} of {table.source}"
            )


def _newest(db: Database, network: SubjectRow, layer: str, units: int) -> int:
    """The newest exemplars of a layer that have all of its units; made without pictures if none."""
    found = [
        each
        for each in exemplars.sets(db, subject=network.name)
        if each.layer == layer and each.units >= units
    ]
    pictured = [each for each in found if each.folder] or found
    if pictured:
        return pictured[-1].exemplar_set_id
    return exemplars.add(
        db,
        hash=f"without exemplars: {network.weights_hash}/{layer}",
        subject_id=network.subject_id,
        probing_set_id=None,
        layer=layer,
        units=units,
        k=0,
        folder="",
        provenance={"imported": True},
    ).exemplar_set_id


def _some(names: Iterable[str]) -> str:
    every = list(names)
    return ", ".join(every[:NAMED]) + (" …" if len(every) > NAMED else "")
