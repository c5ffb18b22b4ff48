"""Which exemplars and units a workspace holds; the arrays lie in `Workspace.exemplars`.

    exemplar_set = exemplars.add(db, hash=…, subject_id=…, layer="layer4", units=512, …)
    exemplars.unit(db, unit_id)              # with the folder and the index to read it by
    exemplars.by_name(db, "resnet18/layer4/427")

A set is one layer over one probing set under one hash. When exemplars are computed again and
differ, they become another set: sentences stay with the exemplars they were written about.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from db.errors import NotFound
from db.workspace import now


@dataclass(frozen=True)
class ExemplarSet:
    """The exemplars of one layer."""

    exemplar_set_id: int
    hash: str
    subject: str
    subject_id: int
    probing_set: str | None
    layer: str
    units: int
    k: int
    folder: str
    provenance: dict[str, Any]
    created_utc: str


@dataclass(frozen=True)
class UnitRow:
    """One unit of one exemplar set, with what is needed to show it.

    Attributes:
        folder: name of the exemplar folder under `Workspace.exemplars`.
        unit: index inside the layer.
        dead: no exemplar has a positive activation.
    """

    unit_id: int
    exemplar_set_id: int
    hash: str
    subject: str
    layer: str
    unit: int
    dead: bool
    k: int
    folder: str

    @property
    def name(self) -> str:
        """`subject/layer/index`, as links spell it."""
        return f"{self.subject}/{self.layer}/{self.unit}"


_UNITS = """
    select unit_id, units.exemplar_set_id, hash, subjects.name as subject, layer, unit, dead, k,
        folder
    from units
    join exemplar_sets using (exemplar_set_id)
    join subjects using (subject_id)
"""


def add(
    db: Database,
    *,
    hash: str,
    subject_id: int,
    probing_set_id: int | None,
    layer: str,
    units: int,
    k: int,
    folder: str,
    provenance: dict[str, Any],
    dead: Collection[int] = (),
) -> ExemplarSet:
    """Enter the exemplars of one layer and their units; the same hash again changes nothing.

    Units that came by name with imported sentences have no pictures until their exemplars are
    entered: those are filled in. Until then further ones may come.
    """
    values = {
        "hash": hash,
        "subject_id": subject_id,
        "probing_set_id": probing_set_id,
        "layer": layer,
        "units": units,
        "k": k,
        "folder": folder,
        "provenance": json.dumps(provenance, sort_keys=True),
        "now": now(),
    }
    with db.atomic():
        cursor = db.execute(
            """
            insert into exemplar_sets (
                hash, subject_id, probing_set_id, layer, units, k, folder, provenance_json,
                created_utc
            ) values (
                :hash, :subject_id, :probing_set_id, :layer, :units, :k, :folder, :provenance, :now
            )
            on conflict (hash) do update set
                subject_id = :subject_id, probing_set_id = :probing_set_id, units = :units, k = :k,
                folder = :folder, provenance_json = :provenance
            where folder = '' and (:folder <> '' or :units > units)
            returning exemplar_set_id
            """,
            values,
        )
        if found := cursor.fetchone():
            db.conn.executemany(
                """
                insert into units (exemplar_set_id, unit, dead) values (?, ?, ?)
                on conflict (exemplar_set_id, unit) do update set dead = excluded.dead
                """,
                [(found[0], unit, int(unit in dead)) for unit in range(units)],
            )
    for exemplar_set in _sets(db, "where hash = ?", [hash]):
        return exemplar_set
    raise AssertionError("the set that was just entered is gone")


def sets(db: Database, *, subject: str | None = None) -> list[ExemplarSet]:
    """All exemplar sets, of one network if it is named; in the order they were computed."""
    if subject is None:
        return _sets(db, "order by exemplar_set_id", [])
    return _sets(db, "where subjects.name = ? order by exemplar_set_id", [subject])


def unit(db: Database, unit_id: int) -> UnitRow:
    """One unit.

    Raises:
        NotFound: there is none of that id.
    """
    for row in db.query(f"{_UNITS} where unit_id = ?", [unit_id]):
        return _unit(row)
    raise NotFound(f"expected the id of a unit of this workspace, got {unit_id}")


def unit_of_hash(db: Database, hash: str, unit: int) -> UnitRow:
    """The unit of that index in the exemplars of that hash.

    Raises:
        NotFound: the workspace has no such exemplars, or not that unit.
    """
    for row in db.query(f"{_UNITS} where hash = ? and unit = ?", [hash, unit]):
        return _unit(row)
    raise NotFound(f"expected exemplars {hash[:24]} with unit {unit} in this workspace, found none")


def by_name(db: Database, name: str) -> UnitRow:
    """The unit that a link names `subject/layer/index`; of the newest exemplars of that layer.

    Raises:
        NotFound: there is none.
    """
    subject, _, rest = name.partition("/")
    layer, _, index = rest.rpartition("/")
    rows = db.query(
        f"""
        {_UNITS}
        where subjects.name = :subject and layer = :layer and unit = cast(:index as integer)
        order by exemplar_set_id desc limit 1
        """,
        {"subject": subject, "layer": layer, "index": index},
    )
    for row in rows:
        if index.isdecimal():
            return _unit(row)
    raise NotFound(
        f"expected a unit that is in the workspace, as network/layer/index, got {name!r}"
    )


def units_of(db: Database, exemplar_set_id: int) -> list[UnitRow]:
    """All units of a set, in order of their index."""
    rows = db.query(f"{_UNITS} where units.exemplar_set_id = ? order by unit", [exemplar_set_id])
    return [_unit(row) for row in rows]


def _sets(db: Database, where: str, parameters: list[object]) -> list[ExemplarSet]:
    rows = db.query(
        f"""
        select exemplar_set_id, hash, subjects.name as subject, subject_id,
            probing_sets.name as probing_set, layer, units, k, folder, provenance_json,
            exemplar_sets.created_utc
        from exemplar_sets
        join subjects using (subject_id)
        left join probing_sets using (probing_set_id)
        {where}
        """,
        parameters,
    )
    return [ExemplarSet(provenance=json.loads(row.pop("provenance_json")), **row) for row in rows]


def _unit(row: dict[str, Any]) -> UnitRow:
    return UnitRow(**{**row, "dead": bool(row["dead"])})
