"""What the Describe tab shows, and what stands above all tabs.

    header(jobs, "workspace", person)     the line above the tabs
    help_("reviewer")                     what there is to do, and the keys
    start_cards(names, 14, 0)             what to do first
    results(page, units, offset=0)        rows with thumbnails

No page framework, no database and no model: plain values in, markup out.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from db import templates
from db.access.permissions import LOCAL, Person
from db.access.users import STAFF
from db.describe import pictures
from db.describe.exemplars import UnitRow
from db.describe.listing import Listed, Wanted
from db.jobs import Job
from describer.describe import scores
from describer.describe.needs import Need
from describer.describe.plan import Estimate
from describer.jobs import page as job_page
from describer.methods.options import TITLES

CSS = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")

_PARTS = templates.beside(__file__)
_KEYS = {
    "Annotate": (
        ("Ctrl+Enter", "send the sentence"),
        ("Alt+N, Alt+S, Alt+B", "no common pattern, skip, picture broken"),
        ("Enter on the pictures, then arrows", "enlarge one, walk"),
        ("hold M (Alt+M while typing)", "without masks"),
    ),
    "Rate": (
        ("1 to 5", "how well the next sentence fits most of the pictures"),
        ("Shift+1 to 5", "the best, by its place in the list"),
    ),
    "Review": (
        ("A, Q, U", "approve, requeue, undo"),
        ("R, then Ctrl+Enter", "reject, with a reason"),
    ),
    "Describe": (("← →", "walk the list of units"), ("hold M", "without masks")),
    "Audit": (
        ("C, X, ?, Z", "confirm, reject, unsure, undo"),
        ("← →", "back, later"),
        ("hold M", "without masks"),
    ),
}


def header(newest: Sequence[Job], workspace: str, person: Person) -> Markup:
    """The line above the tabs: workspace, person, running jobs."""
    return _PARTS(
        "header",
        chips=job_page.chips(newest if person.role in STAFF else ()),
        workspace=workspace,
        who="this machine" if person.name == LOCAL else f"{person.name} · {person.role}",
        signed_in=person.name != LOCAL,
    )


def help_(role: str) -> Markup:
    """What a person of a role does here, and the keys for it."""
    staff = role != "annotator"
    parts = _KEYS if staff else ("Annotate", "Rate")
    return _PARTS("help", staff=staff, keys=[(part, _KEYS[part]) for part in parts])


def start_cards(networks: Sequence[str], described: int, judged: bool) -> Markup:
    """The three steps of an empty workspace; nothing once all of them were taken.

    Args:
        networks: their names; described: how many descriptions there are; judged: whether a unit
            was signed off.
    """
    if networks and described and judged:
        return Markup()
    return _PARTS("start", networks=networks, described=described, judged=judged)


def estimate(plan: Estimate | None, cautions: Sequence[str] = ()) -> Markup:
    """How much work the chosen plan is, before it is started, and what to beware of."""
    if plan is None:
        words = "Choose a network, images, at least one layer and a method."
        return _PARTS("estimate", parts=[words], cautions=cautions)
    parts = [f"{plan.units:,} units over {plan.images:,} images"]
    if plan.exemplar_s is not None:
        parts.append(f"{_duration(plan.exemplar_s)} exemplars")
    if plan.description_s is not None:
        parts.append(f"{_duration(plan.description_s)} descriptions")
    if plan.exemplar_s is None and plan.description_s is None:
        parts.append("the first run of a network measures how long it takes")
    elif plan.unmeasured:
        names = " and ".join(TITLES[name] for name in plan.unmeasured)
        parts.append(f"{names} not measured here yet")
    return _PARTS("estimate", parts=parts, cautions=cautions)


def results(
    found: Listed,
    units: Mapping[int, UnitRow],
    *,
    wanted: Wanted,
    offset: int,
    said: Mapping[int, Sequence[tuple[str, str]]] | None = None,
    trusted: Mapping[int, Any] | None = None,
    described: int = 0,
) -> Markup:
    """A row a unit with thumbnails; a click on one opens it, one on a column's head sorts.

    Args:
        said: of each unit (method, sentence), shown under the row that is open.
        trusted: of units that have one their trusted sentence (see `tab_results.trusted`).
        described: how many descriptions the workspace has, whatever is searched for.
    """
    rows = []
    for row in found.rows:
        unit = units[row.unit_id]
        strip = pictures.address(unit, "strip") if unit.folder else ""
        others = [
            (TITLES.get(name, name), text) for name, text in (said or {}).get(unit.unit_id, ())
        ]
        rows.append((row, strip, others if len(others) > 1 else ()))
    return _PARTS(
        "results",
        rows=rows,
        offset=offset,
        total=found.total,
        described=described,
        columns=_columns(wanted),
        meaning=_meaning(wanted.method),
        trusted=trusted or {},
    )


def _columns(wanted: Wanted) -> list[tuple[str, str, str, str]]:
    """Of each column its key, its head, which way it is sorted, and what it is."""
    score = "Choose a method first: scores of different methods cannot be compared"
    named = "Score"
    if wanted.method:
        means = scores.meaning(wanted.method)
        named, score = means.name, f"{means.direction}; {means.scale}".strip("; ")
    heads = (
        ("unit", "Unit", "by network, layer and number"),
        ("sentence", "Sentence", "by the alphabet"),
        ("method", "Method", "by name"),
        ("score", named, score),
        ("methods", "Methods", "how many methods spoke of it"),
        (
            "trusted",
            "Trusted",
            "by the trusted sentence's score on images that did not choose it; higher is better",
        ),
    )
    way = "down" if wanted.falling else "up"
    return [(key, name, way if key == wanted.sort else "", why) for key, name, why in heads]


def _meaning(method: str | None) -> str:
    if not method:
        return "Numbers are each method's own score: choose a method to learn what its means."
    means = scores.meaning(method)
    return f"{TITLES.get(method, method)}: {means.name}; {means.direction}. {means.scale}".strip()


def needs(each: Sequence[Need]) -> Markup:
    """Of every method whether it is ready, or what it lacks and how to get it."""
    return _PARTS("needs", each=each)


def exported(file: str, rows: int) -> Markup:
    """Where a table that was made can be fetched."""
    return _PARTS("exported", file=file, rows=rows)


def status(sentence: str, notes: Sequence[str] = ()) -> Markup:
    """What an action did, and what a person should know of it."""
    return _PARTS("status", sentence=sentence, notes=notes)


def layers(
    headings: Sequence[str], rows: Sequence[Sequence[str]], refused: Mapping[str, str]
) -> Markup:
    """Every layer of a network, and by name why the other modules are none."""
    return _PARTS("layers", headings=headings, rows=rows, refused=refused)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
