"""The qualification test: the key stays on the server, attempts are capped, claims ask for it."""

import sqlite3
from collections.abc import Iterator

import pytest
from sqlite_utils import Database

from db.annotate import campaigns, qualifications, slots
from db.annotate.claims import Claim
from db.annotate.qualifications import Qualification, Question
from db.errors import BadInput, NotAllowed
from db.workspace import prepare
from helpers.annotating import add_people, add_units, at, start

OPTIONS = ("dog faces", "red cars", "water", "grids")


@pytest.fixture
def db() -> Iterator[Database]:
    connection = sqlite3.connect(":memory:")
    yield prepare(connection)
    connection.close()


def make(db: Database, **rules: object) -> Qualification:
    units = add_units(db, 2, subject="test", layer="t")
    questions = [Question(units[0], OPTIONS, 0, "dogs"), Question(units[1], OPTIONS, 3, "grids")]
    return qualifications.add(db, "describe", questions, person="admin", **rules)  # type: ignore[arg-type]


def choose(sitting: qualifications.Sitting, *wanted: str) -> list[int]:
    return [
        asked.options.index(text) for asked, text in zip(sitting.questions, wanted, strict=True)
    ]


def test_only_a_qualified_person_can_claim(db: Database) -> None:
    test = make(db)
    campaign = start(db, 1, "ada", qualification_id=test.qualification_id)
    with pytest.raises(NotAllowed, match="Pass the qualification test"):
        slots.claim(db, campaign.campaign_id, "ada")
    sitting = qualifications.start(db, test.qualification_id, "ada")
    result = qualifications.grade(
        db, sitting.attempt_id, "ada", chosen=choose(sitting, "dog faces", "grids")
    )
    assert result.passed
    assert isinstance(slots.claim(db, campaign.campaign_id, "ada"), Claim)


def test_consent_is_asked_for_again_when_its_text_changes(db: Database) -> None:
    campaign = start(db, 1, "ada", consent="You agree to be pseudonymous.")
    with pytest.raises(NotAllowed, match="consent"):
        slots.claim(db, campaign.campaign_id, "ada")
    qualifications.consent(db, campaign, "ada")
    assert isinstance(slots.claim(db, campaign.campaign_id, "ada"), Claim)
    db.execute("update campaigns set consent = 'Something else.'")
    with pytest.raises(NotAllowed, match="consent"):
        slots.claim(db, campaign.campaign_id, "ada")


def test_attempts_are_capped_and_cool_down(db: Database) -> None:
    test = make(db, max_attempts=2, cooling_minutes=10)
    add_people(db, "ada")
    for minute, left in ((0, 1), (10, 0)):
        sitting = qualifications.start(db, test.qualification_id, "ada", at=at(minutes=minute))
        result = qualifications.grade(
            db,
            sitting.attempt_id,
            "ada",
            chosen=choose(sitting, "water", "grids"),
            at=at(minutes=minute),
        )
        assert (result.passed, result.correct, result.attempts_left) == (False, 1, left)
        if left:
            assert result.reasons == ()  # nothing that helps guessing
            with pytest.raises(NotAllowed, match="can start at 09:10"):
                qualifications.start(db, test.qualification_id, "ada", at=at(minutes=9))
    assert result.reasons == ((1, "dogs"),)
    with pytest.raises(NotAllowed, match="No attempt is left"):
        qualifications.start(db, test.qualification_id, "ada", at=at(minutes=99))


def test_an_attempt_is_graded_once_and_for_its_person_only(db: Database) -> None:
    test = make(db)
    add_people(db, "ada", "bo")
    sitting = qualifications.start(db, test.qualification_id, "ada")
    assert qualifications.start(db, test.qualification_id, "ada") == sitting  # a reload
    with pytest.raises(NotAllowed, match="not yours"):
        qualifications.grade(db, sitting.attempt_id, "bo", chosen=[0, 0])
    with pytest.raises(BadInput, match="each of the 2"):
        qualifications.grade(db, sitting.attempt_id, "ada", chosen=[0])
    with pytest.raises(BadInput, match="each of the 2"):
        qualifications.grade(db, sitting.attempt_id, "ada", chosen=[0, 4])
    qualifications.grade(db, sitting.attempt_id, "ada", chosen=[0, 0])
    with pytest.raises(NotAllowed, match="handed in already"):
        qualifications.grade(db, sitting.attempt_id, "ada", chosen=[0, 0])


def test_the_pass_mark_says_how_many_must_be_right(db: Database) -> None:
    test = make(db, pass_mark=1)
    add_people(db, "ada", "bo")
    for name, picked, passed in (("ada", "grids", True), ("bo", "water", False)):
        sitting = qualifications.start(db, test.qualification_id, name)
        chosen = choose(sitting, "red cars", picked)
        assert qualifications.grade(db, sitting.attempt_id, name, chosen=chosen).passed is passed


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"pass_mark": 3}, "pass mark of 1 to 2, got 3"),
        ({"pass_mark": 0}, "pass mark of 1 to 2, got 0"),
        ({"max_attempts": 0}, "at least 1 attempt"),
        ({"cooling_minutes": -1.0}, "0 or more minutes"),
    ],
)
def test_rules_that_nobody_could_meet_are_refused(
    db: Database, rules: dict[str, float], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        make(db, **rules)


def test_what_the_page_gets_holds_no_key(db: Database) -> None:
    test = make(db)
    add_people(db, "ada")
    sitting = qualifications.start(db, test.qualification_id, "ada")
    fields = set(vars(sitting)) | set(vars(sitting.questions[0]))
    assert fields == {"attempt_id", "questions", "unit_id", "options"}


def test_options_are_shuffled(db: Database) -> None:
    test = make(db)
    orders = set()
    for number in range(20):
        add_people(db, f"p{number}")
        sitting = qualifications.start(db, test.qualification_id, f"p{number}")
        orders.add(sitting.questions[0].options)
    assert len(orders) > 3


def test_a_changed_test_is_a_new_version_with_its_own_attempts(db: Database) -> None:
    first, second = make(db), make(db)
    assert (first.version, second.version) == (1, 2)
    add_people(db, "ada")
    sitting = qualifications.start(db, first.qualification_id, "ada")
    qualifications.grade(
        db, sitting.attempt_id, "ada", chosen=choose(sitting, "dog faces", "grids")
    )
    assert qualifications.standing(db, first.qualification_id, "ada").passed
    assert not qualifications.standing(db, second.qualification_id, "ada").passed


@pytest.mark.parametrize(
    ("questions", "message"),
    [
        ([], "at least two questions"),
        ([Question(1, ("a", "A "), 0), Question(1, ("a", "b"), 0)], "different options"),
        ([Question(1, tuple("abcdefg"), 0), Question(1, ("a", "b"), 0)], "2 to 6 different"),
        ([Question(1, ("a", "b"), 2), Question(1, ("a", "b"), 0)], "number of an option"),
    ],
)
def test_a_test_that_cannot_be_graded_is_refused(
    db: Database, questions: list[Question], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        qualifications.add(db, "bad", questions, person="admin")


def test_a_campaign_does_not_ask_about_the_units_of_its_own_test(db: Database) -> None:
    test = make(db)
    shown = campaigns.tested(db, test.qualification_id)
    rules = campaigns.Settings("One sentence.", qualification_id=test.qualification_id)
    other = add_units(db, 1)
    with pytest.raises(BadInput, match="test does not show, got 2 of its units"):
        campaigns.add(db, "spring", [*other, *shown], settings=rules, person="admin")
    with pytest.raises(BadInput, match="got 1 of its units"):
        campaigns.add(
            db, "spring", other, settings=rules, person="admin", gold={min(shown): ("dog",)}
        )
    campaign = campaigns.add(db, "spring", other, settings=rules, person="admin")
    with pytest.raises(BadInput, match="test does not show"):
        campaigns.add_units(db, campaign.campaign_id, sorted(shown), person="admin")
    assert campaigns.unit_ids(db, campaign.campaign_id) == other
