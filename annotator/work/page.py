"""What the Annotate tab shows an annotator, as HTML made of plain values; its macros: page.html.

    bar(view)  grid(view)  done(view)  refused(answers)

No page framework: a `desk.View` in, markup out. Nobody else's words, no class and no description
of a machine is ever part of a view.
"""

from collections.abc import Sequence

from markupsafe import Markup

from annotator.html import picture, sources
from annotator.work import guidelines, illustrations
from annotator.work.desk import View
from db import templates
from db.annotate.qualifications import Result, Sitting, Standing
from db.describe.exemplars import UnitRow

_PARTS = templates.beside(__file__)
_REASONS = {
    "finished": "You have seen every picture set that still needs a description. Thank you!",
    "capped": "You have given all the answers one person may give here. Thank you!",
    "paused": "This campaign is paused. Your answers are safe; come back later.",
    "closed": "This campaign is closed. Thank you for your answers!",
}


def frame(hidden: Sequence[str], *, waits: bool) -> Markup:
    """What hides these parts of the page; it looks again by itself while it waits for something."""
    return _PARTS("frame", hidden=hidden, waits=waits)


def heading() -> Markup:
    """What the page is, for who hears it."""
    return _PARTS("heading")


def naming() -> Markup:
    """Without sign-in: asks for the name that stands beside the answers."""
    return _PARTS("naming")


def message(view: View) -> Markup:
    """What the page says when there is nothing to do on it."""
    if view.screen == "empty":
        return _PARTS("empty")
    if view.screen == "lost":
        return _PARTS("lost")
    if view.screen == "welcome":
        return welcome(view)
    if view.screen == "done":
        return done(view)
    if view.screen == "test" and view.sitting is None and view.standing is not None:
        return standing(view.standing)
    return Markup()


def welcome(view: View) -> Markup:
    """What this is, the guidelines, two worked examples, and what one agrees to, if anything."""
    assert view.campaign is not None
    settings = view.campaign.settings
    return _PARTS(
        "welcome",
        name=view.campaign.name,
        instructions=settings.instructions,
        consent=settings.consent.strip().splitlines(),
        rules=rules(),
    )


def rules() -> Markup:
    """The guidelines with two worked examples."""
    return _PARTS(
        "rules",
        lines=guidelines.GUIDELINES,
        examples=guidelines.EXAMPLES,
        width=illustrations.SHEET.width,
        height=illustrations.HEIGHT,
    )


def kept_rules() -> Markup:
    """The guidelines as they stay beside the work."""
    return _PARTS("guidelines", rules=rules())


def bar(view: View) -> Markup:
    """The line above the pictures: which set, when saved, how far everybody is."""
    if view.campaign is None or view.mine is None:
        return Markup()
    mine = view.mine
    total = mine.answers + mine.could
    parts = [f"{100 * view.share:.0f} % of campaign", f"{mine.minutes_today:.0f} min today"]
    if mine.earnings is not None:
        parts.append(f"{mine.earnings:.2f} {view.campaign.settings.currency} so far")
    return _PARTS(
        "bar",
        number=min(mine.answers + 1, total) if view.screen == "work" else mine.answers,
        total=total,
        saved_utc=view.latest[0].revised_utc if view.latest else None,
        parts=parts,
        refused=refused(view.refused),
    )


def instructions(view: View) -> Markup:
    """The pinned question."""
    assert view.campaign is not None
    return _PARTS("instructions", text=view.campaign.settings.instructions)


def grid(view: View) -> Markup:
    """The exemplars of the unit on screen; the next unit's picture is fetched behind it."""
    if view.unit is None or view.claim is None:
        return Markup()
    shown = picture(view.unit, token=view.claim.token)
    if view.following is None:
        return shown
    return shown + _PARTS("ahead", sources=sources(view.following, "grid"))


def hint(text: str, saved_utc: str | None, *, token: str = "") -> Markup:
    """The line under the box: words, when the draft was kept, and what could be better.

    It names the picture set that it is about: one that comes late is hidden beside the next.
    """
    return _PARTS("hint", text=text, saved_utc=saved_utc, token=token)


def asks(what: str, question: str) -> Markup:
    """A question before an answer is stored; its buttons are beside it."""
    return _PARTS("asks", what=what, question=question)


def done(view: View) -> Markup:
    """Nothing to claim now, why, and what one has done."""
    assert view.nothing is not None
    assert view.campaign is not None
    if view.nothing.reason == "busy":
        text: str = _PARTS(
            "busy", in_progress=view.nothing.in_progress, retry_utc=view.nothing.retry_utc
        )
    else:
        text = _REASONS[view.nothing.reason]
    return _PARTS(
        "done",
        name=view.campaign.name,
        text=text,
        answers=view.mine.answers if view.mine else 0,
        minutes=view.mine.minutes_today if view.mine else 0.0,
        refused=refused(view.refused),
    )


def asked(unit: UnitRow, number: int, sitting: Sitting) -> Markup:
    """One picture set of the qualification test."""
    return _PARTS("asked", number=number, questions=len(sitting.questions), picture=picture(unit))


def attempts(left: int) -> Markup:
    """How many attempts there are, this one included."""
    return _PARTS("attempts", left=left)


def refused(answers: Sequence[tuple[str, str]]) -> Markup:
    """Own answers that a reviewer refused, each with the reason."""
    return _PARTS("refused", answers=answers) if answers else Markup()


def standing(where: Standing) -> Markup:
    """Where a person stands who cannot take the test now."""
    if not where.attempts_left:
        return _PARTS("spent")
    return _PARTS("again", left=where.attempts_left, retry_utc=where.retry_utc)


def result(outcome: Result) -> Markup:
    """How the test went."""
    return _PARTS("result", outcome=outcome)


def earlier() -> Markup:
    """What one may do with own answers."""
    return _PARTS("earlier")
