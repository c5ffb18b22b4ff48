"""The rating page: how well does each description fit, and which is best.

    build(doors, page)

Descriptions of several methods, blinded and shuffled; a pick that is not among the highest rated
brings one friendly sentence, and both may stand. Where several ratings are open, one is chosen.
"""

from dataclasses import dataclass
from typing import Any

import gradio as gr
from sqlite_utils import Database

from annotator import html
from annotator.events import ONCE, Values
from annotator.ratings import page as rating_page
from db.access import users
from db.access.permissions import Doors
from db.access.users import EVERYBODY
from db.annotate import campaigns, claims, progress, qualifications, ratings, slots
from db.annotate.campaigns import Campaign
from db.annotate.claims import Claim
from db.describe import exemplars
from db.errors import BadInput
from db.workspace import open_database

SCALE = [("1 strongly disagree", 1), ("2", 2), ("3 neither", 3), ("4", 4), ("5 strongly agree", 5)]
DOUBT = (
    "You rated another one higher than the one you picked as best. Change either, or press Submit "
    "again if you mean both."
)


@dataclass(frozen=True)
class Form:
    """The components of the page by what they are for.

    Attributes:
        token: of the claim on screen.
        doubt: the token of the claim whose inconsistent response was asked about already.
        marks: a scale for each description, as many as a unit can have.
    """

    name: gr.BrowserState
    token: gr.Textbox
    doubt: gr.Textbox
    chooser: gr.Dropdown
    message: gr.HTML
    start: gr.Button
    agree: gr.Button
    working: gr.Column
    head: gr.HTML
    picture: gr.HTML
    marks: tuple[gr.Radio, ...]
    best: gr.Radio
    note: gr.HTML
    send: gr.Button

    def resting(self, text: str, *, agree: bool = False) -> Values:
        """Nothing to rate on screen, and why."""
        return {
            self.message: text,
            self.agree: gr.Button(visible=agree),
            self.working: gr.Column(visible=False),
            self.token: "",
            self.doubt: "",
            self.head: "",
            self.picture: "",
            self.note: "",
        }

    def rating(self, db: Database, campaign: Campaign, claimed: Claim) -> Values:
        """A picture set with its descriptions."""
        labels = ratings.offered(db, claimed)
        shown = [gr.Radio(label=f"“{label.text}”", value=None, visible=True) for label in labels]
        unused = [gr.Radio(visible=False, value=None)] * (ratings.MOST - len(labels))
        # Numbers of labels follow the methods, which nobody may guess: the page knows places alone.
        places = [(label.text, place) for place, label in enumerate(labels)]
        share = progress.share(db, campaign.campaign_id)
        return {
            self.message: "",
            self.agree: gr.Button(visible=False),
            self.working: gr.Column(visible=True),
            self.token: claimed.token,
            self.doubt: "",
            self.head: rating_page.head(campaign, share),
            self.picture: html.picture(exemplars.unit(db, claimed.unit_id), name="ten", tiles=10),
            **dict(zip(self.marks, [*shown, *unused], strict=True)),
            self.best: gr.Radio(choices=places, value=None),
            self.note: "",
        }


def build(doors: Doors, page: gr.Blocks) -> None:
    """Add the rating page to the blocks that are being made."""
    workspace = doors.workspace
    form = _form()

    def who(typed: str, request: gr.Request) -> str:
        return doors.person(request).name if doors.login else users.normalise(typed or "guest")

    def show(db: Database, annotator: str, wanted: int | None = None) -> Values:
        users.ensure(db, annotator, "annotator")
        opened = _open(db)
        if not opened:
            text = "Nothing is to be rated now. An admin starts a rating under Manage."
            return {**form.resting(html.note(text)), form.chooser: gr.Dropdown(visible=False)}
        campaign = next((rating for rating in opened if rating.campaign_id == wanted), opened[0])
        menu = gr.Dropdown(
            choices=[(rating.name, rating.campaign_id) for rating in opened],
            value=campaign.campaign_id,
            visible=len(opened) > 1,
        )
        if not qualifications.consented(db, campaign, annotator):
            asks = form.resting(rating_page.consent(campaign), agree=True)
            return {**asks, form.chooser: menu}
        claimed = slots.claim(db, campaign.campaign_id, annotator)
        if not isinstance(claimed, Claim):
            more = " Choose another rating above, if you like." if len(opened) > 1 else ""
            text = f"You have rated everything that is left. Thank you!{more}"
            return {**form.resting(html.note(text)), form.chooser: menu}
        return {**form.rating(db, campaign, claimed), form.chooser: menu}

    @doors.allow(*EVERYBODY)
    def arrive(typed: str, wanted: int | None, request: gr.Request) -> Values:
        """The next picture set to rate, of the rating that was chosen."""
        with open_database(workspace) as db:
            return show(db, who(typed, request), wanted)

    @doors.allow(*EVERYBODY)
    def accept(typed: str, wanted: int | None, request: gr.Request) -> Values:
        """The person agreed to the consent text of the rating on screen."""
        annotator = who(typed, request)
        with open_database(workspace) as db:
            for campaign in _open(db):
                if campaign.campaign_id == wanted:
                    qualifications.consent(db, campaign, annotator)
            return show(db, annotator, wanted)

    @doors.allow(*EVERYBODY)
    def submit(given: Values, request: gr.Request) -> Values:
        """A response; an inconsistent one is asked about once."""
        annotator, token = who(given[form.name], request), given[form.token]
        with open_database(workspace) as db:
            claimed = claims.given(db, token, annotator)
            labels = [label.label_id for label in ratings.offered(db, claimed)]
            values = [given[mark] for mark in form.marks[: len(labels)]]
            rated = {
                label: int(value)
                for label, value in zip(labels, values, strict=True)
                if value is not None
            }
            pick = given[form.best]
            picked = dict(enumerate(labels)).get(-1 if pick is None else pick, 0)
            complete = len(rated) == len(labels) and picked in rated
            if complete and given[form.doubt] != token and rated[picked] < max(rated.values()):
                return {form.doubt: token, form.note: html.problem(DOUBT)}
            try:
                ratings.submit(db, token, annotator, marks=rated, best=picked)
            except BadInput as error:
                return {form.note: html.problem(str(error))}
            return show(db, annotator, claimed.campaign_id)

    shown = [form.message, form.agree, form.working, form.token, form.doubt, form.head]
    shown += [form.picture, *form.marks, form.best, form.note, form.chooser]
    form.start.click(arrive, [form.name, form.chooser], shown, **ONCE)
    form.chooser.input(arrive, [form.name, form.chooser], shown, **ONCE)
    form.agree.click(accept, [form.name, form.chooser], shown, **ONCE)
    answered: set[Any] = {form.name, form.token, form.doubt, form.best, *form.marks}
    form.send.click(submit, answered, shown, **ONCE)


def _form() -> Form:
    """The components, added to the blocks that are being made."""
    intro = "Several sentences about the same pictures: say how well each describes them."
    name = gr.BrowserState("", storage_key="milan-annotator", secret="milan-annotator")
    token = gr.Textbox("", visible=False)
    doubt = gr.Textbox("", visible=False)
    chooser = gr.Dropdown(
        label="Rating", choices=[], visible=False, interactive=True, elem_id="an-rate-chooser"
    )
    message = gr.HTML(html.note(intro))
    start = gr.Button("Look for picture sets to rate", elem_id="an-rate-start")
    agree = gr.Button("I agree, start", variant="primary", visible=False, elem_id="an-rate-agree")
    with gr.Column(visible=False, elem_classes="an-work") as working:
        head = gr.HTML(padding=False)
        picture = gr.HTML(padding=False, elem_id="an-rate-picture")
        marks = tuple(
            gr.Radio(SCALE, label="", visible=False, elem_classes="an-rate")
            for _ in range(ratings.MOST)
        )
        best = gr.Radio([], label="Which one is best?", elem_id="an-rate-best")
        note = gr.HTML(padding=False, elem_id="an-rate-note")
        send = gr.Button("Submit · Ctrl+Enter", variant="primary", elem_id="an-rate-submit")
    return Form(
        name=name,
        token=token,
        doubt=doubt,
        chooser=chooser,
        message=message,
        start=start,
        agree=agree,
        working=working,
        head=head,
        picture=picture,
        marks=marks,
        best=best,
        note=note,
        send=send,
    )


def _open(db: Database) -> list[Campaign]:
    return [rating for rating in campaigns.every(db, kind="rate") if rating.state == "open"]
