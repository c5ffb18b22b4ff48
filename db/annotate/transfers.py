"""Answers as records that leave a workspace and come into another one.

    for record in transfers.records(db, campaign_id, secret=secret): ...
    transfers.enter(db, "spring", records, person="ada")

A record carries everything that is known of an answer but its author's name: that is a pseudonym,
the same in every export of a workspace and kept on import, so that what was exported, imported and
exported again is equal. Formats are the business of `annotator.exchange.exports` and
`annotator.exchange.imports`.
"""

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import MISSING, astuple, fields, replace
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from db import log
from db.access import users
from db.annotate import campaigns, ratings
from db.annotate.annotations import Revision
from db.annotate.campaigns import Campaign, Settings
from db.annotate.records import Record, Verdict, as_json, from_json
from db.describe import exemplars, subjects
from db.describe.subjects import LayerRow
from db.errors import BadInput, NotFound
from db.workspace import immediate, now, snapshot

__all__ = ["Record", "Verdict", "as_json", "check", "enter", "from_json", "pseudonym", "records"]


def pseudonym(annotator: str, *, secret: bytes) -> str:
    """The name that stands for a person in exports, unless they were imported with one."""
    digest = hmac.new(secret, annotator.encode(), hashlib.sha256).hexdigest()
    return f"p-{digest[:12]}"


def pseudonyms(db: Database, *, secret: bytes) -> Callable[[str], str]:
    """What turns a person's name into the pseudonym that stands in every export."""
    known = dict(db.conn.execute("select annotator, pseudonym from pseudonyms").fetchall())
    return lambda name: known.get(name) or pseudonym(name, secret=secret)


def records(
    db: Database, campaign_id: int, *, secret: bytes, simulated: bool = False
) -> list[Record]:
    """All answers of a campaign at one moment, withdrawn ones without text, in the order they came;
    those of simulated annotators only when asked for.

    Writing goes on meanwhile; an answer that comes in between is in the next export as a whole.
    """
    with snapshot(db):
        hidden = pseudonyms(db, secret=secret)
        wordings = _grouped(
            db,
            """
            select annotation_id, number, kind, text, r.created_utc, withdrawn
            from revisions r join annotations using (annotation_id)
            where campaign_id = ? order by annotation_id, number
            """,
            campaign_id,
        )
        verdicts = _grouped(
            db,
            """
            select annotation_id, review_id, verdict, reason, person, v.created_utc, undoes_id
            from reviews v join annotations using (annotation_id)
            where campaign_id = ? order by review_id
            """,
            campaign_id,
        )
        marks = _grouped(
            db,
            """
            select annotation_id, f.kind, detail from flags f join annotations using (annotation_id)
            where campaign_id = ? order by annotation_id, f.kind
            """,
            campaign_id,
        )
        rows = list(
            db.query(
                """
                select a.*, s.name as subject, e.layer, u.unit, p.kind as annotator_kind
                from answers a
                join units u using (unit_id)
                join exemplar_sets e using (exemplar_set_id)
                join subjects s using (subject_id)
                join users p on p.name = a.annotator
                where a.campaign_id = ? and (? or p.kind = 'human') order by a.annotation_id
            """,
                [campaign_id, simulated],
            )
        )
        responses = ratings.responses(db, campaign_id)

    return [
        Record(
            id=row["token"],
            annotator=hidden(row["annotator"]),
            withdrawn=bool(row["withdrawn"]),
            flags=dict(marks.get(row["annotation_id"], ())),
            revisions=tuple(
                Revision(number, kind, text, created, bool(withdrawn))
                for number, kind, text, created, withdrawn in wordings[row["annotation_id"]]
            ),
            reviews=_verdicts(verdicts.get(row["annotation_id"], []), hidden),
            rating=responses.get(row["annotation_id"]),
            **{name: row[name] for name in _PLAIN},
        )
        for row in rows
    ]


# Fields that are columns of the query; those with a default come from elsewhere.
_MADE = {"id", "annotator", "withdrawn", "flags", "revisions", "reviews"}
_PLAIN = tuple(
    field.name for field in fields(Record) if field.default is MISSING and field.name not in _MADE
)


def enter(
    db: Database,
    name: str,
    incoming: Sequence[Record],
    *,
    person: str,
    settings: Settings | None = None,
) -> Campaign:
    """Make a closed campaign of that name out of records; all of them or none.

    Units that the workspace does not know are entered without pictures, under the exemplar hash
    that the records name: sentences never attach to other exemplars than those they are about.

    Raises:
        BadInput: the name is taken, there are no records, two of them exclude each other, or some
            are in this workspace already.
    """
    check(db, incoming)
    incoming = [_known_people(db, record) for record in incoming]
    units = _units(db, incoming)
    ordered = list(dict.fromkeys(units[_where(record)] for record in incoming))
    most = max((record.slot or 0 for record in incoming), default=0)
    rules = settings or Settings("Imported.", annotators_per_unit=max(most, 1))
    kind: campaigns.Kind = "rate" if any(record.rating for record in incoming) else "describe"
    campaign = campaigns.add(db, name, ordered, settings=rules, person=person, kind=kind)
    with immediate(db):
        db.execute(
            "update campaigns set state = 'closed' where campaign_id = ?", [campaign.campaign_id]
        )
        for record in incoming:
            try:
                _enter(db, campaign.campaign_id, units[_where(record)], record)
            # The tables hold what must be true of an answer, whoever wrote the file.
            except (sqlite3.IntegrityError, KeyError) as error:
                raise BadInput(
                    f"expected answers that fit together, got {record.id!r} with {error}"
                ) from error
        log.add(db, person, "imported", f"campaign:{campaign.campaign_id}", answers=len(incoming))
    return campaigns.get(db, campaign.campaign_id)


def check(db: Database, incoming: Sequence[Record]) -> None:
    """Refuse what the schema would refuse, with a sentence and before anything is written.

    Raises:
        BadInput: as `enter`.
    """
    if not incoming:
        raise BadInput("expected answers to import, got none")
    ids = [record.id for record in incoming]
    (known,) = db.conn.execute(
        "select count(*) from annotations where token in (select value from json_each(?))",
        [json.dumps(ids)],
    ).fetchone()
    if known:
        raise BadInput(f"expected new answers, got {known} that this workspace holds already")
    for what, keys in (
        ("the same id", ids),
        (
            "one person twice on a unit",
            [(*_where(record), record.annotator, record.purpose) for record in incoming],
        ),
        (
            "two answers in one slot",
            [(*_where(record), record.slot) for record in incoming if record.slot is not None],
        ),
    ):
        if len(set(keys)) < len(keys):
            raise BadInput(f"expected answers that fit together, got {what}")
    if len({record.rating is None for record in incoming if not record.withdrawn}) > 1:
        raise BadInput("expected either sentences or ratings in one import, got both")
    for record in incoming:
        if not record.revisions or record.unit < 0 or not 1 <= (record.slot or 1) <= 50:
            raise BadInput(
                f"expected a unit, a slot of 1 to 50 and a wording, got another in {record.id!r}"
            )


def _known_people(db: Database, record: Record) -> Record:
    """The record with names as accounts spell them; missing accounts are made."""
    author = users.ensure(db, record.annotator, "annotator", kind=record.annotator_kind).name
    reviews = tuple(
        replace(verdict, reviewer=users.ensure(db, verdict.reviewer, "reviewer").name)
        for verdict in record.reviews
    )
    return replace(record, annotator=author, reviews=reviews)


def _grouped(db: Database, query: str, campaign_id: int) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = {}
    for answer, *rest in db.conn.execute(query, [campaign_id]):
        found.setdefault(answer, []).append(tuple(rest))
    return found


def _verdicts(rows: list[tuple[Any, ...]], hidden: Callable[[str], str]) -> tuple[Verdict, ...]:
    position = {review_id: index for index, (review_id, *_) in enumerate(rows)}
    return tuple(
        Verdict(verdict, reason, hidden(reviewer), created, position.get(undoes))
        for _, verdict, reason, reviewer, created, undoes in rows
    )


def _where(record: Record) -> tuple[str, str, str, int]:
    return record.subject, record.layer, record.exemplar_hash, record.unit


def _units(db: Database, incoming: Iterable[Record]) -> dict[tuple[str, str, str, int], int]:
    """The unit of every record, made without pictures where it is missing."""
    highest: dict[tuple[str, str, str], int] = {}
    for record in incoming:
        key = record.subject, record.layer, record.exemplar_hash
        highest[key] = max(highest.get(key, 0), record.unit)
    found = {}
    for (subject, layer, hash_), last in highest.items():
        known = [found for found in exemplars.sets(db) if found.hash == hash_]
        if known and known[0].folder and last >= known[0].units:
            raise BadInput(
                f"expected units 0 to {known[0].units - 1} of {subject}/{layer}, got {last}"
            )
        if not known or last >= known[0].units:
            known = [_placeholder(db, subject, layer, hash_, last + 1)]
        for unit in exemplars.units_of(db, known[0].exemplar_set_id):
            found[subject, layer, hash_, unit.unit] = unit.unit_id
    return found


def _placeholder(
    db: Database, subject: str, layer: str, hash_: str, units: int
) -> exemplars.ExemplarSet:
    """Units that are known by name and hash only; their exemplars are elsewhere."""
    try:
        network = subjects.get(db, subject)
    except NotFound:
        network = subjects.add(
            db,
            subject,
            source=Path("imported"),
            weights_hash=subjects.unknown_weights(subject),
            layers=[LayerRow(layer, "map", units)],
        )
    return exemplars.add(
        db,
        hash=hash_,
        subject_id=network.subject_id,
        probing_set_id=None,
        layer=layer,
        units=units,
        k=0,
        folder="",
        provenance={"imported": True},
    )


def _enter(db: Database, campaign_id: int, unit_id: int, record: Record) -> None:
    cursor = db.conn.execute(
        """
        insert into annotations (
            token, campaign_id, unit_id, annotator, purpose, exemplar_hash, claimed_utc,
            created_utc, seconds, pasted_characters, unmasked_looks, origin
        ) values (
            :token, :campaign, :unit, :annotator, :purpose, :hash, :claimed, :created, :seconds,
            :pasted, :looks, 'import'
        )
        """,
        {
            "token": record.id,
            "campaign": campaign_id,
            "unit": unit_id,
            "annotator": record.annotator,
            "purpose": record.purpose,
            "hash": record.exemplar_hash,
            "claimed": record.claimed_utc,
            "created": record.created_utc,
            "seconds": record.seconds,
            "pasted": record.pasted_characters,
            "looks": record.unmasked_looks,
        },
    )
    annotation_id = int(cursor.lastrowid or 0)
    db.execute(
        "insert or ignore into pseudonyms (annotator, pseudonym) values (?, ?)",
        [record.annotator, record.annotator],
    )
    db.conn.executemany(
        "insert into revisions values (?, ?, ?, ?, ?, ?)",
        # the fields of a wording stand in the order of the table's columns
        [(annotation_id, *astuple(wording)) for wording in record.revisions],
    )
    review_ids: list[int] = []
    for verdict in record.reviews:
        db.execute(
            "insert or ignore into pseudonyms (annotator, pseudonym) values (?, ?)",
            [verdict.reviewer, verdict.reviewer],
        )
        added = db.conn.execute(
            """
            insert into reviews (annotation_id, person, verdict, reason, undoes_id, created_utc)
            values (?, ?, ?, ?, ?, ?)
            """,
            [
                annotation_id,
                verdict.reviewer,
                verdict.verdict,
                verdict.reason,
                None if verdict.undoes is None else review_ids[verdict.undoes],
                verdict.created_utc,
            ],
        )
        review_ids.append(int(added.lastrowid or 0))
    db.conn.executemany(
        "insert into flags (annotation_id, kind, detail, created_utc) values (?, ?, ?, ?)",
        [(annotation_id, kind, detail, now()) for kind, detail in record.flags.items()],
    )
    if record.rating is not None:
        ratings.enter(db, campaign_id, unit_id, annotation_id, record.rating)
    if record.slot is not None:
        db.execute(
            """
            update slots set annotation_id = ?, annotator = ?
            where campaign_id = ? and unit_id = ? and number = ?
            """,
            [annotation_id, record.annotator, campaign_id, unit_id, record.slot],
        )
