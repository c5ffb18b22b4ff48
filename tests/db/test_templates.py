"""Templates escape every text, refuse names that they do not know, and nest."""

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from annotator import html
from db import templates

ATTACK = '<img src=x onerror="alert(1)">&\''


def test_every_text_is_escaped_wherever_it_stands() -> None:
    parts = templates.beside(html.__file__)
    shown = parts("moment", utc=ATTACK)
    assert "<img" not in shown
    assert '"alert' not in shown
    assert parts("problem", text=ATTACK).count("&lt;img") == 1


def test_what_a_macro_returns_is_not_escaped_again() -> None:
    inner = html.note("a < b")
    assert inner == '<p role="status">a &lt; b</p>'
    assert templates.joined([inner, inner]) == inner * 2
    assert isinstance(templates.joined([]), Markup)


def test_a_name_that_is_not_given_is_an_error_and_no_empty_text() -> None:
    with pytest.raises(UndefinedError, match="utc"):
        templates.beside(html.__file__)("moment")
