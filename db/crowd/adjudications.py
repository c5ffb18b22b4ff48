"""What a reviewer decided where people disagree: rows beside the answers, never over them.

    adjudications.keep(db, campaign_id, annotation_id, person="rae")
    adjudications.merge(db, campaign_id, unit_id, "striped fur of cats and tigers", person="rae")
    adjudications.ask(db, campaign_id, unit_id, person="rae")        # one person more
    adjudications.newest(db, campaign_id)

Answers, slots and exports of answers stay as they are; a later decision follows an earlier one.
"""

from dataclasses import dataclass
from typing import Literal

from sqlite_utils import Database

from db import log
from db.annotate import annotations, campaigns
from db.annotate.annotations import Answer, clean_text
from db.errors import BadInput, NotFound
from db.workspace import immediate, now

Verdict = Literal["keep", "merge", "ask"]


@dataclass(frozen=True)
class Decision:
    """One decision about a unit. text: the sentence that was kept or merged; "" asks for more."""

    adjudication_id: int
    unit_id: int
    verdict: Verdict
    annotation_id: int | None
    text: str
    person: str
    created_utc: str


def keep(db: Database, campaign_id: int, annotation_id: int, *, person: str) -> None:
    """One of the sentences stands for the unit.

    Raises:
        BadInput: it is no sentence of this campaign, or was withdrawn.
    """
    try:
        answer = annotations.get(db, annotation_id)
    except NotFound as error:
        raise BadInput("Choose one of the sentences first.") from error
    if answer.campaign_id != campaign_id or answer.withdrawn or answer.purpose != "collect":
        raise BadInput("This sentence is none of the campaign's.")
    _add(db, campaign_id, answer.unit_id, "keep", person, annotation_id=annotation_id)


def merge(db: Database, campaign_id: int, unit_id: int, text: str, *, person: str) -> None:
    """A sentence that a reviewer wrote out of the others stands for the unit.

    Raises:
        BadInput: it is empty or too long.
    """
    _add(db, campaign_id, unit_id, "merge", person, text=clean_text(Answer(text)))


def ask(db: Database, campaign_id: int, unit_id: int, *, person: str) -> None:
    """One person more is asked about the unit.

    Raises:
        BadInput: the campaign is closed, or there is room for somebody already.
    """
    campaign = campaigns.get(db, campaign_id)
    if campaign.state == "closed":
        raise BadInput("This campaign is closed: nobody would come. Open it first.")
    with immediate(db):
        row = db.conn.execute(
            "select missing from campaign_units where campaign_id = ? and unit_id = ?",
            [campaign_id, unit_id],
        ).fetchone()
        if row is None or row[0]:
            raise BadInput("Somebody is still to describe this unit.")
        db.execute(
            """
            insert into slots (campaign_id, unit_id, number)
            select :campaign, :unit, max(number) + 1 from slots
            where campaign_id = :campaign and unit_id = :unit
            """,
            {"campaign": campaign_id, "unit": unit_id},
        )
        _insert(db, campaign_id, unit_id, "ask", person, None, "")


def newest(db: Database, campaign_id: int) -> dict[int, Decision]:
    """The newest decision about each unit; of a kept sentence its present wording."""
    rows = db.query(
        """
        select d.adjudication_id, d.unit_id, d.verdict, d.annotation_id,
            coalesce(a.text, d.text) as text, d.person, d.created_utc
        from adjudications d left join answers a using (annotation_id)
        where d.campaign_id = :id and d.adjudication_id = (
            select max(adjudication_id) from adjudications
            where campaign_id = :id and unit_id = d.unit_id
        )
        order by d.unit_id
        """,
        {"id": campaign_id},
    )
    return {row["unit_id"]: Decision(**row) for row in rows}


def _add(
    db: Database,
    campaign_id: int,
    unit_id: int,
    verdict: Verdict,
    person: str,
    *,
    annotation_id: int | None = None,
    text: str = "",
) -> None:
    with immediate(db):
        _insert(db, campaign_id, unit_id, verdict, person, annotation_id, text)


def _insert(
    db: Database,
    campaign_id: int,
    unit_id: int,
    verdict: Verdict,
    person: str,
    annotation_id: int | None,
    text: str,
) -> None:
    db.execute(
        """
        insert into adjudications (
            campaign_id, unit_id, verdict, annotation_id, text, person, created_utc
        ) values (?, ?, ?, ?, ?, ?, ?)
        """,
        [campaign_id, unit_id, verdict, annotation_id, text, person, now()],
    )
    log.add(db, person, f"adjudicated: {verdict}", f"unit:{unit_id}", campaign_id=campaign_id)
