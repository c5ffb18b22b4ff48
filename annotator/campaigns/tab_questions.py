"""The questions of a test that is being made: the form for one, and the list of those so far.

    form = build_form()
    listed = build_list()
    wire(doors, form, listed)
    listed.show(db, questions)            # fills `listed.outputs`

The questions so far stay on the server until they are saved.
"""

from dataclasses import dataclass
from typing import Any

import gradio as gr
from sqlite_utils import Database

from annotator import html
from annotator.campaigns import page, qualification
from annotator.campaigns.qualification import MOST, Typed
from annotator.events import LATEST, ONCE, Values
from db.access.permissions import Doors
from db.access.users import ADMIN
from db.annotate import campaigns
from db.annotate.qualifications import OPTIONS, Question
from db.describe import exemplars
from db.errors import BadInput, WorkbenchError
from db.templates import joined
from db.workspace import open_database

Questions = tuple[Question, ...]


@dataclass(frozen=True)
class Form:
    """The boxes of one question."""

    layer: gr.Dropdown
    unit: gr.Number
    picture: gr.HTML
    options: tuple[gr.Textbox, ...]
    right: gr.Radio
    reason: gr.Textbox
    add: gr.Button
    trouble: gr.HTML

    @property
    def inputs(self) -> set[Any]:
        """What a question is read from."""
        return {self.layer, self.unit, *self.typed}

    @property
    def typed(self) -> list[Any]:
        """The boxes that are empty again after a question is in the list."""
        return [*self.options, self.right, self.reason]

    def read(self, given: Values) -> Typed:
        """The question in the boxes."""
        options = [given[option] for option in self.options]
        return Typed(
            given[self.layer], given[self.unit], options, given[self.right], given[self.reason]
        )

    def emptied(self) -> Values:
        """Boxes for the next question."""
        return {**dict.fromkeys(self.options, ""), self.right: None, self.reason: ""}


@dataclass(frozen=True)
class Listed:
    """The questions so far, each in a row with a button that removes it."""

    questions: gr.State
    head: gr.HTML
    rows: tuple[gr.Row, ...]
    cards: tuple[gr.HTML, ...]
    drops: tuple[gr.Button, ...]

    @property
    def outputs(self) -> list[Any]:
        """What `show` fills."""
        return [self.questions, self.head, *self.rows, *self.cards]

    def show(self, db: Database, questions: Questions) -> Values:
        """These questions as the list."""
        shown: Values = {self.questions: questions, self.head: page.questions_head(len(questions))}
        for index, (row, card) in enumerate(zip(self.rows, self.cards, strict=True)):
            there = index < len(questions)
            shown[row] = gr.Row(visible=there)
            shown[card] = _card(db, index + 1, questions[index]) if there else ""
        return shown


def build_form() -> Form:
    """Add the boxes of a question to the blocks that are being made."""
    with gr.Row():
        with gr.Column(scale=3, min_width=320):
            with gr.Row():
                layer = gr.Dropdown(
                    label="Network and layer", choices=[], elem_id="an-test-layer", min_width=240
                )
                unit = gr.Number(
                    label="Unit", value=0, precision=0, minimum=0, elem_id="an-test-unit"
                )
            picture = gr.HTML(padding=False, elem_id="an-test-picture")
        with gr.Column(scale=2, min_width=300):
            options = tuple(
                gr.Textbox(
                    label=f"Description {number}" + (" (may stay empty)" if number > 2 else ""),
                    max_lines=1,
                    elem_id=f"an-test-option-{number}",
                )
                for number in range(1, OPTIONS[1] + 1)
            )
            right = gr.Radio(
                [(str(index + 1), index) for index in range(OPTIONS[1])],
                label="The right one is description",
                elem_id="an-test-right",
            )
            reason = gr.Textbox(
                label="Reason (may stay empty; read after the test, by those who chose another)",
                max_lines=2,
                elem_id="an-test-reason",
            )
            add = gr.Button("Add this question", elem_id="an-test-add")
            trouble = gr.HTML(padding=False, elem_id="an-test-trouble")
    return Form(
        layer=layer,
        unit=unit,
        picture=picture,
        options=options,
        right=right,
        reason=reason,
        add=add,
        trouble=trouble,
    )


def build_list() -> Listed:
    """Add the list, still empty, to the blocks that are being made."""
    head = gr.HTML(page.questions_head(0), padding=False, elem_id="an-test-head")
    rows, cards, drops = [], [], []
    for number in range(1, MOST + 1):
        with gr.Row(visible=False, elem_id=f"an-test-question-{number}") as row:
            cards.append(gr.HTML(padding=False))
            drops.append(gr.Button("Remove", scale=0, min_width=110, size="sm"))
        rows.append(row)
    return Listed(gr.State(()), head, tuple(rows), tuple(cards), tuple(drops))


def wire(doors: Doors, form: Form, listed: Listed) -> None:
    """Let units be looked at, and questions enter and leave the list."""

    @doors.allow(*ADMIN)
    def look(exemplar_set_id: int | None, number: float, request: gr.Request) -> str:
        """The picture of the chosen unit."""
        with open_database(doors.workspace) as db:
            return seen(db, exemplar_set_id, number)

    @doors.allow(*ADMIN)
    def enter(given: Values, request: gr.Request) -> Values:
        """One more question; what was typed stays in its boxes when it cannot be used."""
        with open_database(doors.workspace) as db:
            try:
                questions = qualification.more(db, given[listed.questions], form.read(given))
            except WorkbenchError as error:
                return {form.trouble: html.problem(str(error))}
            sentence = html.note(f"Question {len(questions)} is in the list below.")
            return {**listed.show(db, questions), **form.emptied(), form.trouble: sentence}

    def remove(index: int) -> Any:
        @doors.allow(*ADMIN)
        def drop(questions: Questions, request: gr.Request) -> Values:
            """One question less."""
            with open_database(doors.workspace) as db:
                return listed.show(db, (*questions[:index], *questions[index + 1 :]))

        return drop

    for event in (form.layer.input, form.unit.change):
        event(look, [form.layer, form.unit], form.picture, **LATEST)
    outputs = [*listed.outputs, *form.typed, form.trouble]
    form.add.click(enter, {listed.questions, *form.inputs}, outputs, **ONCE)
    for index, button in enumerate(listed.drops):
        button.click(remove(index), listed.questions, listed.outputs, **ONCE)


def seen(db: Database, exemplar_set_id: int | None, number: float | None) -> str:
    """The picture of a unit, and which campaigns would ask people about it besides."""
    try:
        unit = qualification.shown_unit(db, exemplar_set_id, number)
    except BadInput as error:
        return html.problem(str(error))
    asking = campaigns.asking(db, unit.unit_id)
    return joined([html.picture(unit), page.tested(unit, asking)])


def _card(db: Database, number: int, asked: Question) -> str:
    return page.question(number, asked, exemplars.unit(db, asked.unit_id))
