"""What a reviewer reads, as HTML: an answer with its flags, the counts of the queue, the people."""

from collections.abc import Collection, Mapping, Sequence

from markupsafe import Markup

from annotator import html
from annotator.review.desk import Look
from annotator.review.quality import Habits
from db import templates

CHECKS = {"gold": " · its answer is known", "repeat": " · asked a second time"}

_PARTS = templates.beside(__file__)


def card(seen: Look, *, siblings: bool) -> Markup:
    """The sentence with its flags in words; the others' sentences once they are asked for."""
    check = CHECKS.get(seen.waiting.annotation.purpose, "")
    return _PARTS("card", seen=seen, check=check, siblings=siblings)


def summary(counts: Mapping[str, int]) -> Markup:
    """How many answers wait, are flagged, approved, rejected, requeued."""
    return _PARTS("summary", **counts)


def people(lines: Sequence[Habits], simulated: Collection[str]) -> Markup:
    """One line for every annotator; `simulated` are the names of those who are no people."""
    if not lines:
        return html.note("Nobody has answered yet.")
    return _PARTS("people", lines=lines, simulated=simulated)
