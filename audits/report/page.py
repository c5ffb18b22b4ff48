"""A report as one HTML page for the screen and for paper; every text is escaped here.

    page(values, {"resnet18/layer4/5": jpeg, …})

Pictures are data URIs, curves are SVG, and nothing is fetched from anywhere.
"""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from audits.ablation import page as ablation_page
from audits.ablation.summary import Summary
from audits.figures.intervals import too_few
from audits.report import findings_page
from audits.studies import page as studies_page
from db.audit.ablations import Ablation, Point

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
.old {color:#777; text-decoration:line-through}
@media print {
  body {max-width:none; margin:0; font-size:10.5pt}
  h2 {break-after:avoid} svg,tr {break-inside:avoid}
  .units {grid-template-columns:1fr 1fr}
}
"""


def page(values: Mapping[str, Any], pictures: Mapping[str, bytes]) -> str:
    """The whole page.

    Args:
        values: what `report.gather` collected.
        pictures: a JPEG for every unit, by its name.
    """
    concept = escape(values["concept"])
    parts = [
        f"<h1>Audit: {concept}</h1><p><small>MILAN Workbench</small></p>",
        "<h2>Purpose</h2>",
        f"<p>{escape(values['purpose']) or '<i>None was stated.</i>'}</p>",
        "<h2>Result</h2>" + _result(values),
        "<h2>Networks and data</h2>" + "".join(_network(each) for each in values["networks"]),
        "<h2>How units were found</h2>" + _filters(values["filters"]),
        "<h2>Who judged</h2>"
        + _people(values)
        + findings_page.agreement(values["findings"]["agreement"]),
        "<h2>Units and verdicts</h2>"
        + _units(values["units"], pictures, values["findings"]["of_units"]),
        "<h2>Ablation</h2>" + _experiments(values["experiments"]),
        "<h2>Studies of the descriptions</h2>"
        + findings_page.studies(values["findings"]["studies"]),
        "<h2>What was not examined</h2>" + _not_examined(values),
        "<h2>Limits</h2>" + _list(values["limits"]),
        "<h2>Software</h2>"
        + _table(("package", "version"), sorted(values["software"].items()), numbers=False),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Audit: {concept}</title><style>{STYLE}{studies_page.CSS}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _result(values: Mapping[str, Any]) -> str:
    rows = []
    open_ = {each["network"]: each["matching_without_verdict"] for each in values["not_examined"]}
    for network in values["networks"]:
        counts = (
            f"{network['confirmed']} of {network['units']} units confirmed, "
            f"{open_[network['name']]} that match not judged"
        )
        rows.append((network["name"], counts))
    for experiment in values["experiments"]:
        chosen = experiment["summary"].get("chosen") or experiment["summary"].get("end") or {}
        start = experiment["summary"].get("start") or {}
        measure = experiment["summary"].get("measure", "accuracy")
        if chosen and start:
            rows.append(
                (
                    f"{experiment['subject']}, experiment {experiment['number']}",
                    f"test {measure} {start['test']:.1%} without ablation, {chosen['test']:.1%} "
                    f"without {chosen['n_ablated']} units"
                    f"{_random(chosen, len(experiment['summary'].get('controls', [])))}",
                )
            )
    return _table(("", ""), rows, numbers=False)


def _random(point: Mapping[str, Any], draws: int) -> str:
    random = point.get("random")
    if not random or random.get("low") is None:
        return ""
    return (
        f" (random units of the same layers: {random['mean']:.1%}, "
        f"95 % of draws {random['low']:.1%} to {random['high']:.1%})"
        f"{too_few(random['low'], random['high'], draws)}"
    )


def _network(network: Mapping[str, Any]) -> str:
    rows = [
        (
            each["layer"],
            each["units"],
            each["confirmed"],
            f"{each['images']} ({each['images_count']})",
            each["images_hash"],
            each["exemplars"],
        )
        for each in network["layers"]
    ]
    absent = network["layers_without_exemplars"]
    return (
        f"<h3>{escape(network['name'])}</h3>"
        f"<p>weights <code>{escape(network['weights'])}</code></p>"
        + _table(("layer", "units", "confirmed", "images", "their hash", "exemplars' hash"), rows)
        + (f"<p>Without exemplars: {escape(', '.join(absent))}.</p>" if absent else "")
    )


def _filters(filters: Sequence[Mapping[str, Any]]) -> str:
    lines = []
    for each in filters:
        asked = [f"{key}: {_words(value)}" for key, value in sorted(each.items()) if value]
        lines.append("; ".join(asked))
    return _list(lines)


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return "yes" if value is True else str(value)


def _people(values: Mapping[str, Any]) -> str:
    rows = [
        (each["person"], each["confirmed"], each["rejected"], each["unsure"])
        for each in values["people"]
    ]
    needed = values["reviewers_needed"]
    return _table(("person", "confirmed", "rejected", "unsure"), rows) + (
        f"<p>A unit counts as decided once {needed} "
        f"{'person has' if needed == 1 else 'people have'} judged it.</p>"
    )


def _units(
    units: Sequence[Mapping[str, Any]],
    pictures: Mapping[str, bytes],
    known: Mapping[str, Mapping[str, Any]],
) -> str:
    cards = []
    for unit in units:
        picture = ""
        if unit["unit"] in pictures:
            data = base64.b64encode(pictures[unit["unit"]]).decode("ascii")
            picture = (
                f'<img src="data:image/jpeg;base64,{data}" '
                f'alt="exemplars of {escape(unit["unit"])}">'
            )
        verdicts = "".join(_verdict(each) for each in unit["verdicts"])
        if unit["withheld"]:
            verdicts = f"<p>{unit['withheld']} given, withheld until all have answered</p>"
        dead = " · dead unit" if unit["dead"] else ""
        cards.append(
            f"<section><p><b>{escape(unit['unit'])}</b> · {escape(unit['decision'])}{dead}</p>"
            f"{picture}{verdicts}{findings_page.of_unit(known.get(unit['unit']))}"
            f"<p><small>exemplars <code>{escape(unit['exemplars'])}</code>"
            "</small></p></section>"
        )
    return f'<div class="units">{"".join(cards)}</div>'


def _verdict(verdict: Mapping[str, Any]) -> str:
    remarks = "; ".join(text for text in (verdict["tag"], verdict["note"]) if text)
    kind = "withdrawn" if verdict["withdrawn"] else verdict["verdict"]
    standing = "" if verdict["standing"] else ' class="old"'
    return (
        f"<p{standing}>“{escape(verdict['description'])}” <small>({escape(verdict['method'])})"
        f"</small><br>{escape(verdict['person'])}: <b>{escape(kind)}</b>"
        f"{escape(f' ({remarks})') if remarks else ''} "
        f"<small>{escape(verdict['given'])}</small></p>"
    )


def _experiments(experiments: Sequence[Mapping[str, Any]]) -> str:
    if not experiments:
        return "<p>Nothing was ablated.</p>"
    parts = []
    for each in experiments:
        request, summary = each["request"], each["summary"]
        points = [Point(**point) for point in each["points"]]
        experiment = Ablation(
            ablation_id=each["number"],
            job_id=None,
            subject=each["subject"],
            request=request,
            units=[],
            summary=summary,
            person=each["person"],
            created_utc=each["asked"],
        )
        data = _table(
            ("images", "number", "hash"),
            [
                (name, known["images"], known["digest"])
                for name, known in sorted(summary.get("data", {}).items())
            ],
        )
        order = ", ".join(f"{layer}-{unit}" for layer, unit in summary.get("units", []))
        skipped = [f"{path}: {reason}" for path, reason in summary.get("skipped", [])]
        parts.append(
            f"<h3>{each['number']}. {escape(each['subject'])}, units set to "
            f"{escape(str(request.get('rule', 'zero')))}</h3>"
            f"<p><small>asked by {escape(each['person'])}, {escape(each['asked'])}; validation "
            f"images {escape(str(request.get('validation')))}, test images "
            f"{escape(str(request.get('test')))}; order: "
            f"{escape(str(request.get('order', 'importance')))}; seed "
            f"{escape(str(request.get('seed', 0)))}</small></p>"
            f"{data if summary.get('data') else ''}{ablation_page.curve(experiment, points)}"
            f"{ablation_page.numbers(Summary.from_json(summary), folded=False)}"
            f"<h4>Units in their order</h4><p>{escape(order)}</p>"
            + (f"<h4>Images that could not be read</h4>{_list(skipped)}" if skipped else "")
        )
    return "".join(parts)


def _not_examined(values: Mapping[str, Any]) -> str:
    rows = [
        (
            each["network"],
            each["units"],
            each["without_description"],
            each["matching_without_verdict"],
            each["not_matching"],
        )
        for each in values["not_examined"]
    ]
    names = ("network", "units", "without a description", "matching, no verdict", "not matching")
    undecided = [
        f"{unit['unit']}: {unit['decision']}"
        for unit in values["units"]
        if unit["decision"] not in ("confirmed", "rejected")
    ]
    return _table(names, rows) + (f"<p>Undecided:</p>{_list(undecided)}" if undecided else "")


def _table(names: Sequence[str], rows: Sequence[Sequence[Any]], *, numbers: bool = True) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names) if any(names) else ""
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{' class=n' if numbers and isinstance(cell, (int, float)) else ''}>"
            f"{escape(str(cell))}</td>"
            for cell in row
        )
        + "</tr>"
        for row in rows
    )
    return f"<table>{f'<tr>{head}</tr>' if head else ''}{body}</table>"


def _list(lines: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"
