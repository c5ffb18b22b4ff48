"""What an annotator is shown: no lease for the picture ahead, no words of others, when to wait."""

import sqlite3
from collections.abc import Iterator

import pytest
from sqlite_utils import Database

from annotator.work import desk
from annotator.work import page as work_page
from db.annotate import annotations, campaigns, drafts, progress, slots
from db.annotate.annotations import Answer
from db.annotate.campaigns import Campaign
from db.annotate.claims import Claim
from db.errors import NotAllowed
from db.workspace import prepare
from helpers.annotating import add_people, add_units
from helpers.annotating import start as started


@pytest.fixture
def db() -> Iterator[Database]:
    connection = sqlite3.connect(":memory:")
    yield prepare(connection)
    connection.close()


def start(db: Database, units: int, *people: str, **settings: object) -> Campaign:
    """A campaign whose people have read the guidelines."""
    campaign = started(db, units, *people, **settings)
    for name in people:
        desk.agree(db, name, campaign.campaign_id)
    return campaign


@pytest.mark.parametrize("consent", ["", "You agree to be pseudonymous."])
def test_the_guidelines_are_read_once_whether_or_not_there_is_a_consent_text(
    db: Database, consent: str
) -> None:
    campaign = started(db, 2, "ada", "bo", consent=consent).campaign_id
    for _ in range(2):
        view = desk.arrive(db, "ada")
        assert (view.screen, view.claim) == ("welcome", None)
    page = work_page.message(view)
    assert "/examples/eyes.jpg" in page
    assert "/examples/grids.jpg" in page
    assert ("Before you start" in page) == bool(consent)
    assert desk.agree(db, "ada", campaign).screen == "work"
    assert desk.arrive(db, "ada").screen == "work"
    assert desk.arrive(db, "bo").screen == "welcome"


def test_without_a_consent_text_a_claim_asks_for_none(db: Database) -> None:
    campaign = started(db, 1, "ada").campaign_id
    assert isinstance(slots.claim(db, campaign, "ada"), Claim)


def test_the_picture_ahead_is_the_next_unit_and_takes_no_lease(db: Database) -> None:
    campaign = start(db, 3, "ada").campaign_id
    view = desk.arrive(db, "ada")
    assert view.claim is not None
    assert view.following is not None
    assert f"/pictures/{view.following.unit_id}/" in work_page.grid(view)
    assert progress.of(db, campaign).leased == 1
    after = desk.submit(db, "ada", campaign, token=view.claim.token, answer=Answer("red"))
    assert after.unit == view.following
    assert progress.of(db, campaign).leased == 1


def test_when_all_is_taken_the_page_says_how_many_and_when_to_come_back(db: Database) -> None:
    start(db, 2, "ada", "bo", "cy", annotators_per_unit=1)
    view = desk.arrive(db, "cy")
    assert view.nothing is not None
    assert view.nothing.retry_utc is not None
    page = work_page.message(view)
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
    shown = (
        work_page.bar(view)
        + work_page.grid(view)
        + work_page.instructions(view)
        + work_page.message(view)
    )
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


def test_a_reload_goes_on_where_the_person_was_at_work(db: Database) -> None:
    first = start(db, 2, "ada")
    view = desk.arrive(db, "ada")
    assert view.claim is not None
    desk.keep(db, "ada", first.campaign_id, token=view.claim.token, answer=Answer("half a"))
    rules = campaigns.Settings("One sentence.")
    units = add_units(db, 1, subject="other")
    newer = campaigns.add(db, "autumn", units, settings=rules, person="admin")
    again = desk.arrive(db, "ada")
    assert again.claim is not None
    assert (again.campaign, again.claim.token) == (first, view.claim.token)
    assert again.draft is not None
    assert again.draft.text == "half a"
    assert desk.arrive(db, "ada", campaign_id=newer.campaign_id).campaign == newer
    for _ in range(2):
        seen = desk.arrive(db, "ada", campaign_id=first.campaign_id)
        assert seen.claim is not None
        desk.submit(db, "ada", first.campaign_id, token=seen.claim.token, answer=Answer("fur"))
    assert desk.arrive(db, "ada").campaign == newer, "nothing is left in the first"


@pytest.mark.parametrize("way", ["no pattern", "skip", "broken"])
def test_what_was_typed_before_leaving_a_unit_can_be_sent_later(db: Database, way: str) -> None:
    campaign = start(db, 3, "ada").campaign_id
    view = desk.arrive(db, "ada")
    assert view.claim is not None
    token = view.claim.token
    for _ in range(2):  # a press that is repeated changes nothing
        if way == "no pattern":
            answer = Answer("a red hat", kind="no_pattern")
            view = desk.submit(db, "ada", campaign, token=token, answer=answer)
        else:
            view = desk.skip(
                db, "ada", campaign, token=token, typed="a red hat", broken=way == "broken"
            )
    (left,) = view.unsent
    assert left.text == "a red hat"
    assert view.draft is None, "the next unit begins empty"
    desk.reword(db, "ada", f"d:{left.token}", Answer("a red hat"))
    assert not desk.lists(db, "ada", campaign).unsent
    (stored,) = annotations.of_campaign(db, campaign)
    assert (stored.kind, stored.text) == ("text", "a red hat")


def test_a_closed_campaign_asks_for_nothing_and_a_wrong_link_says_so(db: Database) -> None:
    campaign = started(db, 1, "ada", consent="You agree.").campaign_id
    campaigns.set_state(db, campaign, "closed", person="admin")
    view = desk.arrive(db, "ada", campaign_id=campaign)
    assert view.screen == "done"
    assert "closed" in work_page.message(view)
    lost = desk.arrive(db, "ada", campaign_id=campaign + 7)
    assert (lost.screen, lost.claim) == ("lost", None)
    assert "leads to no campaign" in work_page.message(lost)


@pytest.mark.parametrize(
    ("units", "gold", "settings"),
    [
        (9, 2, {"cap": 7, "gold_every": 2, "repeat_every": 3}),
        (9, 0, {"cap": 6, "repeat_every": 3}),
        (7, 1, {"gold_every": 2, "repeat_every": 2}),
    ],
)
def test_the_counter_does_not_tell_a_check_from_a_unit(
    db: Database, units: int, gold: int, settings: dict[str, int]
) -> None:
    known = add_units(db, units + gold)
    add_people(db, "ada")
    campaign = campaigns.add(
        db,
        "checked",
        known[:units],
        settings=campaigns.Settings("One sentence.", **settings),  # type: ignore[arg-type]
        person="admin",
        gold={unit: ["sentence"] for unit in known[units:]},
    ).campaign_id
    desk.agree(db, "ada", campaign)
    view = desk.arrive(db, "ada", campaign_id=campaign)
    seen = []
    for number in range(40):
        if view.claim is None:
            break
        assert view.mine is not None
        seen.append((view.mine.answers, view.mine.answers + view.mine.could))
        token = view.claim.token
        view = desk.submit(db, "ada", campaign, token=token, answer=Answer(f"sentence {number}"))
    assert [answers for answers, _ in seen] == list(range(len(seen)))
    assert {total for _, total in seen} == {len(seen)}, "the total stands still and is right"


def test_a_draft_that_comes_after_its_answer_is_no_fault_and_is_not_kept(db: Database) -> None:
    campaign = start(db, 2, "ada", "bo").campaign_id
    view = desk.arrive(db, "ada")
    assert view.claim is not None
    token = view.claim.token
    desk.submit(db, "ada", campaign, token=token, answer=Answer("red wheels"))
    saved, advice = desk.keep(db, "ada", campaign, token=token, answer=Answer("red whee"))
    assert (saved, "already left" in advice) == ("", True)
    assert drafts.of(db, token) is None
    with pytest.raises(NotAllowed, match="not given to you"):
        desk.keep(db, "bo", campaign, token=token, answer=Answer("red whee"))


def test_an_answer_is_changed_by_another_window_only_when_its_person_is_sure(
    db: Database,
) -> None:
    campaign = start(db, 2, "ada").campaign_id
    view = desk.arrive(db, "ada")
    assert view.claim is not None
    token = view.claim.token
    for _ in range(2):  # the same again is a press that was repeated
        desk.submit(db, "ada", campaign, token=token, answer=Answer("red wheels"))
    for other in (Answer("blue wheels"), Answer("", kind="no_pattern")):
        with pytest.raises(slots.Answered, match="already: “red wheels”"):
            desk.submit(db, "ada", campaign, token=token, answer=other)
    (stored,) = annotations.of_campaign(db, campaign)
    assert (stored.text, stored.revision) == ("red wheels", 1)
    blue = Answer("blue wheels")
    desk.submit(db, "ada", campaign, token=token, answer=blue, sure=[desk.CHANGE])
    (stored,) = annotations.of_campaign(db, campaign)
    assert (stored.text, stored.revision) == ("blue wheels", 2)


def test_a_sentence_without_a_known_word_is_held_until_its_person_is_sure(db: Database) -> None:
    campaign = start(db, 2, "ada").campaign_id
    view = desk.arrive(db, "ada")
    assert view.claim is not None
    token = view.claim.token
    with pytest.raises(desk.Unknown, match="No word"):
        desk.submit(db, "ada", campaign, token=token, answer=Answer("asdf qwer"))
    assert annotations.of_campaign(db, campaign) == []
    odd = Answer("asdf qwer")
    desk.submit(db, "ada", campaign, token=token, answer=odd, sure=[desk.UNKNOWN])
    assert [each.text for each in annotations.of_campaign(db, campaign)] == ["asdf qwer"]
