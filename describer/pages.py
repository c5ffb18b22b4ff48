"""What the Describe tab shows, as HTML made of plain values; every text is escaped here.

    header(db, "workspace", person)       the line above the tabs
    results(page)                         rows with thumbnails
    unit(…), candidates(…)                a unit's page
    job(job)                              progress with rate and finish time

No page framework and no model: database rows in, markup out.
"""

import datetime
from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from sqlite_utils import Database

from db import jobs, pictures, subjects
from db.annotations import Said
from db.descriptions import Candidate, Description, Page
from db.doors import LOCAL, Person
from db.exemplars import Unit
from db.faithfulness import Score
from db.jobs import Job
from describer.plans import Estimate, search_of

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
.mw-row img {height:46px; border-radius:3px; flex:none; background:#8883; min-width:136px}
.mw-row .name {flex:none; width:7.5rem; overflow-wrap:anywhere}
.mw-row .text {flex:1; font-size:1.02rem}
.mw-row .number {font-variant-numeric:tabular-nums; text-align:right; min-width:4rem}
.mw-unit img.grid {width:100%; max-width:1300px; border-radius:4px}
.mw-look img.grid {width:100%}
.mw-table {border-collapse:collapse; width:100%}
.mw-table td, .mw-table th {padding:.2rem .6rem; border-bottom:1px solid
  var(--border-color-primary); text-align:left}
.mw-table td.n {text-align:right; font-variant-numeric:tabular-nums}
.mw-table tr.best {font-weight:600}
.mw-activations {display:flex; gap:3px; align-items:flex-end; height:48px}
.mw-activations span {flex:1; max-width:2rem; background:var(--color-accent); min-height:1px}
mark {background:#ffd54a; color:#111; border-radius:2px; padding:0 .1em}
.mw-hidden {position:absolute !important; left:-9999px; width:1px; height:1px; overflow:hidden}
@media (max-width: 480px) {
  .mw-row {flex-wrap:wrap} .mw-row .name {width:auto}
}
"""


def header(db: Database, workspace: str, person: Person) -> str:
    """The line above the tabs: workspace, person, running jobs."""
    chips = [
        f'<span class="mw-chip" title="{escape(job.message)}">{escape(job.title)} · '
        f"{_share(job)}</span>"
        for job in jobs.latest(db, limit=5)
        if job.state in ("running", "queued")
    ]
    who = "this machine" if person.name == LOCAL else f"{person.name} · {person.role}"
    return (
        '<div class="mw-header"><b>MILAN Workbench</b>'
        f'<span class="mw-muted">workspace {escape(workspace)} · {escape(who)}</span>'
        + "".join(chips if person.role != "annotator" else [])
        + "</div>"
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
            f"{len(networks)} in this workspace: {', '.join(n.name for n in networks[:4])}"
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


def job(each: Job, *, now: datetime.datetime | None = None) -> str:
    """One job: what it does, how far it is, at what rate, and when it will be done."""
    now = now or datetime.datetime.now(datetime.UTC)
    line = f"<b>{escape(each.title)}</b> · {escape(each.state)} on {escape(each.device)}"
    if each.state == "running":
        line += f" · {_share(each)} · {escape(each.message)}{_finish(each, now)}"
        note = "Closing this page is safe: the work goes on, and the page finds it again."
    elif each.state == "queued":
        note = "Waits until its device is free."
    else:
        note = each.message
    width = 100 if each.state == "done" else _percent(each)
    return (
        f'<div class="mw-job">{line}<div class="mw-bar" role="progressbar" '
        f'aria-valuenow="{width}" aria-valuemin="0" aria-valuemax="100">'
        f'<span style="width:{width}%"></span></div>'
        f'<span class="mw-muted">{escape(note)}</span></div>'
    )


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


def results(page: Page, units: dict[int, Unit], *, offset: int) -> str:
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
        f'<div class="mw-results">{"".join(rows)}</div>'
    )


def unit(
    each: Unit,
    said: Sequence[Description],
    activations: Sequence[float],
    people: Sequence[Said],
    scores: Sequence[Score] = (),
) -> str:
    """A unit's page: exemplars, activations, what methods and people say of it, and how well."""
    top = max([value for value in activations if value > 0], default=1.0)
    bars = "".join(
        f'<span style="height:{max(0.0, value) / top * 100:.0f}%" title="{value:.4g}"></span>'
        for value in activations
    )
    methods = "".join(
        f"<tr><th>{escape(_how(d))}</th><td>{escape(d.text)}</td>"
        f'<td class="n">{_number(d.score)}</td></tr>'
        for d in said
    )
    names = {d.description_id: d.method for d in said}
    faithful = "".join(
        f'<p class="mw-muted">{escape(names[score.description_id])} is faithful to AUPRC '
        f"{score.auprc:.2f} (constant {score.constant:.2f}, other units' sentences "
        f"{score.shuffled:.2f}), correlation {score.correlation:.2f}, on {escape(score.images)}, "
        f"judged by {escape(score.judge)}</p>"
        for score in scores
    )
    sentences = "".join(f"<li>{escape(one.marked)}</li>" for one in people)
    dead = "<p>No image activates this unit: its exemplars say little.</p>" if each.dead else ""
    return (
        f'<div class="mw-unit" data-current="{each.unit_id}">'
        f"<h3>{escape(each.name)}</h3>{dead}{exemplars(each)}"
        '<p class="mw-muted">Hold M to see the images without masks · ← → walk the list · '
        f'<a href="?tab=describe&amp;unit={quote(each.name)}">link to this unit</a></p>'
        f'<div class="mw-activations" aria-label="activation of each exemplar">{bars}</div>'
        f'<p class="mw-muted">activations, strongest first: {_range(activations)}</p>'
        + (f'<table class="mw-table">{methods}</table>' if methods else "<p>Not described.</p>")
        + faithful
        + (f"<p>People wrote:</p><ul>{sentences}</ul>" if sentences else "")
        + "</div>"
    )


def exemplars(each: Unit) -> str:
    """A unit's grid of exemplars, or a sentence where none were computed."""
    if not each.folder:
        return (
            '<div class="mw-card">No exemplars of this layer were computed here: its descriptions '
            "came from a table. The Describe tab computes them.</div>"
        )
    grid, bare = pictures.address(each, "grid"), pictures.address(each, "open")
    return (
        f'<img class="grid" data-masked="{grid}" data-open="{bare}" src="{grid}" '
        f'alt="the {each.k} images that activate {escape(each.name)} most, with the active '
        'regions highlighted">'
    )


def _how(said: Description) -> str:
    """The method, with its search where that is not the usual one."""
    search = search_of(said.model_hash)
    return f"{said.method} ({search})" if search else said.method


def candidates(ranked: Sequence[Candidate], lam: float, *, limit: int = 15) -> str:
    """The candidates of a beam in the order that a lambda gives them."""
    if not ranked:
        return '<p class="mw-muted">This method keeps no candidates.</p>'
    rows = "".join(
        f'<tr class="{"best" if place == 0 else ""}"><td>{escape(text)}</td>'
        f'<td class="n">{given - lam * prior:.2f}</td><td class="n">{given:.2f}</td>'
        f'<td class="n">{prior:.2f}</td></tr>'
        for place, (text, given, prior) in enumerate(ranked[:limit])
    )
    return (
        '<table class="mw-table"><tr><th>candidate</th><th>score</th><th>log p(d|E)</th>'
        f"<th>log p(d)</th></tr>{rows}</table>"
        f'<p class="mw-muted">score = log p(d|E) - {lam:g} log p(d); '
        f"{min(limit, len(ranked))} of {len(ranked)} candidates of the beam</p>"
    )


def _strip(each: Unit) -> str:
    if not each.folder:
        return '<span class="mw-muted" style="min-width:136px">no exemplars</span>'
    return (
        f'<img loading="lazy" src="{pictures.address(each, "strip")}" '
        f'alt="first exemplars of {escape(each.name)}">'
    )


def _share(each: Job) -> str:
    if each.state == "queued":
        return "queued"
    return f"{each.done} / {each.total}" if each.total else "starting"


def _percent(each: Job) -> int:
    return round(100 * each.done / each.total) if each.total else 0


def _finish(each: Job, now: datetime.datetime) -> str:
    """The rate and the time of day, in UTC until the page shows its own, when the phase ends."""
    if not each.rate:
        return ""
    left = datetime.timedelta(seconds=(each.total - each.done) / each.rate)
    stamp = (now + left).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f" · {each.rate:.3g}/s · done about <time data-utc='{stamp}'>{stamp[11:16]} UTC</time>"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _range(values: Sequence[float]) -> str:
    return f"{max(values):.3g} to {min(values):.3g}" if len(values) else "none"


def _dead(each: Description) -> str:
    return ' <span class="mw-chip">dead unit</span>' if each.dead else ""
