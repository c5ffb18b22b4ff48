"""Quality flags: what is odd about an answer, as a kind and a detail in words. Never a verdict.

    flags.replace(db, campaign_id, {annotation_id: {"too fast": "6 s for 14 words"}})

They are worked out by `annotator.quality`; this keeps them beside the answers.
"""

from collections.abc import Mapping

from sqlite_utils import Database

from db.workspace import immediate, now


def replace(
    db: Database, campaign_id: int, found: Mapping[int, Mapping[str, str]], *, at: str | None = None
) -> None:
    """Let `found` (answer to kind to detail) be all flags of a campaign."""
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
