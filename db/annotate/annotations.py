"""What people wrote: answers, their revisions, and the views of them that pages need.

    annotations.revise(db, annotation_id, "ada", Answer("striped fur"))
    annotations.of_unit(db, campaign_id, unit_id)
    annotations.own(db, campaign_id, "ada", limit=10)

An answer is stored by `db.annotate.slots.submit`. It is never changed: another wording is another
revision, and the newest one counts. Withdrawal empties texts and is the only thing that touches a
row.
"""

from dataclasses import dataclass
from typing import Any, Literal

from sqlite_utils import Database

from db import log
from db.errors import BadInput, NotAllowed, NotFound
from db.workspace import immediate, now

Kind = Literal["text", "no_pattern"]
Status = Literal["waiting", "approved", "rejected", "requeued"]
LONGEST = 500


@dataclass(frozen=True)
class Answer:
    """What a person submits.

    Attributes:
        text: one sentence; empty for `no_pattern`.
        pasted_characters: length of what was pasted into the box; never the content.
        unmasked_looks: how often the whole pictures were looked at.
        pasted_after_ms: milliseconds from the picture's appearance to the first paste, if any.
    """

    text: str
    kind: Kind = "text"
    pasted_characters: int = 0
    unmasked_looks: int = 0
    pasted_after_ms: int | None = None


class Empty(BadInput):
    """A sentence without a letter."""


class TooLong(BadInput):
    """A sentence longer than LONGEST; `got` is how long it is."""

    def __init__(self, got: int) -> None:
        super().__init__(f"Write one sentence of at most {LONGEST} characters; this one has {got}.")
        self.got = got


@dataclass(frozen=True)
class Said:
    """A sentence that counts, and whether a simulated annotator made it."""

    text: str
    simulated: bool

    @property
    def marked(self) -> str:
        """The sentence, with what it is behind it where no person wrote it."""
        return f"{self.text} (simulated)" if self.simulated else self.text


@dataclass(frozen=True)
class Annotation:
    """One answer with its newest revision, the slot it counts in, and its review.

    Attributes:
        slot: number of its slot; None: surplus, set aside, or a quality check.
        seconds: working time from first sight to submission; None for imports.
        pasted_after_ms: see `Answer`; None also for imports.
    """

    annotation_id: int
    token: str
    campaign_id: int
    unit_id: int
    annotator: str
    purpose: Literal["collect", "gold", "repeat"]
    exemplar_hash: str
    claimed_utc: str | None
    created_utc: str
    seconds: float | None
    pasted_characters: int
    unmasked_looks: int
    origin: Literal["app", "import"]
    revision: int
    kind: Kind
    text: str
    withdrawn: bool
    revised_utc: str
    slot: int | None
    status: Status
    pasted_after_ms: int | None = None


@dataclass(frozen=True)
class Revision:
    """One wording."""

    number: int
    kind: Kind
    text: str
    created_utc: str
    withdrawn: bool


def clean_text(answer: Answer) -> str:
    """The text as it is stored: one line, without control characters, otherwise as typed.

    Raises:
        BadInput: it is empty (unless there is no pattern) or longer than 500 characters.
    """
    if answer.kind == "no_pattern":
        return ""
    one_line = " ".join(answer.text.split())
    text = "".join(letter for letter in one_line if letter.isprintable())
    if not any(letter.isalnum() for letter in text):
        raise Empty(
            "Write what the highlighted regions have in common, or press “No common pattern”."
        )
    if len(text) > LONGEST:
        raise TooLong(len(text))
    return text


def get(db: Database, annotation_id: int) -> Annotation:
    """One answer.

    Raises:
        NotFound: there is none of that id.
    """
    for row in db.query("select * from answers where annotation_id = ?", [annotation_id]):
        return _annotation(row)
    raise NotFound(f"expected the id of an answer, got {annotation_id}")


def of_campaign(
    db: Database, campaign_id: int, *, annotator: str | None = None
) -> list[Annotation]:
    """All answers of a campaign, or one person's; in the order they came."""
    rows = db.query(
        """
        select * from answers
        where campaign_id = :campaign and (:annotator is null or annotator = :annotator)
        order by annotation_id
        """,
        {"campaign": campaign_id, "annotator": annotator},
    )
    return [_annotation(row) for row in rows]


def people(db: Database, campaign_id: int) -> list[str]:
    """Everybody who answered in a campaign."""
    rows = db.conn.execute(
        "select distinct annotator from annotations where campaign_id = ? order by annotator",
        [campaign_id],
    )
    return [name for (name,) in rows]


def of_unit(db: Database, campaign_id: int, unit_id: int) -> list[Annotation]:
    """All answers about a unit, in the order they came."""
    rows = db.query(
        "select * from answers where campaign_id = ? and unit_id = ? order by annotation_id",
        [campaign_id, unit_id],
    )
    return [_annotation(row) for row in rows]


def accepted(db: Database, unit_id: int) -> list[Said]:
    """The sentences about a unit that count, over all describing campaigns, by slot."""
    rows = db.conn.execute(
        """
        select a.text, u.kind = 'simulated'
        from answers a join campaigns c using (campaign_id) join users u on u.name = a.annotator
        where a.unit_id = ? and a.slot is not null and c.kind = 'describe' and a.kind = 'text'
            and not a.withdrawn
        order by a.campaign_id, a.slot
        """,
        [unit_id],
    )
    return [Said(text, bool(simulated)) for text, simulated in rows]


def own(db: Database, campaign_id: int, annotator: str, *, limit: int = 10) -> list[Annotation]:
    """A person's newest answers, newest first; quality checks look like any other."""
    rows = db.query(
        """
        select * from answers where campaign_id = ? and annotator = ? and not withdrawn
        order by annotation_id desc limit ?
        """,
        [campaign_id, annotator, limit],
    )
    return [_annotation(row) for row in rows]


def revisions(db: Database, annotation_id: int) -> list[Revision]:
    """All wordings of an answer, oldest first."""
    rows = db.query(
        """
        select number, kind, text, created_utc, withdrawn from revisions
        where annotation_id = ? order by number
        """,
        [annotation_id],
    )
    return [Revision(**{**row, "withdrawn": bool(row["withdrawn"])}) for row in rows]


def revise(
    db: Database, annotation_id: int, annotator: str, answer: Answer, *, at: str | None = None
) -> int:
    """Add another wording of one's own answer. Returns its number.

    Raises:
        NotAllowed: it is not this person's, was reviewed already, or the campaign is closed.
        BadInput: the text cannot be used.
    """
    text = clean_text(answer)
    with immediate(db):
        row = db.conn.execute(
            """
            select a.annotator, a.status, c.state
            from answers a join campaigns c using (campaign_id) where annotation_id = ?
            """,
            [annotation_id],
        ).fetchone()
        if row is None or row[0] != annotator:
            raise NotAllowed("Only your own answers can be changed.")
        if row[1] != "waiting" or row[2] == "closed":
            raise NotAllowed("This answer was reviewed or its campaign closed; it stays as it is.")
        cursor = db.conn.execute(
            """
            insert into revisions (annotation_id, number, kind, text, created_utc)
            select :id, max(number) + 1, :kind, :text, :at
            from revisions where annotation_id = :id returning number
            """,
            {"id": annotation_id, "kind": answer.kind, "text": text, "at": at or now()},
        )
        return int(cursor.fetchone()[0])


def withdraw(db: Database, annotator: str, *, person: str) -> int:
    """Remove everything one annotator wrote, in every campaign; the rows stay, without text.

    Their slots are free again, so that others fill them. Returns the number of answers emptied.
    """
    with immediate(db):
        (count,) = db.conn.execute(
            "select count(*) from answers where annotator = ? and not withdrawn", [annotator]
        ).fetchone()
        parameters = [annotator]
        db.execute(
            """
            update revisions set text = '', withdrawn = 1
            where annotation_id in (select annotation_id from annotations where annotator = ?)
            """,
            parameters,
        )
        db.execute(
            """
            update slots set annotation_id = null, annotator = null, claim_id = null,
                expires_utc = null
            where annotator = ?
            """,
            parameters,
        )
        db.execute(
            """
            delete from drafts where claim_id in (select claim_id from claims where annotator = ?)
            """,
            parameters,
        )
        db.execute(
            """
            delete from flags
            where annotation_id in (select annotation_id from annotations where annotator = ?)
            """,
            parameters,
        )
        db.execute(
            """
            update claims set outcome = 'expired', ended_utc = claimed_utc
            where annotator = ? and outcome is null
            """,
            parameters,
        )
        log.add(db, person, "withdrawal", f"user:{annotator}", answers=count)
    return int(count)


def _annotation(row: dict[str, Any]) -> Annotation:
    return Annotation(**{**row, "withdrawn": bool(row["withdrawn"])})


@dataclass(frozen=True)
class Quote:
    """A place that repeats a sentence somebody may want removed; `where` says in plain words."""

    where: str
    text: str


def quoted(db: Database, annotator: str) -> list[Quote]:
    """Reasons of reviewers and lines of the log that hold a wording of this person's answers.

    Both are append-only by the schema, so withdrawal leaves them; to be looked for before it,
    because afterwards the wordings are gone. Wordings of fewer than three words are not looked for
    except in reasons about the person's own answers: they would be found everywhere.
    """
    rows = db.conn.execute(
        """
        with wordings as (
            select distinct r.annotation_id, r.text
            from revisions r join annotations a using (annotation_id)
            where a.annotator = :annotator and not r.withdrawn and length(trim(r.text)) > 2
        ), longer as (
            select distinct text from wordings where trim(text) like '% % %'
        )
        select 'review ' || v.review_id || ' by ' || v.person, v.reason from reviews v
        where exists (select 1 from longer where instr(lower(v.reason), lower(text)))
            or exists (
                select 1 from wordings w where w.annotation_id = v.annotation_id
                    and instr(lower(v.reason), lower(w.text))
            )
        union all
        select 'log line ' || event_id || ' by ' || person, detail_json from log
        where exists (select 1 from longer where instr(lower(detail_json), lower(text)))
        """,
        {"annotator": annotator},
    )
    return [Quote(where, text) for where, text in rows]


def sentences(db: Database) -> list[str]:
    """Every text about any unit that counts, once, by alphabet; those of machines are left out."""
    rows = db.execute(
        """
        select distinct a.text
        from answers a join campaigns c using (campaign_id) join users u on u.name = a.annotator
        where a.slot is not null and c.kind = 'describe' and a.kind = 'text' and not a.withdrawn
            and u.kind <> 'simulated'
        order by a.text
        """
    )
    return [str(text) for (text,) in rows]
