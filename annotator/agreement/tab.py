"""The Agreement tab of the review page: the last measurement, and a button for another one.

build(doors, item, campaign, wake=…, scorers=…)      # `campaign` is the one picked above
"""

from collections.abc import Callable
from typing import Any

import gradio as gr

from annotator import campaign as campaigning
from annotator import html
from annotator.agreement import job, page, result
from annotator.agreement.result import Measurement
from annotator.agreement.scorer import Scorers
from annotator.events import ONCE
from db.access.permissions import Doors
from db.access.users import STAFF
from db.errors import BadInput
from db.workspace import open_database

BEST = "the best one here"


def build(
    doors: Doors,
    item: gr.Tab,
    campaign: gr.Dropdown,
    *,
    wake: Callable[[], None],
    scorers: Scorers,
) -> None:
    """Add the tab's contents to the blocks that are being made."""
    workspace = doors.workspace
    with gr.Row():
        model = gr.Dropdown(
            label="Language model",
            choices=[(BEST, "")],
            value="",
            elem_id="an-model",
            info="those on this machine; more as folders in models/ of the workspace",
            scale=2,
        )
        measure = gr.Button("Measure agreement beside its chance level", elem_id="an-measure")
        every = gr.Button("Make a table of all units", elem_id="an-agreement-all")
    file = gr.File(label="File", interactive=False, visible=False, elem_id="an-agreement-file")
    agreed = gr.HTML(elem_id="an-agreement")
    note = gr.HTML(padding=False)
    timer = gr.Timer(2, active=False)
    shown: list[Any] = [agreed, note, timer]

    def show(campaign_id: int | None, sentence: str = "") -> list[Any]:
        if campaign_id is None:
            return [html.note("No campaign yet."), "", gr.Timer(active=False)]
        wake()
        with open_database(workspace) as db:
            latest, measured = job.latest(db).get(campaign_id), job.measured(db).get(campaign_id)
            texts = {} if measured is None else campaigning.sentences(db, campaign_id)
        line = "" if latest is None else html.line(latest)
        table = page.table(None)
        if measured is not None:
            found = Measurement.from_json(measured.result)
            table = page.table(found, measured.ended_utc or "", texts)
        return [table, sentence or line, gr.Timer(active=campaigning.live(latest))]

    @doors.allow(*STAFF)
    def offer(chosen: str, request: gr.Request) -> Any:
        """The models that are on this machine now; what was chosen stays chosen."""
        known = scorers.here(workspace.models)
        value = chosen if chosen in known else ""
        return gr.Dropdown(choices=[(BEST, ""), *((name, name) for name in known)], value=value)

    @doors.allow(*STAFF)
    def look(campaign_id: int | None, request: gr.Request) -> list[Any]:
        """What was measured, and how far the measurement under way is."""
        return show(campaign_id)

    @doors.allow(*STAFF)
    def start(campaign_id: int | None, named: str, request: gr.Request) -> list[Any]:
        """Queue a measurement; the page may be closed meanwhile."""
        with open_database(workspace) as db:
            try:
                if campaign_id is None:
                    raise BadInput("Choose a campaign first.")
                if named and named not in scorers.here(workspace.models):
                    raise BadInput("This language model is not on this machine any more.")
                person = doors.person(request).name
                job.enqueue(db, campaign_id, person=person, model=named or None)
            except BadInput as error:
                return show(campaign_id, html.note(str(error)))
        return show(campaign_id)

    @doors.allow(*STAFF)
    def write(campaign_id: int | None, request: gr.Request) -> tuple[Any, str]:
        """Every unit of the last measurement as a file."""
        with open_database(workspace) as db:
            measured = job.measured(db).get(campaign_id or 0)
        if measured is None:
            return gr.skip(), html.note("Measure agreement first.")
        path = doors.new_folder(request) / f"agreement-{campaign_id}.csv"
        result.write_units(path, Measurement.from_json(measured.result))
        return gr.File(str(path), visible=True), ""

    item.select(look, campaign, shown, **ONCE)
    item.select(offer, model, model, **ONCE)
    campaign.input(look, campaign, shown, **ONCE)
    timer.tick(look, campaign, shown, **ONCE)
    measure.click(start, [campaign, model], shown, **ONCE)
    every.click(write, campaign, [file, note], **ONCE)
