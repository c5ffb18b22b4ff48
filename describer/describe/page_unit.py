"""A unit's page.

unit(unit, machines, activations, people)     what methods and people say of it, and how well
exemplars(unit)                               its grid, whose masks can be lifted
candidates(ranked, lam)                       a beam in the order that a lambda gives
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from db import templates
from db.annotate.annotations import Said
from db.audit.signoffs import Signoff
from db.describe import pictures
from db.describe.descriptions import Candidate, Description
from db.describe.exemplars import UnitRow
from db.describe.faithfulness import Score
from db.describe.trusted import Figures
from describer.describe import measured, scores
from describer.describe.origin import Histogram, Origin
from describer.methods.options import CLIP_DISSECT, DND, MILAN, TITLES, search_of

_PARTS = templates.beside(__file__)


@dataclass(frozen=True)
class Sentences:
    """What machines say of a unit, as its page shows it.

    said: newest first, with those that had nothing to say. origins: how they came about, by the
    description's id. scores: faithfulness. trusted: see `tab_results.trusted`. tests: the sanity
    tests of the unit's layer, by judge and measure. figures: of the unit by itself.
    """

    said: Sequence[Description]
    origins: Mapping[int, Origin] = field(default_factory=dict)
    scores: Sequence[Score] = ()
    trusted: Any = None
    tests: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    figures: Figures | None = None


def unit(
    unit: UnitRow,
    machines: Sentences,
    activations: Sequence[float],
    people: Sequence[Said],
    verdicts: Sequence[Signoff] = (),
    alike: Sequence[Description] = (),
    counted: Histogram | None = None,
) -> Markup:
    """A unit's page: exemplars, activations, what methods and people say of it, and how well."""
    top = max([value for value in activations if value > 0], default=1.0)
    most = f"{max(activations):.3g} to {min(activations):.3g}" if len(activations) else "none"
    return _PARTS(
        "unit",
        unit=unit,
        link=quote(unit.name),
        grid=exemplars(unit),
        activations=[(f"{max(0.0, value) / top * 100:.0f}", value) for value in activations],
        most=most,
        bars=_bars(counted),
        counted=counted,
        said=[_told(unit, each, machines) for each in machines.said],
        trusted=machines.trusted,
        figures=machines.figures,
        people=people,
        verdicts=verdicts,
        alike=alike,
    )


def _told(unit: UnitRow, each: Description, machines: Sentences) -> dict[str, Any]:
    """One sentence with all that is said about it."""
    origin = machines.origins.get(each.description_id)
    steps = origin.steps if origin else ()
    means = scores.meaning(each.method)
    if each.method in (DND, CLIP_DISSECT) and origin:
        facts = dict(origin.facts)
        named = facts.get("options scoring") or facts.get("scoring") or means.name
        means = replace(means, name=named)
    return {
        "said": each,
        "how": _how(each),
        "means": means,
        "reason": each.detail.get("reason", ""),
        "caution": each.detail.get("caution", ""),
        "scores": [
            (one, measured.rows(one.measures, machines.tests.get(one.judge, {})))
            for one in machines.scores
            if one.description_id == each.description_id
        ],
        "trusted": bool(
            machines.trusted and machines.trusted.description_id == each.description_id
        ),
        "steps": [
            (step, pictures.address(unit, step.picture) if step.picture else "") for step in steps
        ],
        "candidates": origin.candidates if origin else (),
        "facts": origin.facts if origin else (),
    }


def _bars(counted: Histogram | None) -> list[tuple[str, str]]:
    """Of each bin its height in percent, by the logarithm of its count, and what it counts."""
    if counted is None:
        return []
    top = math.log1p(max(counted.counts, default=0)) or 1.0
    step = (counted.high - counted.low) / max(len(counted.counts), 1)
    edges = [counted.low + step * place for place in range(len(counted.counts) + 1)]
    return [
        (f"{math.log1p(count) / top * 100:.0f}", f"{low:.3g} to {high:.3g}: {count:,} images")
        for count, low, high in zip(counted.counts, edges, edges[1:], strict=False)
    ]


def exemplars(unit: UnitRow) -> Markup:
    """A unit's grid of exemplars, or a sentence where none were computed."""
    grid, bare = (pictures.address(unit, name) if unit.folder else "" for name in ("grid", "open"))
    return _PARTS("exemplars", unit=unit, grid=grid, bare=bare)


def candidates(ranked: Sequence[Candidate], lam: float, *, limit: int = 15) -> Markup:
    """The candidates of a beam in the order that a lambda gives them."""
    return _PARTS("candidates", rows=ranked[:limit], lam=lam, total=len(ranked))


def _how(said: Description) -> str:
    """The method, with its search where that is not the usual one."""
    title = TITLES.get(said.method, said.method)
    search = search_of(said.model_hash) if said.method == MILAN else ""
    return f"{title} ({search})" if search else title
