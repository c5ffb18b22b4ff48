"""A report as one HTML page for the screen and for paper.

    page(contents, {"resnet18/layer4/5": jpeg, …})

Pictures are data URIs, curves are SVG, and nothing is fetched from anywhere.
"""

import base64
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from audits.ablation import page as ablation_page
from audits.ablation import wording
from audits.ablation.plan import Request
from audits.ablation.result import Summary
from audits.report.contents import Contents, Experiment, Network
from audits.studies import page as studies_page
from db import templates
from db.audit.ablations import Ablation

_PARTS = templates.beside(__file__)

PICTURE = "report"
STYLE = """
body {font:15px/1.45 Georgia,serif; max-width:62rem; margin:2rem auto; padding:0 1rem; color:#111;
  background:#fff}
h1,h2,h3,h4,table,svg,small {font-family:system-ui,sans-serif}
h1 {margin-bottom:0} h2 {border-bottom:2px solid #111; margin-top:2.2rem} small {color:#555}
table {border-collapse:collapse; width:100%; font-size:.85rem; margin:.5rem 0}
td,th {border-bottom:1px solid #ccc; padding:.2rem .5rem; text-align:left; vertical-align:top}
td.n {text-align:right; font-variant-numeric:tabular-nums}
code {font-size:.8rem; overflow-wrap:anywhere}
.units {display:grid; grid-template-columns:repeat(auto-fill,minmax(27rem,1fr)); gap:1rem}
.units section {border:1px solid #ccc; border-radius:.3rem; padding:.5rem .7rem; break-inside:avoid}
.units img {width:100%} .units p {margin:.25rem 0}
.mw-finding {font-size:1.15rem; border-left:3px solid #111; padding-left:.8rem}
.mw-finding small {display:block}
.mw-readout, .mw-files, .mw-values {font:.85rem system-ui,sans-serif}
.old {color:#777; text-decoration:line-through}
@media print {
  body {max-width:none; margin:0; font-size:10.5pt}
  h2 {break-after:avoid} svg,tr {break-inside:avoid}
  .units {grid-template-columns:1fr 1fr}
}
"""


def page(report: Contents, pictures: Mapping[str, bytes]) -> Markup:
    """The whole page.

    Args:
        pictures: a JPEG for every unit, by its name.
    """
    return _PARTS(
        "page",
        report=report,
        # Our own style sheet: a > in it is no text to escape.
        style=Markup(STYLE + studies_page.CSS),
        results=_results(report),
        networks=[(network, _layers(network)) for network in report.networks],
        filters=[_filter(asked) for asked in report.filters],
        pictures={name: base64.b64encode(jpeg).decode("ascii") for name, jpeg in pictures.items()},
        experiments=[_experiment(one) for one in report.experiments],
        studies=[(one, studies_page.shown(one.found, {})) for one in report.findings.studies],
    )


def written(name: str, megabytes: float, values: str, mark: str) -> Markup:
    """Where a report and its JSON lie, and the report itself.

    Args:
        mark: changes with the report, so that no old one is shown in its place.
    """
    return _PARTS("written", name=name, megabytes=megabytes, values=values, mark=mark)


def nothing() -> Markup:
    """What stands there before any verdict."""
    return _PARTS("nothing")


def _results(report: Contents) -> list[tuple[str, str]]:
    """(what, result) of every network and every ablation."""
    unjudged = {one.network: one.matching_without_verdict for one in report.not_examined}
    rows = [
        (
            network.name,
            f"{network.confirmed} of {network.units} units confirmed, "
            f"{unjudged[network.name]} that match not judged",
        )
        for network in report.networks
    ]
    for one in report.experiments:
        summary = Summary.from_json(one.summary)
        said = wording.finding(summary, wording.draws_at(one.points, wording.count_of(summary)))
        before = f"test {summary.measure} {summary.start.test:.1%} without ablation"
        rows.append((f"{one.subject}, experiment {one.number}, {before}", said.sentence))
    return rows


def _layers(network: Network) -> list[tuple[str, int, int, str, str, str]]:
    return [
        (
            layer.layer,
            layer.units,
            layer.confirmed,
            f"{layer.images} ({layer.images_count})",
            layer.images_hash,
            layer.exemplars,
        )
        for layer in network.layers
    ]


def _filter(asked: Mapping[str, Any]) -> str:
    """What a filter asked, in one line; what it left open says nothing."""
    return "; ".join(f"{key}: {_words(value)}" for key, value in sorted(asked.items()) if value)


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "yes" if value is True else str(value)


def _experiment(one: Experiment) -> Markup:
    ablation = Ablation(
        ablation_id=one.number,
        job_id=None,
        subject=one.subject,
        request=dict(one.request),
        units=[],
        summary=dict(one.summary),
        person=one.person,
        created_utc=one.asked,
    )
    summary = Summary.from_json(one.summary)
    return _PARTS(
        "experiment",
        one=one,
        plan=Request.from_json(one.request).plan,
        summary=summary,
        finding=ablation_page.finding(ablation, one.points),
        curve=ablation_page.curve(ablation, one.points),
        numbers=ablation_page.numbers(summary, folded=False),
    )
