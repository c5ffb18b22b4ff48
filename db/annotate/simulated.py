"""Sentences of simulated annotators, entered at once as a closed campaign of their own.

    enter(db, "Demo: simulated annotators", sentences, settings=settings, person="local")

People's campaigns keep all their slots, and nobody is asked for more in this one. Each sentence is
an answer like any other, by an account of kind `simulated` that nobody can sign in with.
"""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from db import log
from db.access import users
from db.annotate import campaigns
from db.annotate.campaigns import Campaign, Settings
from db.errors import BadInput
from db.workspace import immediate, now


@dataclass(frozen=True)
class Sentence:
    """One answer. token: names it in every export. exemplar_hash: what it is about."""

    token: str
    unit_id: int
    exemplar_hash: str
    annotator: str
    text: str


def enter(
    db: Database, name: str, sentences: Sequence[Sentence], *, settings: Settings, person: str
) -> Campaign:
    """Make the campaign; every unit has as many slots as the one with most sentences needs.

    Thousands come at once, at the first start: rows are written many at a time.

    Raises:
        BadInput: there are no sentences, the name is taken, or an annotator is a person.
    """
    if not sentences:
        raise BadInput("expected sentences of simulated annotators, got none")
    for annotator in dict.fromkeys(sentence.annotator for sentence in sentences):
        if users.ensure(db, annotator, "annotator", kind="simulated").kind != "simulated":
            raise BadInput(f"expected the name of no person, got {annotator!r}")
    most = max(Counter(sentence.unit_id for sentence in sentences).values())
    campaign = campaigns.add(
        db,
        name,
        [sentence.unit_id for sentence in sentences],
        settings=dataclasses.replace(settings, annotators_per_unit=most),
        person=person,
    )
    with immediate(db):
        db.execute(
            "update campaigns set state = 'closed' where campaign_id = ?", [campaign.campaign_id]
        )
        _write(db, campaign.campaign_id, sentences)
        log.add(db, person, "simulated", f"campaign:{campaign.campaign_id}", answers=len(sentences))
    return campaigns.get(db, campaign.campaign_id)


def _write(db: Database, campaign_id: int, sentences: Sequence[Sentence]) -> None:
    """All rows of the sentences, in a transaction that nobody else writes in."""
    (last,) = db.conn.execute("select coalesce(max(annotation_id), 0) from annotations").fetchone()
    moment = now()
    slots: Counter[int] = Counter()
    rows = []
    for annotation_id, sentence in enumerate(sentences, start=last + 1):
        slots[sentence.unit_id] += 1
        rows.append(
            {
                **vars(sentence),
                "annotation": annotation_id,
                "campaign": campaign_id,
                "slot": slots[sentence.unit_id],
                "now": moment,
            }
        )
    db.conn.executemany(
        """
        insert into annotations (
            annotation_id, token, campaign_id, unit_id, annotator, purpose, exemplar_hash,
            created_utc, origin
        ) values (
            :annotation, :token, :campaign, :unit_id, :annotator, 'collect', :exemplar_hash,
            :now, 'import'
        )
        """,
        rows,
    )
    db.conn.executemany(
        "insert into revisions values (:annotation, 1, 'text', :text, :now, 0)", rows
    )
    db.conn.executemany(
        """
        update slots set annotation_id = :annotation, annotator = :annotator
        where campaign_id = :campaign and unit_id = :unit_id and number = :slot
        """,
        rows,
    )
    # They are nobody: exports may call them by their names.
    db.conn.executemany(
        "insert or ignore into pseudonyms (annotator, pseudonym) values (?, ?)",
        sorted({(sentence.annotator, sentence.annotator) for sentence in sentences}),
    )
