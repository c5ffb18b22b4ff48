"""Edited networks as the page offers them."""

from collections.abc import Sequence

from markupsafe import Markup

from audits.edit.plan import Offered
from db import templates

_PARTS = templates.beside(__file__)


def links(offered: Sequence[Offered]) -> Markup:
    """The exports to fetch; their addresses are answered for staff only."""
    return _PARTS("links", offered=offered)
