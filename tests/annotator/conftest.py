"""A campaign with something of everything, for the tests of exports and imports."""

from collections.abc import Iterator

import pytest
from sqlite_utils import Database

from annotator.review import quality
from db.annotate import annotations, reviews, slots
from db.annotate.annotations import Answer
from db.annotate.claims import Claim
from helpers.annotating import at, fresh, start

SECRET = b"0" * 32
NASTY = (
    '=HYPERLINK("http://x")',
    "<b>bold</b>, “quoted”",
    "'tis a 'quote'",
    "@risk +1",
    "ünï ${x}",
)


@pytest.fixture
def db() -> Iterator[Database]:
    database = fresh()
    yield database
    database.close()


@pytest.fixture
def filled(db: Database) -> Database:
    """A campaign with five people, surplus, verdicts, revisions, flags and a withdrawal."""
    people = ("ada", "bo", "cy", "di", "ed")
    campaign = start(db, 3, *people)
    late = slots.claim(db, campaign.campaign_id, "ed", at=at())
    for minute, name in enumerate(people[:4]):
        for unit in range(3):
            moment = at(minutes=61 + minute, seconds=unit)
            found = slots.claim(db, campaign.campaign_id, name, at=moment)
            if isinstance(found, Claim):
                text = NASTY[(minute + unit) % len(NASTY)]
                slots.submit(db, found.token, name, Answer(text, pasted_characters=unit), at=moment)
    assert isinstance(late, Claim)
    slots.submit(db, late.token, "ed", Answer("", kind="no_pattern"), at=at(minutes=90))
    first, second, *_ = annotations.of_campaign(db, campaign.campaign_id)
    annotations.revise(db, first.annotation_id, first.annotator, Answer("another wording"))
    reviews.approve(db, first.annotation_id, person="ada")
    reviews.reject(db, second.annotation_id, "=bad", person="ada")
    reviews.undo(db, second.annotation_id, person="ada")
    reviews.approve(db, second.annotation_id, person="ada")
    quality.refresh(db, campaign.campaign_id)
    annotations.withdraw(db, "cy", person="admin")
    return db
