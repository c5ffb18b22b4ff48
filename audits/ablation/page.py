"""What the Audit tab shows of an ablation, as HTML made of plain values.

ablation(experiment, points, units)         # the curve, the tables and the units in order
finding(experiment, points); curve(experiment, points); numbers(summary)
                                            # parts of it, which other pages show as well
"""

from collections.abc import Sequence

from markupsafe import Markup

from audits.ablation import result as ablation_summary
from audits.ablation import wording
from audits.ablation.budget import Budget
from audits.ablation.plan import Request
from audits.ablation.result import Summary
from audits.figures import chart, class_charts
from db import templates
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
ORDERS = {
    "likelihood": "least important first, by the likelihood of the right class",
    "accuracy": "least important first, by accuracy, equal units in random order",
    "importance": "least important first",
    "score": "highest description score first",
    "random": "in random order",
}
_PARTS = templates.beside(__file__)


def ablation(
    experiment: Ablation | None, points: Sequence[Point], units: Sequence[UnitRow]
) -> Markup:
    """The curve of an experiment as far as it is, its numbers, and its units in their order."""
    if experiment is None:
        return _PARTS("nothing")
    request, found = Request.from_json(experiment.request), ablation_summary.of(experiment)
    known = {(unit.layer, unit.unit): unit for unit in units}
    thumbs = [
        {
            "name": f"{layer}-{unit}",
            "title": row.name if (row := known.get((layer, unit))) else "",
            "strip": pictures.address(row, "strip") if row else "",
        }
        for layer, unit in (found.units if found else ())
    ]
    return _PARTS(
        "experiment",
        finding=finding(experiment, points),
        subject=experiment.subject,
        plan=request.plan,
        how=ORDERS[request.plan.how.order],
        curve=curve(experiment, points),
        numbers=numbers(found),
        units=thumbs,
    )


def budget(found: Budget | None) -> Markup:
    """What is going to be measured, and how long that takes at most."""
    return _PARTS("budget", found=found)


def curve(experiment: Ablation, points: Sequence[Point]) -> Markup:
    """The drawing of an experiment; once it is finished with both counts marked and its files."""
    found = ablation_summary.of(experiment)
    units = found.units if found else Request.from_json(experiment.request).units
    return chart.curve(
        points,
        most=len(units),
        chosen=found.chosen.n_ablated if found and found.chosen else None,
        best=found.best.n_ablated if found else None,
        name=f"ablation-{experiment.ablation_id}" if found else "",
    )


def finding(experiment: Ablation, points: Sequence[Point]) -> Markup:
    """The result of an experiment in one sentence with its test; nothing until it is finished."""
    found = ablation_summary.of(experiment)
    if found is None:
        return Markup()
    said = wording.finding(found, wording.draws_at(points, wording.count_of(found)))
    return _PARTS("finding_of", said=said)


def numbers(found: Summary | None, *, folded: bool = True) -> Markup:
    """The tables of an experiment: what was measured, by class, and what the controls drew."""
    if found is None:
        return Markup()
    chosen = found.chosen.n_ablated if found.chosen else None
    multiples = class_charts.small_multiples(found.class_curves, chosen=chosen)
    return _PARTS(
        "numbers",
        summary=found,
        # Said anew, so that what was stored earlier is worded as everything else.
        rows=wording.rows(found),
        chosen=chosen,
        multiples=multiples,
        folded=folded,
    )
