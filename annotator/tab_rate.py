"""The rating page: how well does each description fit, and which is best.

    build(doors, page)

Descriptions of several methods, blinded and shuffled; a pick that is not among the highest rated
brings one friendly sentence, and both may stand.
"""

from html import escape
from typing import Any

import gradio as gr
from sqlite_utils import Database

from annotator import board, guidelines, pages
from db import campaigns, claims, exemplars, progress, qualifications, ratings, slots, users
from db.campaigns import Campaign
from db.claims import Claim
from db.doors import Doors
from db.errors import BadInput
from db.users import Role
from db.workspace import open_database

EVERYBODY: tuple[Role, ...] = ("admin", "reviewer", "annotator")
MOST = 6
SCALE = [("1 strongly disagree", 1), ("2", 2), ("3 neither", 3), ("4", 4), ("5 strongly agree", 5)]


def build(doors: Doors, page: gr.Blocks) -> None:
    """Add the rating page to the blocks that are being made."""
    workspace = doors.workspace
    name_kept = gr.BrowserState("", storage_key="milan-annotator", secret="milan-annotator")
    token = gr.Textbox("", visible=False)
    doubt = gr.Textbox("", visible=False)
    message = gr.HTML()
    start = gr.Button("Look for picture sets to rate", elem_id="an-rate-start")
    agree = gr.Button("I agree, start", variant="primary", visible=False, elem_id="an-rate-agree")
    with gr.Column(visible=False, elem_classes="an-work") as working:
        bar = gr.HTML(padding=False)
        picture = gr.HTML(padding=False, elem_id="an-rate-picture")
        marks = [
            gr.Radio(SCALE, label="", visible=False, elem_classes="an-rate") for _ in range(MOST)
        ]
        best = gr.Radio([], label="Which one is best?", elem_id="an-rate-best")
        note = gr.HTML(padding=False, elem_id="an-rate-note")
        send = gr.Button("Submit · Ctrl+Enter", variant="primary", elem_id="an-rate-submit")
    outputs: list[Any] = [message, agree, working, token, doubt, bar, picture, *marks, best, note]

    def who(typed: str, request: gr.Request) -> str:
        return doors.person(request).name if doors.login else users.normalise(typed or "guest")

    def show(db: Database, annotator: str) -> list[Any]:
        users.ensure(db, annotator, "annotator")
        opened = _open(db)
        if not opened:
            text = "Nothing is to be rated now. An admin starts a rating under Manage."
            return _rest(board.note(text))
        if not qualifications.consented(db, opened[0], annotator):
            consent = escape(opened[0].settings.consent).replace("\n", "<br>")
            asks = f"<h3>{escape(opened[0].name)}</h3><p>{escape(guidelines.RATING_INSTRUCTIONS)}"
            return _rest(f'<div class="an-card">{asks}</p><p>{consent}</p></div>', agree=True)
        claimed = slots.claim(db, opened[0].campaign_id, annotator)
        if not isinstance(claimed, Claim):
            return _rest(board.note("You have rated everything that is left. Thank you!"))
        return _show(db, opened[0], claimed)

    @doors.allow(*EVERYBODY)
    def arrive(typed: str, request: gr.Request) -> list[Any]:
        """The next picture set to rate."""
        with open_database(workspace) as db:
            return show(db, who(typed, request))

    @doors.allow(*EVERYBODY)
    def accept(typed: str, request: gr.Request) -> list[Any]:
        """The person agreed to the consent text."""
        annotator = who(typed, request)
        with open_database(workspace) as db:
            for campaign in _open(db)[:1]:
                qualifications.consent(db, campaign, annotator)
            return show(db, annotator)

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
            complete = len(rated) == len(labels) and pick in rated
            if complete and doubted != claim and rated[pick or 0] < max(rated.values()):
                return _only_note(
                    "You rated another one higher than the one you picked as best. Change either, "
                    "or press Submit again if you mean both.",
                    claim,
                )
            try:
                ratings.submit(db, claim, annotator, marks=rated, best=pick or 0)
            except BadInput as error:
                return _only_note(str(error), doubted)
            return show(db, annotator)

    once: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "once"}
    start.click(arrive, name_kept, outputs, **once)
    agree.click(accept, name_kept, outputs, **once)
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
        *([gr.skip()] * MOST),
        gr.skip(),
        "",
    ]


def _only_note(text: str, doubted: str) -> list[Any]:
    place, work = [gr.skip()] * 4, [gr.skip()] * (2 + MOST + 1)
    return [*place, doubted, *work, pages.problem(text)]


def _show(db: Database, campaign: Campaign, claimed: Claim) -> list[Any]:
    labels = ratings.offered(db, claimed)
    unit = exemplars.unit(db, claimed.unit_id)
    share = progress.share(db, campaign.campaign_id)
    head = (
        f'<p class="an-question">{escape(guidelines.RATING_INSTRUCTIONS)}</p>'
        f'<p class="an-muted">{escape(campaign.name)} · {100 * share:.0f} % rated · keys 1 to 5 '
        "mark the next description</p>"
    )
    marks: list[Any] = [
        gr.Radio(label=f"“{label.text}”", value=None, visible=True) for label in labels[:MOST]
    ]
    marks += [gr.Radio(visible=False, value=None)] * (MOST - len(marks))
    choices = [(label.text, label.label_id) for label in labels]
    return [
        "",
        gr.Button(visible=False),
        gr.Column(visible=True),
        claimed.token,
        "",
        head,
        pages.picture(unit, name="ten", tiles=10),
        *marks,
        gr.Radio(choices=choices, value=None),
        "",
    ]
