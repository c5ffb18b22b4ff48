"""A unit's page, as HTML made of plain values; every text is escaped here.

unit(unit, said, activations, people)         what methods and people say of it, and how well
exemplars(unit)                               its grid, whose masks can be lifted
candidates(ranked, lam)                       a beam in the order that a lambda gives
"""

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from db.annotate.annotations import Said
from db.audit.signoffs import Signoff
from db.describe import pictures
from db.describe.descriptions import Candidate, Description
from db.describe.exemplars import UnitRow
from db.describe.faithfulness import Score
from describer.describe.plan import search_of


def unit(
    each: UnitRow,
    said: Sequence[Description],
    activations: Sequence[float],
    people: Sequence[Said],
    scores: Sequence[Score] = (),
    verdicts: Sequence[Signoff] = (),
    alike: Sequence[Description] = (),
) -> str:
    """A unit's page: exemplars, activations, what methods and people say of it, and how well."""
    dead = "<p>No image activates this unit: its exemplars say little.</p>" if each.dead else ""
    lift = (
        '<label class="mw-muted">masks <input type="range" id="masks" min="0" max="100" '
        'value="100" aria-label="how strongly the masks show"></label> '
        if each.folder
        else ""
    )
    return (
        f'<div class="mw-unit" data-current="{each.unit_id}">'
        f"<h3>{escape(each.name)}</h3>{dead}{exemplars(each)}"
        f'<p class="mw-muted">{lift}hold M: without masks · ← → walk the list · '
        f'<a href="?tab=describe&amp;unit={quote(each.name)}">link to this unit</a></p>'
        f"{_activations(activations)}{_methods(said)}{_faithful(said, scores)}"
        f"{_people(people)}{_verdicts(verdicts)}{_alike(alike)}</div>"
    )


def exemplars(each: UnitRow) -> str:
    """A unit's grid of exemplars, or a sentence where none were computed."""
    if not each.folder:
        return (
            '<div class="mw-card">No exemplars of this layer were computed here: its descriptions '
            "came from a table. The Describe tab computes them.</div>"
        )
    grid, bare = pictures.address(each, "grid"), pictures.address(each, "open")
    return (
        f'<span class="mw-lift"><img class="grid" data-masked="{grid}" data-open="{bare}" '
        f'src="{grid}" alt="the {each.k} images that activate {escape(each.name)} most, with the '
        'active regions highlighted"></span>'
    )


def candidates(ranked: Sequence[Candidate], lam: float, *, limit: int = 15) -> str:
    """The candidates of a beam in the order that a lambda gives them."""
    if not ranked:
        return '<p class="mw-muted">This method keeps no candidates.</p>'
    rows = "".join(
        f'<tr class="{"best" if place == 0 else ""}"><td>{escape(text)}</td>'
        f'<td class="n">{given - lam * prior:.2f}</td><td class="n">{given:.2f}</td>'
        f'<td class="n">{prior:.2f}</td></tr>'
        for place, (text, given, prior) in enumerate(ranked[:limit])
    )
    return (
        '<table class="mw-table"><tr><th>candidate</th><th>score</th><th>log p(d|E)</th>'
        f"<th>log p(d)</th></tr>{rows}</table>"
        f'<p class="mw-muted">score = log p(d|E) - {lam:g} log p(d); '
        f"{min(limit, len(ranked))} of {len(ranked)} candidates of the beam</p>"
    )


def _activations(values: Sequence[float]) -> str:
    top = max([value for value in values if value > 0], default=1.0)
    bars = "".join(
        f'<span style="height:{max(0.0, value) / top * 100:.0f}%" title="{value:.4g}"></span>'
        for value in values
    )
    range_ = f"{max(values):.3g} to {min(values):.3g}" if len(values) else "none"
    return (
        f'<div class="mw-activations" aria-label="activation of each exemplar">{bars}</div>'
        f'<p class="mw-muted">activations, strongest first: {range_}</p>'
    )


def _methods(said: Sequence[Description]) -> str:
    rows = "".join(
        f"<tr><th>{escape(_how(each))}</th><td>{escape(each.text)}</td>"
        f'<td class="n">{"" if each.score is None else f"{each.score:.2f}"}</td></tr>'
        for each in said
    )
    return f'<table class="mw-table">{rows}</table>' if rows else "<p>Not described.</p>"


def _how(said: Description) -> str:
    """The method, with its search where that is not the usual one."""
    search = search_of(said.model_hash)
    return f"{said.method} ({search})" if search else said.method


def _faithful(said: Sequence[Description], scores: Sequence[Score]) -> str:
    names = {each.description_id: each.method for each in said}
    return "".join(
        f'<p class="mw-muted">{escape(names[score.description_id])} is faithful to AUPRC '
        f"{score.auprc:.2f} (constant {score.constant:.2f}, other units' sentences "
        f"{score.shuffled:.2f}), correlation {score.correlation:.2f}, on {escape(score.images)}, "
        f"judged by {escape(score.judge)}</p>"
        for score in scores
    )


def _people(said: Sequence[Said]) -> str:
    sentences = "".join(f"<li>{escape(each.marked)}</li>" for each in said)
    return f"<p>People wrote:</p><ul>{sentences}</ul>" if sentences else ""


def _verdicts(given: Sequence[Signoff]) -> str:
    rows = "".join(
        f"<li>{escape(each.verdict)} as <i>{escape(each.concept)}</i> by {escape(each.person)}"
        f"{escape(f', {each.tag}' if each.tag else '')}"
        f"{escape(f': {each.note}' if each.note else '')}</li>"
        for each in given
    )
    return f"<p>Verdicts:</p><ul>{rows}</ul>" if rows else ""


def _alike(others: Sequence[Description]) -> str:
    buttons = " ".join(
        f'<button class="mw-chip" data-unit="{each.unit_id}">{escape(each.layer)}-{each.unit}'
        "</button>"
        for each in others
    )
    return f'<p class="mw-muted">In the same words: {buttons}</p>' if buttons else ""
