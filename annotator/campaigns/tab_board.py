"""What the admin's page shows of campaigns above its tabs, and in the first of them.

board = build()                       # the detail is rendered later, in its tab
board.show(db, campaign_id, "Started.")
"""

from dataclasses import dataclass
from typing import Any

import gradio as gr
from sqlite_utils import Database

from annotator import html
from annotator.campaigns import board, page
from annotator.events import Values
from db.annotate import campaigns
from db.crowd import alerts


@dataclass(frozen=True)
class Board:
    """The components. tabs: those below, of which a step may open one; progress: the first."""

    alerts: gr.HTML
    read: gr.Button
    table: gr.HTML
    chosen: gr.Dropdown
    refresh: gr.Button
    note: gr.HTML
    tabs: gr.Tabs
    progress: gr.Tab
    detail: gr.HTML

    @property
    def outputs(self) -> list[Any]:
        """What `show` fills."""
        return [self.alerts, self.table, self.chosen, self.detail, self.note]

    def show(self, db: Database, campaign_id: int | None, sentence: str = "") -> Values:
        """The present state, of the chosen campaign or else of the newest, and what was done."""
        every = campaigns.every(db)
        if campaign_id is None and every:
            campaign_id = every[0].campaign_id
        names = [(campaign.name, campaign.campaign_id) for campaign in every]
        alerts.scan(db)
        return {
            self.alerts: page.alerts(alerts.unread(db)),
            self.table: page.table(board.overviews(db)),
            self.chosen: gr.Dropdown(choices=names, value=campaign_id),
            self.detail: "" if campaign_id is None else page.one(board.detail(db, campaign_id)),
            self.note: html.note(sentence),
        }


def build() -> Board:
    """Add the components to the blocks that are being made."""
    told = gr.HTML(elem_id="an-alerts", padding=False)
    read = gr.Button("Mark alerts as read", size="sm", elem_id="an-alerts-read")
    table = gr.HTML(elem_id="an-campaigns")
    with gr.Row():
        chosen = gr.Dropdown(label="Campaign", choices=[], elem_id="an-campaign", scale=2)
        refresh = gr.Button("Refresh", scale=0, min_width=110)
    note = gr.HTML(padding=False, elem_id="an-manage-note")
    with gr.Tabs() as tabs, gr.Tab("Progress", id="an-progress") as progress:
        detail = gr.HTML(elem_id="an-campaign-detail")
    return Board(
        alerts=told,
        read=read,
        table=table,
        chosen=chosen,
        refresh=refresh,
        note=note,
        tabs=tabs,
        progress=progress,
        detail=detail,
    )
