"""What people typed and have not sent, by the claim it belongs to.

    drafts.of(db, token)
    drafts.unsent(db, campaign_id, "ada")     # of picture sets that went to somebody else meanwhile

Drafts are written by `db.slots.save_draft`, which also renews the lease.
"""

from dataclasses import dataclass

from sqlite_utils import Database


@dataclass(frozen=True)
class Draft:
    """An unsent sentence."""

    token: str
    unit_id: int
    text: str
    pasted_characters: int
    unmasked_looks: int
    saved_utc: str


_DRAFTS = """
    select c.token, c.unit_id, d.text, d.pasted_characters, d.unmasked_looks, d.saved_utc
    from drafts d join claims c using (claim_id)
"""


def of(db: Database, token: str) -> Draft | None:
    """The draft of a claim, if anything was typed."""
    for row in db.query(f"{_DRAFTS} where c.token = ?", [token]):
        return Draft(**row)
    return None


def unsent(db: Database, campaign_id: int, annotator: str) -> list[Draft]:
    """Drafts of units that the person lost to an expired lease, newest first; none is empty."""
    rows = db.query(
        f"""
        {_DRAFTS}
        where c.campaign_id = ? and c.annotator = ? and c.outcome = 'expired'
            and trim(d.text) <> ''
        order by d.saved_utc desc
        """,
        [campaign_id, annotator],
    )
    return [Draft(**row) for row in rows]
