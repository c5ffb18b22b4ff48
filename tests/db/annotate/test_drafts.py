"""Drafts: what is typed outlives a reload, a lost lease, and ends with its answer."""

import sqlite3
from collections.abc import Iterator

import pytest
from sqlite_utils import Database

from db.annotate import annotations, drafts, slots
from db.annotate.annotations import Answer
from db.errors import NotAllowed
from db.workspace import prepare
from helpers.annotating import at, claim, start


@pytest.fixture
def db() -> Iterator[Database]:
    connection = sqlite3.connect(":memory:")
    yield prepare(connection)
    connection.close()


def test_a_draft_survives_and_ends_with_its_answer(db: Database) -> None:
    campaign = start(db, 2, "ada")
    token = claim(db, campaign.campaign_id, "ada", at()).token
    drafts.save(db, token, "ada", Answer("half a sent", pasted_characters=7), at=at(seconds=2))
    draft = drafts.of(db, token)
    assert draft is not None
    assert draft.text == "half a sent"
    slots.submit(db, token, "ada", Answer("half a sentence"), at=at(seconds=5))
    assert drafts.of(db, token) is None
    with pytest.raises(NotAllowed, match="already left"):
        drafts.save(db, token, "ada", Answer("stale"), at=at(seconds=6))
    assert annotations.of_campaign(db, campaign.campaign_id)[0].pasted_characters == 7


def test_the_time_of_the_first_paste_is_kept_over_a_reload_and_never_its_words(
    db: Database,
) -> None:
    campaign = start(db, 2, "ada", "bo")
    token = claim(db, campaign.campaign_id, "ada", at()).token
    for after in (None, 4000, 900):  # the page was opened again before the last one
        drafts.save(db, token, "ada", Answer("half", pasted_after_ms=after), at=at(seconds=5))
    slots.submit(db, token, "ada", Answer("half a word", pasted_after_ms=9000), at=at(seconds=20))
    token = claim(db, campaign.campaign_id, "bo", at()).token
    slots.submit(db, token, "bo", Answer("typed", pasted_after_ms=700), at=at(seconds=20))
    kept = [each.pasted_after_ms for each in annotations.of_campaign(db, campaign.campaign_id)]
    assert kept == [4000, 700]


def test_a_draft_of_a_lost_unit_can_still_be_sent(db: Database) -> None:
    campaign = start(db, 1, "ada", "bo", annotators_per_unit=1)
    lost = claim(db, campaign.campaign_id, "ada", at())
    drafts.save(db, lost.token, "ada", Answer("long thought"), at=at(seconds=30))
    claim(db, campaign.campaign_id, "bo", at(minutes=62))
    drafts.save(db, lost.token, "ada", Answer("long thought on"), at=at(minutes=63))
    (unsent,) = drafts.unsent(db, campaign.campaign_id, "ada")
    assert unsent.text == "long thought on"
    slots.submit(db, unsent.token, "ada", Answer(unsent.text), at=at(minutes=64))
    assert drafts.unsent(db, campaign.campaign_id, "ada") == []
