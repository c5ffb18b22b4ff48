"""Ratings as HTML made of plain values; texts are escaped here."""

from collections.abc import Sequence
from html import escape

from annotator.html import note
from annotator.ratings import tables
from db.annotate.ratings import Rating


def ratings(found: Sequence[Rating]) -> str:
    """Mean rating with standard error and share picked as best, by layer and method."""
    lines = tables.summary(found)
    share, agreement = tables.valid_share(found), tables.alpha(found)
    if share is None:
        return note("Nobody has rated anything yet.")
    rows = "".join(
        f"<tr><td>{escape(line.layer)}</td><td>{escape(line.method)}</td>"
        f'<td class="n">{line.ratings}</td><td class="n">{line.mean:.2f}'
        f"{'' if line.error is None else f' ± {line.error:.2f}'}</td>"
        f'<td class="n">{100 * line.chosen:.1f} %</td></tr>'
        for line in lines
    )
    alpha = "undefined: no two raters on one unit" if agreement is None else f"{agreement:.2f}"
    return (
        '<table class="an-table"><tr><th>layer</th><th>method</th><th class="n">ratings</th>'
        f'<th class="n">mean ± standard error</th><th class="n">picked as best</th></tr>{rows}'
        f"</table><p>{100 * share:.0f} % of the responses are consistent and counted. "
        f"Krippendorff's alpha (interval): {alpha}.</p>"
    )
