"""The qualification test of the annotator's page: one picture set a step, options as large cards.

    sheet = build()                      # components, inside the column they belong to
    sheet.outputs                        # what `asked` and `closed` fill

The right answers never reach the browser; what was chosen so far stays on the server.
"""

from dataclasses import dataclass
from typing import Any

import gradio as gr
from sqlite_utils import Database

from annotator.work import page
from db.annotate.qualifications import Sitting
from db.describe import exemplars


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
    def outputs(self) -> list[Any]:
        """In the order in which the functions below fill them."""
        return [self.head, self.attempt, self.given, self.picture, self.choice, self.hand_in]


def build() -> Sheet:
    """Add the test's components to the blocks that are being made."""
    return Sheet(
        gr.HTML(padding=False),
        gr.Textbox("", visible=False),
        gr.State([]),
        gr.HTML(),
        gr.Radio([], label="Best description", elem_id="an-choice", elem_classes="an-cards"),
        gr.Button("Next · Ctrl+Enter", variant="primary", elem_id="an-hand-in"),
    )


def asked(
    db: Database, sitting: Sitting, given: list[int], *, attempts_left: int, head: str = ""
) -> list[Any]:
    """The question after those that were answered."""
    number = len(given)
    question = sitting.questions[number]
    last = number + 1 == len(sitting.questions)
    choices = [(option, index) for index, option in enumerate(question.options)]
    return [
        head + page.attempts(attempts_left),
        str(sitting.attempt_id),
        given,
        page.asked(question, exemplars.unit(db, question.unit_id), number + 1, sitting),
        gr.Radio(choices=choices, value=None),
        "Hand in · Ctrl+Enter" if last else "Next · Ctrl+Enter",
    ]


def closed() -> list[Any]:
    """No test is being taken."""
    return ["", "", [], "", gr.Radio(choices=[], value=None), gr.skip()]
