"""Rating campaigns: several methods' descriptions of a unit, blinded, each marked 1 to 5.

    campaign = ratings.add(db, "four methods", {unit_id: [("MILAN", "dogs"), …]}, person="ada")
    claim = slots.claim(db, campaign.campaign_id, "bo")
    labels = ratings.offered(db, claim)               # shuffled, without their methods
    ratings.submit(db, claim.token, "bo", marks={label_id: 4, …}, best=label_id)

Equal descriptions are one label with several methods. A response is an answer in a slot like any
other, with its marks beside it; one whose best label is not among its highest rated is kept and
marked invalid (Describe-and-Dissect, A.1.6), so that leaving it out is decided when it is analysed.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from db import log
from db.annotate import campaigns, slots
from db.annotate.annotations import Answer
from db.annotate.campaigns import Campaign, Settings
from db.annotate.claims import Claim
from db.annotate.slots import Stored
from db.errors import BadInput, NotAllowed
from db.workspace import immediate, now

LOWEST, HIGHEST = 1, 5
MOST = 12  # descriptions that a page shows one under another and a person can still compare
INCONSISTENT = "the best label is not among the highest rated"


@dataclass(frozen=True)
class Label:
    """A description as a rater sees it."""

    label_id: int
    text: str


@dataclass(frozen=True)
class Rating:
    """One mark of one rater for one method's description of one unit.

    Attributes:
        chosen: whether the rater picked it as best; shared by the methods of an equal label.
        valid: False when the response contradicts itself.
    """

    layer: str
    unit: int
    method: str
    rater: str
    rating: int
    chosen: float
    valid: bool


@dataclass(frozen=True)
class Mark:
    """The mark of one label: which methods gave it, and at which place it was shown, from 1."""

    text: str
    methods: tuple[str, ...]
    rating: int
    shown: int


@dataclass(frozen=True)
class Response:
    """One rater's marks of one unit in the order they were shown, as exports carry them.

    Attributes:
        best: the text of the label picked as best.
        valid: False when the response contradicts itself; `reason` says how.
    """

    best: str
    valid: bool
    reason: str
    marks: tuple[Mark, ...]


def add(
    db: Database,
    name: str,
    descriptions: Mapping[int, Sequence[tuple[str, str]]],
    *,
    settings: Settings,
    person: str,
) -> Campaign:
    """Start a rating campaign; `descriptions` maps each unit to (method, text) pairs.

    Raises:
        BadInput: a unit has fewer than two different descriptions, or more than `MOST`.
    """
    merged: dict[int, dict[str, tuple[str, list[str]]]] = {}
    for unit_id, given in descriptions.items():
        labels: dict[str, tuple[str, list[str]]] = {}
        for method, text in given:
            plain = " ".join(text.split())
            labels.setdefault(plain.casefold(), (plain, []))[1].append(method)
        if len(labels) < 2 or "" in labels:
            raise BadInput(
                f"expected two or more different descriptions of unit {unit_id}, got {len(labels)}"
            )
        if len(labels) > MOST:
            raise BadInput(
                f"expected at most {MOST} different descriptions of a unit, so that a person can "
                f"compare them, got {len(labels)} of unit {unit_id}; rate fewer methods at a time"
            )
        merged[unit_id] = labels
    campaign = campaigns.add(db, name, list(merged), settings=settings, person=person, kind="rate")
    with immediate(db):
        db.conn.executemany(
            """
            insert into rating_labels (campaign_id, unit_id, text, methods_json)
            values (?, ?, ?, ?)
            """,
            [
                (campaign.campaign_id, unit_id, text, json.dumps(methods))
                for unit_id, labels in merged.items()
                for text, methods in labels.values()
            ],
        )
    return campaign


def offered(db: Database, claim: Claim) -> list[Label]:
    """The labels of a claimed unit in an order of this claim's own, the same after a reload."""
    rows = db.conn.execute(
        """
        select label_id, text from rating_labels
        where campaign_id = ? and unit_id = ? order by label_id
        """,
        [claim.campaign_id, claim.unit_id],
    )
    labels = [Label(label_id, text) for label_id, text in rows]
    random.Random(claim.token).shuffle(labels)
    return labels


def submit(
    db: Database,
    token: str,
    annotator: str,
    *,
    marks: Mapping[int, int],
    best: int,
    at: str | None = None,
) -> tuple[Stored, bool]:
    """Store a response. Returns where it went and whether it is consistent.

    Raises:
        BadInput: a label has no mark, a mark is out of range, or none is picked as best.
        NotAllowed: the token is no claim of this person.
    """
    moment = at or now()
    with immediate(db):
        row = db.conn.execute(
            "select campaign_id, unit_id from claims where token = ? and annotator = ?",
            [token, annotator],
        ).fetchone()
        if row is None:
            raise NotAllowed("This picture set was not given to you; reload the page.")
        texts = dict(
            db.conn.execute(
                "select label_id, text from rating_labels where campaign_id = ? and unit_id = ?",
                row,
            ).fetchall()
        )
        if set(marks) != set(texts) or best not in texts:
            raise BadInput("Rate every description from 1 to 5 and pick the best one.")
        if not all(LOWEST <= mark <= HIGHEST for mark in marks.values()):
            raise BadInput(f"expected marks from {LOWEST} to {HIGHEST}, got {dict(marks)}")
        stored = slots.store(db, token, annotator, Answer(texts[best]), at=moment)
        valid = marks[best] == max(marks.values())
        rated = db.conn.execute(
            "select 1 from rating_responses where annotation_id = ?", [stored.annotation_id]
        ).fetchone()
        if stored.new and rated:
            # from a page that was left open: the first response stands, this one is on record
            log.add(
                db,
                annotator,
                "rated again",
                f"annotation:{stored.annotation_id}",
                marks={texts[label_id]: mark for label_id, mark in marks.items()},
                best=texts[best],
            )
        elif stored.new:
            db.execute(
                """
                insert into rating_responses (annotation_id, best_label_id, valid, reason)
                values (?, ?, ?, ?)
                """,
                [stored.annotation_id, best, int(valid), "" if valid else INCONSISTENT],
            )
            db.conn.executemany(
                "insert into ratings (annotation_id, label_id, shown, rating) values (?, ?, ?, ?)",
                [
                    (stored.annotation_id, label_id, place, mark)
                    for place, (label_id, mark) in enumerate(marks.items(), start=1)
                ],
            )
    return stored, valid


def of_campaign(db: Database, campaign_id: int) -> list[Rating]:
    """Every mark, a line for every method of a label; refused and withdrawn responses left out."""
    rows = db.conn.execute(
        """
        select e.layer, u.unit, l.methods_json, a.annotator, r.rating,
            p.best_label_id = l.label_id, p.valid
        from ratings r
        join rating_responses p using (annotation_id)
        join rating_labels l using (label_id)
        join answers a using (annotation_id)
        join units u on u.unit_id = a.unit_id
        join exemplar_sets e using (exemplar_set_id)
        where a.campaign_id = ? and not a.withdrawn and a.status in ('waiting', 'approved')
        order by a.annotation_id, r.shown
        """,
        [campaign_id],
    )
    return [
        Rating(layer, unit, method, rater, rating, bool(best) / len(methods), bool(valid))
        for layer, unit, methods_json, rater, rating, best, valid in rows
        for methods in [json.loads(methods_json)]
        for method in methods
    ]


def responses(db: Database, campaign_id: int) -> dict[int, Response]:
    """Every response by its answer's id, the refused ones too; withdrawn ones are left out."""
    rows = db.conn.execute(
        """
        select a.annotation_id, b.text, p.valid, p.reason, l.text, l.methods_json, r.rating, r.shown
        from rating_responses p
        join answers a using (annotation_id)
        join rating_labels b on b.label_id = p.best_label_id
        join ratings r using (annotation_id)
        join rating_labels l on l.label_id = r.label_id
        where a.campaign_id = ? and not a.withdrawn
        order by a.annotation_id, r.shown
        """,
        [campaign_id],
    )
    found: dict[int, Response] = {}
    for answer, best, valid, reason, text, methods_json, rating, shown in rows:
        mark = Mark(text, tuple(json.loads(methods_json)), rating, shown)
        before = found[answer].marks if answer in found else ()
        found[answer] = Response(best, bool(valid), reason, (*before, mark))
    return found


def enter(
    db: Database, campaign_id: int, unit_id: int, annotation_id: int, response: Response
) -> None:
    """Store a response that comes from another workspace beside its answer.

    Raises:
        BadInput: the best label has no mark, or a mark is out of range.
    """
    texts = [mark.text for mark in response.marks]
    if response.best not in texts or len(set(texts)) < len(texts):
        raise BadInput(f"expected one mark a description, also of {response.best!r}, got {texts}")
    if not all(LOWEST <= mark.rating <= HIGHEST for mark in response.marks):
        raise BadInput(f"expected marks from {LOWEST} to {HIGHEST}, got another for {texts}")
    place = {"campaign": campaign_id, "unit": unit_id}
    db.conn.executemany(
        """
        insert or ignore into rating_labels (campaign_id, unit_id, text, methods_json)
        values (:campaign, :unit, :text, :methods)
        """,
        [
            {**place, "text": mark.text, "methods": json.dumps(mark.methods)}
            for mark in response.marks
        ],
    )
    labels = dict(
        db.conn.execute(
            """
            select text, label_id from rating_labels
            where campaign_id = :campaign and unit_id = :unit
            """,
            place,
        ).fetchall()
    )
    db.execute(
        """
        insert into rating_responses (annotation_id, best_label_id, valid, reason)
        values (?, ?, ?, ?)
        """,
        [annotation_id, labels[response.best], int(response.valid), response.reason],
    )
    db.conn.executemany(
        "insert into ratings (annotation_id, label_id, shown, rating) values (?, ?, ?, ?)",
        [(annotation_id, labels[mark.text], mark.shown, mark.rating) for mark in response.marks],
    )
