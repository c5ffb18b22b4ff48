"""The comparison of answers with and without a machine's draft, on the Participants tab.

build(doors, chosen)           # `chosen` is the campaign picked above
"""

import gradio as gr

from annotator.anchoring import page
from annotator.anchoring.measure import measure
from annotator.campaign import known
from annotator.events import ONCE
from annotator.html import near
from db.access.permissions import Doors
from db.access.users import ADMIN
from db.crowd import assistance
from db.workspace import open_database


def build(doors: Doors, chosen: gr.Dropdown) -> None:
    """Add the comparison to the tab that is being made."""
    with gr.Accordion("What the machine's drafts did", open=False, elem_id="an-anchoring"):
        compare = gr.Button("Compare answers with and without a draft", elem_id="an-compare")
        shown = gr.HTML(padding=False, elem_id="an-halves")

    @doors.allow(*ADMIN)
    @near
    def look(campaign_id: int | None, request: gr.Request) -> str:
        """Both halves of the chosen campaign."""
        with open_database(doors.workspace) as db:
            return page.halves(measure(assistance.pairs(db, known(campaign_id))))

    compare.click(look, chosen, shown, **ONCE)
