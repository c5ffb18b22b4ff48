"""What a reviewer has in front of them: flagged answers first, people and programs told apart."""

from sqlite_utils import Database

from annotator.review import desk, page, quality
from db.access import users
from db.annotate import annotations, campaigns, flags, progress, reviews, slots
from db.annotate.annotations import Answer
from db.annotate.claims import Claim
from helpers.annotating import add_people, add_units, start


def test_known_units_and_flags_reach_the_reviewer_without_being_asked_for(db: Database) -> None:
    add_people(db, "ada", "rae")
    first, second, known = add_units(db, 3)
    rules = campaigns.Settings("One sentence.", annotators_per_unit=1, gold_every=1)
    campaign = campaigns.add(
        db, "spring", [first, second], settings=rules, person="rae", gold={known: ("dog",)}
    ).campaign_id
    purposes = []
    while isinstance(found := slots.claim(db, campaign, "ada"), Claim):
        purposes.append(found.purpose)
        slots.submit(db, found.token, "ada", Answer(f"wooden chairs number {len(purposes)}"))
    assert purposes.count("gold") == 1
    quality.renew(db, campaign)
    seen = desk.look(db, campaign, flagged_only=True)
    assert seen is not None
    assert (seen.unit.unit_id, seen.waiting.annotation.purpose) == (known, "gold")
    card = page.card(seen, siblings=False)
    assert "failed check" in card
    assert "its answer is known" in card
    assert reviews.counts(db, campaign)["waiting"] == 3
    assert '<td class="n">1 of 1</td>' in page.people(
        quality.people(db, campaign), users.simulated(db)
    )
    reviews.reject(db, seen.waiting.annotation.annotation_id, "no dog", person="rae")
    assert progress.of(db, campaign).filled == 2, "a check never held a slot"
    quality.renew(db, campaign)
    left = desk.look(db, campaign)
    assert left is not None
    assert left.waiting.annotation.purpose == "collect"
    # a check that is answered well needs no look
    assert flags.current(db, campaign)
    annotations.revise(db, left.waiting.annotation.annotation_id, "ada", Answer("images"))
    assert not flags.current(db, campaign)


def test_a_simulated_annotator_is_shown_as_such(db: Database) -> None:
    campaign = start(db, 1, "ada", annotators_per_unit=2).campaign_id
    users.ensure(db, "robot", "annotator", kind="simulated")
    for name in ("robot", "ada"):
        found = slots.claim(db, campaign, name)
        assert isinstance(found, Claim)
        slots.submit(db, found.token, name, Answer(f"words of {name}"))
    first, second = annotations.of_campaign(db, campaign)
    assert "robot (simulated)" in page.card(desk.of(db, first.annotation_id), siblings=False)
    other = page.card(desk.of(db, second.annotation_id), siblings=True)
    assert "ada (simulated)" not in other
    assert "waiting (simulated)" in other
    assert "robot (simulated)" in page.people(quality.people(db, campaign), users.simulated(db))
    said = annotations.accepted(db, first.unit_id)
    assert {each.marked for each in said} == {"words of robot (simulated)", "words of ada"}
