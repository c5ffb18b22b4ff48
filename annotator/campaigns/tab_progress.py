"""The Progress tab of the admin's page: how far a campaign is, and steering it.

build(doors, board)
"""

from typing import Any

import gradio as gr

from annotator import html
from annotator.campaign import known
from annotator.campaigns import board as boards
from annotator.campaigns.tab_board import Board
from annotator.events import ONCE, Values
from db.access.permissions import Doors
from db.access.users import ADMIN
from db.annotate import campaigns
from db.annotate.campaigns import State
from db.workspace import open_database


def build(doors: Doors, board: Board) -> None:
    """Add what steers a campaign under what tells how far it is."""
    with board.progress:
        with gr.Row():
            opened = gr.Button("Open", elem_id="an-open", min_width=90)
            paused = gr.Button("Pause", elem_id="an-pause", min_width=90)
            closed = gr.Button("Close", elem_id="an-close", min_width=90)
        with gr.Row():
            release = gr.Button("Offer held units again", elem_id="an-release")
            list_uneven = gr.Button("Make a table of uneven units", elem_id="an-uneven")
        uneven = gr.File(label="File", interactive=False, visible=False, elem_id="an-uneven-file")

    def steer(state: State) -> Any:
        @doors.allow(*ADMIN)
        def change(campaign_id: int | None, request: gr.Request) -> Values:
            """The campaign takes answers, waits, or is over."""
            person = doors.person(request).name
            with open_database(doors.workspace) as db:
                campaigns.set_state(db, known(campaign_id), state, person=person)
                return board.show(db, campaign_id, f"The campaign is {state} now.")

        return change

    @doors.allow(*ADMIN)
    def let_go(campaign_id: int | None, request: gr.Request) -> Values:
        """Offer the held units again."""
        person = doors.person(request).name
        with open_database(doors.workspace) as db:
            held = campaigns.held(db, known(campaign_id))
            for unit_id in held:
                campaigns.release(db, known(campaign_id), unit_id, person=person)
            return board.show(db, campaign_id, f"Units offered again: {len(held)}.")

    @doors.allow(*ADMIN)
    def list_them(campaign_id: int | None, request: gr.Request) -> Values:
        """The units that do not have as many sentences as people are asked, as a file."""
        path = doors.new_folder(request) / f"uneven-{campaign_id}.csv"
        with open_database(doors.workspace) as db:
            count = boards.write_uneven(db, known(campaign_id), path)
        return {
            uneven: gr.File(str(path), visible=True),
            board.note: html.note(f"{count} units."),
        }

    opened.click(steer("open"), board.chosen, board.outputs, **ONCE)
    paused.click(steer("paused"), board.chosen, board.outputs, **ONCE)
    closed.click(steer("closed"), board.chosen, board.outputs, **ONCE)
    list_uneven.click(list_them, board.chosen, [uneven, board.note], **ONCE)
    release.click(let_go, board.chosen, board.outputs, **ONCE)
