"""What a reviewer reads where people disagree, as HTML made of plain values; see page.html."""

from markupsafe import Markup

from annotator.adjudication.desk import Queue
from annotator.html import note
from db import templates

_PARTS = templates.beside(__file__)


def counts(found: Queue) -> Markup:
    """How many units wait, beside how alike sentences are by chance."""
    if not found.units:
        return note("No unit has three sentences that count yet.")
    return _PARTS(
        "counts",
        waiting=len(found.cases),
        units=found.units,
        decided=found.decided,
        chance=found.chance,
    )


def case(name: str, alike: float) -> Markup:
    """Which unit it is, and how alike its sentences are."""
    return _PARTS("case", name=name, alike=alike)
