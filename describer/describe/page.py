"""What the Describe tab shows, and what stands above all tabs.

    header(jobs, "workspace", person)     the line above the tabs
    help_("reviewer")                     what there is to do, and the keys
    start_cards(names, 14, 0)             what to do first
    results(page, units, offset=0)        rows with thumbnails

No page framework, no database and no model: plain values in, markup out.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from db import templates
from db.access.permissions import LOCAL, Person
from db.access.users import STAFF
from db.describe import pictures
from db.describe.descriptions import Page
from db.describe.exemplars import UnitRow
from db.jobs import Job
from describer.describe.plan import Estimate
from describer.jobs import page as job_page

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


def estimate(plan: Estimate | None) -> Markup:
    """How much work the chosen plan is, before it is started."""
    if plan is None:
        return _PARTS("estimate", parts=["Choose a network, images and at least one layer."])
    parts = [f"{plan.units:,} units over {plan.images:,} images"]
    if plan.exemplar_s is not None:
        parts.append(f"{_duration(plan.exemplar_s)} exemplars")
    if plan.description_s is not None:
        parts.append(f"{_duration(plan.description_s)} descriptions")
    if plan.exemplar_s is None and plan.description_s is None:
        parts.append("the first run of a network measures how long it takes")
    return _PARTS("estimate", parts=parts)


def results(page: Page, units: dict[int, UnitRow], *, offset: int, described: int = 0) -> Markup:
    """Rows of descriptions with thumbnails; a click on one opens its unit.

    Args:
        described: how many descriptions the workspace has, whatever is searched for.
    """
    rows = []
    for said in page.rows:
        unit = units[said.unit_id]
        rows.append((said, unit, pictures.address(unit, "strip") if unit.folder else ""))
    return _PARTS("results", rows=rows, offset=offset, total=page.total, described=described)


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
