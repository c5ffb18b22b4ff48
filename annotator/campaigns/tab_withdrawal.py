"""The admin's removal of one person's text, and the places that still repeat it.

build(doors)            # inside the tabs of the admin's page
"""

from html import escape
from typing import Any

import gradio as gr

from annotator import html
from annotator.exchange import job
from annotator.html import near, problem
from db.access import users
from db.access.doors import Doors
from db.access.users import ADMIN
from db.annotate import annotations
from db.annotate.annotations import Quote
from db.errors import BadInput, WorkbenchError
from db.workspace import open_database

KEPT = (
    "Reasons that reviewers wrote and lines of the log are never edited, by anybody: if one quotes "
    "the removed text, the quote stays. Look for such places first; afterwards nobody can find "
    "them by the text. Exports that were downloaded are out of reach; those kept here are deleted."
)


def build(doors: Doors) -> Any:
    """Add the tab to those of the admin's page; returns the event after which counts differ."""
    workspace = doors.workspace
    with gr.Tab("Withdrawal", id="an-withdrawal"):
        person = gr.Textbox(
            label="Name of the person whose text is to be removed", elem_id="an-withdraw-name"
        )
        gr.HTML(f'<p class="an-muted">{KEPT}</p>', padding=False)
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
            return _quotes(annotations.quoted(db, users.get(db, name_typed).name))

    @doors.allow(*ADMIN)
    def remove(name_typed: str, certain: bool, request: gr.Request) -> list[Any]:
        """One person's text is removed everywhere; that it happened is logged."""
        with open_database(workspace) as db:
            try:
                if not certain:
                    raise BadInput("Tick the box first.")
                author = users.get(db, name_typed).name
            except WorkbenchError as error:
                return [problem(str(error)), gr.skip(), gr.skip()]
            left = annotations.quoted(db, author)
            count = annotations.withdraw(db, author, person=doors.person(request).name)
        files = job.forget(workspace)
        said = f"{count} answers were emptied; their slots are free again."
        if files:
            said += f" {files} export files kept here were deleted."
        return [html.note(said) + (_quotes(left) if left else ""), "", False]

    once: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "once"}
    search.click(find, person, gone, **once)
    # Who is certain is so about one person.
    person.change(None, None, sure, js="() => false")
    return withdraw.click(remove, [person, sure], [gone, person, sure], **once)


def _quotes(found: list[Quote]) -> str:
    """The places with what they say."""
    if not found:
        return html.note("No reason of a reviewer and no line of the log quotes this person.")
    rows = "".join(
        f"<tr><td>{escape(each.where)}</td><td>{escape(each.text)}</td></tr>" for each in found
    )
    return (
        f"<p>{len(found)} places quote this person and stay as they are:</p>"
        f'<table class="an-table"><tr><th>where</th><th>what it says</th></tr>{rows}</table>'
    )
