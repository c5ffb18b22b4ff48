"""The admin's statistics of a campaign's sentences: words, lengths, parts of speech.

build(doors, chosen, wake=…)      # `chosen` is the campaign picked above
"""

from collections.abc import Callable
from typing import Any

import gradio as gr

from annotator import campaign, html
from annotator.corpus import job, page
from annotator.corpus import statistics as counting
from annotator.corpus.statistics import Counted
from annotator.events import ONCE
from db.access.permissions import Doors
from db.access.users import ADMIN
from db.errors import BadInput
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
            latest = campaign.newest(db, job.KIND).get(campaign_id)
            counted = campaign.newest(db, job.KIND, done=True).get(campaign_id)
        line = "" if latest is None else html.line(latest)
        table = page.statistics(None)
        if counted is not None:
            table = page.statistics(Counted.from_json(counted.result), counted.ended_utc or "")
        return [table, sentence or line, gr.Timer(active=campaign.live(latest))]

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
                job.enqueue(db, campaign_id, cleaned=bool(tidy), person=person)
            except BadInput as error:
                return show(campaign_id, html.problem(str(error)))
        return show(campaign_id)

    @doors.allow(*ADMIN)
    def write(campaign_id: int | None, request: gr.Request) -> tuple[Any, str]:
        """The last count as a file."""
        with open_database(workspace) as db:
            counted = campaign.newest(db, job.KIND, done=True).get(campaign_id or 0)
        if counted is None:
            return gr.skip(), html.problem("Count them first.")
        path = doors.new_folder(request) / f"statistics-{campaign_id}.csv"
        counting.write(path, Counted.from_json(counted.result))
        return gr.File(str(path), visible=True), ""

    item.select(look, chosen, shown, **ONCE)
    chosen.input(look, chosen, shown, **ONCE)
    timer.tick(look, chosen, shown, **ONCE)
    count.click(start, [chosen, cleaned], shown, **ONCE)
    save.click(write, chosen, [file, note], **ONCE)
