"""What the spurious-text experiment shows, as HTML of plain values.

samples(sets)                       some images of each folder
result(found, experiments)          the table, both choices of units with curves, the units
growing(ablation, points)           a curve that is being measured
page(found, sets, experiments)      the result as a page of its own
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from audits.ablation import page as ablation_page
from audits.ablation import result as ablation_summary
from audits.ablation.plan import Request
from audits.figures.intervals import words
from audits.report.page import STYLE
from audits.spurious.result import Result
from db import templates
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
NAMES = {"descriptions": "by descriptions", "masks": "by masks"}
_PARTS = templates.beside(__file__)

# Experiments with their curves, by id.
Experiments = Mapping[int, tuple[Ablation, Sequence[Point]]]


@dataclass(frozen=True)
class Row:
    """One edit of the table, beside its controls."""

    what: str
    units: int
    test: float
    random: str
    sorted_all: float | None
    clean: float


def samples(sets: Mapping[str, Path], *, count: int = 5) -> Markup:
    """The first images, one a class, of the training and the adversarial folder."""
    shown = [
        (
            caption,
            [
                (path.parent.name, base64.b64encode(path.read_bytes()).decode())
                for path in _one_a_class(sets[name], count)
            ],
        )
        for name, caption in CAPTIONS.items()
        if name in sets and sets[name].is_dir()
    ]
    return _PARTS("samples", sets=shown)


def result(found: Result, experiments: Experiments) -> Markup:
    """An experiment's numbers, with the ablation of each choice of units by its id."""
    return _PARTS(
        "result",
        found=found,
        rows=list(_rows(found, experiments)),
        choices=[
            (
                HEADINGS[choice.by],
                ablation_page.finding(ablation, points) + ablation_page.curve(ablation, points),
                ablation_page.numbers(ablation_summary.of(ablation)),
            )
            for choice in found.choices
            for ablation, points in [experiments[choice.ablation_id]]
        ],
    )


def growing(ablation: Ablation, points: Sequence[Point]) -> Markup:
    """The curve of an ablation that is being measured."""
    concept = Request.from_json(ablation.request).plan.concept
    return _PARTS("growing", concept=concept, curve=ablation_page.curve(ablation, points))


def page(found: Result, sets: Mapping[str, Path], experiments: Experiments) -> Markup:
    """The result as a page that needs nothing else."""
    return _PARTS(
        "page",
        name=found.name,
        style=Markup(STYLE + CSS),
        samples=samples(sets),
        result=result(found, experiments),
    )


def _rows(found: Result, experiments: Experiments) -> Iterator[Row]:
    """Figure 8 in numbers: every edit beside its controls."""
    yield Row("no unit ablated", 0, found.adversarial, "", None, found.clean)
    for choice in found.choices:
        summary = ablation_summary.of(experiments[choice.ablation_id][0])
        if summary is None:
            continue
        for point, clean, how in (
            (summary.chosen, choice.clean.chosen, "chosen on validation"),
            (summary.best, choice.clean.best, "best on test"),
        ):
            if point is not None:
                yield Row(
                    f"{NAMES[choice.by]}, count {how}",
                    point.n_ablated,
                    point.test,
                    words(point.random),
                    point.sorted_all,
                    clean,
                )


def _one_a_class(folder: Path, count: int) -> list[Path]:
    classes = sorted(path for path in folder.iterdir() if path.is_dir())[:count]
    return [path for each in classes if (path := min(each.glob("*.png"), default=None))]
