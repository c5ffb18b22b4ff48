"""The qualification test at the desk: question by question, graded after the last one."""

from collections.abc import Iterator

import pytest
from sqlite_utils import Database

from annotator.work import desk
from annotator.work import page as work_page
from db.annotate import campaigns, qualifications
from db.annotate.campaigns import Settings
from db.annotate.qualifications import Question
from db.errors import BadInput
from helpers.annotating import add_people, add_units, fresh, start


@pytest.fixture
def db() -> Iterator[Database]:
    database = fresh()
    yield database
    database.close()


def campaign_with_test(db: Database) -> int:
    """A campaign with a test of two questions about `dogs` and `grids`, and one attempt a day."""
    units = add_units(db, 4)
    questions = [
        Question(units[2], ("dogs", "cars"), 0, "all are dogs"),
        Question(units[3], ("water", "grids"), 1, "all are grids"),
    ]
    test = qualifications.add(db, "t", questions, person="admin", max_attempts=2, cooling_minutes=0)
    settings = Settings("One sentence.", qualification_id=test.qualification_id)
    campaign = campaigns.add(db, "spring", units[:2], settings=settings, person="admin")
    add_people(db, "ada")
    return campaign.campaign_id


def choose(db: Database, campaign_id: int, *descriptions: str) -> desk.Taken:
    """Take the whole test by these descriptions, whatever order they are shown in."""
    chosen: tuple[int, ...] = ()
    view = desk.arrive(db, "ada", campaign_id=campaign_id)
    assert view.sitting is not None
    for question in view.sitting.questions:
        (choice,) = (place for place, text in enumerate(question.options) if text in descriptions)
        taken = desk.take(
            db,
            "ada",
            campaign_id,
            attempt_id=str(view.sitting.attempt_id),
            chosen=chosen,
            choice=choice,
        )
        chosen = taken.chosen
    return taken


def test_a_test_is_failed_then_passed_and_leads_to_the_work(db: Database) -> None:
    campaign = campaign_with_test(db)
    desk.agree(db, "ada", campaign)
    failed = choose(db, campaign, "dogs", "water")
    assert failed.view is not None
    assert failed.result is not None
    assert (failed.view.screen, failed.result.passed, failed.attempts_left) == ("test", False, 1)
    assert "1 of 2 right; that is not enough" in work_page.result(failed.result)
    passed = choose(db, campaign, "dogs", "grids")
    assert passed.view is not None
    assert passed.result is not None
    assert (passed.view.screen, passed.result.passed) == ("work", True)
    assert "Passed: 2 of 2 right." in work_page.result(passed.result)


def test_an_attempt_that_another_window_ended_starts_anew(db: Database) -> None:
    campaign = campaign_with_test(db)
    desk.agree(db, "ada", campaign)
    taken = desk.take(db, "ada", campaign, attempt_id="999", chosen=[0], choice=0)
    assert (taken.chosen, taken.view, taken.attempts_left) == ((), None, 2)


def test_a_campaign_without_a_test_takes_none(db: Database) -> None:
    campaign = start(db, 1, "ada").campaign_id
    with pytest.raises(BadInput, match="has no test; reload"):
        desk.take(db, "ada", campaign, attempt_id="1", chosen=[], choice=0)
