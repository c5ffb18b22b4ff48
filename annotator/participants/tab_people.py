"""The People tab of the admin's page: everybody who came, what is decided about them, what is due.

people = build()
wire(doors, chosen, people)
"""

from dataclasses import dataclass
from typing import Any

import gradio as gr
from sqlite_utils import Database

from annotator import html
from annotator.campaign import known
from annotator.events import ONCE, Values
from annotator.participants import page, people
from db.access.permissions import Doors
from db.access.users import ADMIN
from db.annotate import campaigns
from db.crowd import participants, standings
from db.crowd.standings import Verdict
from db.errors import BadInput, NotAllowed, NotFound
from db.workspace import open_database

FORMS = {
    "all": "everything, one line a person",
    "prolific-approve": "Prolific: ids to approve in bulk",
    "prolific-bonus": "Prolific: bonuses in bulk (id,amount)",
    "mturk-approve": "MTurk: assignments to approve",
    "mturk-bonus": "MTurk: bonuses",
}


@dataclass(frozen=True)
class People:
    """The components."""

    tab: gr.Tab
    table: gr.HTML
    one: gr.Dropdown
    reason: gr.Textbox
    approve: gr.Button
    exclude: gr.Button
    reopen: gr.Button
    readmit: gr.Button
    note: gr.HTML
    returned: gr.Textbox
    give_back: gr.Button
    form: gr.Dropdown
    pay: gr.Button
    file: gr.File

    @property
    def outputs(self) -> list[Any]:
        """What a step changes."""
        return [self.table, self.one, self.note, self.file, self.reason, self.returned]

    def show(
        self, db: Database, campaign_id: int, sentence: str = "", who: str | None = None
    ) -> Values:
        """Everybody who came, and what was done."""
        lines = people.of(db, campaign_id)
        currency = campaigns.get(db, campaign_id).settings.currency
        names = [line.name for line in lines]
        return {
            self.table: page.people(lines, currency=currency),
            self.one: gr.Dropdown(choices=names, value=who if who in names else None),
            self.note: html.note(sentence),
            self.file: gr.File(visible=False),
        }


def build() -> People:
    """Add the tab to those of the admin's page."""
    with gr.Tab("People", id="an-crowd") as tab:
        table = gr.HTML(elem_id="an-crowd-table")
        with gr.Row():
            one = gr.Dropdown(label="Person", choices=[], elem_id="an-crowd-one", scale=2)
            reason = gr.Textbox(
                label="Reason (to exclude; stays in the log)", elem_id="an-crowd-reason", scale=2
            )
        with gr.Row():
            approve = gr.Button("Approve", variant="primary", elem_id="an-crowd-approve")
            exclude = gr.Button("Exclude from now on", elem_id="an-crowd-exclude")
            reopen = gr.Button("Exclude and reopen all slots", elem_id="an-crowd-reopen")
            readmit = gr.Button("Let in again", elem_id="an-crowd-readmit")
        note = gr.HTML(padding=False, elem_id="an-crowd-note")
        with gr.Row():
            form = gr.Dropdown(
                [(label, key) for key, label in FORMS.items()],
                value="all",
                label="Payment table",
                elem_id="an-pay-form",
                scale=2,
            )
            pay = gr.Button("Make the payment table", elem_id="an-pay")
        file = gr.File(label="File", interactive=False, visible=False, elem_id="an-pay-file")
        with gr.Accordion("Submissions that the platform says were returned", open=False):
            returned = gr.Textbox(
                label="Ids of the platform, one a line", lines=3, elem_id="an-returned"
            )
            give_back = gr.Button("Free their slots", elem_id="an-returned-free")
    return People(
        tab, table, one, reason, approve, exclude, reopen, readmit, note, returned, give_back,
        form, pay, file,
    )  # fmt: skip


def wire(doors: Doors, chosen: gr.Dropdown, own: People) -> None:
    """Let people be looked at and decided about, and the payment table be made."""
    workspace = doors.workspace

    @doors.allow(*ADMIN)
    def look(campaign_id: int | None, request: gr.Request) -> Values:
        """Everybody who came to the chosen campaign."""
        if campaign_id is None:
            return {own.table: html.note("No campaign yet.")}
        with open_database(workspace) as db:
            return own.show(db, campaign_id)

    def decide(verdict: Verdict, said: str) -> Any:
        @doors.allow(*ADMIN)
        def handler(
            campaign_id: int | None, who: str | None, why: str, request: gr.Request
        ) -> Values:
            """Write a decision about the chosen person down."""
            person = doors.person(request).name
            with open_database(workspace) as db:
                try:
                    if not who:
                        raise BadInput("Choose a person first.")
                    freed = standings.add(
                        db, known(campaign_id), who, verdict, reason=why, person=person
                    )
                except (BadInput, NotFound) as error:
                    return {own.note: html.problem(str(error))}
                done = f"{who}: {said}" + (f" Slots free again: {freed}." if freed else "")
                return {**own.show(db, known(campaign_id), done, who), own.reason: ""}

        return handler

    for event in (own.tab.select, chosen.input):
        event(look, chosen, own.outputs, **ONCE)
    judged = [chosen, own.one, own.reason]
    decisions: tuple[tuple[gr.Button, Verdict, str], ...] = (
        (own.approve, "approved", "approved."),
        (own.exclude, "excluded", "gets no more picture sets; what was given counts."),
        (own.reopen, "reopened", "gets no more picture sets, and nothing given counts."),
        (own.readmit, "readmitted", "may go on."),
    )
    for button, verdict, said in decisions:
        button.click(decide(verdict, said), judged, own.outputs, **ONCE)
    _wire_payment(doors, chosen, own)


def _wire_payment(doors: Doors, chosen: gr.Dropdown, own: People) -> None:
    """Let returned submissions be entered, and the payment table be made."""
    workspace = doors.workspace

    @doors.allow(*ADMIN)
    def take_returned(campaign_id: int | None, typed: str, request: gr.Request) -> Values:
        """Free the slots of those whose submissions were returned elsewhere."""
        person = doors.person(request).name
        with open_database(workspace) as db:
            number = known(campaign_id)
            wanted = {line.strip() for line in typed.splitlines() if line.strip()}
            found = {
                name for name, ids in participants.ids(db, number).items() if ids["pid"] in wanted
            }
            done, kept = 0, 0
            for name in sorted(found):
                try:
                    participants.give_back(db, name, person=person)
                    done += 1
                except NotAllowed:
                    kept += 1
            said = f"{done} parts are returned; {len(wanted) - len(found)} ids are unknown here"
            said += f"; {kept} had ended and stay." if kept else "."
            return {**own.show(db, number, said), own.returned: ""}

    @doors.allow(*ADMIN)
    def write(campaign_id: int | None, form: str, request: gr.Request) -> Values:
        """The payment table, for its maker alone: the one place that ids leave by."""
        number = known(campaign_id)
        folder = doors.new_folder(request)
        with open_database(workspace) as db:
            path = folder / f"payment-{number}-{form}.csv"
            count = people.write_payment(db, number, form, path)
        said = f"{count} lines. It holds people's ids: keep it to those who pay."
        return {own.file: gr.File(str(path), visible=True), own.note: html.note(said)}

    own.give_back.click(take_returned, [chosen, own.returned], own.outputs, **ONCE)
    own.pay.click(write, [chosen, own.form], [own.file, own.note], **ONCE)
