"""What the Annotate tab shows an annotator, as HTML made of plain values; texts are escaped here.

    bar(view)  grid(view)  done(view)  latest(view)

No page framework: a `desk.View` in, markup out. Nobody else's words, no class and no description
of a machine is ever part of a view.
"""

from collections.abc import Sequence
from html import escape

from annotator.html import moment, picture, sources
from annotator.work import guidelines, illustrations
from annotator.work.desk import View
from db.annotate.qualifications import Asked, Result, Sitting, Standing
from db.describe.exemplars import UnitRow

_REASONS = {
    "finished": "You have seen every picture set that still needs a description. Thank you!",
    "capped": "You have given all the answers one person may give here. Thank you!",
    "paused": "This campaign is paused. Your answers are safe; come back later.",
    "closed": "This campaign is closed. Thank you for your answers!",
}


def message(view: View) -> str:
    """What the page says when there is nothing to do on it."""
    if view.screen == "empty":
        return empty()
    if view.screen == "lost":
        return (
            '<div class="an-card"><h3>No such campaign</h3><p>This link leads to no campaign here. '
            "Ask for a new one.</p></div>"
        )
    if view.screen == "welcome":
        return welcome(view)
    if view.screen == "done":
        return done(view)
    if view.screen == "test" and view.sitting is None and view.standing is not None:
        return standing(view.standing)
    return ""


def empty() -> str:
    """No campaign yet."""
    return (
        '<div class="an-card"><h3>No campaign is open</h3><p>Here people describe picture sets, '
        "one sentence each. An admin starts a campaign under <b>Manage</b>; then this page shows "
        "the first picture set.</p></div>"
    )


def welcome(view: View) -> str:
    """What this is, the guidelines, two worked examples, and what one agrees to, if anything."""
    assert view.campaign is not None
    consent = escape(view.campaign.settings.consent.strip()).replace("\n", "<br>")
    agreed = f"<h4>Before you start</h4><p>{consent}</p>" if consent else ""
    return (
        f'<div class="an-card"><h3>{escape(view.campaign.name)}</h3>'
        "<p>You will see sets of pictures. In each picture a part is bright and the rest is dark. "
        f"{escape(view.campaign.settings.instructions)}</p>{rules()}{agreed}</div>"
    )


def rules() -> str:
    """The guidelines with two worked examples."""
    lines = "".join(f"<li>{escape(line)}</li>" for line in guidelines.GUIDELINES)
    examples = "".join(
        f'<div class="an-example"><img src="/examples/{each.picture}.jpg" loading="lazy" '
        f'width="{illustrations.SHEET.width}" height="{illustrations.HEIGHT}" '
        f'alt="Fifteen drawn pictures. {escape(each.shown)}"><div>{escape(each.shown)}</div>'
        f"<div>✓ <b>{escape(each.good)}</b></div>"
        f"<div>✗ <s>{escape(each.poor)}</s> {escape(each.why)}</div></div>"
        for each in guidelines.EXAMPLES
    )
    return f'<ul>{lines}</ul><h4>Two examples</h4><div class="an-examples">{examples}</div>'


def bar(view: View) -> str:
    """The line above the pictures: which set, when saved, how far everybody is."""
    if view.campaign is None or view.mine is None:
        return ""
    mine = view.mine
    total = mine.answers + mine.could
    number = min(mine.answers + 1, total) if view.screen == "work" else mine.answers
    saved = ""
    if view.latest:
        saved = f" · last saved {moment(view.latest[0].revised_utc)}"
    parts = [f"{100 * view.share:.0f} % of campaign", f"{mine.minutes_today:.0f} min today"]
    if mine.earnings is not None:
        currency = escape(view.campaign.settings.currency)
        parts.append(f"{mine.earnings:.2f} {currency} so far")
    return (
        f'<div class="an-bar"><span><b>Picture set {number}</b> of your {total}{saved}</span>'
        f"<span>{' · '.join(parts)}</span></div>{refused(view.refused)}"
    )


def instructions(view: View) -> str:
    """The pinned question."""
    assert view.campaign is not None
    return f'<p class="an-question">{escape(view.campaign.settings.instructions)}</p>'


def grid(view: View) -> str:
    """The exemplars of the unit on screen; the next unit's picture is fetched behind it."""
    if view.unit is None or view.claim is None:
        return ""
    ahead = ""
    if view.following is not None:
        # by the same rule as the one on screen, so that what is fetched is what will be shown
        ahead = f'<picture hidden>{sources(view.following, "grid")} alt=""></picture>'
    return picture(view.unit, token=view.claim.token) + ahead


def hint(text: str, saved_utc: str | None) -> str:
    """The line under the box: words, when the draft was kept, and what could be better."""
    kept = "" if saved_utc is None else f"draft kept {moment(saved_utc)}"
    return (
        f'<div class="an-hint" data-saved="{escape(saved_utc or "")}">'
        f'<span class="an-count"></span> <span class="an-advice">{escape(text)}</span>'
        f'<span class="an-kept">{kept}</span></div>'
    )


def done(view: View) -> str:
    """Nothing to claim now, why, and what one has done."""
    assert view.nothing is not None
    assert view.campaign is not None
    if view.nothing.reason == "busy":
        retry = moment(view.nothing.retry_utc) if view.nothing.retry_utc else "soon"
        text = (
            f"All picture sets are taken. {view.nothing.in_progress} are in progress; "
            f"the next may free at {retry}. This page looks again by itself."
        )
    else:
        text = _REASONS[view.nothing.reason]
    answers = view.mine.answers if view.mine else 0
    minutes = view.mine.minutes_today if view.mine else 0.0
    time = f", in {minutes:.0f} minutes today" if minutes >= 1 else ""
    return (
        f'<div class="an-card"><h3>{escape(view.campaign.name)}</h3><p>{text}</p>'
        f"<p>You gave {answers} answer{'' if answers == 1 else 's'}{time}.</p>"
        f"{refused(view.refused)}</div>"
    )


def asked(question: Asked, unit: UnitRow, number: int, sitting: Sitting) -> str:
    """One picture set of the qualification test."""
    return (
        f"<h3>Test: picture set {number} of {len(sitting.questions)}</h3>"
        "<p>Which sentence describes the bright parts best? Look at all pictures, then choose one."
        f"</p>{picture(unit)}"
    )


def attempts(left: int) -> str:
    """How many attempts there are, this one included."""
    return f'<p class="an-muted">{left} attempt{"" if left == 1 else "s"} left, with this one.</p>'


def refused(found: Sequence[tuple[str, str]]) -> str:
    """Own answers that a reviewer refused, each with the reason."""
    if not found:
        return ""
    rows = "".join(
        f"<li>“{escape(text) or 'No common pattern'}”: <b>{escape(reason)}</b></li>"
        for text, reason in found[:5]
    )
    return (
        f'<details class="an-refused"><summary>{len(found)} of your answers '
        f"{'was' if len(found) == 1 else 'were'} not accepted: why?</summary><ul>{rows}</ul>"
        "<p>Nothing is lost, and the next picture sets count as always.</p></details>"
    )


def standing(where: Standing) -> str:
    """Where a person stands who cannot take the test now."""
    if not where.attempts_left:
        return (
            '<div class="an-card"><h3>No attempt is left</h3><p>Thank you for trying. Ask whoever '
            "runs this campaign if you think this is a mistake.</p></div>"
        )
    retry = moment(where.retry_utc) if where.retry_utc else "now"
    left = where.attempts_left
    return (
        f'<div class="an-card"><h3>Not passed yet</h3><p>You can try again at {retry}; '
        f"{left} attempt{'' if left == 1 else 's'} left.</p></div>"
    )


def result(outcome: Result) -> str:
    """How the test went."""
    if outcome.passed:
        text = f"Passed: {outcome.correct} of {outcome.questions} right."
    else:
        text = f"{outcome.correct} of {outcome.questions} right; that is not enough."
    reasons = "".join(
        f"<li>Picture set {number}: {escape(reason)}</li>" for number, reason in outcome.reasons
    )
    return f'<div class="an-card"><p><b>{text}</b></p><ul>{reasons}</ul></div>'
