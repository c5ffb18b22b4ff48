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


def audit(
    db: Database,
    *,
    viewer: str,
    person: str | None = None,
    since: str = "",
    until: str = "",
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[Event], int]:
    """What was done in audits, newest first, and how many events there are in all.

    Others' verdicts on units whose reviewers have not all answered are there without what they
    say.

    Args:
        viewer: who is reading.
        person: only what this person did.
        since, until: the first and the last day, `2026-01-31`, or more exact times; in UTC.
    """
    parameters = {
        "viewer": viewer,
        "person": person,
        "since": since,
        # A day ends with its last millisecond; "~" sorts after every time of that day.
        "until": f"{until}~" if until else "~",
    }
    (total,) = db.execute(f"select count(*) {_AUDIT}", parameters).fetchone()
    rows = db.query(
        f"""
        select event_id, at_utc, person, target,
            case when {_BLIND} then 'gave a verdict' else action end as action,
            case when {_BLIND} then json_object('concept', detail_json ->> 'concept')
                else detail_json end as detail_json
        {_AUDIT} order by event_id desc limit :limit offset :offset
        """,
        {**parameters, "limit": limit, "offset": offset},
    )
    return [_event(row) for row in rows], int(total)


_AUDIT = """
    from log
    where (target like 'unit:%' or target like 'audit:%' or target like 'preset:%'
            or target like 'filter:%')
        and (:person is null or person = :person) and at_utc >= :since and at_utc <= :until
"""
_BLIND = """
    (target like 'unit:%' and person <> :viewer and (select needed from reviewers_needed) > 1
        and coalesce((
            select decision from decisions
            where unit_id = cast(substr(target, 6) as integer)
                and concept = log.detail_json ->> 'concept'
        ), 'waiting') = 'waiting')
"""


def _event(row: dict[str, object]) -> Event:
    values = dict(row)
    detail = json.loads(str(values.pop("detail_json")))
    return Event(**values, detail=detail)  # type: ignore[arg-type]
