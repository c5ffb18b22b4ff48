"""What people typed and have not sent, by the claim it belongs to.

    drafts.save(db, token, "ada", Answer("a man wi"))
    drafts.of(db, token)
    drafts.unsent(db, campaign_id, "ada")     # of picture sets that the person is no longer at

Saving renews the lease of whoever types.
"""

from dataclasses import dataclass

from sqlite_utils import Database

from db.annotate import campaigns, claims
from db.annotate.annotations import Answer
from db.errors import NotAllowed
from db.workspace import immediate, now


class Left(NotAllowed):
    """The picture set of a draft was answered, skipped or reported meanwhile."""


# Longer than any answer may be, so that what is too long can be shortened.
LONGEST_DRAFT = 4000


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


def save(
    db: Database,
    token: str,
    annotator: str,
    typed: Answer,
    *,
    at: str | None = None,
) -> str:
    """Keep what is typed so far and renew the lease while the slot is still held. Returns the time.

    The counters of a draft never fall, and the first paste stays the first.

    Raises:
        NotAllowed: the claim is not this person's: nothing is written.
        Left: it ended, and neither is anything then.
    """
    moment = at or now()
    with immediate(db):
        row = claims.row(db, token, annotator)
        if row["outcome"] not in (None, "expired"):
            raise Left("This draft belongs to a picture set that you already left.")
        claims.touch(db, row, moment)
        claims.renew(db, campaigns.get(db, row["campaign_id"]), row["claim_id"], moment)
        db.execute(
            """
            insert into drafts (
                claim_id, text, pasted_characters, unmasked_looks, pasted_after_ms, saved_utc
            ) values (:claim, :text, :pasted, :looks, :after, :at)
            on conflict (claim_id) do update set text = :text, saved_utc = :at,
                pasted_after_ms = coalesce(pasted_after_ms, :after),
                pasted_characters = max(pasted_characters, :pasted),
                unmasked_looks = max(unmasked_looks, :looks)
            """,
            {
                "claim": row["claim_id"],
                "text": typed.text[:LONGEST_DRAFT],
                "pasted": typed.pasted_characters,
                "looks": typed.unmasked_looks,
                "after": typed.pasted_after_ms,
                "at": moment,
            },
        )
    return moment


def of(db: Database, token: str) -> Draft | None:
    """The draft of a claim, if anything was typed."""
    for row in db.query(f"{_DRAFTS} where c.token = ?", [token]):
        return Draft(**row)
    return None


def unsent(db: Database, campaign_id: int, annotator: str) -> list[Draft]:
    """Drafts of picture sets that the person lost, skipped, reported or found no pattern in.

    Newest first; none is empty.
    """
    rows = db.query(
        f"""
        {_DRAFTS}
        where c.campaign_id = ? and c.annotator = ? and c.outcome is not null
            and trim(d.text) <> ''
        order by d.saved_utc desc
        """,
        [campaign_id, annotator],
    )
    return [Draft(**row) for row in rows]
