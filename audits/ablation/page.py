"""What the Audit tab shows, as HTML made of plain values; every text is escaped here.

ablation(experiment, points)          the curve, the table and the units in order
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from audits.figures import chart, class_charts
from db.audit.ablations import Ablation, Point
from db.describe import pictures
from db.describe.exemplars import UnitRow

CSS = """
.mw-layers {display:grid; grid-template-columns:max-content 1fr max-content; gap:.15rem .7rem;
  align-items:center; max-width:46rem}
.mw-layers .mw-bar {margin:0}
.mw-tally {border:1px solid var(--border-color-primary); border-radius:.6rem; padding:.6rem .9rem;
  background:var(--background-fill-secondary); min-width:9rem}
.mw-look p.text {font-size:1.25rem; margin:.4rem 0}
#confirm, #reject, #unsure, #undo, #queue_back, #queue_on {white-space:nowrap}
.mw-thumbs {display:flex; flex-wrap:wrap; gap:.5rem}
.mw-thumbs figure {margin:0; font-size:.8rem}
"""


def ablation(experiment: Ablation | None, points: Sequence[Point], units: Sequence[UnitRow]) -> str:
    """The curve of an experiment as far as it is, its numbers, and its units in their order."""
    if experiment is None:
        return (
            '<div class="mw-card">Choose units, validation and test images above and press '
            "<i>Ablate</i>. The curve draws itself here, beside that of random units.</div>"
        )
    summary, request = experiment.summary, experiment.request
    known = {(unit.layer, unit.unit): unit for unit in units}
    order = [(layer, unit) for layer, unit in summary.get("units", request.get("places", []))]
    thumbs = "".join(
        f"<figure>{_strip(known.get(place))}<figcaption>{number}. {escape(place[0])}-{place[1]}"
        "</figcaption></figure>"
        for number, place in enumerate(order, start=1)
    )
    how = {
        "importance": "least important first",
        "score": "highest description score first",
        "random": "in random order",
    }[str(request.get("order", "importance"))]
    listed = f'<p>In order, {how}:</p><div class="mw-thumbs">{thumbs}</div>'
    return (
        f"<p>{escape(experiment.subject)}: {escape(str(request.get('concept', '')))}, "
        f"units set to {escape(str(request.get('rule', 'zero')))}, {how}</p>"
        f"{curve(experiment, points)}{numbers(summary)}{listed if summary else ''}"
    )


def curve(experiment: Ablation, points: Sequence[Point]) -> str:
    """The drawing of an experiment, with both counts marked once they are known."""
    chosen, best = experiment.summary.get("chosen"), experiment.summary.get("best")
    return chart.curve(
        points,
        most=len(experiment.summary.get("units", experiment.request.get("places", []))),
        chosen=None if chosen is None else int(chosen["n_ablated"]),
        best=None if best is None else int(best["n_ablated"]),
    )


def numbers(summary: Mapping[str, Any], *, folded: bool = True) -> str:
    """The tables of an experiment: what was measured, by class, and what the controls drew."""
    if not isinstance(summary.get("rows"), list):
        return ""
    body = "".join(
        f"<tr><td>{escape(str(name))}</td><td class='n'>{escape(str(value))}</td></tr>"
        for name, value in summary["rows"]
    )
    by_class = "".join(
        f"<tr><td>{escape(name)}</td><td class='n'>{each.get('images', '')}</td>"
        f"<td class='n'>{_percent(each['before'])}</td><td class='n'>{_percent(each['after'])}</td>"
        f"<td class='n'>{_points(each['before'], each['after'])}</td>"
        f"<td class='n'>{_percent(each.get('random'))}</td></tr>"
        for name, each in summary.get("by_class", {}).items()
    )
    chosen = (summary.get("chosen") or {}).get("n_ablated")
    # Summaries of before that key hold the classes at the chosen count, be it 0.
    shown = (summary.get("chosen") or summary.get("end") or {}).get("n_ablated", 0)
    count = summary.get("by_class_count", shown)
    classes = (
        f"<table class='mw-table'><tr><th>class</th><th>images</th><th>before</th>"
        f"<th>without {count} unit{'s' * (count != 1)}</th><th>change</th>"
        f"<th>random units</th></tr>{by_class}</table>"
    )
    title = "By class, test images"
    if chosen == 0 < count:
        title += f", without all {count} units, as 0 were chosen on validation"
    multiples = class_charts.small_multiples(summary.get("class_curves", {}), chosen=chosen)
    drawn = "".join(
        f"<li>draw {control['trial'] + 1}: "
        f"{escape(', '.join(f'{layer}-{unit}' for layer, unit in control['units']))}</li>"
        for control in summary.get("controls", [])
    )
    warnings = "".join(f"<p>⚠ {escape(str(text))}</p>" for text in summary.get("warnings", []))
    return (
        f'{warnings}<table class="mw-table" style="max-width:46rem">{body}</table>'
        + (_section(title, classes, folded) if by_class else "")
        + (_section("By class, as units are ablated", multiples, folded) if multiples else "")
        + (_section("Units that the random controls drew", f"<ol>{drawn}</ol>", folded))
    )


def _section(title: str, content: str, folded: bool) -> str:
    if folded:
        return f"<details><summary>{title}</summary>{content}</details>"
    return f"<h4>{title}</h4>{content}"


def _strip(unit: UnitRow | None) -> str:
    if unit is None:
        return ""
    return (
        f'<img loading="lazy" src="{pictures.address(unit, "strip")}" height="44" '
        f'alt="first exemplars of {escape(unit.name)}">'
    )


def _points(before: float, after: float | None) -> str:
    return "" if after is None else f"{100 * (after - before):+.1f}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"
