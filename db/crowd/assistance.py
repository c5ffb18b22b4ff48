"""A machine's draft for a random half of the picture sets, so that what it does can be measured.

    assistance.assign(db, token)            # at first sight; "" where none is shown
    assistance.pairs(db, campaign_id)       # both halves: what was drafted, what was written

Only where a campaign asks for it. Whether a draft is shown is a fair coin for each claim, thrown
once; the draft that would have been shown is kept for the other half too. Hidden checks get none.
"""

import secrets
from dataclasses import dataclass

from sqlite_utils import Database

from db.crowd import recruitment


@dataclass(frozen=True)
class Pair:
    """A draft and the answer to the same picture set.

    Attributes:
        shown: whether the person saw the draft.
        seconds: working time; None where it is not known.
    """

    unit_id: int
    annotator: str
    shown: bool
    draft: str
    method: str
    text: str
    seconds: float | None


def assign(db: Database, token: str) -> str:
    """The draft that is shown with a claim, decided when it is first asked for.

    Runs once for a claim, whoever asks again; units that no machine described have none.
    """
    row = db.conn.execute(
        """
        select c.claim_id, c.campaign_id, c.unit_id, a.shown, a.text
        from claims c left join assistance a using (claim_id)
        where c.token = ? and c.purpose = 'collect'
        """,
        [token],
    ).fetchone()
    if row is None or (row[3] is None and not recruitment.of(db, row[1]).drafts):
        return ""
    claim_id, _, unit_id, shown, text = row
    if shown is None:
        found = db.conn.execute(
            """
            select text, method from descriptions where unit_id = ? and trim(text) <> ''
            order by method = 'milan' desc, description_id desc limit 1
            """,
            [unit_id],
        ).fetchone()
        if found is None:
            return ""
        db.execute(
            "insert or ignore into assistance (claim_id, shown, text, method) values (?, ?, ?, ?)",
            [claim_id, secrets.randbelow(2), *found],
        )
        shown, text = db.conn.execute(
            "select shown, text from assistance where claim_id = ?", [claim_id]
        ).fetchone()
    return str(text) if shown else ""


def pairs(db: Database, campaign_id: int) -> list[Pair]:
    """Every answer whose picture set had a draft, shown or not, in the order they came."""
    rows = db.query(
        """
        select a.unit_id, a.annotator, d.shown, d.text as draft, d.method, a.text, a.seconds
        from assistance d join claims c using (claim_id) join answers a on a.token = c.token
        where a.campaign_id = ? and a.purpose = 'collect' and a.kind = 'text' and not a.withdrawn
        order by a.annotation_id
        """,
        [campaign_id],
    )
    return [Pair(**{**row, "shown": bool(row["shown"])}) for row in rows]
