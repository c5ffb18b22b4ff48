"""The admin's statistics of a campaign's sentences: words, lengths, parts of speech.

build(doors, chosen, wake=…)      # `chosen` is the campaign picked above
"""

import tempfile
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from annotator import campaign, html
from annotator.corpus import job as corpu_job
from db.access.doors import Doors
from db.access.users import ADMIN
from db.errors import BadInput
from db.jobs import Job
from db.workspace import open_database


def build(doors: Doors, chosen: gr.Dropdown, *, wake: Callable[[], None]) -> None:
    """Add the tab to those of the admin's page."""
    workspace = doors.workspace
    with gr.Tab("Statistics", id="an-statistics") as item:
        cleaned = gr.Checkbox(label="Cleaned by the rules in force", elem_id="an-stats-cleaned")
        with gr.Row():
            count = gr.Button("Count words and parts of speech", elem_id="an-stats-start")
            save = gr.Button("Make a table of them", elem_id="an-stats-save")
        note = gr.HTML(padding=False, elem_id="an-stats-note")
        file = gr.File(label="File", interactive=False, visible=False, elem_id="an-stats-file")
        table = gr.HTML(elem_id="an-stats")
        timer = gr.Timer(2, active=False)
    shown: list[Any] = [table, note, timer]

    def show(campaign_id: int | None, sentence: str = "") -> list[Any]:
        if campaign_id is None:
            return [html.note("No campaign yet."), "", gr.Timer(active=False)]
        wake()
        with open_database(workspace) as db:
            latest = campaign.newest(db, corpu_job.KIND).get(campaign_id)
            counted = campaign.newest(db, corpu_job.KIND, done=True).get(campaign_id)
        live = latest is not None and latest.state in ("queued", "running")
        line = "" if latest is None else html.line(latest)
        return [_table(counted), sentence or line, gr.Timer(active=live)]

    @doors.allow(*ADMIN)
    def look(campaign_id: int | None, request: gr.Request) -> list[Any]:
        """What was counted, and how far the count under way is."""
        return show(campaign_id)

    @doors.allow(*ADMIN)
    def start(campaign_id: int | None, tidy: bool, request: gr.Request) -> list[Any]:
        """Queue a count; the page may be closed meanwhile."""
        person = doors.person(request).name
        with open_database(workspace) as db:
            try:
                if campaign_id is None:
                    raise BadInput("Choose a campaign first.")
                corpu_job.enqueue(db, campaign_id, cleaned=bool(tidy), person=person)
            except BadInput as error:
                return show(campaign_id, html.problem(str(error)))
        return show(campaign_id)

    @doors.allow(*ADMIN)
    def write(campaign_id: int | None, request: gr.Request) -> tuple[Any, str]:
        """The last count as a file."""
        with open_database(workspace) as db:
            counted = campaign.newest(db, corpu_job.KIND, done=True).get(campaign_id or 0)
        if counted is None:
            return gr.skip(), html.problem("Count them first.")
        path = Path(tempfile.mkdtemp(prefix="milan-export-")) / f"statistics-{campaign_id}.csv"
        corpu_job.write(path, counted.result)
        return gr.File(str(path), visible=True), ""

    once: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "once"}
    item.select(look, chosen, shown, **once)
    chosen.input(look, chosen, shown, **once)
    timer.tick(look, chosen, shown, **once)
    count.click(start, [chosen, cleaned], shown, **once)
    save.click(write, chosen, [file, note], **once)


def _table(job: Job | None) -> str:
    """A row for every layer and network, as in the paper's Table 5."""
    if job is None:
        return html.note(
            "Not counted yet. It counts the sentences that count: units, distinct words, words a "
            "sentence, and the shares of nouns, adjectives and prepositions."
        )
    rows = "".join(
        f'<tr><td>{escape(row["layer"])}</td><td class="n">{row["units"]}</td>'
        f'<td class="n">{row["annotations"]}</td><td class="n">{row["words"]}</td>'
        f'<td class="n">{row["length"]:.1f}</td><td class="n">{100 * row["nouns"]:.1f}</td>'
        f'<td class="n">{100 * row["adjectives"]:.1f}</td>'
        f'<td class="n">{100 * row["prepositions"]:.1f}</td></tr>'
        for row in job.result["rows"]
    )
    version = job.result["rules"]
    rules = f"version {version} of the rules" if version else "the built-in rules"
    how = f", cleaned by {rules}" if job.args["cleaned"] else ", as typed"
    return (
        '<table class="an-table"><tr><th>layer</th><th class="n">units</th>'
        '<th class="n">sentences</th><th class="n">distinct words</th>'
        '<th class="n">words a sentence</th><th class="n">% nouns</th>'
        f'<th class="n">% adjectives</th><th class="n">% prepositions</th></tr>{rows}</table>'
        f'<p class="an-muted">counted {html.moment(job.ended_utc or "")}{how}; '
        f"parts of speech by {escape(job.result['pipeline'])}</p>"
    )
