"""People of links: one account for an id, its end, and slots that are free when they leave."""

from collections.abc import Iterator

import pytest
from sqlite_utils import Database

from db.annotate import annotations, campaigns, qualifications, slots
from db.annotate.annotations import Answer
from db.annotate.claims import Claim
from db.annotate.qualifications import Question
from db.crowd import participants, recruitment, standings
from db.crowd.participants import Arrival, Full
from db.crowd.recruitment import Recruitment
from db.errors import BadInput, NotAllowed
from helpers.annotating import add_people, add_units, at, claim, fresh, start

PID = "5f1b2c3d4e5f6a7b8c9d0e1f"


@pytest.fixture
def db() -> Iterator[Database]:
    database = fresh()
    yield database
    database.close()


def describe(db: Database, campaign_id: int, who: str, text: str, minute: float) -> int:
    found = claim(db, campaign_id, who, at(minutes=minute))
    return slots.submit(db, found.token, who, Answer(text), at=at(minutes=minute)).annotation_id


def filled(db: Database, campaign_id: int) -> list[str]:
    rows = db.execute(
        "select annotator from slots where campaign_id = ? and annotator is not null order by 1",
        [campaign_id],
    )
    return [name for (name,) in rows.fetchall()]


def test_an_id_has_one_account_that_no_password_opens(db: Database) -> None:
    campaign = start(db, 2)
    first = participants.enter(db, campaign.campaign_id, Arrival("prolific", PID, "s", "one"))
    again = participants.enter(db, campaign.campaign_id, Arrival("prolific", PID, "s", "two"))
    other = participants.enter(db, campaign.campaign_id, Arrival("mturk", PID))
    assert first == again != other
    assert participants.ids(db, campaign.campaign_id)[first]["session"] == "two"
    assert PID not in first
    (hashed,) = db.execute("select password_hash from users where name = ?", [first]).fetchone()
    assert hashed is None
    everything = " ".join(str(row) for row in db.execute("select * from log").fetchall())
    assert first in everything
    assert PID not in everything


def test_an_account_of_a_link_can_do_its_campaign_and_no_other(db: Database) -> None:
    campaign = start(db, 2)
    other = campaigns.add(
        db,
        "other",
        add_units(db, 2, subject="other"),
        settings=campaigns.Settings("One sentence."),
        person="admin",
    )
    who = participants.enter(db, campaign.campaign_id, Arrival("free", "ada"))
    assert isinstance(slots.claim(db, campaign.campaign_id, who), Claim)
    with pytest.raises(NotAllowed, match="made for another campaign"):
        slots.claim(db, other.campaign_id, who)
    assert filled(db, other.campaign_id) == []


@pytest.mark.parametrize("pid", ["", "x" * 129, "a\x00b"])
def test_what_is_no_id_opens_no_account(db: Database, pid: str) -> None:
    campaign = start(db, 2)
    with pytest.raises(BadInput):
        participants.enter(db, campaign.campaign_id, Arrival("free", pid))
    assert participants.every(db, campaign.campaign_id) == []


def test_places_end_and_those_who_leave_give_theirs_back(db: Database) -> None:
    campaign = start(db, 2)
    recruitment.save(db, campaign.campaign_id, Recruitment(places=1), person="admin")
    first = participants.enter(db, campaign.campaign_id, Arrival("free", "one"))
    with pytest.raises(Full, match="All places"):
        participants.enter(db, campaign.campaign_id, Arrival("free", "two"))
    participants.give_back(db, first)
    participants.enter(db, campaign.campaign_id, Arrival("free", "two"))


def test_who_returns_frees_every_slot_and_who_comes_again_has_theirs_back(db: Database) -> None:
    campaign = start(db, 3, "bo", annotators_per_unit=1).campaign_id
    who = participants.enter(db, campaign, Arrival("prolific", PID))
    first = describe(db, campaign, who, "striped fur", 0)
    describe(db, campaign, who, "red wheels", 1)
    held = claim(db, campaign, who, at(minutes=2))
    assert filled(db, campaign) == [who] * 3
    assert participants.give_back(db, who, at=at(minutes=3)) == 3
    assert filled(db, campaign) == []
    # What was on its way is kept, and takes no slot.
    late = slots.submit(db, held.token, who, Answer("too late"), at=at(minutes=4))
    assert late.slot is None
    describe(db, campaign, "bo", "somebody else's words", 5)
    participants.enter(db, campaign, Arrival("prolific", PID), at=at(minutes=6))
    assert filled(db, campaign) == ["bo", who, who]
    assert annotations.get(db, first).text == "striped fur"
    found = participants.get(db, who)
    assert found is not None
    assert found.outcome is None


def test_a_surplus_answer_of_who_returned_fills_no_slot(db: Database) -> None:
    campaign = start(db, 1, "bo", annotators_per_unit=1).campaign_id
    who = participants.enter(db, campaign, Arrival("free", "one"))
    held = claim(db, campaign, who, at())
    other = claim(db, campaign, "bo", at(minutes=61))
    slots.submit(db, other.token, "bo", Answer("round tables"), at=at(minutes=62))
    late = slots.submit(db, held.token, who, Answer("late"), at=at(minutes=63))
    assert late.slot is None
    participants.give_back(db, who, at=at(minutes=64))
    standings.add(db, campaign, "bo", "reopened", reason="asked to", person="admin")
    assert filled(db, campaign) == []


def test_a_completed_part_cannot_be_given_back(db: Database) -> None:
    campaign = start(db, 1).campaign_id
    who = participants.enter(db, campaign, Arrival("free", "one"))
    participants.finish(db, who, "completed", at=at())
    participants.finish(db, who, "quota_full", at=at(minutes=1))
    found = participants.get(db, who)
    assert found is not None
    assert (found.outcome, found.ended_utc) == ("completed", at())
    with pytest.raises(NotAllowed, match="under way"):
        participants.give_back(db, who)


def test_exclusion_holds_from_now_on_and_reopening_sets_everything_aside(db: Database) -> None:
    campaign = start(db, 4, "bo", "cy", annotators_per_unit=1).campaign_id
    describe(db, campaign, "bo", "striped fur", 0)
    claim(db, campaign, "bo", at(minutes=1))
    with pytest.raises(BadInput, match="reason"):
        standings.add(db, campaign, "bo", "excluded", person="admin")
    standings.add(db, campaign, "bo", "excluded", reason="spam", person="admin")
    assert filled(db, campaign) == ["bo"]
    with pytest.raises(NotAllowed, match="cannot go on"):
        slots.claim(db, campaign, "bo")
    standings.add(db, campaign, "bo", "readmitted", person="admin")
    assert isinstance(slots.claim(db, campaign, "bo"), Claim)
    standings.add(db, campaign, "bo", "reopened", reason="spam", person="admin")
    assert filled(db, campaign) == []
    assert len(annotations.of_campaign(db, campaign)) == 1


def test_a_person_is_paused_after_so_many_failed_gold_units(db: Database) -> None:
    add_people(db, "bo")
    ids = add_units(db, 8)
    rules = campaigns.Settings("One sentence.", gold_every=1)
    gold = {ids[index]: ("dog",) for index in (5, 6, 7)}
    campaign = campaigns.add(
        db, "gold", ids[:5], settings=rules, person="admin", gold=gold
    ).campaign_id
    paused = []
    for minute in range(4):
        found = slots.claim(db, campaign, "bo", at=at(minutes=minute))
        assert isinstance(found, Claim)
        slots.submit(db, found.token, "bo", Answer("red wheels"), at=at(minutes=minute))
        paused.append(standings.pause_if_failing(db, campaign, "bo", limit=2))
    # unit, gold, unit, gold: the second failure is the fourth answer
    assert paused == [False, False, False, True]
    with pytest.raises(NotAllowed, match="cannot go on"):
        slots.claim(db, campaign, "bo")
    standings.add(db, campaign, "bo", "readmitted", person="admin")
    assert not standings.pause_if_failing(db, campaign, "bo", limit=2)


def test_a_test_with_one_try_or_a_wait_sends_nobody_away(db: Database) -> None:
    ids = add_units(db, 4)
    asked = [Question(ids[2], ("a", "b"), 0), Question(ids[3], ("a", "b"), 0)]
    for attempts, minutes, fine in ((1, 0.0, False), (2, 5.0, False), (2, 0.0, True)):
        test = qualifications.add(
            db, "t", asked, person="admin", max_attempts=attempts, cooling_minutes=minutes
        )
        rules = campaigns.Settings("One.", qualification_id=test.qualification_id)
        made = campaigns.add(db, f"{attempts} {minutes}", ids[:2], settings=rules, person="admin")
        wanted = Recruitment(nonce="n")
        if fine:
            recruitment.save(db, made.campaign_id, wanted, person="admin")
            continue
        with pytest.raises(BadInput, match="at least 2 tries"):
            recruitment.save(db, made.campaign_id, wanted, person="admin")


@pytest.mark.parametrize(
    "address",
    [
        "http://app.prolific.com/x",
        "javascript:alert(1)",
        "//evil.example",
        "https://",
        "https://a@b.example/",
        "https://a.example\\@b.example",
        "https://a.example/ b",
        "data:text/html,x",
    ],
)
def test_only_https_addresses_and_codes_are_ends(db: Database, address: str) -> None:
    campaign = start(db, 1).campaign_id
    with pytest.raises(BadInput, match="https://"):
        recruitment.save(db, campaign, Recruitment(screened=address), person="admin")
    assert recruitment.of(db, campaign) == Recruitment()
