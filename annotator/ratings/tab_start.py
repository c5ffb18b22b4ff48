"""The admin's ratings: starting one over the descriptions of a layer, and the tables of each.

build(doors)            # inside the tabs of the admin's page
"""

from typing import Any

import gradio as gr
from sqlite_utils import Database

from annotator import html
from annotator import units as campaign_units
from annotator.events import ONCE
from annotator.html import near
from annotator.ratings import page
from annotator.work import guidelines
from db.access.permissions import Doors
from db.access.users import ADMIN
from db.annotate import campaigns, ratings
from db.annotate.campaigns import Settings
from db.describe import descriptions, exemplars
from db.errors import BadInput
from db.workspace import open_database


def build(doors: Doors) -> None:
    """Add the tab to those of the admin's page."""
    workspace = doors.workspace
    with gr.Tab("Ratings", id="an-ratings") as rating:
        with gr.Row():
            title = gr.Textbox(label="Name", elem_id="an-rating-name")
            layer = gr.Dropdown(
                label="Network and layer", choices=[], elem_id="an-rating-layer", min_width=300
            )
            which = gr.Textbox(label="Units", value="random 50", info="all · 0-49, 60 · random 50")
        rate = gr.Button("Start rating", elem_id="an-rating-start")
        rated = gr.HTML(padding=False, elem_id="an-rating-note")
        shown = gr.Dropdown(label="Show the results of", choices=[], elem_id="an-rating-shown")
        table = gr.HTML(padding=False, elem_id="an-rating-table")
        gr.HTML(page.steering(), padding=False)

    def tables(db: Database, campaign_id: int | None) -> tuple[Any, str]:
        known = campaigns.every(db, kind="rate")
        ids = [campaign.campaign_id for campaign in known]
        now = campaign_id if campaign_id in ids else next(iter(ids), None)
        menu = gr.Dropdown(
            choices=[
                (f"{campaign.name} · {campaign.state}", campaign.campaign_id) for campaign in known
            ],
            value=now,
        )
        return menu, page.ratings([] if now is None else ratings.of_campaign(db, now))

    @doors.allow(*ADMIN)
    def offer(
        exemplar_set_id: int | None, campaign_id: int | None, request: gr.Request
    ) -> tuple[Any, Any, str]:
        """The layers and ratings that there are now; what was chosen stays chosen."""
        with open_database(workspace) as db:
            layers = campaign_units.layers(db)
            known = [key for _, key in layers]
            layer_now = exemplar_set_id if exemplar_set_id in known else next(iter(known), None)
            return gr.Dropdown(choices=layers, value=layer_now), *tables(db, campaign_id)

    @doors.allow(*ADMIN)
    def show(campaign_id: int | None, request: gr.Request) -> str:
        """The tables of the chosen rating."""
        with open_database(workspace) as db:
            return tables(db, campaign_id)[1]

    @doors.allow(*ADMIN)
    @near
    def start(called: str, exemplar_set_id: int | None, units: str, request: gr.Request) -> str:
        """Ask people to rate the descriptions that the methods gave these units."""
        if exemplar_set_id is None:
            raise BadInput("Choose a network and layer first.")
        with open_database(workspace) as db:
            known = exemplars.units_of(db, exemplar_set_id)
            wanted = [known[i].unit_id for i in campaign_units.choose(units, units=len(known))]
            given = {
                unit_id: [
                    (description.method, description.text)
                    for description in descriptions.of_unit(db, unit_id)
                ]
                for unit_id in wanted
            }
            usable = {u: pairs for u, pairs in given.items() if len({t for _, t in pairs}) > 1}
            if not usable:
                raise BadInput(
                    "A rating compares descriptions: none of these units has different ones by two "
                    "methods. Describe the layer with another method first."
                )
            settings = Settings(guidelines.RATING_INSTRUCTIONS, consent=guidelines.RATING_CONSENT)
            who = doors.person(request).name
            ratings.add(db, called, usable, settings=settings, person=who)
        left = len(wanted) - len(usable)
        return html.note(f"Started: {len(usable)} units; {left} have no two descriptions.")

    refresh = [layer, shown, table]
    rating.select(offer, [layer, shown], refresh, **ONCE)
    rate.click(start, [title, layer, which], rated, **ONCE).then(
        offer, [layer, shown], refresh, show_progress="hidden"
    )
    shown.input(show, shown, table, **ONCE)
