"""The admin's removal of one person's text, and the places that still repeat it.

build(doors)            # inside the tabs of the admin's page
"""

from typing import Any

import gradio as gr

from annotator import html
from annotator.campaigns import page
from annotator.events import ONCE, Values
from annotator.exchange import job
from annotator.html import near, problem
from db.access import users
from db.access.permissions import Doors
from db.access.users import ADMIN
from db.annotate import annotations
from db.errors import BadInput, WorkbenchError
from db.templates import joined
from db.workspace import open_database


def build(doors: Doors) -> Any:
    """Add the tab to those of the admin's page; returns the event after which counts differ."""
    workspace = doors.workspace
    with gr.Tab("Withdrawal", id="an-withdrawal"):
        person = gr.Textbox(
            label="Name of the person whose text is to be removed", elem_id="an-withdraw-name"
        )
        gr.HTML(page.kept(), padding=False)
        search = gr.Button("Look for places that quote this person", elem_id="an-quotes")
        sure = gr.Checkbox(
            label="Remove everything this person wrote; it cannot be undone, and quotes in "
            "reviewers' reasons and in the log stay",
            elem_id="an-withdraw-sure",
        )
        withdraw = gr.Button("Remove", variant="stop", elem_id="an-withdraw")
        gone = gr.HTML(padding=False, elem_id="an-withdraw-note")

    @doors.allow(*ADMIN)
    @near
    def find(name_typed: str, request: gr.Request) -> str:
        """Where others repeat what this person wrote."""
        with open_database(workspace) as db:
            return page.quotes(annotations.quoted(db, users.get(db, name_typed).name))

    @doors.allow(*ADMIN)
    def remove(name_typed: str, certain: bool, request: gr.Request) -> Values:
        """One person's text is removed everywhere; that it happened is logged."""
        with open_database(workspace) as db:
            try:
                if not certain:
                    raise BadInput("Tick the box first.")
                author = users.get(db, name_typed).name
            except WorkbenchError as error:
                return {gone: problem(str(error))}
            left = annotations.quoted(db, author)
            count = annotations.withdraw(db, author, person=doors.person(request).name)
        files = job.forget(workspace)
        said = f"{count} answers were emptied; their slots are free again."
        if files:
            said += f" {files} export files kept here were deleted."
        parts = [html.note(said), *([page.quotes(left)] if left else [])]
        return {gone: joined(parts), person: "", sure: False}

    search.click(find, person, gone, **ONCE)
    # Who is certain is so about one person.
    person.change(None, None, sure, js="() => false")
    return withdraw.click(remove, [person, sure], [gone, person, sure], **ONCE)
