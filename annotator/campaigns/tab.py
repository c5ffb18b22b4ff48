"""The admin's page: campaigns, their progress, starting and steering them.

build(doors, page, wake=…)
"""

from collections.abc import Callable
from typing import Any

import gradio as gr

from annotator.campaigns import (
    tab_accounts,
    tab_board,
    tab_new,
    tab_progress,
    tab_qualification,
    tab_settings,
    tab_withdrawal,
)
from annotator.corpus import tab as corpus_tab
from annotator.corpus import tab_cleaning
from annotator.events import ONCE, QUIET, Values
from annotator.exchange import tab_export, tab_import
from annotator.participants import tab as participants_tab
from annotator.ratings import tab_start
from annotator.retraining import tab as retraining_tab
from db.access.permissions import Doors
from db.access.users import ADMIN, EVERYBODY
from db.crowd import alerts
from db.workspace import open_database


def build(doors: Doors, page: gr.Blocks, *, wake: Callable[[], None]) -> None:
    """Add the admin's page to the blocks that are being made."""
    board = tab_board.build()
    with board.tabs:
        tab_progress.build(doors, board)
        tab_settings.build(doors, board)
        tab_new.build(doors, board)
        participants_tab.build(doors, board.chosen)
        tab_export.build(doors, board.chosen, wake=wake)
        tab_import.build(doors)
        with gr.Tab("Tests", id="an-tests") as tests:
            tab_qualification.build(doors, tests)
        tab_start.build(doors)
        corpus_tab.build(doors, board.chosen, wake=wake)
        retraining_tab.build(doors, board.chosen, wake=wake)
        tab_cleaning.build(doors, page, board.chosen)
        withdrawn = tab_withdrawal.build(doors)
        tab_accounts.build(doors)

    @doors.allow(*ADMIN)
    def look(campaign_id: int | None, request: gr.Request) -> Values:
        """The present state."""
        with open_database(doors.workspace) as db:
            return board.show(db, campaign_id)

    @doors.allow(*EVERYBODY)
    def fill(request: gr.Request) -> Any:
        """The page was opened; only an admin is told anything."""
        if doors.person(request).role != "admin":
            return gr.skip()
        with open_database(doors.workspace) as db:
            return board.show(db, None)

    @doors.allow(*ADMIN)
    def read(campaign_id: int | None, request: gr.Request) -> Values:
        """All alerts were read."""
        with open_database(doors.workspace) as db:
            alerts.read(db)
            return board.show(db, campaign_id)

    board.read.click(read, board.chosen, board.outputs, **ONCE)
    page.load(fill, None, board.outputs, **QUIET)
    board.refresh.click(look, board.chosen, board.outputs, **ONCE)
    withdrawn.then(look, board.chosen, board.outputs, **QUIET)
    board.chosen.input(look, board.chosen, board.outputs, **ONCE)
