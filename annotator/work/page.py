"""What the Annotate tab shows an annotator, as HTML made of plain values; its macros: page.html.

    bar(view)  grid(view)  done(view)  refused(view)

No page framework: a `desk.View` in, markup out. Nobody else's words, no class and no description
of a machine is ever part of a view, except a draft that a campaign shows and says it does. All
texts are in the campaign's language, see `annotator.texts`.
"""

import json
from collections.abc import Sequence

from markupsafe import Markup

from annotator.html import picture, sources
from annotator.texts.words import Words
from annotator.work import guidelines, illustrations
from annotator.work.desk import ENGLISH, View
from annotator.work.ends import Part
from db import templates
from db.annotate.qualifications import Result, Sitting, Standing
from db.describe.exemplars import UnitRow

_PARTS = templates.beside(__file__)


def frame(hidden: Sequence[str], *, waits: bool) -> Markup:
    """What hides these parts of the page; it looks again by itself while it waits for something."""
    return _PARTS("frame", hidden=hidden, waits=waits)


def language(say: Words) -> Markup:
    """The page's language and direction, and the texts that its script writes."""
    texts = {key: text for key, text in say.texts.items() if key.startswith("page.")}
    return _PARTS("language", say=say, texts=json.dumps(texts, ensure_ascii=False))


def heading() -> Markup:
    """What the page is, for who hears it."""
    return _PARTS("heading", say=ENGLISH)


def naming() -> Markup:
    """Without sign-in: asks for the name that stands beside the answers."""
    return _PARTS("naming", say=ENGLISH)


def message(view: View) -> Markup:
    """What the page says when there is nothing to do on it."""
    if view.screen in ("empty", "lost"):
        return _PARTS("nowhere", say=view.say, what=view.screen)
    if view.screen == "welcome":
        return welcome(view)
    if view.screen == "done":
        return done(view)
    if view.screen == "end":
        return end(view)
    if view.screen == "halted":
        return halted(view)
    if view.screen == "test" and view.sitting is None and view.standing is not None:
        return standing(view.standing, view.say)
    return Markup()


def welcome(view: View) -> Markup:
    """What this is, pay and time, the guidelines, worked examples, and what one agrees to."""
    assert view.campaign is not None
    settings = view.campaign.settings
    return _PARTS(
        "welcome",
        say=view.say,
        name=view.campaign.name,
        instructions=settings.instructions,
        consent=settings.consent.strip().splitlines(),
        offer=[] if view.part is None else offer(view, view.part),
        rules=rules(view.say),
    )


def offer(view: View, part: Part) -> list[str]:
    """What a participant will do and get, a sentence each."""
    assert view.campaign is not None
    settings, say, given = view.campaign.settings, view.say, part.offer
    lines = [
        say("welcome.sets_open") if settings.cap is None else say("welcome.sets", n=settings.cap)
    ]
    if given.minutes is not None:
        lines.append(say("welcome.minutes", minutes=f"{given.minutes:g}"))
    money = {"currency": settings.currency}
    if given.reward:
        lines.append(say("welcome.reward", amount=f"{given.reward:.2f}", **money))
    if settings.pay_per_unit:
        lines.append(say("welcome.bonus", amount=f"{settings.pay_per_unit:.2f}", **money))
    if part.test is not None:
        tries = part.test.max_attempts
        lines.append(say("welcome.test", questions=part.test.questions, tries=tries))
        if given.screened_reward:
            amount = f"{given.screened_reward:.2f}"
            lines.append(say("welcome.screened", amount=amount, **money))
    lines.append(say("welcome.stop"))
    if given.contact:
        lines.append(say("welcome.contact", contact=given.contact))
    return lines


def rules(say: Words = ENGLISH) -> Markup:
    """The guidelines with two worked examples."""
    return _PARTS(
        "rules",
        say=say,
        lines=say.lists["guidelines.lines"],
        examples=guidelines.examples(say),
        width=illustrations.SHEET.width,
        height=illustrations.HEIGHT,
    )


def kept_rules(say: Words = ENGLISH) -> Markup:
    """The guidelines as they stay beside the work."""
    return _PARTS("guidelines", rules=rules(say))


def bar(view: View) -> Markup:
    """The line above the pictures: which set, when saved, how far everybody is."""
    if view.campaign is None or view.mine is None:
        return Markup()
    mine, say = view.mine, view.say
    total = mine.answers + mine.could
    parts = [
        say("bar.share", percent=f"{100 * view.share:.0f}"),
        say("bar.minutes", minutes=f"{mine.minutes_today:.0f}"),
    ]
    if mine.earnings is not None:
        money = {"amount": f"{mine.earnings:.2f}", "currency": view.campaign.settings.currency}
        parts.append(say("bar.earned", **money))
    return _PARTS(
        "bar",
        say=say,
        number=min(mine.answers + 1, total) if view.screen == "work" else mine.answers,
        total=total,
        saved_utc=view.latest[0].revised_utc if view.latest else None,
        parts=parts,
        refused=refused(view),
    )


def instructions(view: View) -> Markup:
    """The pinned question."""
    assert view.campaign is not None
    return _PARTS("instructions", text=view.campaign.settings.instructions)


def grid(view: View) -> Markup:
    """The exemplars of the unit on screen; the next unit's picture is fetched behind it."""
    if view.unit is None or view.claim is None:
        return Markup()
    shown = picture(view.unit, token=view.claim.token, say=_spoken(view.say))
    if view.following is None:
        return shown
    return shown + _PARTS("ahead", sources=sources(view.following, "grid"))


def hint(
    text: str,
    saved_utc: str | None,
    *,
    token: str = "",
    say: Words = ENGLISH,
    drafted: bool = False,
) -> Markup:
    """The line under the box: words, when the draft was kept, and what could be better.

    It names the picture set that it is about: one that comes late is hidden beside the next.

    Args:
        drafted: the sentence in the box is a machine's.
    """
    text = text or (say("asks.draft") if drafted else "")
    return _PARTS("hint", text=text, saved_utc=saved_utc, token=token, kept=say("box.kept"))


def asks(question: str) -> Markup:
    """A question before an answer is stored; its buttons are beside it."""
    return _PARTS("asks", question=question)


def done(view: View) -> Markup:
    """Nothing to claim now, why, and what one has done."""
    assert view.nothing is not None
    assert view.campaign is not None
    say = view.say
    if view.nothing.reason == "busy":
        text: str = _PARTS(
            "busy",
            say=say,
            in_progress=view.nothing.in_progress,
            retry_utc=view.nothing.retry_utc,
            finishes=view.finishes,
        )
    else:
        text = say(f"done.{view.nothing.reason}")
    minutes = view.mine.minutes_today if view.mine else 0.0
    return _PARTS(
        "done",
        name=view.campaign.name,
        text=text,
        answers=say.many("done.answers", view.mine.answers if view.mine else 0),
        minutes=say("done.minutes", minutes=f"{minutes:.0f}") if minutes >= 1 else "",
        refused=refused(view),
    )


def end(view: View) -> Markup:
    """A participant's part is over: how, what was earned, and where to go with which code."""
    assert view.part is not None
    assert view.campaign is not None
    say, owed, to = view.say, view.part.due, view.part.destination
    outcome = view.part.guest.outcome
    earned = ""
    if owed.total:
        earned = say(
            "end.earned",
            total=f"{owed.total:.2f}",
            reward=f"{owed.reward:.2f}",
            bonus=f"{owed.bonus:.2f}",
            currency=view.campaign.settings.currency,
        )
    return _PARTS(
        "end",
        say=say,
        title=say(f"end.{outcome}"),
        text=say(f"end.{outcome}_text"),
        answers=say.many("end.answers", owed.answers) if outcome == "completed" else "",
        earned=earned,
        to=to,
        contact=view.part.offer.contact,
    )


def halted(view: View) -> Markup:
    """Somebody was paused or excluded: what that means for what they gave."""
    assert view.campaign is not None
    why = "paused" if view.barred == "paused" else "excluded"
    contact = "" if view.part is None else view.part.offer.contact
    return _PARTS(
        "end",
        say=view.say,
        title=view.say(f"end.{why}"),
        text=view.say(f"end.{why}_text"),
        answers="",
        earned="",
        to=None,
        contact=contact,
    )


def stopping(say: Words = ENGLISH) -> Markup:
    """What stopping before the end means."""
    return _PARTS("stopping", say=say)


def asked(unit: UnitRow, number: int, sitting: Sitting, say: Words = ENGLISH) -> Markup:
    """One picture set of the qualification test."""
    shown = picture(unit, say=_spoken(say))
    count = len(sitting.questions)
    return _PARTS("asked", say=say, number=number, questions=count, picture=shown)


def attempts(left: int, say: Words = ENGLISH) -> Markup:
    """How many attempts there are, this one included."""
    return _PARTS("attempts", text=say.many("test.left", left))


def refused(view: View) -> Markup:
    """Own answers that a reviewer refused, each with the reason."""
    return _PARTS("refused", say=view.say, answers=view.refused) if view.refused else Markup()


def standing(where: Standing, say: Words = ENGLISH) -> Markup:
    """Where a person stands who cannot take the test now."""
    if not where.attempts_left:
        return _PARTS("spent", say=say)
    return _PARTS("again", say=say, left=where.attempts_left, retry_utc=where.retry_utc)


def result(outcome: Result, say: Words = ENGLISH) -> Markup:
    """How the test went."""
    return _PARTS("result", say=say, outcome=outcome)


def earlier(say: Words = ENGLISH) -> Markup:
    """What one may do with own answers."""
    return _PARTS("earlier", say=say)


def _spoken(say: Words) -> tuple[str, str]:
    """What is said of a picture to who cannot see it, the number of tiles still open."""
    return say.texts["box.alt"], say("box.open_hint")
