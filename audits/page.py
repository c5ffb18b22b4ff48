"""Pieces of HTML that several items of the Audit tab use."""

from collections.abc import Sequence

from markupsafe import Markup

from db import templates

_PARTS = templates.beside(__file__)


def warned(sentences: Sequence[str]) -> Markup:
    """What makes the numbers of a plan say less than they seem to."""
    return _PARTS("warned", sentences=sentences)


def titled(title: str, content: Markup) -> Markup:
    """Content under its title."""
    return _PARTS("titled", title=title, content=content)


def card(sentence: str) -> Markup:
    """What stands where a result is going to be."""
    return _PARTS("card", sentence=sentence)
