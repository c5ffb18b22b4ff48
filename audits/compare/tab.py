"""Compare: one concept in several networks, counted, drawn, and what remains looked at.

build(doors, item)
"""

from functools import partial
from typing import Any

import gradio as gr

from audits.compare import counts, page
from db.access.permissions import Doors
from db.access.users import STAFF
from db.audit import signoffs
from db.describe import subjects
from db.errors import BadInput
from db.workspace import open_database


def build(doors: Doors, item: gr.Tab) -> None:
    """Put the item's components and events on the page that is being built."""
    open_db = partial(open_database, doors.workspace)

    with gr.Row():
        concept = gr.Dropdown([], label="Concept that was judged", elem_id="compare_concept")
        names = gr.Dropdown([], label="Networks", multiselect=True, elem_id="compare_networks")
        compare = gr.Button("Compare", variant="primary", elem_id="compare")
    shown = gr.HTML(elem_id="compared")

    @doors.allow(*STAFF)
    def arrive(concept: str | None, names: list[str], request: gr.Request) -> tuple[Any, ...]:
        with open_db() as db:
            concepts = signoffs.concepts(db)
            known = [each.name for each in subjects.every(db)]
        chosen = concept if concept in concepts else next(iter(concepts), None)
        return (
            gr.update(choices=concepts, value=chosen),
            gr.update(choices=known, value=[name for name in names or known if name in known]),
            gr.skip() if concepts else page.nothing(),
        )

    @doors.allow(*STAFF)
    def show(concept: str | None, names: list[str], request: gr.Request) -> str:
        if not concept:
            raise BadInput("Choose a concept first; verdicts in Find and sign off make one.")
        with open_db() as db:
            query = counts.standing_query(db, concept)
            found = counts.compare(db, query, names)
        return page.compared(found, concept)

    hidden: dict[str, Any] = {"show_progress": "hidden"}
    item.select(arrive, [concept, names], [concept, names, shown], **hidden)
    compare.click(show, [concept, names], shown)
