"""What an annotator has in front of them, worked out in one place and without a page framework.

    view = desk.arrive(db, "ada", campaign_id=None)
    view.screen            # "empty", "lost", "welcome", "test", "work", "done", "end", "halted"

Each step of the page (agree, take the test, submit, skip) does its one thing in the database and
then arrives again, so that a reload always shows the same as the step did.
"""

import contextlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlite_utils import Database

from annotator.corpus import spelling
from annotator.texts import words
from annotator.texts.words import Words
from annotator.work import ends, hints
from annotator.work.ends import Part
from db.annotate import (
    annotations,
    campaigns,
    claims,
    drafts,
    progress,
    qualifications,
    reviews,
    skips,
    slots,
)
from db.annotate.annotations import LONGEST, Annotation, Answer
from db.annotate.campaigns import Campaign
from db.annotate.claims import Claim
from db.annotate.drafts import Draft, Left
from db.annotate.progress import Mine
from db.annotate.qualifications import Result, Sitting, Standing
from db.annotate.slots import Nothing
from db.crowd import assistance, participants, recruitment, standings
from db.crowd.participants import Participant
from db.describe import exemplars
from db.describe.exemplars import UnitRow
from db.errors import BadInput, NotAllowed, NotFound
from db.workspace import now

# What a person who is asked before something is stored can be sure of.
CHANGE, UNKNOWN = "change", "unknown"


class Unknown(BadInput):
    """No word of a sentence is known; its person is asked before it is stored."""


Screen = Literal["empty", "lost", "welcome", "test", "work", "done", "end", "halted"]
EARLIER = 200
ENGLISH = words.of(words.DEFAULT)


@dataclass(frozen=True)
class View:
    """Everything a page needs to show to one annotator.

    Attributes:
        screen: `empty` no campaign takes answers, `lost` there is none of that number, `welcome`
            guidelines and consent, `test` the qualification, `work` a unit, `done` no unit now,
            `end` a participant's part is over, `halted` the person was paused or excluded.
        draft: what was typed for this unit before.
        following: the unit that probably comes next, so that its picture can be fetched early;
            nothing is claimed for it.
        refused: own answers that a reviewer refused, with the reasons.
        skipped: the step before was a skip, which can be taken back.
        say: the texts in the campaign's language.
        part: of somebody who came by a link.
        finishes: a participant who only waits for others may end the part as a whole one.
        barred: why the person is halted, see `qualifications.barred`.
        suggestion: a machine's sentence for the box, by the campaign's rule; usually none.
    """

    screen: Screen
    campaign: Campaign | None = None
    claim: Claim | None = None
    unit: UnitRow | None = None
    draft: Draft | None = None
    following: UnitRow | None = None
    sitting: Sitting | None = None
    standing: Standing | None = None
    nothing: Nothing | None = None
    share: float = 0.0
    mine: Mine | None = None
    latest: tuple[Annotation, ...] = ()
    unsent: tuple[Draft, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    skipped: bool = False
    say: Words = ENGLISH
    part: Part | None = None
    finishes: bool = False
    barred: str = ""
    suggestion: str = ""

    @property
    def drafted(self) -> bool:
        """Whether the sentence in the box is a machine's."""
        return bool(self.suggestion) and self.draft is None


@dataclass(frozen=True)
class Taken:
    """Where a person is in the test after one more choice.

    Attributes:
        attempts_left: the attempt under way included.
        view, result: where they are and how it went, once the last question is answered.
    """

    sitting: Sitting
    chosen: tuple[int, ...]
    attempts_left: int
    view: View | None = None
    result: Result | None = None


def arrive(db: Database, annotator: str, *, campaign_id: int | None = None) -> View:
    """Where the person is: the named campaign, the one they are at work in, or the newest open one
    that describes. Who came by a link is in that link's campaign, whatever is named.
    """
    guest = participants.get(db, annotator)
    campaign = _campaign(db, campaign_id if guest is None else guest.campaign_id, annotator)
    if campaign is None:
        return View("empty" if campaign_id is None else "lost")
    say = words.of_campaign(db, campaign.campaign_id)
    view = _arrive(db, annotator, campaign, guest)
    if guest is None:
        return replace(view, say=say)
    after = participants.get(db, annotator) or guest
    part = ends.part(db, campaign, after)
    if after.outcome is not None:
        return View("end", campaign, say=say, part=part, mine=view.mine)
    busy = view.nothing is not None and view.nothing.reason == "busy"
    finishes = busy and ends.may_finish(db, after)
    return replace(view, say=say, part=part, finishes=finishes)


def _arrive(db: Database, annotator: str, campaign: Campaign, guest: Participant | None) -> View:
    """Where the person is in a campaign; of a participant it settles whether the part is over."""
    mine = progress.mine(db, campaign.campaign_id, annotator)
    if guest is not None and guest.outcome is not None:
        return View("end", campaign, mine=mine)
    if barred := qualifications.barred(db, campaign.campaign_id, annotator):
        return View("halted", campaign, mine=mine, barred=barred)
    if campaign.state == "closed":
        # nobody reads guidelines or takes a test for what takes no answers
        nothing = Nothing("closed")
        if guest is not None:
            ends.settle(db, guest, nothing)
        return View("done", nothing=nothing, **_own(db, campaign, annotator, mine))
    if not qualifications.welcomed(db, campaign, annotator):
        if guest is not None and ends.nothing_left(db, campaign.campaign_id, annotator, now()):
            ends.settle(db, guest, Nothing("finished"))
        return View("welcome", campaign)
    test_id = campaign.settings.qualification_id
    if test_id is not None:
        standing = qualifications.standing(db, test_id, annotator)
        if not standing.passed:
            sitting = None
            if standing.attempts_left and not standing.retry_utc:
                sitting = qualifications.start(db, test_id, annotator)
            if guest is not None and not standing.attempts_left:
                participants.finish(db, annotator, "screened_out")
            return View("test", campaign, sitting=sitting, standing=standing)
    claimed = slots.claim(db, campaign.campaign_id, annotator)
    here = _own(db, campaign, annotator, mine)
    if isinstance(claimed, Nothing):
        if guest is not None:
            ends.settle(db, guest, claimed)
        return View("done", nothing=claimed, **here)
    following = slots.peek(db, campaign.campaign_id, annotator)
    return View(
        "work",
        claim=claimed,
        unit=exemplars.unit(db, claimed.unit_id),
        draft=drafts.of(db, claimed.token),
        following=None if following is None else exemplars.unit(db, following),
        suggestion=assistance.assign(db, claimed.token),
        **here,
    )


def _own(db: Database, campaign: Campaign, annotator: str, mine: Mine) -> dict[str, Any]:
    """What a view tells of a campaign and of the person's part in it."""
    return {
        "campaign": campaign,
        "share": progress.share(db, campaign.campaign_id),
        "mine": mine,
        "latest": tuple(annotations.own(db, campaign.campaign_id, annotator)),
        "unsent": tuple(drafts.unsent(db, campaign.campaign_id, annotator)),
        "refused": tuple(reviews.refused(db, campaign.campaign_id, annotator)),
    }


def agree(db: Database, annotator: str, campaign_id: int) -> View:
    """The person read the guidelines and accepts the consent text, if there is one.

    Raises:
        NotAllowed: the person came by a link for another campaign.
    """
    qualifications.require_own(db, campaign_id, annotator)
    qualifications.consent(db, campaigns.get(db, campaign_id), annotator)
    return arrive(db, annotator, campaign_id=campaign_id)


def submit(
    db: Database,
    annotator: str,
    campaign_id: int,
    *,
    token: str,
    answer: Answer,
    sure: Collection[str] = (),
) -> View:
    """The person answers; the next unit comes with the acknowledgement.

    What was typed before there was found to be no pattern stays a draft.

    Args:
        sure: of what the person was asked and said yes: CHANGE, UNKNOWN.

    Raises:
        Unknown: no word is known, and the person was not asked yet.
        Answered: another window answered this unit otherwise, and the person was not asked yet.
        BadInput: the sentence cannot be stored; the unit stays on screen.
        NotAllowed: the unit is not this person's.
    """
    if answer.kind == "no_pattern":
        _keep_typed(db, annotator, token, answer.text)
    # The words that are known are English ones.
    elif (
        UNKNOWN not in sure
        and spelling.unknown(answer.text[:LONGEST])
        and words.of_campaign(db, campaign_id).english
    ):
        raise Unknown("No word of your sentence is one we know.")
    slots.submit(db, token, annotator, answer, change=CHANGE in sure)
    _check_gold(db, annotator, token)
    return arrive(db, annotator, campaign_id=campaign_id)


def stop(db: Database, annotator: str) -> View:
    """A participant stops before the end; all their slots are free again.

    Raises:
        NotAllowed: it is no participant, or the part was completed.
    """
    participants.give_back(db, annotator)
    return arrive(db, annotator)


def finish(db: Database, annotator: str) -> View:
    """A participant who only waits for others ends the part as a whole one."""
    guest = participants.get(db, annotator)
    view = arrive(db, annotator)
    if guest is not None and view.nothing is not None:
        ends.finish(db, guest, view.nothing)
    return arrive(db, annotator)


def _check_gold(db: Database, annotator: str, token: str) -> None:
    """Pause who failed as many gold units as the campaign allows."""
    claimed = claims.given(db, token, annotator)
    if claimed.purpose == "gold":
        limit = recruitment.of(db, claimed.campaign_id).gold_limit
        standings.pause_if_failing(db, claimed.campaign_id, annotator, limit=limit)


def skip(
    db: Database,
    annotator: str,
    campaign_id: int,
    *,
    token: str,
    typed: str = "",
    broken: bool = False,
) -> View:
    """The person gives the unit back; what was typed stays a draft."""
    _keep_typed(db, annotator, token, typed)
    skips.skip(db, token, annotator, broken=broken)
    return replace(arrive(db, annotator, campaign_id=campaign_id), skipped=not broken)


def take_back(db: Database, annotator: str, campaign_id: int) -> View:
    """The person wants the unit that was skipped last after all.

    Raises:
        NotAllowed: there is none, or others took it.
    """
    skips.take_back(db, campaign_id, annotator)
    return arrive(db, annotator, campaign_id=campaign_id)


def take(
    db: Database,
    annotator: str,
    campaign_id: int,
    *,
    attempt_id: str,
    chosen: Sequence[int],
    choice: int,
) -> Taken:
    """One more question of the test is answered; after the last one it is handed in.

    Args:
        attempt_id, chosen: which attempt the page is at, and what was chosen so far in it. An
            attempt that another window ended meanwhile starts anew.

    Raises:
        BadInput: the campaign asks for no test.
        NotAllowed: it was passed, or no attempt can be made now.
    """
    test_id = campaigns.get(db, campaign_id).settings.qualification_id
    if test_id is None:
        raise BadInput("This campaign has no test; reload the page.")
    qualifications.require_own(db, campaign_id, annotator)
    sitting = qualifications.start(db, test_id, annotator)
    now_chosen = (*chosen, choice) if attempt_id == str(sitting.attempt_id) else ()
    if len(now_chosen) < len(sitting.questions):
        left = qualifications.standing(db, test_id, annotator).attempts_left
        return Taken(sitting, now_chosen, left)
    result = qualifications.grade(db, sitting.attempt_id, annotator, chosen=now_chosen)
    view = arrive(db, annotator, campaign_id=campaign_id)
    return Taken(sitting, now_chosen, result.attempts_left, view, result)


def choices(db: Database, annotator: str) -> list[Campaign]:
    """The campaigns among which an annotator can choose; who came by a link has none to choose."""
    if annotator and participants.get(db, annotator) is not None:
        return []
    return [known for known in campaigns.every(db, kind="describe") if known.state == "open"]


def keep(
    db: Database, annotator: str, campaign_id: int, *, token: str, answer: Answer
) -> tuple[str, str]:
    """Keep a draft; returns when it was saved, "" if not, and what could be better about it.

    What was on its way while the unit was answered is no fault of anybody's: nothing is stored.

    Raises:
        NotAllowed: the unit is not this person's.
    """
    try:
        saved = drafts.save(db, token, annotator, answer)
    except Left as left:
        return "", str(left)
    own = annotations.own(db, campaign_id, annotator, limit=EARLIER)
    if len(answer.text) > drafts.LONGEST_DRAFT:
        kept = f"{drafts.LONGEST_DRAFT:,}"
        return saved, f"Only the first {kept} characters are kept; shorten what you typed."
    sentences = [answered.text for answered in own]
    if not words.of_campaign(db, campaign_id).english:
        return saved, ""
    return saved, hints.hint(answer.text[:LONGEST], earlier=sentences, spelling=spelling.suggest)


def _keep_typed(db: Database, annotator: str, token: str, typed: str) -> None:
    """Keep what the page's own timer had no time to send."""
    # A press that is repeated finds the picture set left already, with its draft.
    with contextlib.suppress(NotAllowed):
        if typed.strip():
            drafts.save(db, token, annotator, Answer(typed))


def lists(db: Database, annotator: str, campaign_id: int) -> View:
    """Only what the person wrote: the last answers and the unsent drafts."""
    return View(
        "work",
        latest=tuple(annotations.own(db, campaign_id, annotator)),
        unsent=tuple(drafts.unsent(db, campaign_id, annotator)),
        say=words.of_campaign(db, campaign_id),
    )


def earlier_text(db: Database, annotator: str, chosen: str) -> str:
    """The present wording of an own answer `a:<id>` or an unsent draft `d:<token>`."""
    kind, _, key = chosen.partition(":")
    if kind == "d":
        draft = drafts.of(db, key)
        return "" if draft is None else draft.text
    answer = annotations.get(db, int(key)) if key.isdecimal() else None
    return answer.text if answer is not None and answer.annotator == annotator else ""


def reword(db: Database, annotator: str, chosen: str, answer: Answer) -> str:
    """Add a wording to an own answer, or send a draft whose picture set went to somebody else.

    Returns the key of the text that says what was done.

    Raises:
        BadInput: nothing is chosen, or the sentence cannot be stored.
        NotAllowed: it is somebody else's, or was reviewed.
    """
    kind, _, key = chosen.partition(":")
    if kind == "d":
        slots.submit(db, key, annotator, answer)
        return "mine.sent"
    if not key.isdecimal():
        raise BadInput("Choose one of your answers first.")
    annotations.revise(db, int(key), annotator, answer)
    return "mine.saved"


def _campaign(db: Database, campaign_id: int | None, annotator: str) -> Campaign | None:
    if campaign_id is not None:
        try:
            asked = campaigns.get(db, campaign_id)
        except NotFound:
            return None
        return asked if asked.kind == "describe" else None
    known = campaigns.every(db, kind="describe")
    opened = [campaign for campaign in known if campaign.state == "open"]
    at_work = claims.at_work(db, annotator)
    here = [campaign for campaign in opened if campaign.campaign_id == at_work]
    return next(iter(here or opened or known), None)
