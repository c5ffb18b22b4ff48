"""The Participants tab of the admin's page: what is offered, the link, the ends, invitations.

build(doors, chosen)           # `chosen` is the campaign picked above
"""

import datetime
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
from sqlite_utils import Database

from annotator import html
from annotator.anchoring import tab as anchoring_tab
from annotator.campaign import known
from annotator.events import ONCE, Values
from annotator.participants import page, tab_invite, tab_people
from annotator.texts import words
from db.access.permissions import Doors
from db.access.users import ADMIN
from db.crowd import links, participants, recruitment, webhook
from db.crowd.recruitment import Recruitment
from db.errors import BadInput
from db.workspace import Workspace, format_time, open_database


@dataclass(frozen=True)
class Boxes:
    """What is offered to participants."""

    language: gr.Dropdown
    minutes: gr.Number
    reward: gr.Number
    screened_reward: gr.Number
    places: gr.Number
    gold_limit: gr.Number
    completed: gr.Textbox
    screened: gr.Textbox
    full: gr.Textbox
    contact: gr.Textbox
    webhook: gr.Textbox
    drafts: gr.Checkbox

    def show(self, offer: Recruitment) -> Values:
        """What is stored; 0 stands for none."""
        return {box: getattr(offer, name) or box.value for name, box in vars(self).items()} | {
            self.language: offer.language,
            self.drafts: bool(offer.drafts),
        }

    def read(self, given: Values, before: Recruitment) -> Recruitment:
        """What the boxes say; the link stays as it is."""
        return replace(
            before,
            language=words.of(given[self.language]).language,
            minutes=float(given[self.minutes]) if given[self.minutes] else None,
            reward=float(given[self.reward] or 0),
            screened_reward=float(given[self.screened_reward] or 0),
            places=int(given[self.places]) if given[self.places] else None,
            gold_limit=int(given[self.gold_limit]) if given[self.gold_limit] else None,
            completed=given[self.completed].strip(),
            screened=given[self.screened].strip(),
            full=given[self.full].strip(),
            contact=given[self.contact].strip(),
            webhook=given[self.webhook].strip(),
            drafts=int(bool(given[self.drafts])),
        )


def build(doors: Doors, chosen: gr.Dropdown) -> None:
    """Add the tabs to those of the admin's page."""
    workspace = doors.workspace
    with gr.Tab("Participants", id="an-participants") as tab:
        shown = gr.HTML(elem_id="an-links")
        boxes = _boxes()
        with gr.Row():
            save = gr.Button("Save what is offered", variant="primary", elem_id="an-offer-save")
            days = gr.Number(label="Link open for days", value=30, minimum=1, elem_id="an-days")
            make = gr.Button("Make a new link (ends the old one)", elem_id="an-link-new")
            revoke = gr.Button("Revoke the link", elem_id="an-link-revoke")
        note = gr.HTML(padding=False, elem_id="an-offer-note")
        invite = tab_invite.build()
        anchoring_tab.build(doors, chosen)
    people = tab_people.build()

    def show(db: Database, campaign_id: int, sentence: str = "") -> Values:
        offer = recruitment.of(db, campaign_id)
        came = len(participants.every(db, campaign_id))
        token = _token(workspace, campaign_id, offer)
        return {
            shown: page.links(token, offer, came=came),
            **boxes.show(offer),
            note: html.note(sentence),
        }

    @doors.allow(*ADMIN)
    def look(campaign_id: int | None, request: gr.Request) -> Values:
        """What the chosen campaign offers."""
        if campaign_id is None:
            return {shown: html.note("No campaign yet.")}
        with open_database(workspace) as db:
            return show(db, campaign_id)

    def store(given: Values, change: Any, sentence: str, person: str) -> Values:
        with open_database(workspace) as db:
            try:
                campaign_id = known(given[chosen])
                offer = change(boxes.read(given, recruitment.of(db, campaign_id)))
                webhook.check(offer.webhook)
                recruitment.save(db, campaign_id, offer, person=person)
            except (BadInput, ValueError) as error:
                return {note: html.problem(str(error))}
            return show(db, campaign_id, sentence)

    @doors.allow(*ADMIN)
    def keep(given: Values, request: gr.Request) -> Values:
        """Store what is offered."""
        return store(given, lambda offer: offer, "Saved.", doors.person(request).name)

    @doors.allow(*ADMIN)
    def renew(given: Values, request: gr.Request) -> Values:
        """Store what is offered, and make a link that is the only one from now on."""
        span = datetime.timedelta(days=min(max(float(given[days] or 30), 0.01), 3650))
        closes = format_time(datetime.datetime.now(datetime.UTC) + span)
        person = doors.person(request).name
        return store(
            given,
            lambda offer: replace(offer, nonce=links.new_nonce(), closes_utc=closes),
            "There is a new link; the old one opens nothing any more.",
            person,
        )

    @doors.allow(*ADMIN)
    def end(given: Values, request: gr.Request) -> Values:
        """The link lets nobody in any more; who is in goes on."""
        person = doors.person(request).name
        return store(
            given,
            lambda offer: replace(offer, nonce=None),
            "The link opens nothing any more. Who is in can finish.",
            person,
        )

    outputs: list[Any] = [shown, *vars(boxes).values(), note]
    given: set[Any] = {chosen, days, *vars(boxes).values()}
    for event in (tab.select, chosen.input):
        event(look, chosen, outputs, **ONCE)
    save.click(keep, given, outputs, **ONCE)
    make.click(renew, given, outputs, **ONCE)
    revoke.click(end, given, outputs, **ONCE)
    tab_invite.wire(doors, chosen, invite, tab)
    tab_people.wire(doors, chosen, people)


def _token(workspace: Workspace, campaign_id: int, offer: Recruitment) -> str | None:
    if offer.nonce is None:
        return None
    secret = workspace.secret.read_bytes()
    return links.campaign_token(campaign_id, offer.nonce, secret=secret)


def _boxes() -> Boxes:
    with gr.Row():
        language = gr.Dropdown(
            [(name, key) for key, name in words.languages().items()],
            value=words.DEFAULT,
            label="Language of the page",
            elem_id="an-language",
        )
        minutes = gr.Number(
            label="Minutes it takes (0: not said)", value=0, minimum=0, elem_id="an-minutes"
        )
        reward = gr.Number(label="Reward of a whole part", value=0, minimum=0, elem_id="an-reward")
        screened_reward = gr.Number(
            label="Reward after a failed test", value=0, minimum=0, elem_id="an-screened-reward"
        )
    with gr.Row():
        where = "a code, or an address that begins with https://"
        completed = gr.Textbox(label="At the end: code or address", info=where, elem_id="an-to-end")
        screened = gr.Textbox(
            label="After a failed test: code or address", info=where, elem_id="an-to-screened"
        )
        full = gr.Textbox(
            label="When nothing is left: code or address", info=where, elem_id="an-to-full"
        )
    with gr.Row():
        places = gr.Number(label="Places (0: as many as there is work)", value=0, precision=0)
        gold_limit = gr.Number(
            label="Pause after so many failed gold units (0: never)", value=0, precision=0
        )
        contact = gr.Textbox(label="Whom participants write to", value="", elem_id="an-contact")
        webhook = gr.Textbox(
            label="Where alerts are sent (webhook)", value="", elem_id="an-webhook"
        )
    drafts = gr.Checkbox(
        label="Show a machine's draft to a random half of the picture sets, to measure what it does"
    )
    return Boxes(
        language=language,
        minutes=minutes,
        reward=reward,
        screened_reward=screened_reward,
        places=places,
        gold_limit=gold_limit,
        completed=completed,
        screened=screened,
        full=full,
        contact=contact,
        webhook=webhook,
        drafts=drafts,
    )
