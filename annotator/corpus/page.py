"""What cleaning rules change, as HTML made of plain values; texts are escaped here."""

from collections.abc import Sequence
from html import escape

from annotator.corpus.cleaning import Change


def changes(found: Sequence[Change], sentences: int) -> str:
    """Raw and cleaned text side by side."""
    rows = "".join(
        f"<tr><td>{escape(each.annotator)}</td><td>{escape(each.raw)}</td>"
        f"<td>{escape(each.cleaned)}</td></tr>"
        for each in found[:200]
    )
    return (
        f"<p>{len(found)} of {sentences} sentences would change.</p>"
        f'<table class="an-table"><tr><th>annotator</th><th>as typed</th><th>cleaned</th></tr>'
        f"{rows}</table>"
    )
