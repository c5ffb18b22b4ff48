"""What training again brought, as HTML made of plain values; its macros: page.html.

The numbers are those of a job of kind `retrain`, which another package runs: plain JSON here.
"""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from annotator.html import note
from db import templates

_PARTS = templates.beside(__file__)
NAMES = {"bleu": "BLEU-4", "likeness": "likeness by a language model (BERTScore F)"}


def gain(found: Mapping[str, Any] | None, ended_utc: str = "") -> Markup:
    """Before and after on held-out units, with the level of chance and an interval."""
    if found is None:
        return note("MILAN was not trained on this campaign yet.")
    rows = {NAMES[name]: row for name, row in found["gain"].items() if row is not None}
    return _PARTS("gain", found=found, rows=rows, ended_utc=ended_utc)
