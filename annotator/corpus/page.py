"""What the admin sees of a campaign's words: cleaning rules and what they change, statistics."""

from collections.abc import Sequence

from markupsafe import Markup

from annotator import html
from annotator.corpus import cleaning
from annotator.corpus.cleaning import Change
from annotator.corpus.statistics import Counted
from db import templates
from db.annotate.cleanings import Cleaning

SHOWN = 200

_PARTS = templates.beside(__file__)


def changes(found: Sequence[Change], sentences: int) -> Markup:
    """Raw and cleaned text side by side."""
    return _PARTS("changes", found=found, shown=SHOWN, sentences=sentences)


def spelling_rule() -> Markup:
    """What a line `spelling` does, and why it is off."""
    return _PARTS("spelling_rule")


def versions(known: Sequence[Cleaning]) -> Markup:
    """Every version of the rules, the one in force first: whose, when, how many rules, why."""
    if not known:
        return html.note("The built-in rules are in force; no other version was made yet.")
    counts = [len(cleaning.from_json(version.rules_json)) for version in known]
    return _PARTS("versions", known=known, counts=counts)


def statistics(found: Counted | None, ended_utc: str = "") -> Markup:
    """A row for every layer and network, as in the paper's Table 5."""
    if found is None:
        return html.note(
            "Not counted yet. It counts the sentences that count: units, distinct words, words a "
            "sentence, and the shares of nouns, adjectives and prepositions."
        )
    return _PARTS("statistics", found=found, ended_utc=ended_utc)
