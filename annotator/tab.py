"""The Annotate tab: the annotator's page, and for staff campaigns, review and ratings beside it.

    build(doors, page, wake=…)
    HEAD                                 # style and script, put into the page's head

What each part shows is filled by handlers that check the role; hiding a part protects nothing.

The script only presses buttons and fills boxes that are on the page anyway: Ctrl+Enter, the draft
that is kept a second after the last keystroke, holding M, enlarging a tile, reviewing by single
keys. It never acts on plain letters while somebody types; Alt+N, Alt+S and Alt+B work in the box.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from annotator.agreement.scorer import Scorers
from annotator.campaigns import tab as campaign_tab
from annotator.ratings import tab_rate
from annotator.review import tab as review_tab
from annotator.work import tab as work_tab
from db.access.permissions import Doors
from db.access.users import EVERYBODY
from db.crowd import participants
from db.workspace import open_database

_FOLDER = Path(__file__).parent
HEAD = (
    f"<style>{(_FOLDER / 'page.css').read_text(encoding='utf-8')}</style>"
    f"<script>{(_FOLDER / 'page.js').read_text(encoding='utf-8')}</script>"
)


def build(doors: Doors, page: gr.Blocks, *, wake: Callable[[], None], scorers: Scorers) -> None:
    """Add the tab's contents to the blocks that are being made; `wake` starts a worker."""
    with gr.Tabs():
        with gr.Tab("Describe picture sets", id="an-work"):
            work_tab.build(doors, page)
        with gr.Tab("Rate descriptions", id="an-rate-tab", visible=not doors.login) as rate:
            tab_rate.build(doors, page)
        with gr.Tab("Review", id="an-review", visible=not doors.login) as review:
            review_tab.build(doors, page, wake=wake, scorers=scorers)
        with gr.Tab("Manage", id="an-manage", visible=not doors.login) as manage:
            campaign_tab.build(doors, page, wake=wake)

    @doors.allow(*EVERYBODY)
    def unfold(request: gr.Request) -> tuple[Any, Any, Any]:
        """Staff see the other parts; who came by a link sees what the link is for."""
        person = doors.person(request)
        with open_database(doors.workspace) as db:
            guest = participants.get(db, person.name) is not None
        role = person.role
        parts = gr.Tab(visible=role != "annotator"), gr.Tab(visible=role == "admin")
        return gr.Tab(visible=not guest), *parts

    page.load(unfold, None, [rate, review, manage], show_progress="hidden")
