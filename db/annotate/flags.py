"""Quality flags: what is odd about an answer, as a kind and a detail in words. Never a verdict.

    state = flags.state(db, campaign_id)             # before the answers are read
    flags.replace(db, campaign_id, {annotation_id: {"too fast": "6 s for 14 words"}}, state=state)

They are worked out by `annotator.review.quality`; this keeps them beside the answers.
"""

import hashlib
from collections.abc import Mapping

from sqlite_utils import Database

from db.workspace import immediate, now


def state(db: Database, campaign_id: int) -> str:
    """What the flags of a campaign depend on, as a short text: wordings, and the known answers."""
    (wordings,) = db.execute(
        "select count(*) from revisions join annotations using (annotation_id) "
        "where campaign_id = ?",
        [campaign_id],
    ).fetchone()
    (known,) = db.execute(
        "select group_concat(unit_id || gold_json, ' ') from campaign_units "
        "where campaign_id = ? and purpose = 'gold'",
        [campaign_id],
    ).fetchone()
    return f"{wordings} {hashlib.sha256((known or '').encode()).hexdigest()[:12]}"


def current(db: Database, campaign_id: int) -> bool:
    """Whether nothing has come since the flags were worked out."""
    row = db.execute(
        "select state from inspections where campaign_id = ?", [campaign_id]
    ).fetchone()
    return row is not None and row[0] == state(db, campaign_id)


def replace(
    db: Database,
    campaign_id: int,
    found: Mapping[int, Mapping[str, str]],
    *,
    state: str,
    at: str | None = None,
) -> None:
    """Let `found` (answer to kind to detail), worked out at `state`, be all flags of a campaign."""
    moment = at or now()
    with immediate(db):
        db.execute(
            """
            delete from flags where annotation_id in (
                select annotation_id from annotations where campaign_id = ?
            )
            """,
            [campaign_id],
        )
        db.conn.executemany(
            "insert into flags (annotation_id, kind, detail, created_utc) values (?, ?, ?, ?)",
            [
                (annotation_id, kind, detail, moment)
                for annotation_id, kinds in found.items()
                for kind, detail in kinds.items()
            ],
        )
        db.execute(
            "insert or replace into inspections (campaign_id, state, created_utc) values (?, ?, ?)",
            [campaign_id, state, moment],
        )


def of_campaign(db: Database, campaign_id: int) -> dict[int, dict[str, str]]:
    """The flags of a campaign's answers: answer to kind to detail."""
    rows = db.conn.execute(
        """
        select annotation_id, kind, detail from flags join annotations using (annotation_id)
        where campaign_id = ? order by annotation_id, kind
        """,
        [campaign_id],
    )
    found: dict[int, dict[str, str]] = {}
    for annotation_id, kind, detail in rows:
        found.setdefault(annotation_id, {})[kind] = detail
    return found
