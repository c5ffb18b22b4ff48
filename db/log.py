"""The append-only log: who did what to what, and when.

    log.add(db, "ada", "reject", "annotation:17", reason="names the images")

Triggers of the schema refuse any change to it.
"""

import json
from dataclasses import dataclass

from sqlite_utils import Database

from db.workspace import now


@dataclass(frozen=True)
class Event:
    """One line of the log."""

    event_id: int
    at_utc: str
    person: str
    action: str
    target: str
    detail: dict[str, object]


def add(db: Database, person: str, action: str, target: str, **detail: object) -> None:
    """Write down that `person` did `action` to `target` (`noun:id`)."""
    db.execute(
        """
        insert into log (at_utc, person, action, target, detail_json)
        values (:at, :person, :action, :target, :detail)
        """,
        {
            "at": now(),
            "person": person,
            "action": action,
            "target": target,
            "detail": json.dumps(detail, sort_keys=True),
        },
    )


def of(db: Database, target: str) -> list[Event]:
    """Everything that was done to `target`, oldest first."""
    rows = db.query("select * from log where target = ? order by event_id", [target])
    return [_event(row) for row in rows]


def latest(db: Database, limit: int = 100) -> list[Event]:
    """The newest events, newest first."""
    rows = db.query("select * from log order by event_id desc limit ?", [limit])
    return [_event(row) for row in rows]


def _event(row: dict[str, object]) -> Event:
    values = dict(row)
    detail = json.loads(str(values.pop("detail_json")))
    return Event(**values, detail=detail)  # type: ignore[arg-type]
