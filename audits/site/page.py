"""The pages of a static site: an index, a page a layer, a page a unit, a page an ablation.

    index(contents, sizes); layer(contents, layer, strips); unit(layer, unit, …); experiment(one)
    STYLE                                       # the one stylesheet, of the design's tokens

Pages need no script; with one, a layer's list can be filtered. Addresses are relative.
"""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from audits.ablation import page as ablation_page
from audits.ablation import result as ablation_summary
from audits.ablation.plan import Request
from audits.site.contents import Contents, Experiment, Layer, Unit
from db import templates
from db.describe.descriptions import Description
from db.design import page as design
from db.design import tokens
from describer.describe import measured, scores
from describer.methods.options import TITLES

_PARTS = templates.beside(__file__)
_OWN = """
body {margin: 0; background: var(--mw-ground); color: var(--mw-ink);
  font: var(--mw-type)/1.5 var(--mw-font); --body-background-fill: var(--mw-ground)}
main {max-width: 84rem; margin: 0 auto; padding: var(--mw-space-4)}
h1 {font-size: var(--mw-type-head); margin: var(--mw-space-3) 0; overflow-wrap: anywhere}
h2, h3, h4 {font-size: var(--mw-type-lead); margin: var(--mw-space-5) 0 var(--mw-space-2)}
h4 {font-size: var(--mw-type)}
a {color: var(--mw-accent); text-underline-offset: 2px}
img {display: block; max-width: 100%; height: auto}
nav.where {display: flex; flex-wrap: wrap; gap: var(--mw-space-1) var(--mw-space-4)}
input {font: inherit; color: inherit; background: var(--mw-ground); padding: var(--mw-space-2);
  border: 1px solid var(--mw-line); border-radius: var(--mw-round); width: min(24rem, 100%);
  box-sizing: border-box}
.unit-row {display: grid; grid-template-columns: 22rem 7rem 1fr auto; gap: var(--mw-space-4);
  align-items: center; padding: var(--mw-space-2) 0; border-bottom: 1px solid var(--mw-line)}
.unit-row p {margin: 0; overflow-wrap: anywhere}
.unit-row[hidden] {display: none}
main > .mw-wide > .mw-table {max-width: 52rem}
.mw-method {border-top: 1px solid var(--mw-line)}
.mw-method h4 {display: flex; flex-wrap: wrap; gap: var(--mw-space-1) var(--mw-space-3)}
.mw-method h4 .mw-number {font-weight: 400; margin-left: auto}
@media (max-width: 700px) {
  .unit-row {grid-template-columns: 1fr auto} .unit-row > :first-child {grid-column: 1 / -1}
  .unit-row > p {grid-column: 1 / -1} .mw-method h4 .mw-number {margin-left: 0; text-align: left}
}
"""


def _dark() -> str:
    colours = {**tokens.DARK, **tokens.DARK_LINES}
    values = " ".join(f"--mw-{name}: {value};" for name, value in colours.items())
    return f"@media (prefers-color-scheme: dark) {{:root {{color-scheme: dark; {values}}}}}\n"


STYLE = design.CSS + _dark() + _OWN


def index(contents: Contents) -> Markup:
    """The first page: networks with their layers, ablations, reports."""
    return _PARTS(
        "index",
        networks=[
            (name, [one for one in contents.layers if one.found.subject == name])
            for name in contents.networks
        ],
        experiments=[(_title(each), each) for each in contents.experiments],
        contents=contents,
    )


def layer(shown: Layer, strips: Mapping[int, str]) -> Markup:
    """The list of a layer's units.

    Args:
        strips: the file of each unit's first exemplars, by its id, from the site's folder.
    """
    rows = [(each, strips.get(each.row.unit_id, ""), _lead(each)) for each in shown.units]
    return _PARTS("layer", layer=shown, rows=rows)


def unit(
    shown: Layer, place: int, pictures: Mapping[str, str], tests: Mapping[str, Mapping[str, Any]]
) -> Markup:
    """A unit's page.

    Args:
        place: where in the layer's units it stands.
        pictures: the files of its grid, with and without masks, by the picture's name.
        tests: the sanity tests of the layer by judge and measure.
    """
    one = shown.units[place]
    return _PARTS(
        "unit",
        layer=shown,
        unit=one,
        pictures=pictures,
        said=[_told(one, each, tests) for each in one.said],
        before=shown.units[place - 1].row if place else None,
        after=shown.units[place + 1].row if place + 1 < len(shown.units) else None,
    )


def experiment(one: Experiment) -> Markup:
    """A finished ablation: its result in a sentence, the curve and the tables."""
    request = Request.from_json(one.ablation.request)
    return _PARTS(
        "experiment",
        title=_title(one),
        how=f"units set to {request.plan.how.rule}, {ablation_page.ORDERS[request.plan.how.order]}",
        finding=ablation_page.finding(one.ablation, one.points),
        curve=ablation_page.curve(one.ablation, one.points),
        numbers=ablation_page.numbers(ablation_summary.of(one.ablation), folded=True),
    )


def _title(one: Experiment) -> str:
    return f"{one.ablation.subject}: {Request.from_json(one.ablation.request).plan.concept}"


def _lead(one: Unit) -> dict[str, Any]:
    """The sentence of a row, its method and what its score is called."""
    held = one.trusted
    if held is not None and held.text:
        said = f"{held.measure} {held.value:.2f}" if held.value is not None else ""
        return {"text": held.text, "method": held.method, "trusted": True, "score": said}
    if one.lead is None:
        return {"text": "", "method": "", "trusted": False, "score": ""}
    means = scores.meaning(one.lead.method)
    number = one.lead.score
    score = f"{means.name} {number:.3g} ({means.direction})" if number is not None else ""
    return {"text": one.lead.text, "method": one.lead.method, "trusted": False, "score": score}


def _told(one: Unit, each: Description, tests: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A method's sentence for the part that the app shows it with; how it came about stays there,
    since that may name files of the machine it was made on."""
    return {
        "said": each,
        "how": TITLES.get(each.method, each.method),
        "means": scores.meaning(each.method),
        "reason": each.detail.get("reason", ""),
        "caution": each.detail.get("caution", ""),
        "scores": [
            (score, measured.rows(score.measures, tests.get(score.judge, {})))
            for score in one.scores
            if score.description_id == each.description_id
        ],
        "trusted": bool(one.trusted and one.trusted.description_id == each.description_id),
        "steps": (),
        "candidates": (),
        "facts": (),
    }
