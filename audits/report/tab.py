"""Report: one page about a concept, looked at here, taken away as HTML or JSON, or printed.

build(doors, item)
"""

from functools import partial
from typing import Any

import gradio as gr

from audits.report import gather, page
from db.access.permissions import Doors
from db.access.users import STAFF
from db.audit import signoffs
from db.errors import BadInput
from db.workspace import open_database


def build(doors: Doors, item: gr.Tab) -> None:
    """Put the item's components and events on the page that is being built."""
    open_db = partial(open_database, doors.workspace)

    with gr.Row():
        concept = gr.Dropdown([], label="Report on", elem_id="report_concept")
        names = gr.Dropdown([], label="Networks (all)", multiselect=True, elem_id="report_networks")
        purpose = gr.Textbox(
            label="Purpose",
            placeholder="Why was this looked for, and for whom?",
            elem_id="report_purpose",
            scale=2,
        )
        make = gr.Button("Make the report", variant="primary", elem_id="make_report")
    shown = gr.HTML(elem_id="report")

    @doors.allow(*STAFF)
    def arrive(concept: str | None, request: gr.Request) -> tuple[Any, Any]:
        with open_db() as db:
            concepts = signoffs.concepts(db)
        chosen = concept if concept in concepts else next(iter(concepts), None)
        return gr.update(choices=concepts, value=chosen), "" if concepts else page.nothing()

    @doors.allow(*STAFF)
    def offer(concept: str | None, request: gr.Request) -> tuple[Any, str]:
        with open_db() as db:
            networks = gather.networks(db, concept or "")
            return gr.update(choices=networks, value=[]), gather.purpose_of(db, concept or "")

    @doors.allow(*STAFF)
    def write(concept: str | None, names: list[str], purpose: str, request: gr.Request) -> str:
        if not concept:
            raise BadInput("Choose what the report is on first.")
        with open_db() as db:
            gather.state_purpose(db, concept, purpose, person=doors.person(request).name)
            found = gather.gather(db, concept=concept, subject_names=names)
        name, folder = gather.file_name(concept), doors.workspace.reports
        html, values = folder / f"{name}.html", folder / f"{name}.json"
        gather.write(doors.workspace, found, html=html, json_file=values)
        size = html.stat().st_size / 1e6
        return page.written(html.name, size, values.name, gather.digest(found))

    hidden: dict[str, Any] = {"show_progress": "hidden"}
    item.select(arrive, concept, [concept, shown], **hidden)
    concept.change(offer, concept, [names, purpose], **hidden)
    make.click(write, [concept, names, purpose], shown)
