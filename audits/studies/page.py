"""Studies of descriptions as HTML made of plain values; every text is escaped here.

importance(result)          seven curves beside random orders, boxes by layer, first units
uses(result)                groups, pruning, terms, a classifier, likeness
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from audits.figures import chart
from db.describe import pictures
from db.describe.exemplars import UnitRow

CSS = """
.mw-firsts {display:grid; grid-template-columns:repeat(auto-fill,minmax(15rem,1fr)); gap:.6rem}
.mw-firsts figure {margin:0; font-size:.85rem}
.mw-small {display:flex; flex-wrap:wrap; gap:1rem}
.mw-groups {columns:20rem; font-size:.9rem}
.mw-groups p {break-inside:avoid; margin:.1rem 0}
"""

SHOWN = 40


def importance(result: Mapping[str, Any], units: Mapping[int, UnitRow]) -> str:
    """What a job of kind `importance` found; units: those that are shown, by id."""
    counts = result["counts"]
    lines = {name: list(zip(counts, values, strict=True)) for name, values in _curves(result)}
    trials = [list(zip(counts, line, strict=True)) for line in result["random_curves"]]
    picked = [round(share * (len(counts) - 1)) for share in (0.1, 0.2, 0.4)]
    rows = "".join(
        f"<tr><td>{escape(name)}</td>"
        + "".join(
            f"<td class='n'>{values[place]:.1%}{_tied(result, name, place)}</td>"
            for place in picked
        )
        + f"<td class='n'>{sum(values) / len(values):.1%}</td></tr>"
        for name, values in [*_curves(result), ("random (mean)", _means(result["random_curves"]))]
    )
    heads = "".join(f"<th>{counts[place]} units</th>" for place in picked)
    boxes = "".join(
        f"<div><b>{escape(name)}</b>{chart.boxes(layers)}</div>"
        for name, layers in result["layers"].items()
    )
    firsts = "".join(
        f"<details{' open' if place == 0 else ''}><summary>{escape(name)}</summary>"
        f"<div class='mw-firsts'>{''.join(_first(each, units) for each in ten)}</div></details>"
        for place, (name, ten) in enumerate(result["first"].items())
    )
    return (
        f"<p>{_about(result)}. Units are ablated highest score first, beside "
        f"{len(trials)} random orders (band: least to greatest). Words by "
        f"{escape(result['words'])}; word differences by {escape(result['vectors'])}.</p>"
        f"{chart.lines(lines, trials, across='units ablated')}"
        f"<table class='mw-table' style='max-width:46rem'><tr><th>ablated first: most</th>{heads}"
        f"<th>mean over all steps</th></tr>{rows}</table>"
        "<p>A criterion matters where its curve falls faster than random orders do. Units of equal "
        "score go in random order, and the mean of several such orders is drawn; in brackets, how "
        "many units share the score at which a cut falls: where they are many, little but chance "
        f"stands there.{_constant(result)}</p>"
        f"<h4>Scores by layer</h4><div class='mw-small'>{boxes}</div>"
        f"<h4>The first ten units ablated</h4>{firsts}{_file(result)}"
    )


def _tied(result: Mapping[str, Any], name: str, place: int) -> str:
    counts = result.get("tied", {}).get(name)
    return f" ({counts[place]} equal)" if counts and counts[place] else ""


def _constant(result: Mapping[str, Any]) -> str:
    names = result.get("constant", ())
    return (
        f" The same for all units, so without a curve: {escape(', '.join(names))}." if names else ""
    )


def uses(result: Mapping[str, Any]) -> str:
    """What a job of kind `uses` found."""
    return (
        f"<p>{_about(result)}. Descriptions are compared by {escape(result['vectors'])}.</p>"
        f"{_groups(result)}{_pruned(result)}{_terms(result)}{_classified(result)}"
        f"{_likeness(result)}{_file(result)}"
    )


def faithfulness(result: Mapping[str, Any], units: Mapping[int, UnitRow]) -> str:
    """What a job of kind `faithfulness` found; units: those that are shown, by id."""
    rows = "".join(
        f"<tr><td>{escape(layer)}</td><td class='n'>{each['units']}</td>"
        + "".join(
            f"<td class='n'>{_range(each[name])}</td>"
            for name in ("auprc", "shuffled", "auroc", "correlation")
        )
        + f"<td class='n'>{each['constant']['value']:.3f}</td></tr>"
        for layer, each in result["layers"].items()
    )
    shown = "".join(
        f"<h4>{title}</h4><div class='mw-firsts'>"
        f"{''.join(_first(each, units) for each in result[key])}</div>"
        for title, key in (("Most faithful", "most"), ("Least faithful", "least"))
    )
    return (
        f"<p>{result['units']} units of {escape(result['subject'])}, described by "
        f"{escape(result['method'])}; {result['image_count']} images of "
        f"{escape(result['images'])}. Where a sentence holds is judged by "
        f"{escape(result['judge'])}. A sentence is faithful when it finds the tenth of the images "
        f"on which its unit is most active.{_silent(result.get('silent', 0))}</p>"
        "<table class='mw-table' style='max-width:64rem'><tr><th>layer</th><th>units</th>"
        "<th>AUPRC</th><th>other units' sentences</th><th>AUROC</th><th>correlation</th>"
        f"<th>a constant sentence (AUPRC)</th></tr>{rows}</table>"
        "<p>Means with 95 % intervals over units. The scores stand beside each unit in <i>Find and "
        f"sign off</i>, which can ask for a least AUPRC.</p>{shown}{_file(result)}"
    )


def _silent(count: int) -> str:
    if not count:
        return ""
    what = "unit is" if count == 1 else "units are"
    return f" {count} {what} alike active on all of these images and count as chance."


def _groups(result: Mapping[str, Any]) -> str:
    several = [each for each in result["groups"] if len(each["units"]) > 1]
    colours = {
        name: chart.COLOURS[i % len(chart.COLOURS)]
        for i, name in enumerate([*result["super_classes"], "other"])
    }
    bars = [
        (
            f"{each['name']} · {each['super_class']}" if result["super_classes"] else each["name"],
            len(each["units"]),
            colours[each["super_class"]],
        )
        for each in several[:SHOWN]
    ]
    tally: dict[str, int] = {}
    for each in result["groups"]:
        tally[each["super_class"]] = tally.get(each["super_class"], 0) + len(each["units"])
    shares = "; ".join(f"{escape(name)} {count}" for name, count in tally.items())
    more = f" The {SHOWN} largest are drawn." if len(several) > SHOWN else ""
    return (
        f"<h4>Groups of units with like descriptions</h4><p>{len(several)} groups of at least two "
        f"units whose descriptions have products of at least {result['threshold']:g}; "
        f"{result['alone']} units stand alone.{more}"
        + (
            f" Units by super-class: {shares}; other: near to none of the words given."
            if result["super_classes"]
            else ""
        )
        + f"</p>{chart.bars(bars)}"
    )


def _pruned(result: Mapping[str, Any]) -> str:
    if not result["pruned"]:
        return "<h4>Pruning units that stand alone</h4><p>No unit stands alone.</p>"
    rows = "".join(_prune_row(layer, each) for layer, each in result["pruned"].items())
    return (
        "<h4>Pruning units that stand alone</h4><table class='mw-table' style='max-width:60rem'>"
        f"<tr><th>layer</th>{_PRUNE_HEADS}</tr>{rows}</table>"
        "<p>Nothing is trained again. Random: the mean of as many units drawn from the same layer, "
        "with its interval.</p>"
    )


_PRUNE_HEADS = (
    "<th>units pruned</th><th>of all</th><th>before</th><th>without them</th>"
    "<th>without random units</th>"
)


def _prune_row(name: str, each: Mapping[str, Any]) -> str:
    random = each["random"]
    return (
        f"<tr><td>{escape(name)}</td><td class='n'>{each['units']}</td>"
        f"<td class='n'>{each['share']:.1%}</td><td class='n'>{each['before']:.1%}</td>"
        f"<td class='n'>{each['after']:.1%}</td><td class='n'>{random['mean']:.1%} "
        f"({random['low']:.1%} to {random['high']:.1%})</td></tr>"
    )


def _terms(result: Mapping[str, Any]) -> str:
    common = ", ".join(
        f"{escape(each['term'])} {each['units']} ({each['share']:.1%})" for each in result["terms"]
    )
    rows = "".join(_prune_row(each["term"], each) for each in result["pruned_terms"])
    names = list(result["pruned_terms"][0]["classes_before"]) if result["pruned_terms"] else []
    heads = "".join(f"<th>{escape(name)}</th>" for name in names)
    before = "".join(
        f"<td class='n'>{result['pruned_terms'][0]['classes_before'][name]:.0%}</td>"
        for name in names
    )
    by_class = f"<tr><td>nothing</td>{before}</tr>" + "".join(
        f"<tr><td>{escape(each['term'])}</td>"
        + "".join(f"<td class='n'>{each['classes_after'][name]:.0%}</td>" for name in names)
        + "</tr>"
        for each in result["pruned_terms"]
    )
    return (
        f"<h4>Terms</h4><p>How many descriptions hold a word: {common}.</p>"
        f"<table class='mw-table' style='max-width:60rem'><tr><th>units of the term</th>"
        f"{_PRUNE_HEADS}</tr>{rows}</table><details><summary>By class</summary>"
        f"<table class='mw-table'><tr><th>pruned</th>{heads}</tr>{by_class}</table></details>"
    )


def _classified(result: Mapping[str, Any]) -> str:
    found = result["classified"]
    if found is None:
        return ""
    known = ", ".join(map(escape, result["known"]))
    note = f" The network was trained on {known}: these are not unseen." if known else ""
    head = f"<h4>Described units as classifiers on {escape(result['unseen'])}</h4>"
    if not found["classes"]:
        return f"{head}<p>No description is near to any of the classes.{note}</p>"
    names = [unit for group in result["groups"] for unit in group["units"]]
    names.sort(key=lambda name: (name.rpartition("-")[0], int(name.rpartition("-")[2])))
    rows = "".join(
        f"<tr><td>{escape(each['name'])}</td><td>"
        f"{escape(', '.join(names[unit] for unit in each['units'][:4]))}"
        f"{' …' if len(each['units']) > 4 else ''}</td><td class='n'>{each['nearness']:.2f}</td>"
        f"<td class='n'>{each['auroc']:.3f}</td><td class='n'>{each['best']:.3f}</td></tr>"
        for each in found["classes"]
    )
    mean, chance = found["mean"], found["chance"]
    left = (
        f" Near to no description: {', '.join(map(escape, found['left']))}."
        if found["left"]
        else ""
    )
    return (
        f"{head}<p>Mean AUROC {_range(mean)} over {len(found['classes'])} classes; random units "
        f"{_range(chance)}.{left}{note}</p><table class='mw-table' style='max-width:60rem'><tr>"
        "<th>class</th><th>units nearest to its name</th><th>nearness</th><th>AUROC</th>"
        f"<th>best of all units (chosen here)</th></tr>{rows}</table>"
    )


def _likeness(result: Mapping[str, Any]) -> str:
    found = result["likeness"]
    head = "<h4>Are units with like exemplars described alike?</h4>"
    if found is None:
        return f"{head}<p>There are too few units with exemplars to tell.</p>"
    return (
        f"{head}<p>Correlation {_range(found['correlation'])} over {found['pairs']} random pairs "
        f"of {found['units']} units within layers; shuffled pairs {_range(found['chance'])}. "
        f"Exemplars are compared by the features of {escape(found['encoder'])} inside the masks, "
        "without their mean.</p>"
    )


def _about(result: Mapping[str, Any]) -> str:
    return (
        f"{result['units']} units of {escape(result['subject'])}, described by "
        f"{escape(result['method'])}; accuracy on {result['image_count']} images of "
        f"{escape(result['images'])}"
    )


def _curves(result: Mapping[str, Any]) -> list[tuple[str, list[float]]]:
    return list(result["curves"].items())


def _means(curves: Sequence[Sequence[float]]) -> list[float]:
    return [sum(values) / len(values) for values in zip(*curves, strict=True)]


def _first(each: Mapping[str, Any], units: Mapping[int, UnitRow]) -> str:
    unit = units.get(each["unit_id"])
    picture = (
        f'<img loading="lazy" src="{pictures.address(unit, "strip")}" height="44" alt="">'
        if unit is not None and unit.folder
        else ""
    )
    return (
        f"<figure>{picture}<figcaption>{escape(each['name'])} · {each['score']:.3g}<br>"
        f"{escape(each['text'])}</figcaption></figure>"
    )


def _range(found: Mapping[str, float]) -> str:
    return f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"


def _file(result: Mapping[str, Any]) -> str:
    if "file" not in result:
        return ""
    name = escape(str(result["file"]))
    return f'<p><a href="/reports/{name}" download>Everything as a table ({name})</a></p>'
