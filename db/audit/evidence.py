"""What detectors saw in a unit's regions, kept once a unit and detector. Never a verdict.

evidence.add(db, unit_id, "faces (haar cascade)", found=11, regions=15)
evidence.of_unit(db, unit_id)
"""

from dataclasses import dataclass

from sqlite_utils import Database

from db.workspace import now


@dataclass(frozen=True)
class Evidence:
    """In `found` of a unit's `regions` the detector saw what it looks for."""

    detector: str
    found: int
    regions: int


def add(db: Database, unit_id: int, detector: str, *, found: int, regions: int) -> None:
    """Keep what a detector saw; the same detector again changes nothing."""
    with db.atomic():
        db.execute(
            """
            insert or ignore into evidence (unit_id, detector, found, regions, created_utc)
            values (?, ?, ?, ?, ?)
            """,
            [unit_id, detector, found, regions, now()],
        )


def of_unit(db: Database, unit_id: int) -> list[Evidence]:
    """Everything detectors saw in a unit's regions."""
    rows = db.query(
        "select detector, found, regions from evidence where unit_id = ? order by detector",
        [unit_id],
    )
    return [Evidence(**row) for row in rows]
