"""What the Audit tab shows, as HTML made of plain values; every text is escaped here.

found(result, "face")                 the counts and bars of a filter
look(item, …)                         one unit of the queue with its evidence
tally(verdicts, …)                    so far
ablation(experiment, points)          the curve, the table and the units in order
"""

from collections import Counter
from collections.abc import Sequence
from html import escape

from audits import chart
from db import pictures
from db.ablations import Ablation, Point
from db.exemplars import Unit
from db.signoffs import Signoff
from db.words import Found, Match

CSS = """
.mw-layers {display:grid; grid-template-columns:max-content 1fr max-content; gap:.15rem .7rem;
  align-items:center; max-width:46rem}
.mw-layers .mw-bar {margin:0}
.mw-tally {border:1px solid var(--border-color-primary); border-radius:.6rem; padding:.6rem .9rem;
  background:var(--background-fill-secondary); min-width:9rem}
.mw-look p.text {font-size:1.25rem; margin:.4rem 0}
.mw-thumbs {display:flex; flex-wrap:wrap; gap:.5rem}
.mw-thumbs figure {margin:0; font-size:.8rem}
"""


def found(result: Found, concept: str) -> str:
    """How many units a filter found, and in which layers they are."""
    if not result.searched:
        return (
            '<div class="mw-card">No description to search yet: describe a network in the Describe '
            "tab first.</div>"
        )
    bars = "".join(
        f'<span>{escape(layer)}</span><div class="mw-bar"><span style="width:'
        f'{100 * hits / total:.1f}%"></span></div><span>{hits} of {total}</span>'
        for layer, (hits, total) in result.layers.items()
    )
    return (
        f"<p><b>{result.units:,}</b> of {result.searched:,} described units match "
        f'<b>{escape(concept)}</b></p><div class="mw-layers">{bars}</div>'
    )


def look(match: Match, unit: Unit, *, place: int, total: int, people: Sequence[str]) -> str:
    """One unit of the queue: exemplars large, the description with the matched words marked."""
    grid, bare = pictures.address(unit, "grid"), pictures.address(unit, "open")
    sentences = "".join(f"<li>{escape(text)}</li>" for text in people)
    dead = '<span class="mw-chip">dead unit</span>' if unit.dead else ""
    return (
        f'<div class="mw-look"><p class="mw-muted">{place + 1} of {total} · '
        f"{escape(unit.name)} · {escape(match.method)} {dead}</p>"
        f'<p class="text">{marked(match.text, match.spans)}</p>'
        f'<img class="grid" style="width:100%" data-masked="{grid}" data-open="{bare}" '
        f'src="{grid}" alt="the {unit.k} images that activate {escape(unit.name)} most">'
        '<p class="mw-muted">Hold M to see the images without masks.</p>'
        + (f"<p>People wrote:</p><ul>{sentences}</ul>" if sentences else "")
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
    """What stands where the queue was, once everything is judged."""
    if not result.units:
        return '<div class="mw-card">No unit matches. Try another word, or a preset.</div>'
    return (
        '<div class="mw-card"><b>Every matching unit has your verdict.</b> '
        "Go on with <i>Ablate</i> below, or change the filter.</div>"
    )


def tally(verdicts: Sequence[Signoff], left: int) -> str:
    """The verdicts so far on one concept."""
    counts = Counter(each.verdict for each in verdicts)
    lines = "".join(
        f"{name} <b>{counts[name]}</b><br>" for name in ("confirmed", "rejected", "unsure")
    )
    return f'<div class="mw-tally"><b>So far</b><br>{lines}left <b>{left}</b></div>'


def ablation(experiment: Ablation | None, points: Sequence[Point], units: Sequence[Unit]) -> str:
    """The curve of an experiment as far as it is, its numbers, and its units in their order."""
    if experiment is None:
        return (
            '<div class="mw-card">Confirm some units above, choose validation and test images, and '
            "press <i>Ablate</i>. The curve draws itself here, beside that of random units.</div>"
        )
    summary = experiment.summary
    chosen, best = summary.get("chosen"), summary.get("best")
    drawing = chart.curve(
        points,
        chosen=None if chosen is None else int(chosen["n_ablated"]),
        best=None if best is None else int(best["n_ablated"]),
    )
    thumbs = "".join(
        f'<figure><img loading="lazy" src="{pictures.address(unit, "strip")}" height="44" '
        f'alt="first exemplars of {escape(unit.name)}"><figcaption>{place + 1}. '
        f"{escape(unit.layer)}-{unit.unit}</figcaption></figure>"
        for place, unit in enumerate(units)
    )
    listed = f'<p>In order, least important first:</p><div class="mw-thumbs">{thumbs}</div>'
    return (
        f"<p>{escape(experiment.subject)}: {escape(str(experiment.request.get('concept', '')))}, "
        f"units set to {escape(str(experiment.request.get('rule', 'zero')))}</p>{drawing}"
        f"{_numbers(summary)}{listed if units else ''}"
    )


def _numbers(summary: dict[str, object]) -> str:
    rows = summary.get("rows")
    if not isinstance(rows, list):
        return ""
    body = "".join(
        f"<tr><td>{escape(str(name))}</td><td class='n'>{escape(str(value))}</td></tr>"
        for name, value in rows
    )
    classes = summary.get("by_class")
    by_class = "".join(
        f"<tr><td>{escape(name)}</td><td class='n'>{_percent(each['before'])}</td>"
        f"<td class='n'>{_percent(each['after'])}</td></tr>"
        for name, each in (classes.items() if isinstance(classes, dict) else ())
    )
    per_class = (
        "<details><summary>by class, test images</summary><table class='mw-table'><tr><th>class"
        f"</th><th>before</th><th>after</th></tr>{by_class}</table></details>"
        if by_class
        else ""
    )
    warnings = "".join(f"<p>⚠ {escape(str(text))}</p>" for text in _list(summary.get("warnings")))
    return f'<table class="mw-table" style="max-width:46rem">{body}</table>{per_class}{warnings}'


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
