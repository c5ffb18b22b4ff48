"""Skipped units: given back, taken up again with the draft, or gone to somebody else."""

import sqlite3
from collections.abc import Iterator

import pytest
from sqlite_utils import Database

from db.annotate import campaigns, drafts, progress, skips, slots
from db.annotate.annotations import Answer
from db.annotate.claims import Claim
from db.errors import NotAllowed
from db.workspace import prepare
from helpers.annotating import at, claim, start


@pytest.fixture
def db() -> Iterator[Database]:
    with prepare(sqlite3.connect(":memory:")) as db:
        yield db


def test_the_skipped_unit_comes_back_with_its_draft_and_can_be_answered(db: Database) -> None:
    campaign = start(db, 3, "ada")
    first = claim(db, campaign.campaign_id, "ada", at())
    drafts.save(db, first.token, "ada", Answer("half a"), at=at(seconds=5))
    skips.skip(db, first.token, "ada", at=at(seconds=9))
    other = claim(db, campaign.campaign_id, "ada", at(seconds=10))
    assert other.unit_id != first.unit_id
    again = skips.take_back(db, campaign.campaign_id, "ada", at=at(seconds=20))
    assert (again.unit_id, again.token) == (first.unit_id, first.token)
    assert again.expires_utc == at(minutes=60, seconds=20)
    assert claim(db, campaign.campaign_id, "ada", at(seconds=21)).token == first.token
    draft = drafts.of(db, first.token)
    assert draft is not None
    assert draft.text == "half a"
    stored = slots.submit(db, first.token, "ada", Answer("half a sentence"), at=at(seconds=30))
    assert stored.slot is not None
    # the unit that was left for it is offered again
    assert claim(db, campaign.campaign_id, "ada", at(seconds=31)).unit_id == other.unit_id


def test_no_more_people_than_slots_sit_on_the_unit(db: Database) -> None:
    campaign = start(db, 1, "ada", "bo", annotators_per_unit=1)
    token = claim(db, campaign.campaign_id, "ada", at()).token
    skips.skip(db, token, "ada", at=at(seconds=9))
    held = claim(db, campaign.campaign_id, "bo", at(seconds=10))
    with pytest.raises(NotAllowed, match="Others have taken that picture set meanwhile"):
        skips.take_back(db, campaign.campaign_id, "ada", at=at(seconds=20))
    assert claim(db, campaign.campaign_id, "bo", at(seconds=21)).token == held.token
    again = skips.take_back(db, campaign.campaign_id, "ada", at=at(minutes=62))
    assert again.token == token


def test_without_a_skip_there_is_nothing_to_go_back_to(db: Database) -> None:
    campaign = start(db, 2, "ada")
    token = claim(db, campaign.campaign_id, "ada", at()).token
    with pytest.raises(NotAllowed, match="no skipped picture set"):
        skips.take_back(db, campaign.campaign_id, "ada", at=at())
    skips.skip(db, token, "ada", broken=True, at=at())
    with pytest.raises(NotAllowed, match="no skipped picture set"):
        skips.take_back(db, campaign.campaign_id, "ada", at=at())


def test_a_closed_campaign_gives_nothing_back(db: Database) -> None:
    campaign = start(db, 2, "ada")
    token = claim(db, campaign.campaign_id, "ada", at()).token
    skips.skip(db, token, "ada", at=at())
    campaigns.set_state(db, campaign.campaign_id, "closed", person="admin")
    with pytest.raises(NotAllowed, match="takes no answers now"):
        skips.take_back(db, campaign.campaign_id, "ada", at=at())


def test_skipped_units_do_not_lead_round_the_cap(db: Database) -> None:
    campaign = start(db, 4, "ada", cap=1, pay_per_unit=2.0, currency="EUR")
    tokens = []
    for second in range(3):
        tokens.append(claim(db, campaign.campaign_id, "ada", at(seconds=second)).token)
        skips.skip(db, tokens[-1], "ada", at=at(seconds=second))
    stored = [slots.submit(db, token, "ada", Answer("fur"), at=at(minutes=1)) for token in tokens]
    assert [each.slot is not None for each in stored] == [True, False, False]
    mine = progress.mine(db, campaign.campaign_id, "ada", at=at(minutes=2))
    assert (mine.answers, mine.earnings) == (3, 2.0)


def test_a_left_unit_of_a_closed_campaign_is_kept_and_does_not_count(db: Database) -> None:
    campaign = start(db, 2, "ada", "bo")
    left = claim(db, campaign.campaign_id, "ada", at()).token
    skips.skip(db, left, "ada", at=at())
    held = claim(db, campaign.campaign_id, "bo", at()).token
    campaigns.set_state(db, campaign.campaign_id, "closed", person="admin")
    assert slots.submit(db, left, "ada", Answer("fur"), at=at(minutes=1)).slot is None
    assert slots.submit(db, held, "bo", Answer("fur"), at=at(minutes=1)).slot is not None


def test_the_picture_ahead_does_not_tell_a_check_from_a_unit(db: Database) -> None:
    campaign = start(db, 6, "ada", repeat_every=2)
    for second in range(8):
        found = slots.claim(db, campaign.campaign_id, "ada", at=at(seconds=second))
        if not isinstance(found, Claim):
            break
        ahead = slots.peek(db, campaign.campaign_id, "ada", at=at(seconds=second))
        slots.submit(db, found.token, "ada", Answer("red"), at=at(seconds=second))
        following = slots.claim(db, campaign.campaign_id, "ada", at=at(seconds=second))
        if isinstance(following, Claim):
            assert following.unit_id == ahead, following.purpose
