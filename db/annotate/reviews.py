"""Review: approve, reject with a reason, requeue, undo; every verdict is added, none is changed.

    reviews.approve(db, annotation_id, person="rae")
    reviews.reject(db, annotation_id, "names the images", person="rae")
    reviews.undo(db, annotation_id, person="rae")
    reviews.requeue_all(db, campaign_id, "bo", "space around …", person="rae")

Rejecting and requeueing free the answer's slot, which the oldest surplus answer of the unit fills,
or else another person. The answer itself stays, with its verdict.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass

from sqlite_utils import Database

from db import log
from db.annotate import annotations, slots
from db.annotate.annotations import Annotation, Status
from db.errors import BadInput, NotFound
from db.workspace import immediate, now

LONGEST_REASON = 1024


@dataclass(frozen=True)
class Waiting:
    """An answer to be looked at, with the kinds of its flags and their details."""

    annotation: Annotation
    flags: tuple[tuple[str, str], ...]


def approve(db: Database, annotation_id: int, *, person: str, at: str | None = None) -> None:
    """Accept an answer. A surplus one takes a free slot if there is one.

    Raises:
        BadInput: it was withdrawn.
    """
    moment = at or now()
    with immediate(db):
        answer = _reviewable(db, annotation_id)
        _add(db, answer, "approved", "", person, moment)
        if answer.slot is None and answer.purpose == "collect":
            slots.place(db, annotation_id, at=moment)


def reject(
    db: Database, annotation_id: int, reason: str, *, person: str, at: str | None = None
) -> None:
    """Refuse an answer and free its slot. The reason is kept and shown to its author.

    Raises:
        BadInput: no reason is given, it is too long, or the answer was withdrawn.
    """
    _set_aside(db, annotation_id, "rejected", _reason(reason), person, at or now())


def requeue(
    db: Database, annotation_id: int, reason: str = "", *, person: str, at: str | None = None
) -> None:
    """Ask somebody else as well, without a judgement: the answer is set aside, its slot free."""
    _set_aside(db, annotation_id, "requeued", reason.strip(), person, at or now())


def undo(db: Database, annotation_id: int, *, person: str, at: str | None = None) -> Status:
    """Take the newest verdict back. Returns what holds now.

    An answer that had lost its slot gets it back if it is still free, and is surplus otherwise.

    Raises:
        BadInput: there is no verdict to take back.
    """
    moment = at or now()
    with immediate(db):
        answer = _reviewable(db, annotation_id)
        row = db.conn.execute(
            """
            select review_id from reviews r
            where annotation_id = ? and verdict <> 'undone'
                and not exists (select 1 from reviews u where u.undoes_id = r.review_id)
            order by review_id desc limit 1
            """,
            [annotation_id],
        ).fetchone()
        if row is None:
            raise BadInput("There is no verdict on this answer to take back.")
        _add(db, answer, "undone", "", person, moment, undoes_id=int(row[0]))
        after = annotations.get(db, annotation_id)
        if after.purpose == "collect" and after.status in ("waiting", "approved"):
            if after.slot is None:
                slots.place(db, annotation_id, at=moment)
        elif after.slot is not None:
            slots.displace(db, annotation_id)
    return after.status


def requeue_all(
    db: Database,
    campaign_id: int,
    annotator: str,
    reason: str,
    *,
    person: str,
    at: str | None = None,
) -> int:
    """Set one person's whole work in a campaign aside and free its slots. Returns how many.

    Raises:
        BadInput: no reason is given.
    """
    why = _reason(reason)
    moment = at or now()
    with immediate(db):
        rows = db.conn.execute(
            """
            select annotation_id from answers
            where campaign_id = ? and annotator = ? and purpose = 'collect' and not withdrawn
                and status in ('waiting', 'approved')
            """,
            [campaign_id, annotator],
        ).fetchall()
        for (annotation_id,) in rows:
            answer = annotations.get(db, annotation_id)
            _add(db, answer, "requeued", why, person, moment)
            free(db, answer.annotation_id, moment)
        log.add(
            db, person, "requeued everything", f"user:{annotator}", answers=len(rows), reason=why
        )
    return len(rows)


def queue(
    db: Database,
    campaign_id: int,
    *,
    annotator: str | None = None,
    flagged_only: bool = False,
    status: Status = "waiting",
    skip: Collection[int] = (),
) -> Waiting | None:
    """The next answer to look at: most flags first, then the oldest; None when all are done.

    Answers that take no slot (known units, hidden repeats) are looked at when they are flagged.
    """
    rows = db.query(
        """
        select a.annotation_id, count(f.kind) as flags
        from answers a left join flags f using (annotation_id)
        where a.campaign_id = :campaign and not a.withdrawn
            and a.status = :status and (:annotator is null or a.annotator = :annotator)
            and a.annotation_id not in (select value from json_each(:skip))
        group by a.annotation_id
        having count(f.kind) > 0 or (:all and a.purpose = 'collect')
        order by flags desc, a.annotation_id limit 1
        """,
        {
            "campaign": campaign_id,
            "annotator": annotator,
            "status": status,
            "all": int(not flagged_only),
            "skip": json.dumps(list(skip)),
        },
    )
    for row in rows:
        return waiting(db, row["annotation_id"])
    return None


def waiting(db: Database, annotation_id: int) -> Waiting:
    """One answer with its flags."""
    flags = db.conn.execute(
        "select kind, detail from flags where annotation_id = ? order by kind", [annotation_id]
    ).fetchall()
    return Waiting(annotations.get(db, annotation_id), tuple(flags))


def counts(db: Database, campaign_id: int) -> dict[str, int]:
    """How many answers have each status, and how many of the waiting ones are flagged; checks
    that are not flagged need no look and are not counted.
    """
    rows = db.conn.execute(
        """
        select status, count(*) from answers
        where campaign_id = ? and not withdrawn
            and (purpose = 'collect' or annotation_id in (select annotation_id from flags))
        group by status
        """,
        [campaign_id],
    )
    found = {"waiting": 0, "approved": 0, "rejected": 0, "requeued": 0, **dict(rows.fetchall())}
    (found["flagged"],) = db.conn.execute(
        """
        select count(distinct annotation_id) from answers join flags using (annotation_id)
        where campaign_id = ? and status = 'waiting' and not withdrawn
        """,
        [campaign_id],
    ).fetchone()
    return found


def history(db: Database, annotation_id: int) -> list[dict[str, object]]:
    """Every verdict on an answer, oldest first: verdict, reason, person, created_utc."""
    rows = db.query(
        """
        select verdict, reason, person, created_utc from reviews
        where annotation_id = ? order by review_id
        """,
        [annotation_id],
    )
    return [dict(row) for row in rows]


def refused(db: Database, campaign_id: int, annotator: str) -> list[tuple[str, str]]:
    """This person's answers that are refused now, newest first, each with the reviewer's reason."""
    rows = db.conn.execute(
        """
        select a.text, v.reason
        from answers a join reviews v using (annotation_id)
        where a.campaign_id = ? and a.annotator = ? and a.status = 'rejected' and not a.withdrawn
            and v.review_id = (
                select max(review_id) from reviews
                where annotation_id = a.annotation_id and verdict = 'rejected'
            )
        order by v.review_id desc
        """,
        [campaign_id, annotator],
    )
    return [(str(text), str(reason)) for text, reason in rows]


def _reviewable(db: Database, annotation_id: int) -> Annotation:
    try:
        answer = annotations.get(db, annotation_id)
    except NotFound as error:
        raise BadInput(f"expected the id of an answer, got {annotation_id}") from error
    if answer.withdrawn:
        raise BadInput("This answer was withdrawn by its author.")
    return answer


def _set_aside(
    db: Database, annotation_id: int, verdict: str, reason: str, person: str, at: str
) -> None:
    with immediate(db):
        answer = _reviewable(db, annotation_id)
        _add(db, answer, verdict, reason, person, at)
        free(db, answer.annotation_id, at)


def free(db: Database, annotation_id: int, at: str) -> None:
    """Empty an answer's slot; the oldest surplus answer that nobody refused fills it.

    Answers of people who returned or were set aside fill none. Inside the caller's transaction.
    """
    answer = annotations.get(db, annotation_id)
    if answer.slot is None:
        return
    slots.displace(db, answer.annotation_id)
    row = db.conn.execute(
        """
        select annotation_id from answers
        where campaign_id = ? and unit_id = ? and purpose = 'collect' and slot is null
            and status in ('waiting', 'approved') and not withdrawn
            and annotator not in (
                select u.annotator from uncounted u where u.campaign_id = answers.campaign_id
            )
        order by status = 'approved' desc, annotation_id limit 1
        """,
        [answer.campaign_id, answer.unit_id],
    ).fetchone()
    if row is not None:
        slots.place(db, int(row[0]), at=at)


def _add(
    db: Database,
    answer: Annotation,
    verdict: str,
    reason: str,
    person: str,
    at: str,
    *,
    undoes_id: int | None = None,
) -> None:
    db.execute(
        """
        insert into reviews (annotation_id, person, verdict, reason, undoes_id, created_utc)
        values (?, ?, ?, ?, ?, ?)
        """,
        [answer.annotation_id, person, verdict, reason, undoes_id, at],
    )
    log.add(db, person, verdict, f"annotation:{answer.annotation_id}", reason=reason)


def _reason(reason: str) -> str:
    clean = " ".join(reason.split())
    if not 1 <= len(clean) <= LONGEST_REASON:
        raise BadInput(
            f"Give a reason of 1 to {LONGEST_REASON} characters; its author can read it."
        )
    return clean
