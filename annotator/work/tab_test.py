"""The qualification test of the annotator's page: one picture set a step, options as large cards.

    sheet = build()                      # components, inside the column they belong to
    sheet.outputs                        # what `asked` and `closed` fill, each by component

The right answers never reach the browser; what was chosen so far stays on the server.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from markupsafe import Markup
from sqlite_utils import Database

from annotator.events import Values
from annotator.texts.words import Words
from annotator.work import page
from annotator.work.desk import ENGLISH
from db.annotate.qualifications import Sitting
from db.describe import exemplars
from db.templates import joined


@dataclass(frozen=True)
class Sheet:
    """The components of the test."""

    head: gr.HTML
    attempt: gr.Textbox
    given: gr.State
    picture: gr.HTML
    choice: gr.Radio
    hand_in: gr.Button

    @property
    def inputs(self) -> set[Any]:
        """What a press on the button is given."""
        return {self.attempt, self.given, self.choice}

    @property
    def outputs(self) -> list[Any]:
        """What the functions below fill."""
        return [self.head, self.attempt, self.given, self.picture, self.choice, self.hand_in]

    def asked(
        self,
        db: Database,
        sitting: Sitting,
        given: Sequence[int],
        *,
        attempts_left: int,
        head: Markup | None = None,
        say: Words = ENGLISH,
    ) -> Values:
        """The question after those that were answered."""
        number = len(given)
        question = sitting.questions[number]
        last = number + 1 == len(sitting.questions)
        choices = [(option, index) for index, option in enumerate(question.options)]
        return {
            self.head: joined([head or Markup(), page.attempts(attempts_left, say)]),
            self.attempt: str(sitting.attempt_id),
            self.given: list(given),
            self.picture: page.asked(
                exemplars.unit(db, question.unit_id), number + 1, sitting, say
            ),
            self.choice: gr.Radio(choices=choices, value=None, label=say("test.label")),
            self.hand_in: say("test.hand_in") if last else say("test.next"),
        }

    def closed(self) -> Values:
        """No test is being taken."""
        return {
            self.head: "",
            self.attempt: "",
            self.given: [],
            self.picture: "",
            self.choice: gr.Radio(choices=[], value=None),
        }


def build() -> Sheet:
    """Add the test's components to the blocks that are being made."""
    return Sheet(
        head=gr.HTML(padding=False),
        attempt=gr.Textbox("", visible=False),
        given=gr.State([]),
        picture=gr.HTML(),
        choice=gr.Radio([], label="Best description", elem_id="an-choice", elem_classes="an-cards"),
        hand_in=gr.Button("Next · Ctrl+Enter", variant="primary", elem_id="an-hand-in"),
    )
