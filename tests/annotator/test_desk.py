"""What an annotator is shown: no lease for the picture ahead, no words of others, when to wait."""

import sqlite3
from collections.abc import Iterator

import pytest
from annotating import start
from sqlite_utils import Database

from annotator import desk, pages
from db import drafts, progress
from db.annotations import Answer
from db.errors import NotAllowed
from db.workspace import prepare


@pytest.fixture
def db() -> Iterator[Database]:
    connection = sqlite3.connect(":memory:")
    yield prepare(connection)
    connection.close()


def test_the_picture_ahead_is_the_next_unit_and_takes_no_lease(db: Database) -> None:
    campaign = start(db, 3, "ada").campaign_id
    view = desk.arrive(db, "ada")
    assert view.claim is not None
    assert view.following is not None
    assert f"/pictures/{view.following.unit_id}/" in pages.grid(view)
    assert progress.of(db, campaign).leased == 1
    after = desk.submit(db, "ada", campaign, token=view.claim.token, answer=Answer("red"))
    assert after.unit == view.following
    assert progress.of(db, campaign).leased == 1


def test_when_all_is_taken_the_page_says_how_many_and_when_to_come_back(db: Database) -> None:
    start(db, 2, "ada", "bo", "cy", annotators_per_unit=1)
    desk.arrive(db, "ada")
    desk.arrive(db, "bo")
    view = desk.arrive(db, "cy")
    assert view.nothing is not None
    assert view.nothing.retry_utc is not None
    page = pages.message(view)
    assert "2 are in progress" in page
    assert f'datetime="{view.nothing.retry_utc}"' in page
    assert "no tasks" not in page.casefold()


def test_nobody_sees_what_others_wrote(db: Database) -> None:
    campaign = start(db, 1, "ada", "bo").campaign_id
    first = desk.arrive(db, "ada")
    assert first.claim is not None
    desk.keep(db, "ada", campaign, token=first.claim.token, answer=Answer("a draft of ada"))
    second = desk.arrive(db, "bo")
    assert second.unit == first.unit
    assert second.draft is None
    desk.submit(db, "ada", campaign, token=first.claim.token, answer=Answer("words of ada"))
    view = desk.arrive(db, "bo")
    shown = pages.bar(view) + pages.grid(view) + pages.instructions(view) + pages.message(view)
    assert "ada" not in shown
    assert "words" not in shown
    assert (view.latest, view.unsent) == ((), ())
    answer = progress.mine(db, campaign, "ada").answers
    assert answer == 1
    assert desk.earlier_text(db, "bo", "a:1") == ""
    assert drafts.unsent(db, campaign, "bo") == []


def test_an_earlier_answer_is_changed_by_its_author_only(db: Database) -> None:
    campaign = start(db, 2, "ada", "bo").campaign_id
    view = desk.arrive(db, "ada")
    assert view.claim is not None
    desk.submit(db, "ada", campaign, token=view.claim.token, answer=Answer("red"))
    key = f"a:{desk.arrive(db, 'ada').latest[0].annotation_id}"
    desk.reword(db, "ada", key, Answer("red wheels"))
    assert desk.earlier_text(db, "ada", key) == "red wheels"
    with pytest.raises(NotAllowed, match="Only your own answers"):
        desk.reword(db, "bo", key, Answer("mine now"))
    assert desk.earlier_text(db, "ada", key) == "red wheels"
