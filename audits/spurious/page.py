"""What the spurious-text experiment shows, as HTML of plain values; every text is escaped here.

samples(sets)                       some images of each folder
result(found, experiments)          the table, both choices of units with curves, the units
growing(ablation, points)           a curve that is being measured
page(name, …)                       the result as a page of its own
"""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from audits.ablation import page as ablation_page
from audits.figures.intervals import too_few
from audits.report.page import STYLE
from db.audit.ablations import Ablation, Point

CSS = """
.mw-samples {display:flex; gap:1.2rem; flex-wrap:wrap; margin:.5rem 0}
.mw-samples figure {margin:0; font-size:.85rem}
.mw-samples img {display:inline-block; width:5.5rem; height:5.5rem; border-radius:3px;
  margin-right:.2rem;
  image-rendering:pixelated}
"""
HEADINGS = {
    "descriptions": "Units whose description says text, word or letter",
    "masks": "Units whose masks lie on the written words",
}
CAPTIONS = {
    "training": "Training: words on a share of the images, the right ones",
    "adversarial": "Adversarial test: a random word on every image",
}


def samples(sets: Mapping[str, Path], *, count: int = 5) -> str:
    """The first images, one a class, of the training and the adversarial folder."""
    figures = []
    for name, caption in CAPTIONS.items():
        if name not in sets or not sets[name].is_dir():
            continue
        images = "".join(
            f'<img alt="{escape(path.parent.name)}" '
            f'src="data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}">'
            for path in _one_a_class(sets[name], count)
        )
        figures.append(f"<figure>{images}<figcaption>{escape(caption)}</figcaption></figure>")
    return f'<div class="mw-samples">{"".join(figures)}</div>'


def result(
    found: Mapping[str, Any], experiments: Mapping[int, tuple[Ablation, Sequence[Point]]]
) -> str:
    """An experiment's numbers, with the ablation of each choice of units by its id."""
    images = found["images"]
    count = images["adversarial"]
    gap = found["clean"] - found["adversarial"]
    parts = [
        "<p>"
        f"Trained on {images['training']:,} images for {found['training']['epochs']} epochs, the "
        f"best of them {found['training']['best']} "
        f"({found['training']['validation_accuracy']:.1%} of {images['validation']:,} validation "
        "images, which carry words as the training images do). On the same "
        f"{count:,} test images accuracy is <b>{found['clean']:.1%}</b> without words and "
        f"<b>{found['adversarial']:.1%}</b> with random ones: {_points(-gap)} points.</p>",
        _table(found, experiments),
        _agreement(found),
    ]
    for choice in found["choices"]:
        ablation, points = experiments[choice["ablation_id"]]
        parts.append(
            f"<h3>{HEADINGS[choice['by']]}</h3>"
            f"{ablation_page.curve(ablation, points)}{ablation_page.numbers(ablation.summary)}"
        )
    if found["skipped"]:
        names = ", ".join(escape(path) for path, _ in found["skipped"][:5])
        parts.append(f"<p>⚠ {len(found['skipped'])} images could not be read: {names}</p>")
    return "".join(parts)


def growing(ablation: Ablation, points: Sequence[Point]) -> str:
    """The curve of an ablation that is being measured."""
    concept = escape(str(ablation.request.get("concept", "")))
    return f"<h3>{concept}</h3>{ablation_page.curve(ablation, points)}"


def page(
    name: str,
    sets: Mapping[str, Path],
    found: Mapping[str, Any],
    experiments: Mapping[int, tuple[Ablation, Sequence[Point]]],
) -> str:
    """The result as a page that needs nothing else."""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(name)}</title>'
        f"<style>{STYLE}{CSS}</style><h1>Spurious text: {escape(name)}</h1>"
        f"{samples(sets)}{result(found, experiments)}</html>\n"
    )


def _table(
    found: Mapping[str, Any], experiments: Mapping[int, tuple[Ablation, Sequence[Point]]]
) -> str:
    """Figure 8 in numbers: every edit beside its controls."""
    start = found["adversarial"]
    rows = [("no unit ablated", 0, start, "", None, found["clean"])]
    names = {"descriptions": "by descriptions", "masks": "by masks"}
    for choice in found["choices"]:
        summary = experiments[choice["ablation_id"]][0].summary
        for which, how in (("chosen", "chosen on validation"), ("best", "best on test")):
            point = summary[which]
            rows.append(
                (
                    f"{names[choice['by']]}, count {how}",
                    point["n_ablated"],
                    point["test"],
                    _interval(point["random"], len(summary.get("controls", []))),
                    point["sorted_all"],
                    choice["clean"][which],
                )
            )
    body = "".join(
        f"<tr><td>{escape(what)}</td><td class='n'>{units}</td><td class='n'>{test:.1%}</td>"
        f"<td class='n'>{_points(test - start) if units else ''}</td>"
        f"<td class='n'>{random}</td>"
        f"<td class='n'>{'' if sort is None else f'{sort:.1%}'}</td>"
        f"<td class='n'>{clean:.1%}</td></tr>"
        for what, units, test, random, sort, clean in rows
    )
    count = found["images"]["adversarial"]
    return (
        "<table class='mw-table'><tr><th>units ablated, least important first</th><th>units</th>"
        f"<th>adversarial test ({count:,} images)</th><th>change</th>"
        "<th>random units of the same layers</th><th>all units sorted</th>"
        f"<th>clean test ({found['images']['clean']:,} images)</th></tr>{body}</table>"
        "<p class='mw-muted'>Random units: mean of the draws, and where one more draw would lie in "
        "19 of 20 cases. The count chosen on validation images is the method; the count that is "
        "best on test is an oracle's.</p>"
    )


def _agreement(found: Mapping[str, Any]) -> str:
    """How far descriptions find the units that truly look at words."""
    told = found["agreement"]
    total = sum(found["units"].values())
    said = (
        f"<p>Of {total:,} units, {told['described']} are described with text, word or letter, and "
        f"{told['on_words']} have most of their masks on written words (which cover "
        f"{told['base_rate']:.1%} of all pixels); {told['both']} are both."
    )
    if not told["described"]:
        said += " As no description names text, none are ablated by descriptions."
    if not told["on_words"]:
        said += " As no unit's masks lie mostly on words, none are ablated by masks."
    rows = "".join(
        f"<tr><td>{escape(unit)}</td><td>{escape(text)}</td>"
        f"<td class='n'>{'' if share is None else f'{share:.0%}'}</td></tr>"
        for unit, text, share in told["examples"]
    )
    if not rows:
        return said + "</p>"
    return (
        f"{said}</p><details><summary>Some of these units</summary><table class='mw-table'>"
        "<tr><th>unit</th><th>description</th><th>of its masks on words</th></tr>"
        f"{rows}</table></details>"
    )


def _one_a_class(folder: Path, count: int) -> list[Path]:
    classes = sorted(path for path in folder.iterdir() if path.is_dir())[:count]
    return [path for each in classes if (path := min(each.glob("*.png"), default=None))]


def _interval(values: Mapping[str, Any] | None, draws: int) -> str:
    if values is None:
        return ""
    if values["low"] is None:
        return f"{values['mean']:.1%}"
    low, high = values["low"], values["high"]
    return f"{values['mean']:.1%} ({low:.1%} to {high:.1%}){too_few(low, high, draws)}"


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}"
