"""Within the Export tab: folders with pictures, written by the worker.

build(doors, item, chosen, approved, cleaned, simulated, wake=…)
"""

from collections.abc import Callable
from html import escape
from typing import Any

import gradio as gr

from annotator import campaign, html
from annotator.exchange import job as exchange_job
from db.access.doors import Doors
from db.access.users import ADMIN
from db.errors import BadInput
from db.jobs import Job
from db.workspace import Workspace, open_database


def build(
    doors: Doors,
    item: gr.Tab,
    chosen: gr.Dropdown,
    approved: gr.Checkbox,
    cleaned: gr.Checkbox,
    simulated: gr.Checkbox,
    *,
    wake: Callable[[], None],
) -> None:
    """Add the choice, the button and what it made to the blocks that are being made."""
    workspace = doors.workspace
    with gr.Row():
        form = gr.Radio(
            [
                ("milannotations: arrays as the published code reads them", "milannotations"),
                ("a Hugging Face dataset with a card", "dataset"),
            ],
            value="milannotations",
            label="Folders with pictures (zip)",
            elem_id="an-folders",
            scale=2,
        )
        licence = gr.Textbox(
            label="Licence in the dataset's card", value="unknown", elem_id="an-licence"
        )
    start = gr.Button("Make the folders", elem_id="an-arrays")
    note = gr.HTML(padding=False, elem_id="an-arrays-note")
    timer = gr.Timer(2, active=False)

    def show(campaign_id: int | None, sentence: str = "") -> list[Any]:
        if campaign_id is None:
            return ["", gr.Timer(active=False)]
        wake()
        with open_database(workspace) as db:
            latest = campaign.newest(db, exchange_job.KIND).get(campaign_id)
        live = latest is not None and latest.state in ("queued", "running")
        line = "" if latest is None else html.line(latest) or _made(workspace, latest)
        return [sentence or line, gr.Timer(active=live)]

    @doors.allow(*ADMIN)
    def look(campaign_id: int | None, request: gr.Request) -> list[Any]:
        """What was made last, and how far the one under way is."""
        return show(campaign_id)

    @doors.allow(*ADMIN)
    def make(
        campaign_id: int | None,
        kind: str,
        under: str,
        only: bool,
        tidy: bool,
        made_up: bool,
        request: gr.Request,
    ) -> list[Any]:
        """Queue the file; the page may be closed meanwhile."""
        person = doors.person(request).name
        with open_database(workspace) as db:
            try:
                if campaign_id is None:
                    raise BadInput("Choose a campaign first.")
                exchange_job.enqueue(
                    db,
                    campaign_id,
                    form=kind,
                    licence=under.strip() or "unknown",
                    approved=bool(only),
                    cleaned=bool(tidy),
                    simulated=bool(made_up),
                    person=person,
                )
            except BadInput as error:
                return show(campaign_id, html.problem(str(error)))
        return show(campaign_id)

    once: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "once"}
    shown: list[Any] = [note, timer]
    item.select(look, chosen, shown, **once)
    chosen.input(look, chosen, shown, **once)
    timer.tick(look, chosen, shown, **once)
    given = [chosen, form, licence, approved, cleaned, simulated]
    start.click(make, given, shown, **once)


def _made(workspace: Workspace, job: Job) -> str:
    """A link to the file, unless it was deleted because somebody withdrew."""
    name = job.result["file"]
    if not (workspace.reports / name).is_file():
        return html.note("The last file was deleted when somebody's text was removed.")
    size = job.result["bytes"] / 1e6
    return (
        f'<p role="status"><a href="/reports/{escape(name)}" download>{escape(name)}</a>: '
        f"{job.result['units']} units, {size:.1f} MB, "
        f"made {html.moment(job.ended_utc or '')}</p>"
    )
