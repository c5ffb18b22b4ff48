"""Where an admin makes a qualification test: pick a unit, write options, mark the right one.

build(doors, tab)                     # inside `tab`, which fills the menus when it is opened

The questions are always saved as a new version. YAML is the same list as text, to read it from and
to keep it as.
"""

from dataclasses import dataclass
from typing import Any

import gradio as gr
from sqlite_utils import Database

from annotator import html
from annotator import units as campaign_units
from annotator.campaigns import qualification, tab_questions
from annotator.campaigns.qualification import MOST, Written
from annotator.campaigns.tab_questions import Form, Listed, Questions
from annotator.events import ONCE, Values
from db.access.permissions import Doors
from db.access.users import ADMIN
from db.annotate import qualifications
from db.errors import BadInput, NotFound
from db.workspace import open_database


@dataclass(frozen=True)
class Rules:
    """What a version has besides its questions, and how it is saved."""

    name: gr.Textbox
    before: gr.Dropdown
    mark: gr.Number
    attempts: gr.Number
    minutes: gr.Number
    save: gr.Button
    note: gr.HTML


def build(doors: Doors, tab: gr.Tab) -> None:
    """Add the page's components to the tab that is being made."""
    with gr.Row():
        name = gr.Textbox(label="Name of the test", value="describe", elem_id="an-test-name")
        before = gr.Dropdown(
            label="Start from", choices=[("a new test", 0)], value=0, elem_id="an-test-before"
        )
    form = tab_questions.build_form()
    listed = tab_questions.build_list()
    with gr.Row():
        mark = gr.Number(
            label="Right answers needed (0: all)",
            value=0,
            precision=0,
            minimum=0,
            elem_id="an-test-mark",
        )
        attempts = gr.Number(
            label="Attempts", value=3, precision=0, minimum=1, elem_id="an-test-attempts"
        )
        minutes = gr.Number(
            label="Minutes between attempts", value=10, minimum=0, elem_id="an-test-minutes"
        )
    rules = Rules(
        name=name,
        before=before,
        mark=mark,
        attempts=attempts,
        minutes=minutes,
        save=gr.Button("Save as a new version", variant="primary", elem_id="an-test-save"),
        note=gr.HTML(padding=False, elem_id="an-test-note"),
    )
    tab_questions.wire(doors, form, listed)
    _save(doors, tab, form, listed, rules)
    _as_text(doors, listed, mark)


def _save(doors: Doors, tab: gr.Tab, form: Form, listed: Listed, rules: Rules) -> None:
    """Let a test start from another version, and be saved as the next one."""

    @doors.allow(*ADMIN)
    def offer(exemplar_set_id: int | None, number: float, request: gr.Request) -> Values:
        """The tab was opened: the layers and tests that there are now, and the unit's picture."""
        with open_database(doors.workspace) as db:
            layers, now = campaign_units.offered(db, exemplar_set_id)
            return {
                form.layer: gr.Dropdown(choices=layers, value=now),
                form.picture: tab_questions.seen(db, now, number),
                rules.before: _versions(db),
            }

    @doors.allow(*ADMIN)
    def begin(test_id: int | None, request: gr.Request) -> Values:
        """The questions and rules of a version that is there, to be changed into the next one."""
        with open_database(doors.workspace) as db:
            if not test_id:
                return {**listed.show(db, ()), rules.mark: 0}
            test = qualifications.get(db, test_id)
            return {
                **listed.show(db, tuple(qualifications.questions(db, test_id))[:MOST]),
                rules.name: test.name,
                rules.mark: 0 if test.pass_mark == test.questions else test.pass_mark,
                rules.attempts: test.max_attempts,
                rules.minutes: test.cooling_minutes,
            }

    @doors.allow(*ADMIN)
    def store(given: Values, request: gr.Request) -> Values:
        """Save the list as a new version; a question that was typed and not added is not lost."""
        with open_database(doors.workspace) as db:
            try:
                if any(given[option].strip() for option in form.options):
                    raise BadInput("Add the question that you began first, or empty its boxes.")
                test = qualifications.add(
                    db,
                    given[rules.name],
                    given[listed.questions],
                    person=doors.person(request).name,
                    pass_mark=int(given[rules.mark]) if given[rules.mark] else None,
                    max_attempts=int(given[rules.attempts] or 1),
                    cooling_minutes=float(given[rules.minutes] or 0),
                )
            except BadInput as error:
                return {rules.note: html.problem(str(error))}
            sentence = (
                f"Saved {test.name}, version {test.version}: {test.pass_mark} of {test.questions} "
                "must be right. Choose it for a campaign."
            )
            versions = _versions(db, test.qualification_id)
            return {rules.note: html.note(sentence), rules.before: versions}

    filled = [form.layer, rules.before, form.picture]
    tab.select(offer, [form.layer, form.unit], filled, **ONCE)
    boxes = [rules.name, rules.mark, rules.attempts, rules.minutes]
    rules.before.input(begin, rules.before, [*listed.outputs, *boxes], **ONCE)
    inputs: set[Any] = {listed.questions, *boxes, *form.options}
    rules.save.click(store, inputs, [rules.note, rules.before], **ONCE)


def _as_text(doors: Doors, listed: Listed, mark: gr.Number) -> None:
    """The same list as YAML."""
    with gr.Accordion("Or write the questions as YAML", open=False):
        text = gr.Code(qualification.EXAMPLE, language="yaml", label="YAML", elem_id="an-test-text")
        with gr.Row():
            take = gr.Button("Take these questions", elem_id="an-test-take")
            give = gr.Button("Show the questions above", elem_id="an-test-give")
        note = gr.HTML(padding=False, elem_id="an-test-told")

    @doors.allow(*ADMIN)
    def take_in(written: str, request: gr.Request) -> Values:
        """The questions that the YAML spells out, in the place of those in the list."""
        with open_database(doors.workspace) as db:
            try:
                test = qualification.read(db, written)
            except (BadInput, NotFound) as error:
                return {note: html.problem(str(error))}
            sentence = html.note("They are in the list above; look at them, then save.")
            shown = listed.show(db, test.questions)
            return {**shown, mark: test.pass_mark or 0, note: sentence}

    @doors.allow(*ADMIN)
    def put_out(questions: Questions, needed: float, request: gr.Request) -> Values:
        """The questions of the list as YAML."""
        if not questions:
            return {note: html.problem("The list above is empty: add a question first.")}
        test = Written(questions, int(needed) if needed else None)
        with open_database(doors.workspace) as db:
            return {text: qualification.write(db, test), note: ""}

    take.click(take_in, text, [*listed.outputs, mark, note], **ONCE)
    give.click(put_out, [listed.questions, mark], [text, note], **ONCE)


def _versions(db: Database, chosen: int = 0) -> Any:
    """What a test can start from."""
    return gr.Dropdown(choices=[("a new test", 0), *qualification.names(db)], value=chosen)
