"""What "Find and sign off" shows of a step of the queue.

found(step)                     the counts and bars of a filter
look(step), evidence(seen)      the unit in front with its evidence, or why there is none
card(look, …), tally(own, …)    one unit of the queue as the page's script holds it; own verdicts
listing(step)                   a page of all matches
kappa(measured, …), log(events, total), link(filter)
"""

import json
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from audits.find.kappa import Agreement
from audits.find.queue import LAMBDA, Look, Step
from audits.find.verdicts import sha256
from db import templates
from db.audit.evidence import Evidence
from db.audit.filters import Filter
from db.audit.finding import PEOPLE, SIMULATED
from db.audit.signoffs import Signoff
from db.describe import pictures
from db.log import Event
from describer.describe.page_unit import exemplars

_PARTS = templates.beside(__file__)

_CANDIDATES = 5
_AUTHORS = {PEOPLE: "a person", SIMULATED: "a simulated annotator"}
_LAYERS = 8


def found(step: Step) -> Markup:
    """How many units a filter found, and in which layers they are."""
    if step.found is None:
        return Markup()
    few = len(step.found.layers) <= _LAYERS
    return _PARTS("found", result=step.found, concept=step.concept, few=few)


def look(step: Step) -> Markup:
    """The unit in front, exemplars large, the matched words marked; or why there is none."""
    if step.found is None:
        return _PARTS("nothing_yet")
    done = _PARTS("queue_done", result=step.found)
    front = done
    if step.look is not None:
        front = _look(step.look, place=step.place, waiting=step.waiting)
    held = {
        # A page that finds the same again begins anew.
        "name": secrets.token_hex(8),
        "person": step.person,
        "query": asdict(step.query),
        "waiting": step.waiting,
        "place": step.place,
        "cards": [card(one) for one in step.looks],
        "done": done,
    }
    return _PARTS("stage", held=json.dumps(held), front=front)


def card(front: Look) -> dict[str, Any]:
    """A unit as the page's script holds it: what it shows, and what a verdict on it names."""
    match, unit = front.match, front.unit
    return {
        "name": unit.name,
        "unit_id": unit.unit_id,
        "method": match.method,
        "sentence_id": match.sentence_id,
        "sha256": sha256(match.text),
        "exemplars": unit.hash,
        "picture": pictures.address(unit, "grid") if unit.folder else "",
        "html": _look(front, place=0, waiting=0),
    }


def marked(text: str, spans: Sequence[tuple[int, int]]) -> Markup:
    """The text with the spans marked.

    >>> print(marked("faces & text", [(0, 5)]))
    <mark>faces</mark> &amp; text
    """
    return _PARTS("marked", pieces=_pieces(text, spans))


def evidence(seen: Sequence[Evidence], absent: Sequence[str] = ()) -> Markup:
    """What detectors saw, and once they were asked, which ones are missing."""
    lines = [f"{one.detector}: in {one.found} of {one.regions} regions" for one in seen]
    lines += [f"not installed · {name}" for name in absent]
    return _PARTS("listed", title="Detectors saw (evidence, no verdict)", lines=lines)


def asked(unit_id: int, seen: Sequence[Evidence], absent: Sequence[str]) -> Markup:
    """What detectors said of one unit, for as long as it is in front."""
    return _PARTS("asked", unit_id=unit_id, seen=evidence(seen, absent))


def tally(own: Sequence[Signoff], *, left: int, needed: int) -> Markup:
    """One's own verdicts so far on one concept."""
    counts = Counter(given.verdict for given in own)
    return _PARTS("tally", counts=counts, left=left, needed=needed)


def listing(step: Step) -> Markup:
    """A page of all matches, judged or not."""
    if step.found is None:
        return Markup()
    rows = [
        (
            quote(f"{match.subject}/{match.layer}/{match.unit}"),
            match,
            _pieces(match.text, match.spans),
            step.states.get(match.unit_id, ""),
        )
        for match in step.found.matches
    ]
    return _PARTS("listing", rows=rows, first=step.offset, units=step.found.units)


def kappa(measured: Agreement | None, *, needed: int) -> Markup:
    """How far the reviewers agree beyond chance."""
    return _PARTS("kappa", measured=measured, needed=needed)


def log(events: Sequence[Event], total: int) -> Markup:
    """The newest lines of the audit's log."""
    return _PARTS("log", events=events, total=total)


def link(kept: Filter) -> Markup:
    """Where a saved filter opens."""
    return _PARTS("link", number=kept.filter_id, name=kept.name)


def _look(front: Look, *, place: int, waiting: int) -> Markup:
    match = front.match
    return _PARTS(
        "look",
        look=front,
        place=place,
        waiting=waiting,
        seen=evidence(front.seen),
        author=_AUTHORS.get(match.method, match.method),
        pieces=_pieces(match.text, match.spans),
        grid=Markup(exemplars(front.unit)),
        address=quote(front.unit.name),
        people=[said.marked for said in front.people if said.text != match.text],
        machines=[
            f"{said.text} ({said.method})" for said in front.machines if said.text != match.text
        ],
        methods={said.description_id: said.method for said in front.machines},
        lam=LAMBDA,
        candidates=[
            (text, given - LAMBDA * plain) for text, given, plain in front.best[:_CANDIDATES]
        ],
    )


def _pieces(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    """A text cut at the ends of its spans: (piece, whether it is marked)."""
    pieces, end = [], 0
    for start, stop in spans:
        pieces += [(text[end:start], False), (text[start:stop], True)]
        end = stop
    return [*pieces, (text[end:], False)]
