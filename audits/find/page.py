"""What "Find and sign off" shows, as HTML made of plain values; every text is escaped here.

found(result, "face")                 the counts and bars of a filter
look(match, unit, …)                  one unit of the queue with its evidence
results(found, states, …)             the page of matches
tally(verdicts, …), kappa(…), log(…)
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import quote

from audits.find.kappa import Agreement
from db.annotate.annotations import Said
from db.audit.decisions import Decision
from db.audit.evidence import Evidence
from db.audit.finding import PEOPLE, SIMULATED, Found, Match
from db.audit.signoffs import Signoff
from db.describe.descriptions import Candidate, Description
from db.describe.exemplars import UnitRow
from db.describe.faithfulness import Score
from db.log import Event
from describer.describe.page_unit import exemplars

LAMBDA = 0.2
_CANDIDATES = 5
_AUTHORS = {PEOPLE: "a person", SIMULATED: "a simulated annotator"}
_LAYERS = 8


def found(result: Found, concept: str) -> str:
    """How many units a filter found, and in which layers they are."""
    if not result.searched:
        return (
            '<div class="mw-card">No sentence to search: describe a network in the Describe tab '
            "first, or choose less narrowly under <i>Narrow down</i>.</div>"
        )
    # Many layers: those without a match say nothing.
    few = len(result.layers) <= _LAYERS
    bars = "".join(
        f'<span>{escape(layer)}</span><div class="mw-bar"><span style="width:'
        f'{100 * hits / total:.1f}%"></span></div><span>{hits:,} of {total:,}</span>'
        for layer, (hits, total) in result.layers.items()
        if hits or few
    )
    empty = sum(not hits for hits, _ in result.layers.values())
    rest = "" if few or not empty else f'<p class="mw-muted">none in {empty} other layers</p>'
    return (
        f"<p><b>{result.units:,}</b> of {result.searched:,} described units match "
        f'<b>{escape(concept)}</b></p><div class="mw-layers">{bars}</div>{rest}'
    )


def look(
    match: Match,
    unit: UnitRow,
    *,
    place: int,
    total: int,
    people: Sequence[Said],
    machines: Sequence[Description],
    scores: Sequence[Score],
    best: Sequence[Candidate],
    others: Sequence[Signoff],
    decision: Decision,
) -> str:
    """One unit of the queue: exemplars large, the description with the matched words marked.

    Args:
        best: the candidates of the matched description, the best first.
        others: verdicts that the reader may see.
    """
    dead = '<span class="mw-chip">dead unit</span>' if unit.dead else ""
    by = _AUTHORS.get(match.method, match.method)
    return (
        f'<div class="mw-look"><p class="mw-muted">{place + 1} of {total:,} to judge · '
        f'<a href="?unit={quote(unit.name)}">{escape(unit.name)}</a> · {escape(by)} {dead}</p>'
        f'<p class="text">{marked(match.text, match.spans)}</p>'
        f"{_conflict(others, decision)}"
        f'{exemplars(unit)}<p class="mw-muted">Hold M to see the images without masks.</p>'
        + _list("People wrote", [said.marked for said in people if said.text != match.text])
        + _list(
            "Other descriptions",
            [f"{each.text} ({each.method})" for each in machines if each.text != match.text],
        )
        + _faithful(scores, machines)
        + _candidates(best)
        + "</div>"
    )


def marked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text, escaped, with the spans marked.

    >>> marked("faces & text", [(0, 5)])
    '<mark>faces</mark> &amp; text'
    """
    parts, end = [], 0
    for start, stop in spans:
        parts.append(f"{escape(text[end:start])}<mark>{escape(text[start:stop])}</mark>")
        end = stop
    return "".join(parts) + escape(text[end:])


def queue_done(result: Found) -> str:
    """What stands where the queue was, once nothing is left for this reviewer."""
    if not result.searched:
        return ""
    if not result.units:
        return '<div class="mw-card">No unit matches. Try another word, or a preset.</div>'
    return (
        '<div class="mw-card"><b>No matching unit waits for your verdict.</b> '
        "Go on with <i>Ablate</i>, or change the filter.</div>"
    )


def nothing_yet() -> str:
    """What stands there before anything was looked for."""
    return (
        '<div class="mw-card"><b>Which units look for something you care about?</b><br>Choose a '
        "preset such as <i>face</i>, or type words, and press <i>Find</i>. You then look at one "
        "unit after the other and confirm or reject: C, X, ?; Z takes back.</div>"
    )


def tally(verdicts: Sequence[Signoff], left: int, needed: int) -> str:
    """One's own verdicts so far on one concept."""
    counts = Counter(each.verdict for each in verdicts)
    lines = "".join(
        f"{name} <b>{counts[name]}</b><br>" for name in ("confirmed", "rejected", "unsure")
    )
    note = (
        f'<p class="mw-muted">{needed} people judge each unit, blind until all have answered.</p>'
        if needed > 1
        else ""
    )
    return f'<div class="mw-tally"><b>Yours so far</b><br>{lines}left <b>{left:,}</b>{note}</div>'


def results(page: Found, states: Mapping[int, str], *, offset: int) -> str:
    """A page of all matches, judged or not."""
    if not page.matches:
        return '<p class="mw-muted">Nothing here.</p>'
    rows = "".join(
        f"<tr><td><a href='?unit={quote(f'{each.subject}/{each.layer}/{each.unit}')}'>"
        f"{escape(each.subject)} · {escape(each.layer)} · {each.unit}</a></td>"
        f"<td>{marked(each.text, each.spans)}</td><td>{escape(each.method)}</td>"
        f"<td class='n'>{'' if each.score is None else f'{each.score:.2f}'}</td>"
        f"<td>{escape(states.get(each.unit_id, ''))}</td></tr>"
        for each in page.matches
    )
    return (
        f"<p>{offset + 1:,} to {offset + len(page.matches):,} of {page.units:,}</p>"
        "<table class='mw-table'><tr><th>unit</th><th>sentence</th><th>by</th><th>score</th>"
        f"<th>verdict</th></tr>{rows}</table>"
    )


def evidence(seen: Sequence[Evidence], absent: Sequence[str], *, asked: bool) -> str:
    """What detectors saw, and once they were asked, which ones are missing."""
    lines = [f"{each.detector}: in {each.found} of {each.regions} regions" for each in seen]
    if asked:
        lines += [f"not installed · {each}" for each in absent]
    return _list("Detectors saw (evidence, no verdict)", lines)


def kappa(measured: Agreement | None, *, needed: int) -> str:
    """How far the reviewers agree beyond chance."""
    if needed == 1 and measured is None:
        return "<p>One reviewer judges each unit, so there is no agreement to measure.</p>"
    if measured is None:
        return "<p>No unit of this filter has all its verdicts yet.</p>"
    if math.isnan(measured.kappa):
        return (
            f"<p>{measured.measure} is undefined on these {measured.units} units: everybody gave "
            "the same verdict everywhere, which chance would do too.</p>"
        )
    return (
        f"<p>{measured.measure} <b>{measured.kappa:.2f}</b> (95 % of units drawn again: "
        f"{measured.low:.2f} to {measured.high:.2f}) over {measured.units} units; the same verdict "
        f"on {measured.same:.0%}. Agreement by chance is 0.</p>"
    )


def log(events: Sequence[Event], total: int) -> str:
    """The newest lines of the audit's log."""
    if not events:
        return '<p class="mw-muted">Nothing was done by them at that time.</p>'
    rows = "".join(
        f"<tr><td><time datetime='{escape(each.at_utc)}'>{escape(each.at_utc)}</time></td>"
        f"<td>{escape(each.person)}</td><td>{escape(each.action)}</td>"
        f"<td>{escape(each.target)}</td><td>{escape(str(each.detail.get('concept', '')))}</td></tr>"
        for each in events
    )
    return (
        f"<p>{len(events):,} of {total:,}, newest first</p><table class='mw-table'><tr>"
        "<th>time</th><th>person</th><th>did</th><th>to</th><th>about</th></tr>"
        f"{rows}</table>"
    )


def link(filter_id: int, name: str) -> str:
    """Where a saved filter opens."""
    return (
        f'<p>Link to <i>{escape(name)}</i>: <a href="?tab=audit&amp;filter={filter_id}">'
        f"?tab=audit&amp;filter={filter_id}</a></p>"
    )


def _conflict(others: Sequence[Signoff], decision: Decision) -> str:
    if decision.state != "conflict":
        return ""
    said = "; ".join(
        escape(f"{each.person}: {each.verdict}" + (f" ({each.note})" if each.note else ""))
        for each in others
    )
    return f'<div class="mw-card"><b>The reviewers disagree; you decide.</b> {said}</div>'


def _candidates(best: Sequence[Candidate]) -> str:
    if not best:
        return ""
    rows = "".join(
        f"<tr><td>{escape(text)}</td><td class='n'>{given - LAMBDA * plain:.2f}</td></tr>"
        for text, given, plain in best[:_CANDIDATES]
    )
    return (
        "<details><summary>Candidates</summary><table class='mw-table'><tr><th>sentence</th>"
        f"<th>log p(d|E) − {LAMBDA} log p(d)</th></tr>{rows}</table></details>"
    )


def _faithful(scores: Sequence[Score], machines: Sequence[Description]) -> str:
    """How well each description finds the images on which the unit acts, beside its controls."""
    methods = {each.description_id: each.method for each in machines}
    return _list(
        "Faithful (AUPRC of finding the unit's most active tenth of the images)",
        [
            f"{methods[each.description_id]}: {each.auprc:.2f}; a constant sentence "
            f"{each.constant:.2f}, other units' sentences {each.shuffled:.2f}; on {each.images}, "
            f"judged by {each.judge}"
            for each in scores
        ],
    )


def _list(title: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<p>{escape(title)}:</p><ul>{items}</ul>"
