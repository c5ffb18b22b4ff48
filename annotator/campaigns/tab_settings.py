"""The Settings tab of the admin's page: the rules of a campaign, and asking more people.

build(doors, board)            # inside the tabs of the admin's page
"""

import gradio as gr
from sqlite_utils import Database

from annotator import html
from annotator.campaign import known
from annotator.campaigns import page
from annotator.campaigns.tab_board import Board
from annotator.events import ONCE, Values
from db.access.permissions import Doors
from db.access.users import ADMIN
from db.annotate import campaigns, qualifications
from db.errors import BadInput
from db.workspace import open_database


def build(doors: Doors, board: Board) -> None:
    """Add the tab to those of the admin's page."""
    with gr.Tab("Settings", id="an-settings") as tab:
        rules = gr.HTML(elem_id="an-rules-shown")
        with gr.Row():
            people = gr.Number(
                label="People a unit",
                precision=0,
                value=3,
                minimum=1,
                maximum=50,
                elem_id="an-people-asked",
            )
            more = gr.Button("Ask more people", elem_id="an-top-up")
        note = gr.HTML(padding=False, elem_id="an-top-up-note")

    @doors.allow(*ADMIN)
    def tell(campaign_id: int | None, request: gr.Request) -> Values:
        """The rules of the chosen campaign."""
        if campaign_id is None:
            return {rules: html.note("No campaign yet.")}
        with open_database(doors.workspace) as db:
            asked = campaigns.get(db, campaign_id).settings.annotators_per_unit
            return {rules: _rules(db, campaign_id), people: asked}

    @doors.allow(*ADMIN)
    def extend(campaign_id: int | None, count: float | None, request: gr.Request) -> Values:
        """Ask more people about every unit."""
        person, asked = doors.person(request).name, int(count or 0)
        with open_database(doors.workspace) as db:
            try:
                campaigns.top_up(db, known(campaign_id), annotators_per_unit=asked, person=person)
            except BadInput as error:
                return {note: html.problem(str(error))}
            done = html.note("More slots were added; what is there stays.")
            return {**board.show(db, campaign_id), note: done}

    shown = [rules, people]
    more.click(extend, [board.chosen, people], [*board.outputs, note], **ONCE).then(
        tell, board.chosen, shown
    )
    for event in (tab.select, board.chosen.input):
        event(tell, board.chosen, shown, **ONCE)


def _rules(db: Database, campaign_id: int) -> str:
    campaign = campaigns.get(db, campaign_id)
    test_id = campaign.settings.qualification_id
    return page.settings(
        campaign,
        test=None if test_id is None else qualifications.get(db, test_id),
        gold=len(campaigns.gold_words(db, campaign_id)),
    )
