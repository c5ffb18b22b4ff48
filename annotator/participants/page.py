"""What an admin sees of participants, as HTML made of plain values; its macros: page.html."""

from collections.abc import Sequence

from markupsafe import Markup

from annotator.html import note
from annotator.participants.people import Person
from db import templates
from db.crowd.invitations import Invitation
from db.crowd.recruitment import Recruitment

_PARTS = templates.beside(__file__)
PROLIFIC = "&PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}&SESSION_ID={{%SESSION_ID%}}"


def links(token: str | None, offer: Recruitment, *, came: int) -> Markup:
    """The links to hand out, one for each platform; `came` counts who came by them."""
    if token is None:
        return note("There is no link. Save what is offered, then make one.")
    forms = {
        "Prolific (paste as the study's address)": PROLIFIC,
        "MTurk (external question; it adds the ids itself)": "",
        "any other place (an id of your own for each person)": "&pid=ID",
    }
    addresses = {name: f"/?campaign={token}{query}" for name, query in forms.items()}
    return _PARTS("links", addresses=addresses, closes_utc=offer.closes_utc, came=came)


def invited(made: Sequence[Invitation], *, now_utc: str) -> Markup:
    """How many invitations there are, by what became of them."""
    if not made:
        return note("Nobody was invited yet.")
    return _PARTS(
        "invited",
        people=len(made),
        came=sum(each.annotator is not None for each in made),
        revoked=sum(each.revoked_utc is not None for each in made),
        expired=sum(each.revoked_utc is None and each.expires_utc <= now_utc for each in made),
    )


def people(lines: Sequence[Person], *, currency: str) -> Markup:
    """A line for everybody who came."""
    if not lines:
        return note("Nobody came yet.")
    return _PARTS("people", lines=lines, currency=currency)
