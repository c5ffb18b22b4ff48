"""Every module of the chosen network: its kind, units, calls and axis, or why it is no layer.

    listing = tab_layers.build()                # where it is to stand
    tab_layers.wire(listing, doors, subject)

Building a network takes seconds, so the list is made when it is asked for.
"""

from dataclasses import dataclass

import gradio as gr

from db.access.permissions import Doors
from db.access.users import STAFF
from db.describe import subjects
from db.errors import BadInput
from db.workspace import open_database
from describer.describe import page
from describer.images import latents
from describer.layers import table
from describer.subjects import definition, factory


@dataclass(frozen=True)
class Listing:
    """The components: the button that asks for the list, and the list."""

    ask: gr.Button
    shown: gr.HTML


def build() -> Listing:
    """Put the components on the page that is being built."""
    with gr.Accordion("Every module, or why it is no layer", open=False, elem_id="modules"):
        ask = gr.Button("List the modules of this network", elem_id="list_modules")
        return Listing(ask, gr.HTML(elem_id="module_list"))


def wire(listing: Listing, doors: Doors, subject: gr.Dropdown) -> None:
    """Connect the components; a list is gone once another network is chosen."""

    @doors.allow(*STAFF)
    def show(name: str | None, request: gr.Request) -> str:
        if not name:
            raise BadInput("Choose a network first.")
        with open_database(doors.workspace) as db:
            source = subjects.get(db, name).source
        known = definition.read(source)
        layers = latents.trace(factory.build(known), known)
        return page.layers(table.HEADINGS, table.rows(layers), layers.refused)

    @doors.allow(*STAFF)
    def clear(request: gr.Request) -> str:
        return ""

    listing.ask.click(show, subject, listing.shown)
    subject.change(clear, None, listing.shown, show_progress="hidden")
