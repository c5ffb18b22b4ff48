"""The people page's numbers, counted by hand."""

from collections.abc import Iterator

import pytest
from sqlite_utils import Database

from annotator.participants import page, people
from db.annotate import campaigns, qualifications, skips, slots
from db.annotate.annotations import Answer
from db.annotate.qualifications import Question
from db.crowd import participants, recruitment, standings
from db.crowd.participants import Arrival
from db.crowd.recruitment import Recruitment
from helpers.annotating import add_people, add_units, at, claim, fresh


@pytest.fixture
def db() -> Iterator[Database]:
    database = fresh()
    yield database
    database.close()


def test_everybody_has_a_line_also_who_failed_the_test(db: Database) -> None:
    ids = add_units(db, 8)
    asked = [Question(ids[6], ("a", "b"), 0), Question(ids[7], ("a", "b"), 0)]
    test = qualifications.add(db, "t", asked, person="x", max_attempts=2, cooling_minutes=0)
    rules = campaigns.Settings(
        "One.",
        annotators_per_unit=3,
        gold_every=2,
        pay_per_unit=0.5,
        currency="EUR",
        qualification_id=test.qualification_id,
    )
    campaign = campaigns.add(
        db, "c", ids[:5], settings=rules, person="x", gold={ids[5]: ("dog",)}
    ).campaign_id
    recruitment.save(db, campaign, Recruitment(reward=1.0), person="x")
    fails = participants.enter(db, campaign, Arrival("prolific", "SECRET-ID"))
    for _ in range(2):
        sitting = qualifications.start(db, test.qualification_id, fails)
        wrong = [question.options.index("b") for question in sitting.questions]
        qualifications.grade(db, sitting.attempt_id, fails, chosen=wrong)
    participants.finish(db, fails, "screened_out")
    add_people(db, "bo", "cy")
    for who in ("bo", "cy"):
        sitting = qualifications.start(db, test.qualification_id, who)
        right = [question.options.index("a") for question in sitting.questions]
        qualifications.grade(db, sitting.attempt_id, who, chosen=right)
    for minute in range(4):
        for who, text in (("bo", f"thing {minute}"), ("cy", f"thing {minute}")):
            found = claim(db, campaign, who, at(minutes=minute))
            said = "a dog" if found.purpose == "gold" and who == "bo" else text
            slots.submit(db, found.token, who, Answer(said), at=at(minutes=minute, seconds=30))
    left = claim(db, campaign, "cy", at(minutes=10))
    skips.skip(db, left.token, "cy", broken=True, at=at(minutes=10, seconds=12))
    standings.add(db, campaign, "cy", "approved", person="x")

    lines = {line.name: line for line in people.of(db, campaign)}
    assert set(lines) == {fails, "bo", "cy"}
    bo, cy, out = lines["bo"], lines["cy"], lines[fails]
    assert (out.attempts, out.best, out.passed, out.outcome) == (2, 0, False, "screened_out")
    assert (bo.attempts, bo.passed, bo.answers) == (1, True, 3)
    assert (bo.gold, bo.gold_right, cy.gold, cy.gold_right) == (1, 1, 1, 0)
    assert bo.minutes == pytest.approx(2.0)
    assert cy.minutes == pytest.approx(2.2)
    assert (bo.reports, cy.reports) == (0, 1)
    assert (str(bo.due), str(out.due)) == ("2.00", "0.00")
    assert (cy.verdict, bo.verdict) == ("approved", "")
    assert bo.competence is not None
    assert cy.competence is not None
    assert bo.competence > 0.9 > 0.1 > cy.competence
    shown = page.people(list(lines.values()), currency="EUR")
    assert "failed" in shown
    assert "SECRET-ID" not in shown


def test_likeness_is_high_where_people_agree_and_low_by_chance(db: Database) -> None:
    add_people(db, "a", "b", "c")
    ids = add_units(db, 6)
    rules = campaigns.Settings("One.")
    campaign = campaigns.add(db, "c", ids, settings=rules, person="x").campaign_id
    words = ("red wheels", "dog eyes", "stone walls", "green grass", "open books", "tall ships")
    for minute in range(6):
        for who in ("a", "b", "c"):
            found = claim(db, campaign, who, at(minutes=minute))
            text = words[ids.index(found.unit_id)] if who != "c" else f"xyz{minute} qq{minute}"
            slots.submit(db, found.token, who, Answer(text), at=at(minutes=minute, seconds=9))
    lines = {line.name: line for line in people.of(db, campaign)}
    assert lines["a"].shared == pytest.approx(1.0)
    assert lines["a"].chance is not None
    assert lines["a"].chance < 0.7
    shared = lines["c"].shared
    assert shared is not None
    assert shared < 0.6
