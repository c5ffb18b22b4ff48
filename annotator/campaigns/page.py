"""What an admin sees of campaigns, as HTML made of plain values; its macros: page.html."""

from collections.abc import Sequence

from markupsafe import Markup

from annotator.campaigns.board import Detail, Overview
from annotator.html import note
from db import templates
from db.access.users import User
from db.annotate.annotations import Quote
from db.annotate.campaigns import Campaign
from db.annotate.qualifications import Qualification, Question
from db.crowd.alerts import Alert
from db.describe import pictures
from db.describe.exemplars import UnitRow

SHOWN = 30
ASKING = 3
_PARTS = templates.beside(__file__)


def table(rows: Sequence[Overview]) -> Markup:
    """All campaigns as rows."""
    return _PARTS("table", rows=rows) if rows else _PARTS("nothing")


def alerts(unread: Sequence[Alert]) -> Markup:
    """What an admin should hear of; nothing where there is nothing."""
    return _PARTS("alerts", alerts=unread[:SHOWN], more=max(len(unread) - SHOWN, 0))


def one(found: Detail) -> Markup:
    """One campaign: progress, units that need attention, and the link to hand out."""
    card = _PARTS(
        "one",
        campaign=found.campaign,
        now=found.progress,
        held=found.held,
        reported=found.reported,
    )
    return templates.joined([card, uneven(found), _link(found.campaign)])


def uneven(found: Detail) -> Markup:
    """The units that do not have exactly as many sentences as people are asked."""
    asked = found.campaign.settings.annotators_per_unit
    what = "ratings" if found.campaign.kind == "rate" else "sentences"
    if not found.uneven:
        return note(f"Every unit has exactly {asked} {what}.")
    return _PARTS("uneven", units=found.uneven, asked=asked, what=what, shown=SHOWN)


def _link(campaign: Campaign) -> Markup:
    address, where = f"?tab=annotate&campaign={campaign.campaign_id}", ""
    if campaign.kind == "rate":
        address, where = "?tab=annotate", " (ratings are under “Rate descriptions” there)"
    return _PARTS("link", address=address, where=where)


def settings(campaign: Campaign, *, test: Qualification | None, gold: int) -> Markup:
    """The rules of a campaign, all of them; `gold` counts its units with known answers."""
    rules = campaign.settings
    lines = {
        "question": rules.instructions,
        "consent text": rules.consent or "none",
        "people a unit": str(rules.annotators_per_unit),
        "a unit is kept for a person": f"{rules.lease_minutes:g} minutes",
        "most answers a person": "no cap" if rules.cap is None else str(rules.cap),
        "pay shown": (
            "none" if rules.pay_per_unit is None else f"{rules.pay_per_unit:g} {rules.currency}"
        ),
        "hidden repeats": _every(rules.repeat_every),
        "gold units": f"{gold}, {_every(rules.gold_every)}",
        "qualification test": "none" if test is None else f"{test.name}, version {test.version}",
        "started by": campaign.person,
    }
    return _PARTS("rules", lines=lines)


def _every(answers: int) -> str:
    return f"after every {answers} answers" if answers else "never"


def tested(unit: UnitRow, asking: Sequence[str]) -> Markup:
    """The unit that a question of a test would show; it should be in no campaign."""
    return _PARTS("tested", name=unit.name, asking=asking[:ASKING])


def questions_head(count: int) -> Markup:
    """How many questions the test has so far."""
    return _PARTS("questions_head", count=count)


def question(number: int, asked: Question, unit: UnitRow) -> Markup:
    """One question of a test with its key, as the admin who makes it sees it."""
    picture = pictures.address(unit, "strip")
    return _PARTS("question", number=number, asked=asked, name=unit.name, picture=picture)


def kept() -> Markup:
    """What the removal of a person's text does not reach."""
    return _PARTS("kept")


def quotes(found: Sequence[Quote]) -> Markup:
    """The places that repeat what a person wrote, with what they say."""
    if not found:
        return note("No reason of a reviewer and no line of the log quotes this person.")
    return _PARTS("quotes", found=found)


def accounts(every: Sequence[User]) -> Markup:
    """Who may sign in, and as what."""
    return _PARTS("accounts", users=every)
