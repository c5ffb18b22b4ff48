"""A measurement of agreement as HTML: networks, layers, people, and the units at its ends.

table(found, ended_utc, texts)          # `found` is a Measurement
"""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from annotator import html
from annotator.agreement.result import Measurement
from db import templates
from db.units import Unit

ENDS = 20
Texts = Mapping[Unit, Sequence[tuple[str, str]]]

_PARTS = templates.beside(__file__)


def table(found: Measurement | None, ended_utc: str = "", texts: Texts | None = None) -> Markup:
    """The numbers of a measurement, each beside its chance level; what it is while there is none.

    Args:
        ended_utc: when it was measured.
        texts: the sentences that count now, (author, sentence) by unit, shown beside the units.
    """
    if found is None:
        return html.note(
            "Not measured yet. It compares every sentence with the others about its unit, and with "
            "those about other units, which is what chance gives."
        )
    return _PARTS("table", found=found, ended_utc=ended_utc, ends=ENDS, texts=texts or {})
