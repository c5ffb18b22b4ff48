"""A unit's page.

unit(unit, said, activations, people)         what methods and people say of it, and how well
exemplars(unit)                               its grid, whose masks can be lifted
candidates(ranked, lam)                       a beam in the order that a lambda gives
"""

from collections.abc import Sequence
from urllib.parse import quote

from markupsafe import Markup

from db import templates
from db.annotate.annotations import Said
from db.audit.signoffs import Signoff
from db.describe import pictures
from db.describe.descriptions import Candidate, Description
from db.describe.exemplars import UnitRow
from db.describe.faithfulness import Score
from describer.methods.options import search_of

_PARTS = templates.beside(__file__)


def unit(
    unit: UnitRow,
    said: Sequence[Description],
    activations: Sequence[float],
    people: Sequence[Said],
    scores: Sequence[Score] = (),
    verdicts: Sequence[Signoff] = (),
    alike: Sequence[Description] = (),
) -> Markup:
    """A unit's page: exemplars, activations, what methods and people say of it, and how well."""
    top = max([value for value in activations if value > 0], default=1.0)
    names = {description.description_id: description.method for description in said}
    most = f"{max(activations):.3g} to {min(activations):.3g}" if len(activations) else "none"
    return _PARTS(
        "unit",
        unit=unit,
        link=quote(unit.name),
        grid=exemplars(unit),
        activations=[(f"{max(0.0, value) / top * 100:.0f}", value) for value in activations],
        most=most,
        said=[(description, _how(description)) for description in said],
        scores=[(score, names[score.description_id]) for score in scores],
        people=people,
        verdicts=verdicts,
        alike=alike,
    )


def exemplars(unit: UnitRow) -> Markup:
    """A unit's grid of exemplars, or a sentence where none were computed."""
    grid, bare = (pictures.address(unit, name) if unit.folder else "" for name in ("grid", "open"))
    return _PARTS("exemplars", unit=unit, grid=grid, bare=bare)


def candidates(ranked: Sequence[Candidate], lam: float, *, limit: int = 15) -> Markup:
    """The candidates of a beam in the order that a lambda gives them."""
    return _PARTS("candidates", rows=ranked[:limit], lam=lam, total=len(ranked))


def _how(said: Description) -> str:
    """The method, with its search where that is not the usual one."""
    search = search_of(said.model_hash)
    return f"{said.method} ({search})" if search else said.method
