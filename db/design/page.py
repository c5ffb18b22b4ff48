"""The stylesheet of all pages, and the page that shows its parts together (`/parts`, for admins).

CSS                         # tokens and parts, before the CSS of single pages
parts()                     # every part once, in either theme
respond()                   # answers /parts
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from markupsafe import Markup

from db import templates
from db.design import tokens

CSS = tokens.css() + Path(__file__).with_name("style.css").read_text(encoding="utf-8")
_ALONE = """
body {margin: 0; background: var(--mw-ground); color: var(--mw-ink); font-family: var(--mw-font)}
main {max-width: 60rem !important; margin: 0 auto; padding: var(--mw-space-5)}
h1 {font-size: var(--mw-type-head)}
h2 {font-size: var(--mw-type-lead); margin-top: var(--mw-space-5)}
.swatches {display: flex; flex-wrap: wrap; gap: var(--mw-space-3); font-size: var(--mw-type-small)}
.swatches i {display: block; width: 5rem; height: 2rem; border: 1px solid var(--mw-line)}
"""
_PARTS = templates.beside(__file__)


def parts() -> Markup:
    """Every token and every part once."""
    return _PARTS(
        "parts",
        # Our own style sheet: a > in it is no text to escape.
        style=Markup(CSS + _ALONE),
        sizes=tokens.SIZES,
        light=tokens.LIGHT,
        dark=tokens.DARK,
    )


def respond() -> Callable[[Any], Awaitable[Any]]:
    """What answers `/parts`: admins see it, for everybody else there is no such page."""
    from starlette.responses import HTMLResponse, PlainTextResponse, Response

    async def answer(request: Any) -> Response:
        if request.scope.get("role") != "admin":
            return PlainTextResponse("There is no such page.", 404)
        return HTMLResponse(parts())

    return answer
