"""The admin's cleaning rules: preview, put in force, and every version that there was.

build(doors, page, chosen)      # `chosen` is the campaign picked above
"""

from typing import Any

import gradio as gr
from sqlite_utils import Database

from annotator import html
from annotator.corpus import cleaning, spelling
from annotator.corpus import page as corpus_page
from annotator.events import ONCE
from annotator.html import near
from db.access.permissions import Doors
from db.access.users import ADMIN, EVERYBODY
from db.annotate import annotations, cleanings
from db.errors import BadInput, WorkbenchError
from db.workspace import open_database

HOW = (
    "prefix: these are · suffix: in the images · replace: alot of -> a lot of · spelling · "
    "@name before a rule: for one person"
)


def build(doors: Doors, page: gr.Blocks, chosen: gr.Dropdown) -> None:
    """Add the tab to those of the admin's page."""
    workspace = doors.workspace
    with gr.Tab("Cleaning", id="an-cleaning") as item:
        rules = gr.Textbox(label="One rule a line", lines=10, elem_id="an-rules", info=HOW)
        gr.HTML(corpus_page.spelling_rule(), padding=False)
        note = gr.Textbox(label="Note about this version", elem_id="an-rules-note", max_lines=1)
        with gr.Row():
            preview = gr.Button("Preview on the chosen campaign", elem_id="an-preview")
            keep = gr.Button("Put in force", elem_id="an-rules-save")
        changes = gr.HTML(padding=False, elem_id="an-changes")
        with gr.Row():
            version = gr.Dropdown(label="Version", choices=[], elem_id="an-version", scale=2)
            show = gr.Button("Show its rules above", elem_id="an-version-show")
            use = gr.Button("Use this version", elem_id="an-version-use")
        history = gr.HTML(padding=False, elem_id="an-versions")
    listed: list[Any] = [version, history]

    def versions(db: Database) -> list[Any]:
        known = cleanings.every(db)
        names = [(f"version {row.version}", row.version) for row in known]
        first = known[0].version if known else 0
        menu = gr.Dropdown(choices=[*names, ("built-in rules", 0)], value=first)
        return [menu, corpus_page.versions(known)]

    @doors.allow(*EVERYBODY)
    def fill(request: gr.Request) -> Any:
        """The page was opened; only an admin is told the rules in force."""
        if doors.person(request).role != "admin":
            return ""
        with open_database(workspace) as db:
            return cleaning.as_lines(cleaning.in_force(db)[1])

    @doors.allow(*ADMIN)
    def look(request: gr.Request) -> list[Any]:
        """All versions, the one in force first."""
        with open_database(workspace) as db:
            return versions(db)

    @doors.allow(*ADMIN)
    @near
    def try_rules(campaign_id: int | None, lines: str, request: gr.Request) -> str:
        """Raw and cleaned text side by side."""
        if campaign_id is None:
            raise BadInput("Choose a campaign first.")
        with open_database(workspace) as db:
            answers = annotations.of_campaign(db, campaign_id)
        sentences = [(answer.annotator, answer.text) for answer in answers if answer.kind == "text"]
        found = cleaning.preview(sentences, cleaning.parse(lines), spelling=spelling.suggest)
        return corpus_page.changes(found, len(sentences))

    @doors.allow(*ADMIN)
    def save_rules(lines: str, why: str, request: gr.Request) -> list[Any]:
        """Let these rules be in force; the versions before are kept."""
        person = doors.person(request).name
        try:
            found = cleaning.as_json(cleaning.parse(lines))
        except WorkbenchError as error:
            return [html.problem(str(error)), gr.skip(), gr.skip()]
        with open_database(workspace) as db:
            added = cleanings.add(db, found, person=person, note=" ".join(why.split())).version
            said = html.note(f"Version {added} is in force. Raw text is untouched.")
            return [said, *versions(db)]

    @doors.allow(*ADMIN)
    def put_above(number: int | None, request: gr.Request) -> str:
        """The rules of a version, to be read or changed."""
        with open_database(workspace) as db:
            return cleaning.as_lines(cleaning.of_version(db, number or 0))

    @doors.allow(*ADMIN)
    def go_back(number: int | None, request: gr.Request) -> list[Any]:
        """Put an earlier version in force again, as another version."""
        person, number = doors.person(request).name, number or 0
        with open_database(workspace) as db:
            before = cleaning.of_version(db, number)
            name = f"version {number}" if number else "the built-in rules"
            text = cleaning.as_json(before)
            added = cleanings.add(db, text, person=person, note=f"back to {name}").version
            said = html.note(f"The rules of {name} are in force, as version {added}.")
            return [cleaning.as_lines(before), said, *versions(db)]

    page.load(fill, None, rules, show_progress="hidden")
    item.select(look, None, listed, **ONCE)
    preview.click(try_rules, [chosen, rules], changes, **ONCE)
    keep.click(save_rules, [rules, note], [changes, *listed], **ONCE)
    show.click(put_above, version, rules, **ONCE)
    use.click(go_back, version, [rules, changes, *listed], **ONCE)
