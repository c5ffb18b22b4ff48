"""Pieces of HTML that several items of the Audit tab use."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from db import templates
from db.audit.steps import Done

CSS = """
#audit_path {padding: 0; border: 0}
#audit_path .mw-path {flex-wrap: nowrap; overflow-x: auto}
#audit_path button {white-space: nowrap}
#study_cards .mw-cards {grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr))}
#study_cards .mw-card {display: flex; flex-direction: column}
#study_cards dl {margin: var(--mw-space-2) 0 var(--mw-space-3); font-size: var(--mw-type-small)}
#study_cards dt {color: var(--mw-soft)}
#study_cards dd {margin: 0 0 var(--mw-space-1)}
#study_cards button {margin-top: auto; align-self: start}
"""

_PARTS = templates.beside(__file__)


def warned(sentences: Sequence[str]) -> Markup:
    """What makes the numbers of a plan say less than they seem to."""
    return _PARTS("warned", sentences=sentences)


def titled(title: str, content: Markup) -> Markup:
    """Content under its title."""
    return _PARTS("titled", title=title, content=content)


def card(sentence: str) -> Markup:
    """What stands where a result is going to be."""
    return _PARTS("card", sentence=sentence)


def path(done: Done, opened: str) -> Markup:
    """The steps of an audit with what is done in each.

    Args:
        opened: the item that is open; one that is no step marks none.
    """
    return _PARTS("steps", done=done, opened=opened)


@dataclass(frozen=True)
class _Study:
    """A study as its card says it; `key` is the item that it opens."""

    key: str
    name: str
    question: str
    needs: str
    time: str


_STUDIES = (
    _Study(
        "compare",
        "Compare networks",
        "How often does one concept occur in several networks, and in which layers?",
        "Verdicts about one concept in two networks.",
        "None: what was judged is counted.",
    ),
    _Study(
        "faithfulness",
        "Faithfulness",
        "Do units act where their descriptions hold?",
        "A described network, and labelled images that the descriptions were not made from.",
        "A job: the network sees every image.",
    ),
    _Study(
        "importance",
        "Feature importance",
        "Which kinds of description belong to the units that the network needs?",
        "A described network and labelled images.",
        "A long job: the network is measured again at each step of every order.",
    ),
    _Study(
        "uses",
        "Uses",
        "What can descriptions be used for: grouping units, pruning them, telling classes apart?",
        "A described network and labelled images.",
        "A job: the network is measured again for every set of units that is pruned.",
    ),
    _Study(
        "paste",
        "Cut and paste",
        "What does the network say when a piece that a unit looks for is laid on another image?",
        "A described classifier, and images on which the unit is quiet.",
        "One pair is shown while you move it; many pairs take a little longer.",
    ),
    _Study(
        "spurious",
        "Spurious text",
        "Does a network that learned to read its labels see again without the units that read?",
        "A folder of images with one sub-folder a class.",
        "The longest: a network is trained, described, ablated and measured.",
    ),
)


def studies() -> Markup:
    """A card for each study: its question, what it needs, how long it takes."""
    return _PARTS("studies", every=_STUDIES)
