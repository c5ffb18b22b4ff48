"""Ratings as HTML: what a rater reads, and the table of what the raters said."""

from collections.abc import Sequence

from markupsafe import Markup

from annotator import html
from annotator.ratings import tables
from annotator.work import guidelines
from db import templates
from db.annotate.campaigns import Campaign
from db.annotate.ratings import Rating

_PARTS = templates.beside(__file__)


def consent(campaign: Campaign) -> Markup:
    """What the rating asks, and what one agrees to."""
    lines = campaign.settings.consent.split("\n")
    return _PARTS("consent", name=campaign.name, asks=guidelines.RATING_INSTRUCTIONS, lines=lines)


def head(campaign: Campaign, share: float) -> Markup:
    """The question above the pictures; `share` of the rating's slots are filled, in [0, 1]."""
    return _PARTS("head", name=campaign.name, asks=guidelines.RATING_INSTRUCTIONS, share=share)


def ratings(found: Sequence[Rating]) -> Markup:
    """Mean rating with standard error and share picked as best, by layer and method."""
    share = tables.valid_share(found)
    if share is None:
        return html.note("Nobody has rated anything yet.")
    lines = tables.summary(found)
    return _PARTS("ratings", lines=lines, share=share, alpha=tables.alpha(found))


def steering() -> Markup:
    """Where a rating is paused, closed and exported."""
    return _PARTS("steering")
