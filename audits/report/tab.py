"""Report: one page about a concept, looked at here, taken away as HTML or JSON, or printed.

build(doors, item)
"""

from functools import partial
from html import escape
from typing import Any

import gradio as gr

from audits.report import gather
from db.access.doors import Doors
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
        return gr.update(choices=concepts, value=chosen), "" if concepts else _NOTHING

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
        # A changed report is another address, so that no old one is shown in its place.
        mark = gather.digest(found)
        return (
            f'<p><a href="/reports/{html.name}" download>{escape(html.name)}</a> '
            f"({html.stat().st_size / 1e6:.1f} MB, pictures inside) · "
            f'<a href="/reports/{values.name}" download>{escape(values.name)}</a> · '
            f'<a href="/reports/{html.name}?v={mark}" target="_blank" rel="noopener">open it in a '
            "window of its own</a>, where printing makes a PDF of it</p>"
            f'<iframe src="/reports/{html.name}?v={mark}" sandbox title="the report" '
            'style="width:100%;height:75vh;border:1px solid #8888;background:#fff"></iframe>'
        )

    hidden: dict[str, Any] = {"show_progress": "hidden"}
    item.select(arrive, concept, [concept, shown], **hidden)
    concept.change(offer, concept, [names, purpose], **hidden)
    make.click(write, [concept, names, purpose], shown)


_NOTHING = (
    '<div class="mw-card">There is nothing to report yet: find units and give verdicts first. The '
    "report then holds them with their pictures, and every ablation of the same concept.</div>"
)
