"""The rating page: how well does each description fit, and which is best.

    build(doors, page)

Descriptions of several methods, blinded and shuffled; a pick that is not among the highest rated
brings one friendly sentence, and both may stand. Where several ratings are open, one is chosen.
"""

from html import escape
from typing import Any

import gradio as gr
from sqlite_utils import Database

from annotator import html
from annotator.work import guidelines
from db.access import users
from db.access.doors import Doors
from db.access.users import EVERYBODY
from db.annotate import campaigns, claims, progress, qualifications, ratings, slots
from db.annotate.campaigns import Campaign
from db.annotate.claims import Claim
from db.describe import exemplars
from db.errors import BadInput
from db.workspace import open_database

SCALE = [("1 strongly disagree", 1), ("2", 2), ("3 neither", 3), ("4", 4), ("5 strongly agree", 5)]


def build(doors: Doors, page: gr.Blocks) -> None:
    """Add the rating page to the blocks that are being made."""
    workspace = doors.workspace
    name_kept = gr.BrowserState("", storage_key="milan-annotator", secret="milan-annotator")
    token = gr.Textbox("", visible=False)
    doubt = gr.Textbox("", visible=False)
    chooser = gr.Dropdown(
        label="Rating", choices=[], visible=False, interactive=True, elem_id="an-rate-chooser"
    )
    message = gr.HTML(
        html.note("Several sentences about the same pictures: say how well each describes them.")
    )
    start = gr.Button("Look for picture sets to rate", elem_id="an-rate-start")
    agree = gr.Button("I agree, start", variant="primary", visible=False, elem_id="an-rate-agree")
    with gr.Column(visible=False, elem_classes="an-work") as working:
        bar = gr.HTML(padding=False)
        picture = gr.HTML(padding=False, elem_id="an-rate-picture")
        marks = [
            gr.Radio(SCALE, label="", visible=False, elem_classes="an-rate")
            for _ in range(ratings.MOST)
        ]
        best = gr.Radio([], label="Which one is best?", elem_id="an-rate-best")
        note = gr.HTML(padding=False, elem_id="an-rate-note")
        send = gr.Button("Submit · Ctrl+Enter", variant="primary", elem_id="an-rate-submit")
    outputs: list[Any] = [message, agree, working, token, doubt, bar, picture, *marks, best, note]
    outputs.append(chooser)

    def who(typed: str, request: gr.Request) -> str:
        return doors.person(request).name if doors.login else users.normalise(typed or "guest")

    def show(db: Database, annotator: str, wanted: int | None = None) -> list[Any]:
        users.ensure(db, annotator, "annotator")
        opened = _open(db)
        campaign = next((each for each in opened if each.campaign_id == wanted), None)
        if campaign is None and not opened:
            text = "Nothing is to be rated now. An admin starts a rating under Manage."
            return [*_rest(html.note(text)), gr.Dropdown(visible=False)]
        campaign = campaign or opened[0]
        menu = gr.Dropdown(
            choices=[(each.name, each.campaign_id) for each in opened],
            value=campaign.campaign_id,
            visible=len(opened) > 1,
        )
        if not qualifications.consented(db, campaign, annotator):
            consent = escape(campaign.settings.consent).replace("\n", "<br>")
            asks = f"<h3>{escape(campaign.name)}</h3><p>{escape(guidelines.RATING_INSTRUCTIONS)}"
            card = f'<div class="an-card">{asks}</p><p>{consent}</p></div>'
            return [*_rest(card, agree=True), menu]
        claimed = slots.claim(db, campaign.campaign_id, annotator)
        if not isinstance(claimed, Claim):
            more = " Choose another rating above, if you like." if len(opened) > 1 else ""
            text = f"You have rated everything that is left. Thank you!{more}"
            return [*_rest(html.note(text)), menu]
        return [*_show(db, campaign, claimed), menu]

    @doors.allow(*EVERYBODY)
    def arrive(typed: str, wanted: int | None, request: gr.Request) -> list[Any]:
        """The next picture set to rate, of the rating that was chosen."""
        with open_database(workspace) as db:
            return show(db, who(typed, request), wanted)

    @doors.allow(*EVERYBODY)
    def accept(typed: str, wanted: int | None, request: gr.Request) -> list[Any]:
        """The person agreed to the consent text of the rating on screen."""
        annotator = who(typed, request)
        with open_database(workspace) as db:
            for campaign in _open(db):
                if campaign.campaign_id == wanted:
                    qualifications.consent(db, campaign, annotator)
            return show(db, annotator, wanted)

    @doors.allow(*EVERYBODY)
    def submit(
        typed: str, claim: str, doubted: str, pick: int | None, request: gr.Request, *given: Any
    ) -> list[Any]:
        """A response; an inconsistent one is asked about once."""
        annotator = who(typed, request)
        with open_database(workspace) as db:
            claimed = claims.given(db, claim, annotator)
            labels = [label.label_id for label in ratings.offered(db, claimed)]
            rated = {
                label: int(mark)
                for label, mark in zip(labels, given, strict=False)
                if mark is not None
            }
            picked = dict(enumerate(labels)).get(-1 if pick is None else pick, 0)
            complete = len(rated) == len(labels) and picked in rated
            if complete and doubted != claim and rated[picked] < max(rated.values()):
                return _only_note(
                    "You rated another one higher than the one you picked as best. Change either, "
                    "or press Submit again if you mean both.",
                    claim,
                )
            try:
                ratings.submit(db, claim, annotator, marks=rated, best=picked)
            except BadInput as error:
                return _only_note(str(error), doubted)
            return show(db, annotator, claimed.campaign_id)

    once: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "once"}
    start.click(arrive, [name_kept, chooser], outputs, **once)
    chooser.input(arrive, [name_kept, chooser], outputs, **once)
    agree.click(accept, [name_kept, chooser], outputs, **once)
    send.click(submit, [name_kept, token, doubt, best, *marks], outputs, **once)


def _open(db: Database) -> list[Campaign]:
    return [each for each in campaigns.every(db, kind="rate") if each.state == "open"]


def _rest(text: str, *, agree: bool = False) -> list[Any]:
    shown = gr.Button(visible=agree)
    return [
        text,
        shown,
        gr.Column(visible=False),
        "",
        "",
        "",
        "",
        *([gr.skip()] * ratings.MOST),
        gr.skip(),
        "",
    ]


def _only_note(text: str, doubted: str) -> list[Any]:
    place, work = [gr.skip()] * 4, [gr.skip()] * (2 + ratings.MOST + 1)
    return [*place, doubted, *work, html.problem(text), gr.skip()]


def _show(db: Database, campaign: Campaign, claimed: Claim) -> list[Any]:
    labels = ratings.offered(db, claimed)
    unit = exemplars.unit(db, claimed.unit_id)
    share = progress.share(db, campaign.campaign_id)
    head = (
        f'<p class="an-question">{escape(guidelines.RATING_INSTRUCTIONS)}</p>'
        f'<p class="an-muted">{escape(campaign.name)} · {100 * share:.0f} % rated · keys 1 to 5 '
        "mark the next description, with Shift they pick the best by its place in the list</p>"
    )
    marks: list[Any] = [
        gr.Radio(label=f"“{label.text}”", value=None, visible=True) for label in labels
    ]
    marks += [gr.Radio(visible=False, value=None)] * (ratings.MOST - len(marks))
    # Numbers of labels follow the methods, which nobody may guess: the page knows places alone.
    choices = [(label.text, place) for place, label in enumerate(labels)]
    return [
        "",
        gr.Button(visible=False),
        gr.Column(visible=True),
        claimed.token,
        "",
        head,
        html.picture(unit, name="ten", tiles=10),
        *marks,
        gr.Radio(choices=choices, value=None),
        "",
    ]
