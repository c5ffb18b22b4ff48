"""The New campaign tab of the admin's page: units of a layer, and by which rules people see them.

build(doors, board)            # inside the tabs of the admin's page
"""

from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from annotator import html
from annotator import units as campaign_units
from annotator.campaign import known
from annotator.campaigns import plan, qualification
from annotator.campaigns.plan import Plan
from annotator.campaigns.tab_board import Board
from annotator.events import ONCE, Values
from annotator.texts import words
from annotator.work import guidelines
from db.access.permissions import Doors
from db.access.users import ADMIN
from db.annotate.campaigns import Settings
from db.crowd import recruitment
from db.errors import BadInput
from db.workspace import open_database


@dataclass(frozen=True)
class Rules:
    """The boxes for the rules of a campaign."""

    language: gr.Dropdown
    instructions: gr.Textbox
    consent: gr.Textbox
    people: gr.Number
    lease: gr.Number
    cap: gr.Number
    pay: gr.Number
    currency: gr.Textbox
    repeats: gr.Number
    test: gr.Dropdown
    gold_every: gr.Number
    gold: gr.Textbox

    def read(self, given: Values) -> Settings:
        """The rules as the boxes give them; 0 stands for none."""
        cap, pay = given[self.cap], given[self.pay]
        return Settings(
            instructions=given[self.instructions].strip(),
            consent=given[self.consent].strip(),
            annotators_per_unit=int(given[self.people] or 0),
            lease_minutes=float(given[self.lease] or 0),
            cap=int(cap) if cap else None,
            pay_per_unit=float(pay) if pay else None,
            currency=given[self.currency].strip(),
            repeat_every=int(given[self.repeats] or 0),
            gold_every=int(given[self.gold_every] or 0),
            qualification_id=given[self.test] or None,
        )


def build(doors: Doors, board: Board) -> None:
    """Add the tab to those of the admin's page."""
    with gr.Tab("New campaign", id="an-new") as tab:
        with gr.Row():
            name = gr.Textbox(label="Name", elem_id="an-new-name", min_width=240)
            layer = gr.Dropdown(
                label="Network and layer", choices=[], elem_id="an-new-layer", min_width=300
            )
            units = gr.Textbox(
                label="Units",
                value="all",
                info="all · 0-49, 60 · random 100 · wanted 100",
                elem_id="an-units",
            )
        with gr.Accordion("Options", open=False):
            rules = _rules()
        with gr.Row():
            start = gr.Button("Start campaign", variant="primary", elem_id="an-start")
            add = gr.Button("Add these units to the chosen campaign", elem_id="an-add-units")
        trouble = gr.HTML(padding=False, elem_id="an-start-note")

    def done(shown: Values) -> Values:
        return {**shown, board.tabs: gr.Tabs(selected="an-progress"), trouble: ""}

    @doors.allow(*ADMIN)
    def offer(
        exemplar_set_id: int | None, test_id: int | None, request: gr.Request
    ) -> tuple[Any, Any]:
        """The layers and tests that there are now; what was chosen stays chosen."""
        with open_database(doors.workspace) as db:
            layers, now = campaign_units.offered(db, exemplar_set_id)
            tests = qualification.names(db)
        return (
            gr.Dropdown(choices=layers, value=now),
            gr.Dropdown(choices=[("none", 0), *tests], value=test_id or 0),
        )

    @doors.allow(*ADMIN)
    def begin(given: Values, request: gr.Request) -> Values:
        """Start a campaign and show it."""
        person = doors.person(request).name
        with open_database(doors.workspace) as db:
            try:
                asked = Plan(
                    given[name], given[layer], given[units], rules.read(given), given[rules.gold]
                )
                started = plan.start(db, asked, person=person)
            except BadInput as error:
                return {trouble: html.problem(str(error))}
            spoken = words.of(given[rules.language]).language
            if spoken != words.DEFAULT:
                offer = recruitment.of(db, started.campaign.campaign_id)
                offer = replace(offer, language=spoken)
                recruitment.save(db, started.campaign.campaign_id, offer, person=person)
            sentence = f"Started: {started.units} units."
            if started.left_out:
                sentence += f" {started.left_out} that the test shows were left out."
            return done(board.show(db, started.campaign.campaign_id, sentence))

    @doors.allow(*ADMIN)
    def enlarge(
        campaign_id: int | None, exemplar_set_id: int | None, which: str, request: gr.Request
    ) -> Values:
        """More units for a campaign that runs."""
        person = doors.person(request).name
        with open_database(doors.workspace) as db:
            try:
                enlarged = plan.enlarge(
                    db, known(campaign_id), exemplar_set_id, which, person=person
                )
            except BadInput as error:
                return {trouble: html.problem(str(error))}
            sentence = f"{enlarged.added} units added; {enlarged.known} were in it."
            return done(board.show(db, campaign_id, sentence))

    @doors.allow(*ADMIN)
    def speak(language: str, request: gr.Request) -> tuple[str, str]:
        """The instruction and the consent text of a language, to be changed."""
        say = words.of(language)
        return say("campaign.instructions"), say("campaign.consent")

    rules.language.input(speak, rules.language, [rules.instructions, rules.consent], **ONCE)
    after = [*board.outputs, board.tabs, trouble]
    start.click(begin, {name, layer, units, *vars(rules).values()}, after, **ONCE)
    add.click(enlarge, [board.chosen, layer, units], after, **ONCE)
    tab.select(offer, [layer, rules.test], [layer, rules.test], **ONCE)


def _rules() -> Rules:
    language = gr.Dropdown(
        [(name, key) for key, name in words.languages().items()],
        value=words.DEFAULT,
        label="Language of the annotator's page",
        info="fills in the two texts below; answers are expected in it",
        elem_id="an-new-language",
    )
    instructions = gr.Textbox(label="Instruction", value=guidelines.INSTRUCTIONS, lines=2)
    consent = gr.Textbox(label="Consent text", value=guidelines.CONSENT, lines=3)
    with gr.Row():
        people = gr.Number(label="People a unit", value=3, precision=0, minimum=1, maximum=50)
        lease = gr.Number(label="Lease (minutes)", value=60, minimum=1)
        cap = gr.Number(label="Most answers a person (0: no cap)", value=0, precision=0)
    with gr.Row():
        pay = gr.Number(label="Pay shown for an answer (0: none)", value=0, minimum=0)
        currency = gr.Textbox(label="Currency", value="")
        repeats = gr.Number(
            label="Hidden repeat after so many answers (0: never)", value=0, precision=0
        )
        test = gr.Dropdown(label="Qualification test", choices=[], value=None)
    with gr.Row():
        gold_every = gr.Number(
            label="Gold unit after so many answers (0: never)", value=0, precision=0
        )
        gold = gr.Textbox(
            label="Gold units, one a line",
            # None otherwise, for as long as nobody has opened the options.
            value="",
            placeholder="427: dog, dogs",
            info="an answer must hold one of the words; not part of the campaign",
            lines=2,
            elem_id="an-gold",
            scale=2,
        )
    return Rules(
        language=language,
        instructions=instructions,
        consent=consent,
        people=people,
        lease=lease,
        cap=cap,
        pay=pay,
        currency=currency,
        repeats=repeats,
        test=test,
        gold_every=gold_every,
        gold=gold,
    )
