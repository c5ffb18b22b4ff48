"""The trusted sentence of every unit, or why it has none; and what is known of a unit by itself.

    trusted.add(db, [NewTrusted(unit_id, description_id, …)])
    trusted.of_units(db, [unit_id])[unit_id].text
    trusted.add_figures(db, [Figures(unit_id, …)])

A unit has one of each: measuring it again, with further methods or another judge, takes its place.
Wherever a method can be named, `descriptions.TRUSTED` stands for these sentences.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from db.workspace import now


@dataclass(frozen=True)
class NewTrusted:
    """What one may say of a unit.

    Attributes:
        description_id: of the sentence; None where there is none.
        candidate_id: of the sentence that the first half of the images chose; None where no method
            has one that the judge knows.
        judge, rule: who says where sentences hold, and when that is enough.
        images: which ones the unit was judged on.
        measure, seed: what chose, and the seed of halves and ties.
        first: the candidate's score on the half that chose it.
        value, low, high: its score on the other half, with its interval over images.
        constant, others: what a constant sentence, and other units' sentences, score there.
        reason: why there is none; "" where there is one.
    """

    unit_id: int
    description_id: int | None
    candidate_id: int | None
    judge: str
    rule: str
    images: str
    measure: str
    seed: int
    first: float | None
    value: float | None
    low: float | None
    high: float | None
    constant: float | None
    others: float | None
    reason: str


@dataclass(frozen=True)
class Trusted(NewTrusted):
    """A row, with the method and words of the sentence, "" where there is none."""

    method: str
    text: str
    candidate: str
    candidate_text: str


@dataclass(frozen=True)
class Figures:
    """A unit by itself.

    Attributes:
        images: which ones its activations are of.
        vectors: what the image vectors are of; "" where there are none, and no figures by them.
        low, high, counts: a histogram of its activations in bins of equal width.
    """

    unit_id: int
    images: str
    vectors: str
    clarity: float | None
    polysemanticity: float | None
    redundancy: float | None
    low: float
    high: float
    counts: tuple[int, ...]


def add(db: Database, new: Sequence[NewTrusted]) -> None:
    """Keep what is trusted of units, in place of what was."""
    moment = now()
    with db.atomic():
        db.conn.executemany(
            """
            insert or replace into trusted (
                unit_id, description_id, candidate_id, judge, rule, images, measure, seed, first,
                value, low, high, constant, others, reason, created_utc
            ) values (
                :unit_id, :description_id, :candidate_id, :judge, :rule, :images, :measure, :seed,
                :first, :value, :low, :high, :constant, :others, :reason, :now
            )
            """,
            [{**vars(each), "now": moment} for each in new],
        )


def of_units(db: Database, unit_ids: Sequence[int]) -> dict[int, Trusted]:
    """What is trusted of some units, by their ids; units that were never judged are left out."""
    rows = db.query(
        """
        select trusted.unit_id, trusted.description_id, candidate_id, judge, rule, images, measure,
            seed, first, value, low, high, constant, others, reason,
            coalesce(said.method, '') as method, coalesce(said.text, '') as text,
            coalesce(candidate.method, '') as candidate,
            coalesce(candidate.text, '') as candidate_text
        from trusted
        left join descriptions as said on said.description_id = trusted.description_id
        left join descriptions as candidate on candidate.description_id = candidate_id
        where trusted.unit_id in (select value from json_each(?))
        """,
        [json.dumps(list(unit_ids))],
    )
    return {row["unit_id"]: Trusted(**row) for row in rows}


def add_figures(db: Database, new: Sequence[Figures]) -> None:
    """Keep figures of units, in place of what was."""
    moment = now()
    with db.atomic():
        db.conn.executemany(
            """
            insert or replace into unit_figures values (
                :unit_id, :images, :vectors, :clarity, :polysemanticity, :redundancy, :low, :high,
                :counts, :now
            )
            """,
            [
                {**vars(each), "counts": json.dumps(list(each.counts)), "now": moment}
                for each in new
            ],
        )


def figures(db: Database, unit_ids: Sequence[int]) -> dict[int, Figures]:
    """Figures of some units, by their ids; units without any are left out."""
    rows = db.query(
        """
        select unit_id, images, vectors, clarity, polysemanticity, redundancy, low, high,
            histogram_json
        from unit_figures where unit_id in (select value from json_each(?))
        """,
        [json.dumps(list(unit_ids))],
    )
    return {
        row["unit_id"]: Figures(counts=tuple(json.loads(row.pop("histogram_json"))), **row)
        for row in rows
    }
