"""What was decided about a person in a campaign: approved, excluded, paused, let in again.

    standings.add(db, campaign_id, "participant 1a2b", "excluded", reason="…", person="ada")
    standings.pause_if_failing(db, campaign_id, "participant 1a2b", limit=2)

Decisions are added and never changed; the newest counts. `excluded` holds from now on, what was
given keeps its slots; `reopened` sets that aside as well. Nobody is paid less for either.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from sqlite_utils import Database

from db import log
from db.annotate import annotations, campaigns
from db.crowd import participants
from db.errors import BadInput, NotFound
from db.workspace import immediate, now

Verdict = Literal["approved", "excluded", "reopened", "paused", "readmitted"]
GOLD = "failed gold units"


def add(
    db: Database,
    campaign_id: int,
    annotator: str,
    verdict: Verdict,
    *,
    person: str,
    reason: str = "",
    at: str | None = None,
) -> int:
    """Write a decision down and do it. Returns how many slots are free again.

    Raises:
        BadInput: an exclusion without a reason.
        NotFound: nobody of that name came or answered.
    """
    reason = " ".join(reason.split())
    if verdict in ("excluded", "reopened") and not reason:
        raise BadInput("Give a reason; it stays in the log.")
    _known(db, campaign_id, annotator)
    moment, freed = at or now(), 0
    with immediate(db):
        _write(db, campaign_id, annotator, verdict, reason, person, moment)
        if verdict == "reopened":
            freed = participants.set_aside(db, campaign_id, annotator, moment)
        elif verdict in ("excluded", "paused"):
            freed = participants.leave_open(db, campaign_id, annotator, moment)
        log.add(db, person, verdict, f"user:{annotator}", campaign_id=campaign_id, reason=reason)
    return freed


def holds(text: str, words: Sequence[str]) -> bool:
    """Whether a sentence holds one of the words, or a longer one that begins like it.

    >>> holds("two dogs on grass", ("dog",)), holds("hotdog", ("dog",))
    (True, False)
    """
    plain = text.casefold()
    return not words or any(re.search(rf"\b{re.escape(w.casefold())}", plain) for w in words)


def failed_gold(
    db: Database, campaign_id: int, annotator: str, gold: Mapping[int, Sequence[str]]
) -> int:
    """How many units with known words this person answered without any of them."""
    own = annotations.of_campaign(db, campaign_id, annotator=annotator)
    return sum(
        each.purpose == "gold"
        and not each.withdrawn
        and not holds(each.text, gold.get(each.unit_id, ()))
        for each in own
    )


def pause_if_failing(
    db: Database, campaign_id: int, annotator: str, *, limit: int | None, at: str | None = None
) -> bool:
    """Pause who failed `limit` gold units since they were last let in; returns whether it did."""
    if limit is None:
        return False
    failed = failed_gold(db, campaign_id, annotator, campaigns.gold_words(db, campaign_id))
    (before,) = db.conn.execute(
        """
        select count(*) from standings
        where campaign_id = ? and annotator = ? and verdict = 'readmitted'
        """,
        [campaign_id, annotator],
    ).fetchone()
    # Who was let in again may fail as often once more.
    if failed < limit * (before + 1):
        return False
    moment = at or now()
    with immediate(db):
        # Two windows may have sent the same failure.
        barred = db.conn.execute(
            "select 1 from barred where campaign_id = ? and annotator = ?", [campaign_id, annotator]
        ).fetchone()
        if barred is not None:
            return False
        _write(db, campaign_id, annotator, "paused", f"{failed} {GOLD}", "workbench", moment)
        participants.leave_open(db, campaign_id, annotator, moment)
        log.add(db, "workbench", "paused", f"user:{annotator}", failed=failed)
    return True


def newest(db: Database, campaign_id: int) -> dict[str, tuple[Verdict, str]]:
    """The newest decision about everybody, with its reason."""
    rows = db.conn.execute(
        """
        select annotator, verdict, reason from standings s
        where campaign_id = ? and standing_id = (
            select max(standing_id) from standings
            where campaign_id = s.campaign_id and annotator = s.annotator
        )
        """,
        [campaign_id],
    )
    return {name: (verdict, reason) for name, verdict, reason in rows}


def _write(
    db: Database,
    campaign_id: int,
    annotator: str,
    verdict: Verdict,
    reason: str,
    person: str,
    at: str,
) -> None:
    db.execute(
        """
        insert into standings (campaign_id, annotator, verdict, reason, person, created_utc)
        values (?, ?, ?, ?, ?, ?)
        """,
        [campaign_id, annotator, verdict, reason, person, at],
    )


def _known(db: Database, campaign_id: int, annotator: str) -> None:
    row = db.conn.execute(
        """
        select 1 from claims where campaign_id = :campaign and annotator = :name
        union select 1 from participants where campaign_id = :campaign and annotator = :name
        union select 1 from annotations where campaign_id = :campaign and annotator = :name
        """,
        {"campaign": campaign_id, "name": annotator},
    ).fetchone()
    if row is None:
        raise NotFound(f"expected somebody who came to this campaign, got {annotator!r}")
