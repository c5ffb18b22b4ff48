"""Slots hold under racing processes, leases expire by themselves, and no answer is lost."""

import multiprocessing
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from db.access import users
from db.annotate import annotations, campaigns, drafts, progress, reviews, skips, slots
from db.annotate.annotations import Answer
from db.annotate.claims import Claim
from db.annotate.slots import Nothing
from db.errors import BadInput, NotAllowed
from db.workspace import Workspace, open_database, prepare
from helpers.annotating import add_people, at, claim, start, workspace_with_campaign


@pytest.fixture
def db() -> Iterator[Database]:
    connection = sqlite3.connect(":memory:")
    yield prepare(connection)
    connection.close()


def in_slots(db: Database, unit_id: int) -> list[str]:
    rows = db.execute(
        "select annotator from slots where unit_id = ? and annotation_id is not null", [unit_id]
    )
    return [name for (name,) in rows]


def test_the_same_person_never_gets_a_unit_twice(db: Database) -> None:
    campaign = start(db, 2, "ada")
    seen = []
    for minute in range(2):
        claimed = claim(db, campaign.campaign_id, "ada", at(minutes=minute))
        seen.append(claimed.unit_id)
        slots.submit(db, claimed.token, "ada", Answer("red"), at=at(minutes=minute, seconds=20))
    assert len(set(seen)) == 2
    assert slots.claim(db, campaign.campaign_id, "ada", at=at(minutes=3)) == Nothing("finished")


def test_units_nearest_to_completion_come_first(db: Database) -> None:
    campaign = start(db, 3, "ada", "bo", "cy")
    first, second, _ = campaigns.unit_ids(db, campaign.campaign_id)
    token = claim(db, campaign.campaign_id, "ada", at()).token
    skips.skip(db, token, "ada", at=at())
    token = claim(db, campaign.campaign_id, "ada", at()).token
    slots.submit(db, token, "ada", Answer("fur"), at=at(seconds=9))
    assert claim(db, campaign.campaign_id, "bo", at(seconds=10)).unit_id == second
    assert first != second


def test_a_reload_shows_the_same_unit_and_renews_its_lease(db: Database) -> None:
    campaign = start(db, 2, "ada")
    first = claim(db, campaign.campaign_id, "ada", at())
    again = claim(db, campaign.campaign_id, "ada", at(minutes=50))
    assert again.token == first.token
    assert again.expires_utc == at(minutes=110)


def test_an_expired_lease_is_claimable_without_a_sweeper(db: Database) -> None:
    campaign = start(db, 1, "ada", "bo", annotators_per_unit=1)
    claim(db, campaign.campaign_id, "ada", at())
    waiting = slots.claim(db, campaign.campaign_id, "bo", at=at(minutes=59))
    assert waiting == Nothing("busy", 1, at(minutes=60))
    assert isinstance(slots.claim(db, campaign.campaign_id, "bo", at=at(minutes=60)), Claim)
    assert progress.of(db, campaign.campaign_id, at=at(minutes=61)).leased == 1


def test_a_late_answer_takes_a_free_slot_and_else_is_surplus(db: Database) -> None:
    campaign = start(db, 1, "ada", "bo", "cy", annotators_per_unit=2)
    late = claim(db, campaign.campaign_id, "ada", at())
    for name in ("bo", "cy"):
        claim(db, campaign.campaign_id, name, at(minutes=61))
    stored = slots.submit(db, late.token, "ada", Answer("late"), at=at(minutes=62))
    assert stored.new
    assert stored.slot is None
    other = campaigns.unit_ids(db, campaign.campaign_id)[0]
    assert in_slots(db, other) == []
    assert progress.of(db, campaign.campaign_id, at=at(minutes=62)).surplus == 1

    campaign = start(db, 1, name="summer", annotators_per_unit=2)
    late = claim(db, campaign.campaign_id, "ada", at())
    claim(db, campaign.campaign_id, "bo", at(minutes=61))
    stored = slots.submit(db, late.token, "ada", Answer("late"), at=at(minutes=62))
    assert stored.slot is not None


def test_a_double_click_stores_one_answer(db: Database) -> None:
    campaign = start(db, 1, "ada")
    token = claim(db, campaign.campaign_id, "ada", at()).token
    first = slots.submit(db, token, "ada", Answer("red things"), at=at(seconds=5))
    second = slots.submit(db, token, "ada", Answer("red things"), at=at(seconds=5))
    assert first.new
    assert not second.new
    assert second.annotation_id == first.annotation_id
    assert db.execute("select count(*) from revisions").fetchone() == (1,)
    assert progress.of(db, campaign.campaign_id, at=at(seconds=6)).filled == 1


def test_two_claims_of_one_person_on_a_unit_count_once(db: Database) -> None:
    campaign = start(db, 1, "ada", "bo", annotators_per_unit=3)
    first = claim(db, campaign.campaign_id, "ada", at())
    claim(db, campaign.campaign_id, "bo", at(minutes=61))  # takes the slot whose lease ran out
    second = claim(db, campaign.campaign_id, "ada", at(minutes=62))
    assert second.token != first.token
    slots.submit(db, second.token, "ada", Answer("second"), at=at(minutes=63))
    slots.submit(db, first.token, "ada", Answer("first, sent late"), at=at(minutes=64))
    (answer,) = annotations.of_campaign(db, campaign.campaign_id)
    wordings = [revision.text for revision in annotations.revisions(db, answer.annotation_id)]
    assert wordings == ["second", "first, sent late"]
    assert in_slots(db, answer.unit_id) == ["ada"]


def test_somebody_elses_token_is_refused(db: Database) -> None:
    campaign = start(db, 1, "ada", "bo")
    token = claim(db, campaign.campaign_id, "ada", at()).token
    for action in (
        lambda: slots.submit(db, token, "bo", Answer("x")),
        lambda: skips.skip(db, token, "bo"),
        lambda: drafts.save(db, token, "bo", Answer("x")),
        lambda: drafts.save(db, "no such token", "ada", Answer("x")),
    ):
        with pytest.raises(NotAllowed, match="not given to you"):
            action()


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "?!", "\x00\x01"])
def test_an_empty_sentence_is_not_stored(db: Database, text: str) -> None:
    campaign = start(db, 1, "ada")
    token = claim(db, campaign.campaign_id, "ada", at()).token
    with pytest.raises(BadInput, match="No common pattern"):
        slots.submit(db, token, "ada", Answer(text))
    assert annotations.of_campaign(db, campaign.campaign_id) == []
    assert claim(db, campaign.campaign_id, "ada", at()).token == token


def test_no_common_pattern_fills_a_slot(db: Database) -> None:
    campaign = start(db, 1, "ada")
    token = claim(db, campaign.campaign_id, "ada", at()).token
    assert slots.submit(db, token, "ada", Answer("", kind="no_pattern"), at=at()).slot == 1
    (answer,) = annotations.of_campaign(db, campaign.campaign_id)
    assert (answer.kind, answer.text) == ("no_pattern", "")


def test_working_time_is_counted_once_and_without_the_time_away(db: Database) -> None:
    campaign = start(db, 1, "ada")
    token = claim(db, campaign.campaign_id, "ada", at()).token
    drafts.save(db, token, "ada", Answer("striped"), at=at(seconds=10))
    drafts.save(db, token, "ada", Answer("striped fur"), at=at(seconds=15))
    claim(db, campaign.campaign_id, "ada", at(minutes=30))  # back after half an hour
    slots.submit(db, token, "ada", Answer("striped fur"), at=at(minutes=30, seconds=5))
    (answer,) = annotations.of_campaign(db, campaign.campaign_id)
    assert answer.seconds == 20


def test_other_words_from_a_window_left_open_are_a_further_wording(db: Database) -> None:
    campaign = start(db, 2, "ada")
    token = claim(db, campaign.campaign_id, "ada", at()).token
    first = slots.submit(db, token, "ada", Answer("fur"), at=at(seconds=1))
    for text in ("fur", "striped fur", "striped fur", "fur"):
        again = slots.submit(db, token, "ada", Answer(text), at=at(seconds=2))
        assert (again.annotation_id, again.new, again.slot) == (first.annotation_id, False, 1)
    wordings = [each.text for each in annotations.revisions(db, first.annotation_id)]
    assert wordings == ["fur", "striped fur"]
    reviews.approve(db, first.annotation_id, person="bo")
    slots.submit(db, token, "ada", Answer("a tiger"), at=at(seconds=3))
    answer = annotations.get(db, first.annotation_id)
    assert (answer.text, answer.status) == ("striped fur", "approved"), "it counts as it was judged"
    assert "a tiger" in [each.text for each in annotations.revisions(db, first.annotation_id)]


def test_a_withdrawn_answer_is_not_worded_again(db: Database) -> None:
    campaign = start(db, 2, "ada")
    token = claim(db, campaign.campaign_id, "ada", at()).token
    stored = slots.submit(db, token, "ada", Answer("fur"), at=at(seconds=1))
    annotations.withdraw(db, "ada", person="admin")
    slots.submit(db, token, "ada", Answer("striped fur"), at=at(seconds=2))
    assert [each.text for each in annotations.revisions(db, stored.annotation_id)] == [""]


def test_absent_people_hold_nothing_and_late_joiners_finish_the_rest(db: Database) -> None:
    campaign = start(db, 5, "ada", "bo", "cy", "ghost")
    for name in ("ada", "bo", "cy"):
        if name == "cy":
            claim(db, campaign.campaign_id, "ghost", at())  # and never comes back
        for second in range(5):
            found = slots.claim(db, campaign.campaign_id, name, at=at(seconds=second))
            if isinstance(found, Claim):
                slots.submit(db, found.token, name, Answer("red"), at=at(seconds=second))
    assert progress.of(db, campaign.campaign_id, at=at(minutes=61)).complete == 4
    left = claim(db, campaign.campaign_id, "cy", at(minutes=61))
    slots.submit(db, left.token, "cy", Answer("red"), at=at(minutes=61))
    assert progress.uneven(db, campaign.campaign_id) == []


def test_two_reports_hold_a_unit_until_it_is_released(db: Database) -> None:
    campaign = start(db, 1, "ada", "bo", "cy")
    for name in ("ada", "bo"):
        token = claim(db, campaign.campaign_id, name, at()).token
        skips.skip(db, token, name, broken=True, at=at())
    assert slots.claim(db, campaign.campaign_id, "cy", at=at()) == Nothing("finished")
    (unit_id,) = campaigns.held(db, campaign.campaign_id)
    campaigns.release(db, campaign.campaign_id, unit_id, person="admin")
    assert claim(db, campaign.campaign_id, "cy", at()).unit_id == unit_id


def test_a_cap_and_a_pause_end_the_work(db: Database) -> None:
    campaign = start(db, 3, "ada", cap=1)
    token = claim(db, campaign.campaign_id, "ada", at()).token
    slots.submit(db, token, "ada", Answer("red"), at=at())
    assert slots.claim(db, campaign.campaign_id, "ada", at=at()) == Nothing("capped")
    add_people(db, "bo")
    token = claim(db, campaign.campaign_id, "bo", at()).token
    campaigns.set_state(db, campaign.campaign_id, "paused", person="admin")
    assert slots.claim(db, campaign.campaign_id, "bo", at=at()) == Nothing("paused")
    assert slots.submit(db, token, "bo", Answer("blue"), at=at()).slot == 2  # still stored


def test_top_up_keeps_what_is_there(db: Database) -> None:
    campaign = start(db, 2, "ada", "bo", annotators_per_unit=1)
    token = claim(db, campaign.campaign_id, "ada", at()).token
    slots.submit(db, token, "ada", Answer("red"), at=at())
    campaigns.top_up(db, campaign.campaign_id, annotators_per_unit=2, person="admin")
    now = progress.of(db, campaign.campaign_id, at=at())
    assert (now.filled, now.slots, now.complete) == (1, 4, 0)
    with pytest.raises(BadInput, match="never taken away"):
        campaigns.top_up(db, campaign.campaign_id, annotators_per_unit=1, person="admin")


def test_hidden_repeats_and_gold_come_when_due_and_take_no_slot(db: Database) -> None:
    campaign = start(db, 4, "ada", annotators_per_unit=1, repeat_every=2)
    purposes, units = [], []
    for second in range(8):
        found = slots.claim(db, campaign.campaign_id, "ada", at=at(seconds=second))
        if isinstance(found, Nothing):
            break
        purposes.append(found.purpose)
        units.append(found.unit_id)
        slots.submit(db, found.token, "ada", Answer("red"), at=at(seconds=second))
    assert purposes == ["collect", "collect", "repeat", "collect", "collect", "repeat"]
    assert units[2] == units[0]
    assert progress.of(db, campaign.campaign_id, at=at(minutes=1)).filled == 4


@pytest.mark.parametrize(
    "statement",
    [
        "update annotations set seconds = 1",
        "delete from annotations",
        "update revisions set text = 'better'",
        "delete from revisions",
        "delete from slots",
    ],
)
def test_raw_answers_cannot_be_changed(db: Database, statement: str) -> None:
    campaign = start(db, 1, "ada")
    token = claim(db, campaign.campaign_id, "ada", at()).token
    slots.submit(db, token, "ada", Answer("red"), at=at())
    with pytest.raises(sqlite3.IntegrityError, match="never"):
        db.execute(statement)
    assert annotations.of_campaign(db, campaign.campaign_id)[0].text == "red"


def test_the_schema_refuses_two_slots_for_one_person(db: Database) -> None:
    campaign = start(db, 1, "ada")
    claim(db, campaign.campaign_id, "ada", at())
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        db.execute("update slots set annotator = 'ada'")


def _work(workspace: Workspace, campaign_id: int, name: str, barrier: object) -> None:
    """One annotator: claim and submit until nothing is left."""
    with open_database(workspace) as db:
        users.ensure(db, name, "annotator")
    barrier.wait()  # type: ignore[attr-defined]
    while True:
        with open_database(workspace) as db:
            found = slots.claim(db, campaign_id, name)
        if isinstance(found, Nothing):
            if found.reason == "busy":
                time.sleep(0.01)
                continue
            return
        with open_database(workspace) as db:
            slots.submit(db, found.token, name, Answer(f"by {name}"))


def _watch(workspace: Workspace, stop: object, most: object) -> None:
    """The highest number of leases and answers that a unit ever had."""
    with open_database(workspace) as db:
        while not stop.is_set():  # type: ignore[attr-defined]
            (count,) = db.execute(
                """
                select max(n) from (
                    select count(annotator) as n from slots group by campaign_id, unit_id
                )
                """
            ).fetchone()
            most.value = max(most.value, count)  # type: ignore[attr-defined]
            time.sleep(0.005)


def test_32_processes_leave_exactly_three_people_a_unit(tmp_path: Path) -> None:
    workspace, campaign_id = workspace_with_campaign(tmp_path / "w", 20)
    context = multiprocessing.get_context("fork")
    barrier, stop, most = context.Barrier(32), context.Event(), context.Value("i", 0)
    watcher = context.Process(target=_watch, args=(workspace, stop, most))
    watcher.start()
    workers = [
        context.Process(target=_work, args=(workspace, campaign_id, f"p{n}", barrier))
        for n in range(32)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    stop.set()
    watcher.join(10)
    assert [worker.exitcode for worker in workers] == [0] * 32
    assert most.value == 3
    with open_database(workspace) as db:
        answers = annotations.of_campaign(db, campaign_id)
        people = {(answer.unit_id, answer.annotator) for answer in answers if answer.slot}
        assert len(people) == 60
        assert set(Counter(unit_id for unit_id, _ in people).values()) == {3}
        assert all(answer.slot for answer in answers)


def _submit(workspace: Workspace, token: str, name: str, barrier: object) -> None:
    barrier.wait()  # type: ignore[attr-defined]
    with open_database(workspace) as db:
        slots.submit(db, token, name, Answer(f"by {name}"))


def test_ten_simultaneous_answers_fill_three_slots_and_keep_seven(tmp_path: Path) -> None:
    workspace, campaign_id = workspace_with_campaign(tmp_path / "w", 1)
    tokens = {}
    with open_database(workspace) as db:
        for number in range(10):  # each lease has run out when the next person comes
            name = f"p{number}"
            add_people(db, name)
            tokens[name] = claim(db, campaign_id, name, at(minutes=61 * number)).token
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(10)
    workers = [
        context.Process(target=_submit, args=(workspace, token, name, barrier))
        for name, token in tokens.items()
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    with open_database(workspace) as db:
        answers = annotations.of_campaign(db, campaign_id)
        assert len(answers) == 10
        assert sorted(answer.slot for answer in answers if answer.slot) == [1, 2, 3]
        assert progress.of(db, campaign_id).surplus == 7


def _take(workspace: Workspace, campaign_id: int, name: str, barrier: object, got: object) -> None:
    barrier.wait()  # type: ignore[attr-defined]
    with open_database(workspace) as db:
        found = slots.claim(db, campaign_id, name)
    got.put(isinstance(found, Claim))  # type: ignore[attr-defined]


def test_an_abandoned_unit_is_given_on_once_and_its_answers_are_kept(tmp_path: Path) -> None:
    workspace, campaign_id = workspace_with_campaign(tmp_path / "w", 1, annotators_per_unit=2)
    with open_database(workspace) as db:
        add_people(db, "ada", "ghost", *(f"p{number}" for number in range(8)))
        done = claim(db, campaign_id, "ada", at())
        slots.submit(db, done.token, "ada", Answer("kept"), at=at(seconds=9))
        claim(db, campaign_id, "ghost", at())  # its lease ran out long before the others come
    context = multiprocessing.get_context("fork")
    barrier, got = context.Barrier(8), context.Queue()
    workers = [
        context.Process(target=_take, args=(workspace, campaign_id, f"p{n}", barrier, got))
        for n in range(8)
    ]
    for worker in workers:
        worker.start()
    assert sum(got.get(timeout=30) for _ in workers) == 1
    for worker in workers:
        worker.join(30)
    with open_database(workspace) as db:
        (answer,) = annotations.of_campaign(db, campaign_id)
        assert (answer.text, answer.slot) == ("kept", 1)
