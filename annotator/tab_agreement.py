"""The Agreement tab of the review page: the last measurement, and a button for another one.

build(doors, item, campaign, wake=…)      # `campaign` is the one picked above
"""

from collections.abc import Callable
from typing import Any

import gradio as gr

from annotator import board, desk_review, runs
from db.doors import Doors
from db.errors import BadInput
from db.users import Role
from db.workspace import open_database

STAFF: tuple[Role, ...] = ("admin", "reviewer")


def build(doors: Doors, item: gr.Tab, campaign: gr.Dropdown, *, wake: Callable[[], None]) -> None:
    """Add the tab's contents to the blocks that are being made."""
    workspace = doors.workspace
    agreed = gr.HTML(elem_id="an-agreement")
    measure = gr.Button("Measure agreement beside its chance level", elem_id="an-measure")
    note = gr.HTML(padding=False)
    timer = gr.Timer(2, active=False)
    shown: list[Any] = [agreed, note, timer]

    def show(campaign_id: int | None, sentence: str = "") -> list[Any]:
        if campaign_id is None:
            return [board.note("No campaign yet."), "", gr.Timer(active=False)]
        wake()
        with open_database(workspace) as db:
            latest, measured = runs.latest(db).get(campaign_id), runs.measured(db).get(campaign_id)
        live = latest is not None and latest.state in ("queued", "running")
        line = "" if latest is None else desk_review.agreement_line(latest)
        return [desk_review.agreement_table(measured), sentence or line, gr.Timer(active=live)]

    @doors.allow(*STAFF)
    def look(campaign_id: int | None, request: gr.Request) -> list[Any]:
        """What was measured, and how far the measurement under way is."""
        return show(campaign_id)

    @doors.allow(*STAFF)
    def start(campaign_id: int | None, request: gr.Request) -> list[Any]:
        """Queue a measurement; the page may be closed meanwhile."""
        with open_database(workspace) as db:
            try:
                if campaign_id is None:
                    raise BadInput("Choose a campaign first.")
                runs.enqueue(db, campaign_id, person=doors.person(request).name)
            except BadInput as error:
                return show(campaign_id, board.note(str(error)))
        return show(campaign_id)

    once: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "once"}
    item.select(look, campaign, shown, **once)
    campaign.input(look, campaign, shown, **once)
    timer.tick(look, campaign, shown, **once)
    measure.click(start, campaign, shown, **once)
