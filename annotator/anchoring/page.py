"""What machine drafts did, as HTML made of plain values; its macros: page.html."""

from markupsafe import Markup

from annotator.anchoring.measure import LEAST, Measured
from annotator.html import note
from db import templates

_PARTS = templates.beside(__file__)


def halves(found: Measured) -> Markup:
    """Both halves side by side, with the difference and its interval."""
    if not found.rows:
        return note(
            f"{found.shown} answers with a draft and {found.hidden} without so far; a comparison "
            f"needs {LEAST} of each."
        )
    return _PARTS("halves", found=found)
