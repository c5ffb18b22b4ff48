"""Review: verdicts are added, slots follow them, nothing is lost."""

import sqlite3
from collections.abc import Iterator

import pytest
from sqlite_utils import Database

from db import log
from db.annotate import annotations, campaigns, drafts, progress, reviews, slots
from db.annotate.annotations import Answer
from db.annotate.claims import Claim
from db.errors import BadInput
from db.workspace import prepare
from helpers.annotating import add_people, at, start


@pytest.fixture
def db() -> Iterator[Database]:
    connection = sqlite3.connect(":memory:")
    yield prepare(connection)
    connection.close()


def answer(db: Database, campaign_id: int, annotator: str, text: str, minute: float = 0) -> int:
    add_people(db, annotator)
    found = slots.claim(db, campaign_id, annotator, at=at(minutes=minute))
    assert isinstance(found, Claim), found
    moment = at(minutes=minute, seconds=20)
    return slots.submit(db, found.token, annotator, Answer(text), at=moment).annotation_id


def test_rejecting_needs_a_reason_frees_the_slot_and_shuts_the_person_out(db: Database) -> None:
    campaign = start(db, 1, annotators_per_unit=1)
    first = answer(db, campaign.campaign_id, "ada", "images")
    with pytest.raises(BadInput, match="Give a reason"):
        reviews.reject(db, first, "  ", person="rae")
    reviews.reject(db, first, "names the images", person="rae")
    rejected = annotations.get(db, first)
    assert (rejected.status, rejected.slot, rejected.text) == ("rejected", None, "images")
    assert not isinstance(slots.claim(db, campaign.campaign_id, "ada"), Claim)
    answer(db, campaign.campaign_id, "bo", "striped fur")
    assert progress.of(db, campaign.campaign_id).complete == 1


def test_an_author_reads_why_an_answer_was_refused_until_that_is_undone(db: Database) -> None:
    campaign = start(db, 2, annotators_per_unit=1)
    first = answer(db, campaign.campaign_id, "ada", "images")
    answer(db, campaign.campaign_id, "bo", "fur")
    reviews.reject(db, first, "names the images", person="rae")
    assert reviews.refused(db, campaign.campaign_id, "ada") == [("images", "names the images")]
    assert reviews.refused(db, campaign.campaign_id, "bo") == []
    reviews.undo(db, first, person="rae")
    assert reviews.refused(db, campaign.campaign_id, "ada") == []
    reviews.reject(db, first, "too short", person="rae")
    assert reviews.refused(db, campaign.campaign_id, "ada") == [("images", "too short")]


def test_surplus_fills_the_slot_of_a_rejected_answer_at_once(db: Database) -> None:
    campaign = start(db, 1, "late", annotators_per_unit=1)
    token = slots.claim(db, campaign.campaign_id, "late", at=at()).token  # type: ignore[union-attr]
    kept = answer(db, campaign.campaign_id, "ada", "fur", minute=61)
    surplus = slots.submit(db, token, "late", Answer("stripes"), at=at(minutes=62)).annotation_id
    reviews.reject(db, kept, "too vague", person="rae", at=at(minutes=63))
    assert annotations.get(db, surplus).slot == 1


def test_undo_gives_the_slot_back_only_while_it_is_free(db: Database) -> None:
    campaign = start(db, 1, annotators_per_unit=1)
    first = answer(db, campaign.campaign_id, "ada", "fur")
    reviews.reject(db, first, "wrong", person="rae")
    assert reviews.undo(db, first, person="rae") == "waiting"
    assert annotations.get(db, first).slot == 1
    reviews.reject(db, first, "wrong", person="rae")
    answer(db, campaign.campaign_id, "bo", "stripes")
    reviews.undo(db, first, person="rae")
    assert annotations.get(db, first).slot is None
    verdicts = [line["verdict"] for line in reviews.history(db, first)]
    assert verdicts == ["rejected", "undone", "rejected", "undone"]
    with pytest.raises(BadInput, match="no verdict"):
        reviews.undo(db, first, person="rae")


def test_undoing_one_verdict_brings_the_one_before_it_back(db: Database) -> None:
    campaign = start(db, 1)
    first = answer(db, campaign.campaign_id, "ada", "fur")
    reviews.approve(db, first, person="rae")
    reviews.reject(db, first, "wrong", person="rae")
    assert reviews.undo(db, first, person="rae") == "approved"
    assert annotations.get(db, first).slot == 1


def test_one_persons_whole_work_is_requeued_in_one_action(db: Database) -> None:
    campaign = start(db, 3)
    for minute in range(3):
        answer(db, campaign.campaign_id, "ada", "space around it", minute)
    kept = answer(db, campaign.campaign_id, "bo", "fur", 4)
    assert reviews.requeue_all(db, campaign.campaign_id, "ada", "boilerplate", person="rae") == 3
    now = progress.of(db, campaign.campaign_id)
    # nothing came late: three were refused
    assert (now.filled, now.surplus, now.refused, now.withdrawn) == (1, 0, 3, 0)
    assert annotations.get(db, kept).slot is not None
    assert log.latest(db, 1)[0].action == "requeued everything"
    annotations.withdraw(db, "ada", person="admin")
    now = progress.of(db, campaign.campaign_id)
    assert (now.filled, now.surplus, now.refused, now.withdrawn) == (1, 0, 0, 3)


def test_the_queue_gives_flagged_answers_first_and_skips_what_it_is_told(db: Database) -> None:
    campaign = start(db, 3)
    first, second, third = (
        answer(db, campaign.campaign_id, "ada", text, minute)
        for minute, text in enumerate(("fur", "stripes", "dots"))
    )
    db.execute(
        "insert into flags values (?, 'too fast', '1 s for 9 words', '2026-01-01')", [second]
    )
    head = reviews.queue(db, campaign.campaign_id)
    assert head is not None
    assert head.annotation.annotation_id == second
    assert head.flags == (("too fast", "1 s for 9 words"),)
    after = reviews.queue(db, campaign.campaign_id, skip=[second])
    assert after is not None
    assert after.annotation.annotation_id == first
    assert reviews.queue(db, campaign.campaign_id, skip=[first, second, third]) is None
    assert reviews.counts(db, campaign.campaign_id)["flagged"] == 1


def test_withdrawal_empties_every_wording_frees_the_slots_and_is_logged(db: Database) -> None:
    campaign = start(db, 2)
    first = answer(db, campaign.campaign_id, "ada", "my secret words")
    annotations.revise(db, first, "ada", Answer("other secret words"))
    token = slots.claim(db, campaign.campaign_id, "ada").token  # type: ignore[union-attr]
    drafts.save(db, token, "ada", Answer("secret draft"))
    assert annotations.withdraw(db, "ada", person="admin") == 1
    assert [revision.text for revision in annotations.revisions(db, first)] == ["", ""]
    dump = "\n".join(db.conn.iterdump())
    assert "secret" not in dump
    assert progress.of(db, campaign.campaign_id).free == 6
    assert log.of(db, "user:ada")[-1].detail == {"answers": 1}
    with pytest.raises(BadInput, match="withdrawn"):
        reviews.approve(db, first, person="rae")


def test_own_answers_take_new_wordings_until_they_are_reviewed(db: Database) -> None:
    campaign = start(db, 1)
    first = answer(db, campaign.campaign_id, "ada", "fur")
    assert annotations.revise(db, first, "ada", Answer("striped fur")) == 2
    assert annotations.get(db, first).text == "striped fur"
    assert [each.text for each in annotations.revisions(db, first)] == ["fur", "striped fur"]
    add_people(db, "bo")
    with pytest.raises(BadInput, match="common"):
        annotations.revise(db, first, "ada", Answer(" "))
    from db.errors import NotAllowed

    with pytest.raises(NotAllowed, match="your own"):
        annotations.revise(db, first, "bo", Answer("mine"))
    reviews.approve(db, first, person="rae")
    with pytest.raises(NotAllowed, match="reviewed"):
        annotations.revise(db, first, "ada", Answer("later"))
    campaigns.set_state(db, campaign.campaign_id, "closed", person="admin")


def test_an_old_page_does_not_reword_what_was_approved(db: Database) -> None:
    campaign = start(db, 1, "ada", "bo", annotators_per_unit=2)
    old = slots.claim(db, campaign.campaign_id, "ada", at=at())
    other = slots.claim(db, campaign.campaign_id, "bo", at=at(minutes=61))
    again = slots.claim(db, campaign.campaign_id, "ada", at=at(minutes=62))
    assert isinstance(old, Claim)
    assert isinstance(other, Claim)
    assert isinstance(again, Claim)
    assert again.token != old.token
    stored = slots.submit(db, again.token, "ada", Answer("red fur"), at=at(minutes=63))
    reviews.approve(db, stored.annotation_id, person="rae", at=at(minutes=64))
    slots.submit(db, old.token, "ada", Answer("from an old page"), at=at(minutes=65))
    answer = annotations.get(db, stored.annotation_id)
    assert (answer.text, answer.status) == ("red fur", "approved")
    wordings = [each.text for each in annotations.revisions(db, stored.annotation_id)]
    assert wordings == ["red fur", "from an old page", "red fur"], "what was typed is kept"
