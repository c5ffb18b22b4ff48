"""Qualification tests and consent: what a person must have before the first unit.

    test = qualifications.add(db, "describe", questions, pass_mark=2, person="ada")
    sitting = qualifications.start(db, test.qualification_id, "bo")     # shuffled, without the key
    result = qualifications.grade(db, sitting.attempt_id, "bo", chosen=[0, 2])

Before grading the right answers go to nobody but the admin who makes the test (`questions`). A
test is never edited: changing it makes a new version, which has its own attempts.
"""

import datetime
import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from db import log
from db.annotate.campaigns import Campaign
from db.errors import BadInput, NotAllowed, NotFound
from db.workspace import format_time, immediate, now

# How many descriptions there are to choose from.
OPTIONS = (2, 6)


@dataclass(frozen=True)
class Question:
    """One unit and the descriptions to choose from; `answer` is the index of the best one."""

    unit_id: int
    options: tuple[str, ...]
    answer: int
    reason: str = ""


@dataclass(frozen=True)
class Qualification:
    """One version of a test."""

    qualification_id: int
    name: str
    version: int
    pass_mark: int
    max_attempts: int
    cooling_minutes: float
    questions: int


@dataclass(frozen=True)
class Asked:
    """A question as the person sees it."""

    unit_id: int
    options: tuple[str, ...]


@dataclass(frozen=True)
class Sitting:
    """A started attempt."""

    attempt_id: int
    questions: tuple[Asked, ...]


@dataclass(frozen=True)
class Result:
    """A graded attempt.

    Attributes:
        reasons: for each wrong answer its question's number (from 1) and the reason; only shown
            once no attempt is left or the test is passed, so that it cannot be used to guess.
    """

    passed: bool
    correct: int
    questions: int
    attempts_left: int
    retry_utc: str | None
    reasons: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Standing:
    """Where a person stands with a test."""

    passed: bool
    attempts_left: int
    retry_utc: str | None


def add(
    db: Database,
    name: str,
    questions: Sequence[Question],
    *,
    person: str,
    pass_mark: int | None = None,
    max_attempts: int = 3,
    cooling_minutes: float = 10.0,
) -> Qualification:
    """Store a test, as the next version when the name exists. All must be right by default.

    Raises:
        BadInput: fewer than two questions, options that are equal or not 2 to 6, an answer that is
            not among them, or a pass mark, attempts or minutes out of range.
    """
    name = " ".join(name.split())
    if not name:
        raise BadInput("expected a name for the test, got an empty one")
    if len(questions) < 2:
        raise BadInput(f"expected at least two questions, got {len(questions)}")
    for number, question in enumerate(questions, start=1):
        check(question, number)
    mark = len(questions) if pass_mark is None else pass_mark
    if not 1 <= mark <= len(questions):
        raise BadInput(f"expected a pass mark of 1 to {len(questions)}, got {mark}")
    if max_attempts < 1:
        raise BadInput(f"expected at least 1 attempt, got {max_attempts}")
    if cooling_minutes < 0:
        raise BadInput(f"expected 0 or more minutes between attempts, got {cooling_minutes:g}")
    with immediate(db):
        cursor = db.conn.execute(
            """
            insert into qualifications (
                name, version, pass_mark, max_attempts, cooling_minutes, person, created_utc
            )
            select :name, coalesce(max(version), 0) + 1, :mark, :attempts, :cooling, :person, :now
            from qualifications where name = :name
            """,
            {
                "name": name,
                "mark": mark,
                "attempts": max_attempts,
                "cooling": cooling_minutes,
                "person": person,
                "now": now(),
            },
        )
        qualification_id = int(cursor.lastrowid or 0)
        db.conn.executemany(
            """
            insert into questions (
                qualification_id, position, unit_id, options_json, answer, reason
            ) values (?, ?, ?, ?, ?, ?)
            """,
            [
                (qualification_id, position, q.unit_id, json.dumps(q.options), q.answer, q.reason)
                for position, q in enumerate(questions)
            ],
        )
        log.add(db, person, "test made", f"qualification:{qualification_id}")
    return get(db, qualification_id)


def check(question: Question, number: int) -> None:
    """Refuse a question that cannot be graded; `number` says which one it is in the message.

    Raises:
        BadInput: not 2 to 6 different options, or an answer that is not among them.
    """
    options = [" ".join(option.split()).casefold() for option in question.options]
    least, most = OPTIONS
    if not least <= len(options) <= most or len(set(options)) < len(options) or not all(options):
        raise BadInput(f"expected {least} to {most} different options in question {number}")
    if not 0 <= question.answer < len(options):
        raise BadInput(f"expected the number of an option in question {number}")


def get(db: Database, qualification_id: int) -> Qualification:
    """One version of a test.

    Raises:
        NotFound: there is none of that id.
    """
    for test in every(db):
        if test.qualification_id == qualification_id:
            return test
    raise NotFound(f"expected the id of a qualification test, got {qualification_id}")


def every(db: Database) -> list[Qualification]:
    """All versions of all tests, newest first."""
    rows = db.query(
        """
        select qualification_id, name, version, pass_mark, max_attempts, cooling_minutes,
            (select count(*) from questions q where q.qualification_id = t.qualification_id)
            as questions
        from qualifications t order by qualification_id desc
        """
    )
    return [Qualification(**row) for row in rows]


def standing(
    db: Database, qualification_id: int, annotator: str, *, at: str | None = None
) -> Standing:
    """Whether a person passed, how many attempts are left, and when the next may start."""
    test = get(db, qualification_id)
    passed, ended, last = db.conn.execute(
        """
        select coalesce(max(passed), 0), count(ended_utc), max(ended_utc) from attempts
        where qualification_id = ? and annotator = ?
        """,
        [qualification_id, annotator],
    ).fetchone()
    retry = None
    if last is not None and not passed:
        cooling = datetime.timedelta(minutes=test.cooling_minutes)
        moment = format_time(datetime.datetime.fromisoformat(last) + cooling)
        retry = moment if moment > (at or now()) else None
    return Standing(bool(passed), max(test.max_attempts - ended, 0), retry)


def start(db: Database, qualification_id: int, annotator: str, *, at: str | None = None) -> Sitting:
    """Start an attempt, or go on with the one that was not handed in: same questions and order.

    Raises:
        NotAllowed: passed already, no attempt is left, or it is too early.
    """
    moment = at or now()
    with immediate(db):
        where = standing(db, qualification_id, annotator, at=moment)
        if where.passed:
            raise NotAllowed("You passed this test already.")
        if not where.attempts_left:
            raise NotAllowed("No attempt is left for this test. Thank you for trying.")
        if where.retry_utc:
            raise NotAllowed(f"The next attempt can start at {where.retry_utc[11:16]} UTC.")
        rows = questions(db, qualification_id)
        found = db.conn.execute(
            """
            select attempt_id, orders_json from attempts
            where qualification_id = ? and annotator = ? and ended_utc is null
            """,
            [qualification_id, annotator],
        ).fetchone()
        if found is None:
            shuffle = random.SystemRandom()
            orders = [
                shuffle.sample(range(len(question.options)), len(question.options))
                for question in rows
            ]
            cursor = db.conn.execute(
                """
                insert into attempts (qualification_id, annotator, orders_json, started_utc)
                values (?, ?, ?, ?)
                """,
                [qualification_id, annotator, json.dumps(orders), moment],
            )
            attempt_id = int(cursor.lastrowid or 0)
        else:
            attempt_id, orders = int(found[0]), json.loads(found[1])
    asked = tuple(
        Asked(question.unit_id, tuple(question.options[index] for index in order))
        for question, order in zip(rows, orders, strict=True)
    )
    return Sitting(attempt_id, asked)


def grade(
    db: Database, attempt_id: int, annotator: str, *, chosen: Sequence[int], at: str | None = None
) -> Result:
    """Grade an attempt; `chosen` are indices into the options as they were shown.

    Raises:
        NotAllowed: it is not this person's attempt, or was handed in already.
        BadInput: not every question was answered.
    """
    moment = at or now()
    with immediate(db):
        row = db.conn.execute(
            """
            select qualification_id, orders_json from attempts
            where attempt_id = ? and annotator = ? and ended_utc is null
            """,
            [attempt_id, annotator],
        ).fetchone()
        if row is None:
            raise NotAllowed("This test was handed in already, or is not yours.")
        qualification_id, orders = int(row[0]), json.loads(row[1])
        asked = questions(db, qualification_id)
        if len(chosen) != len(asked) or not all(
            0 <= index < len(order) for index, order in zip(chosen, orders, strict=False)
        ):
            raise BadInput(f"Choose one description for each of the {len(asked)} picture sets.")
        right = [
            order[index] == question.answer
            for index, order, question in zip(chosen, orders, asked, strict=True)
        ]
        test = get(db, qualification_id)
        passed = sum(right) >= test.pass_mark
        db.execute(
            """
            update attempts set answers_json = :answers, correct = :correct, passed = :passed,
                ended_utc = :at
            where attempt_id = :id
            """,
            {
                "answers": json.dumps(list(chosen)),
                "correct": sum(right),
                "passed": int(passed),
                "at": moment,
                "id": attempt_id,
            },
        )
        after = standing(db, qualification_id, annotator, at=moment)
    final = passed or not after.attempts_left
    reasons = tuple(
        (number, question.reason)
        for number, (fine, question) in enumerate(zip(right, asked, strict=True), start=1)
        if final and not fine and question.reason
    )
    return Result(passed, sum(right), len(asked), after.attempts_left, after.retry_utc, reasons)


def consent(db: Database, campaign: Campaign, annotator: str) -> None:
    """Write down that the person agreed to the campaign's consent text as it stands now.

    Where the text is empty it says that the guidelines were read.
    """
    with immediate(db):
        db.execute(
            """
            insert or ignore into consents (campaign_id, annotator, text_hash, created_utc)
            values (?, ?, ?, ?)
            """,
            [campaign.campaign_id, annotator, _hash(campaign.settings.consent), now()],
        )


def consented(db: Database, campaign: Campaign, annotator: str) -> bool:
    """Whether the person agreed to the present text, or none is asked for."""
    return not campaign.settings.consent.strip() or welcomed(db, campaign, annotator)


def welcomed(db: Database, campaign: Campaign, annotator: str) -> bool:
    """Whether the person has left the welcome page, with its guidelines and the present text.

    Unlike `consented` this asks for the page even where no consent text stands on it.
    """
    row = db.conn.execute(
        "select 1 from consents where campaign_id = ? and annotator = ? and text_hash = ?",
        [campaign.campaign_id, annotator, _hash(campaign.settings.consent)],
    ).fetchone()
    return row is not None


def require(db: Database, campaign: Campaign, annotator: str) -> None:
    """Let only those pass who agreed and are qualified; called inside every claim.

    Raises:
        NotAllowed: consent or a passed test is missing, the person was set aside, or came by a link
            for another campaign.
    """
    require_own(db, campaign.campaign_id, annotator)
    if barred(db, campaign.campaign_id, annotator):
        raise NotAllowed("You cannot go on in this campaign.")
    if not consented(db, campaign, annotator):
        raise NotAllowed("Read and accept the consent text first.")
    qualification_id = campaign.settings.qualification_id
    if qualification_id is None:
        return
    row = db.conn.execute(
        """
        select 1 from attempts
        where qualification_id = ? and annotator = ? and passed = 1 limit 1
        """,
        [qualification_id, annotator],
    ).fetchone()
    if row is None:
        raise NotAllowed("Pass the qualification test first.")


def require_own(db: Database, campaign_id: int, annotator: str) -> None:
    """Let who came by a link do that link's campaign alone.

    Raises:
        NotAllowed: it is another one.
    """
    row = db.conn.execute(
        "select campaign_id from participants where annotator = ?", [annotator]
    ).fetchone()
    if row is not None and row[0] != campaign_id:
        raise NotAllowed("This account was made for another campaign.")


def barred(db: Database, campaign_id: int, annotator: str) -> str:
    """Why a person may not go on: `paused`, `excluded`, `reopened` (and set aside), or ""."""
    row = db.conn.execute(
        "select verdict from barred where campaign_id = ? and annotator = ?",
        [campaign_id, annotator],
    ).fetchone()
    return "" if row is None else str(row[0])


def counted(db: Database, campaign_id: int, annotator: str) -> bool:
    """Whether answers of this person may take slots: they neither returned nor were set aside."""
    row = db.conn.execute(
        "select 1 from uncounted where campaign_id = ? and annotator = ?", [campaign_id, annotator]
    ).fetchone()
    return row is None


def questions(db: Database, qualification_id: int) -> list[Question]:
    """The questions of a test with its key, in order: for grading, and for the admin alone."""
    rows = db.conn.execute(
        """
        select unit_id, options_json, answer, reason from questions
        where qualification_id = ? order by position
        """,
        [qualification_id],
    )
    return [
        Question(unit_id, tuple(json.loads(options)), answer, reason)
        for unit_id, options, answer, reason in rows
    ]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
