"""Ablations: what was asked, the curve as it grows, and a cache of every evaluation.

    ablation_id = ablations.add(db, subject_id=…, request={…}, person="ada", job_id=7)
    ablations.add_points(db, ablation_id, [Point("keyword", 0, 1, "test", 0.81), …])
    ablations.curve(db, ablation_id)

Predictions are cached by (weights, units, rule, data), so that another selection costs only what
was not evaluated before.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from sqlite_utils import Database

from db.errors import NotFound
from db.workspace import now


@dataclass(frozen=True)
class Point:
    """An accuracy in [0, 1] after `n_ablated` units of one condition and trial."""

    condition: str
    trial: int
    n_ablated: int
    split: str
    accuracy: float


@dataclass(frozen=True)
class Ablation:
    """One ablation experiment."""

    ablation_id: int
    job_id: int | None
    subject: str
    request: dict[str, Any]
    units: list[Any]
    summary: dict[str, Any]
    person: str
    created_utc: str


def add(
    db: Database,
    *,
    subject_id: int,
    request: Mapping[str, Any],
    person: str,
    job_id: int | None = None,
) -> int:
    """Enter an experiment, or find the same that this job entered before it was interrupted."""
    with db.atomic():
        if job_id is not None:
            # A job of several experiments has one for each request.
            rows = db.query(
                "select ablation_id from ablations where job_id = ? and request_json = ?",
                [job_id, json.dumps(dict(request), sort_keys=True)],
            )
            for row in rows:
                return int(row["ablation_id"])
        cursor = db.execute(
            """
            insert into ablations (job_id, subject_id, request_json, person, created_utc)
            values (:job_id, :subject_id, :request, :person, :now)
            """,
            {
                "job_id": job_id,
                "subject_id": subject_id,
                "request": json.dumps(dict(request), sort_keys=True),
                "person": person,
                "now": now(),
            },
        )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def finish(
    db: Database, ablation_id: int, *, units: Sequence[Any], summary: Mapping[str, Any]
) -> None:
    """Store the units in their order and the summary of a finished experiment."""
    db.execute(
        "update ablations set units_json = ?, summary_json = ? where ablation_id = ?",
        [json.dumps(list(units)), json.dumps(dict(summary), sort_keys=True), ablation_id],
    )


def add_points(db: Database, ablation_id: int, points: Iterable[Point]) -> None:
    """Add points to the curve; one that is measured again takes the old one's place.

    A resumed job gives all its lines again, so that images that changed meanwhile do not leave two
    measurements in one curve.
    """
    with db.atomic():
        db.conn.executemany(
            "insert or replace into ablation_points values (?, ?, ?, ?, ?, ?)",
            [(ablation_id, *astuple(point)) for point in points],
        )


def curve(db: Database, ablation_id: int) -> list[Point]:
    """The curve so far."""
    rows = db.query(
        """
        select condition, trial, n_ablated, split, accuracy from ablation_points
        where ablation_id = ? order by condition, trial, split, n_ablated
        """,
        [ablation_id],
    )
    return [Point(**row) for row in rows]


def get(db: Database, ablation_id: int) -> Ablation:
    """One experiment.

    Raises:
        NotFound: there is none of that id.
    """
    for ablation in _ablations(db, "where ablation_id = ?", [ablation_id]):
        return ablation
    raise NotFound(f"expected the id of an ablation, got {ablation_id}")


def latest(db: Database, limit: int = 20) -> list[Ablation]:
    """The newest experiments."""
    return _ablations(db, "order by ablation_id desc limit ?", [limit])


def cached(db: Database, key: str) -> bytes | None:
    """The predictions stored under a key, as the bytes that were stored."""
    row = db.execute("select predictions from evaluations where key = ?", [key]).fetchone()
    return None if row is None else bytes(row[0])


def cache(db: Database, key: str, predictions: bytes) -> None:
    """Store the predictions of one evaluation."""
    db.execute(
        "insert or ignore into evaluations (key, predictions, created_utc) values (?, ?, ?)",
        [key, predictions, now()],
    )


def _ablations(db: Database, where: str, parameters: list[object]) -> list[Ablation]:
    rows = db.query(
        f"""
        select ablation_id, job_id, subjects.name as subject, request_json, units_json,
            summary_json, person, ablations.created_utc
        from ablations join subjects using (subject_id)
        {where}
        """,
        parameters,
    )
    return [
        Ablation(
            ablation_id=row["ablation_id"],
            job_id=row["job_id"],
            subject=row["subject"],
            request=json.loads(row["request_json"]),
            units=json.loads(row["units_json"]),
            summary=json.loads(row["summary_json"]),
            person=row["person"],
            created_utc=row["created_utc"],
        )
        for row in rows
    ]
