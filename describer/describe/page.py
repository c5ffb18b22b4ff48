"""What the Describe tab shows, as HTML made of plain values; every text is escaped here.

    header(db, "workspace", person)       the line above the tabs
    help_("reviewer")                     what there is to do, and the keys
    start_cards(db)                       what to do first
    results(page, units, offset=0)        rows with thumbnails

No page framework and no model: database rows in, markup out.
"""

from collections.abc import Sequence
from html import escape

from sqlite_utils import Database

from db import jobs
from db.access.doors import LOCAL, Person
from db.describe import pictures, subjects
from db.describe.descriptions import Description, Page
from db.describe.exemplars import UnitRow
from describer.describe.plan import Estimate
from describer.jobs import page as job_page

CSS = """
.mw-header {display:flex; gap:1rem; align-items:baseline; flex-wrap:wrap; padding:.1rem 0}
.mw-header b {font-size:1.15rem}
.mw-chip {border:1px solid var(--border-color-primary); border-radius:1rem; padding:.1rem .7rem;
  background:var(--background-fill-secondary); font-size:.85rem}
.mw-muted {opacity:.72; font-size:.9rem}
.mw-cards {display:grid; grid-template-columns:repeat(auto-fit,minmax(15rem,1fr)); gap:.8rem}
.mw-card {border:1px solid var(--border-color-primary); border-radius:.6rem; padding:.8rem 1rem;
  background:var(--background-fill-secondary)}
.mw-card.done {opacity:.75}
.mw-card.next {border-color:var(--color-accent); border-width:2px}
.mw-bar {height:.7rem; border-radius:.4rem; background:var(--border-color-primary);
  overflow:hidden; margin:.3rem 0}
.mw-bar > span {display:block; height:100%; background:var(--color-accent)}
.mw-row {display:flex; gap:.8rem; align-items:center; width:100%; text-align:left; padding:.3rem;
  border:0; border-bottom:1px solid var(--border-color-primary); background:none; cursor:pointer;
  color:inherit; font:inherit}
.mw-row:hover, .mw-row:focus-visible {background:var(--background-fill-secondary);
  outline:2px solid var(--color-accent); outline-offset:-2px}
.mw-row[aria-current] {background:var(--background-fill-secondary);
  box-shadow:inset 4px 0 var(--color-accent)}
/* In a narrow list the pictures give way first, and words are not broken. */
.mw-row img {flex:0 1 14.6rem; min-width:5.5rem; height:auto; aspect-ratio:448/88;
  border-radius:3px; background:#8883}
.mw-row .name {flex:none; width:7.5rem; overflow-wrap:anywhere}
.mw-row .text {flex:1 0 7rem; min-width:0; overflow-wrap:break-word; font-size:1.02rem}
.mw-row .number {font-variant-numeric:tabular-nums; text-align:right; min-width:4rem}
/* A hidden overflow would be what #unit_side sticks to; a clipped one is not. */
.gradio-container {overflow:clip !important}
@media (min-width: 800px) {
  #unit_side {position:sticky; top:0; align-self:flex-start; max-height:100vh; overflow:auto}
  #unit_side > * {flex-shrink:0}
}
.mw-lift {display:block; max-width:1300px; background-size:100% 100%}
.mw-lift img.grid {display:block; width:100%; border-radius:4px}
.mw-look .mw-lift {max-width:none}
/* Above Gradio's labels, which have layers of their own. */
#help {position:absolute; top:0; right:0; z-index:100; width:auto; max-width:min(44rem,100%)}
.mw-help > summary {cursor:pointer; text-align:right; padding:.1rem 0}
.mw-help > div {background:var(--background-fill-primary); padding:.8rem;
  border:1px solid var(--border-color-primary); border-radius:.6rem; box-shadow:0 4px 16px #0004}
.mw-help[open] .mw-table th {white-space:nowrap}
.mw-help kbd {font-family:inherit; border:1px solid var(--border-color-primary);
  border-radius:.25rem; padding:0 .3rem}
.mw-wide {overflow-x:auto}
button.mw-chip {color:inherit; font-family:inherit; cursor:pointer}
button.mw-chip:hover, button.mw-chip:focus-visible {outline:2px solid var(--color-accent)}
.mw-table {border-collapse:collapse; width:100%}
.mw-table td, .mw-table th {padding:.2rem .6rem; border-bottom:1px solid
  var(--border-color-primary); text-align:left}
.mw-table td.n {text-align:right; font-variant-numeric:tabular-nums}
.mw-table tr.best {font-weight:600}
.mw-activations {display:flex; gap:3px; align-items:flex-end; height:48px}
.mw-activations span {flex:1; max-width:2rem; background:var(--color-accent); min-height:1px}
mark {background:#ffd54a; color:#111; border-radius:2px; padding:0 .1em}
/* The toast says what went wrong; Gradio also veils every output, what was typed included. */
[data-testid="status-tracker"]:has(> .error) {display:none !important}
.mw-hidden {position:absolute !important; left:-9999px; width:1px; height:1px; overflow:hidden}
@media (max-width: 1100px) {
  .mw-row img {flex:none; width:92px} .mw-row .name {width:6rem}
}
@media (max-width: 480px) {
  .mw-row {flex-wrap:wrap} .mw-row .name {width:auto}
}
"""


def header(db: Database, workspace: str, person: Person) -> str:
    """The line above the tabs: workspace, person, running jobs."""
    chips = "" if person.role == "annotator" else job_page.chips(jobs.latest(db, limit=5))
    who = "this machine" if person.name == LOCAL else f"{person.name} · {person.role}"
    return (
        '<div class="mw-header"><b>MILAN Workbench</b>'
        f'<span class="mw-muted">workspace {escape(workspace)} · {escape(who)}</span>'
        f"{chips}</div>"
    )


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


def help_(role: str) -> str:
    """What a person of a role does here, and the keys for it."""
    if role == "annotator":
        parts: tuple[str, ...] = ("Annotate", "Rate")
        words = "Say in one sentence what the highlighted regions share."
    else:
        parts = tuple(_KEYS)
        words = (
            "<b>Describe</b> finds the images that activate each unit of a network most, and lets "
            "MILAN put them into words. <b>Audit</b> finds units by words, lets people sign them "
            "off, and measures what the network loses without them. <b>Annotate</b> collects "
            "people's own sentences. Every command is told by <code>python app.py --help</code>."
        )
    rows = "".join(
        f"<tr><th>{'' if place else part}</th><td><kbd>{escape(keys)}</kbd></td>"
        f"<td>{escape(meaning)}</td></tr>"
        for part in parts
        for place, (keys, meaning) in enumerate(_KEYS[part])
    )
    return (
        f'<details class="mw-help"><summary>Help</summary><div><p>{words}</p>'
        f'<table class="mw-table">{rows}</table></div></details>'
    )


def start_cards(db: Database) -> str:
    """The three steps of an empty workspace; empty text once all of them were taken."""
    networks = subjects.every(db)
    described = db.execute("select count(*) from descriptions").fetchone()[0]
    judged = db.execute("select count(*) from signoffs").fetchone()[0]
    if networks and described and judged:
        return ""
    steps = [
        (
            bool(networks),
            "1 Add a network",
            f"{len(networks)} in this workspace: {_some([each.name for each in networks])}"
            if networks
            else "Needs a SUBJECT.toml that says how your network is built and where its weights "
            "lie, and a folder of images. Seconds. <i>Add…</i> below, or start without "
            "<code>--no-demo</code> for a ready-made world.",
        ),
        (
            bool(described),
            "2 Compute exemplars and describe",
            f"{described} descriptions are here."
            if described
            else "Choose layers, images and a checkpoint below and press <i>Start</i>. About one "
            "forward pass over the images, then a few units a second.",
        ),
        (
            bool(judged),
            "3 Audit, or collect annotations",
            "Open the Audit tab, type a word such as <i>face</i> or <i>text</i>, look, and sign "
            "off. Or open Annotate and let three people describe each unit.",
        ),
    ]
    cards, lit = [], False
    for done, title, text in steps:
        kind = "done" if done else ("" if lit else "next")
        lit = lit or not done
        mark = "✓ " if done else ""
        # The texts are ours; the names in them come from files and are escaped.
        shown = escape(text) if done else text
        cards.append(
            f'<div class="mw-card {kind}"><b>{mark}{title}</b><br>'
            f'<span class="mw-muted">{shown}</span></div>'
        )
    return f'<div class="mw-cards">{"".join(cards)}</div>'


def estimate(plan: Estimate | None) -> str:
    """How much work the chosen plan is, before it is started."""
    if plan is None:
        return '<p class="mw-muted">Choose a network, images and at least one layer.</p>'
    parts = [f"{plan.units:,} units over {plan.images:,} images"]
    if plan.exemplar_s is not None:
        parts.append(f"{_duration(plan.exemplar_s)} exemplars")
    if plan.description_s is not None:
        parts.append(f"{_duration(plan.description_s)} descriptions")
    if plan.exemplar_s is None and plan.description_s is None:
        parts.append("the first run of a network measures how long it takes")
    return f'<p class="mw-muted">{" · ".join(parts)}</p>'


def results(page: Page, units: dict[int, UnitRow], *, offset: int) -> str:
    """Rows of descriptions with thumbnails; a click on one opens its unit."""
    if not page.rows:
        return (
            '<div class="mw-card">Nothing here yet. Start a description above, or loosen the '
            "search.</div>"
        )
    rows = []
    for each in page.rows:
        unit = units[each.unit_id]
        rows.append(
            f'<button class="mw-row" data-unit="{each.unit_id}">'
            f"{_strip(unit)}"
            f'<span class="name">{escape(each.layer)}-{each.unit}<br>'
            f'<span class="mw-muted">{escape(each.subject)}</span></span>'
            f'<span class="text">{escape(each.text)}{_dead(each)}</span>'
            f'<span class="number mw-muted">{escape(each.method)}<br>{_number(each.score)}</span>'
            "</button>"
        )
    last = offset + len(page.rows)
    return (
        f'<p class="mw-muted">{offset + 1} to {last} of {page.total} descriptions</p>'
        f'<div class="mw-results" data-offset="{offset}" data-total="{page.total}">'
        f"{''.join(rows)}</div>"
    )


def _some(names: Sequence[str], *, most: int = 6) -> str:
    """Some of the names, and how many there are besides."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _strip(each: UnitRow) -> str:
    if not each.folder:
        return '<span class="mw-muted" style="min-width:136px">no exemplars</span>'
    return (
        f'<img loading="lazy" src="{pictures.address(each, "strip")}" '
        f'alt="first exemplars of {escape(each.name)}">'
    )


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _dead(each: Description) -> str:
    return ' <span class="mw-chip">dead unit</span>' if each.dead else ""
