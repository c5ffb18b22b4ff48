"""Tabs of the admin's page beside progress and settings: tests, ratings, cleaning, export, removal.

build(doors, page, chosen, wake=…)    # `chosen` is the campaign picked above
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from annotator import (
    board,
    cleaning,
    commands,
    pages,
    spelling,
    tab_arrays,
    tab_import,
    tab_ratings,
    tab_statistics,
    tab_tests,
)
from annotator import rules as ruling
from annotator.pages import near
from db import annotations, campaigns, cleanings, transfers, users
from db.doors import Doors
from db.errors import BadInput
from db.users import Role
from db.workspace import open_database

ADMIN: tuple[Role, ...] = ("admin",)
# key: what it is, how its file ends
FORMATS = {
    "jsonl": ("everything, JSON lines", "jsonl"),
    "csv": ("everything, CSV", "csv"),
    "parquet": ("everything, Parquet", "parquet"),
    "milannotations": ("milannotations table (layer, unit, summary)", "csv"),
    "dataset": ("Hugging Face dataset folder with a card (zip)", "zip"),
    "mturk": ("MTurk results", "csv"),
    "ratings": ("ratings, a line for every mark", "csv"),
}


def build(doors: Doors, page: gr.Blocks, chosen: gr.Dropdown, *, wake: Callable[[], None]) -> None:
    """Add these tabs to those of the admin's page."""
    workspace = doors.workspace
    with gr.Tab("Export", id="an-exports") as exporting:
        with gr.Row():
            form = gr.Dropdown(
                [(label, key) for key, (label, _) in FORMATS.items()],
                value="jsonl",
                label="Format",
                elem_id="an-format",
                scale=2,
            )
            licence = gr.Textbox(
                label="Licence in a dataset's card", value="unknown", elem_id="an-licence"
            )
        approved = gr.Checkbox(label="Approved answers only")
        cleaned = gr.Checkbox(label="Cleaned by the rules in force")
        simulated = gr.Checkbox(label="With the sentences of simulated annotators")
        export = gr.Button("Make the file", elem_id="an-export")
        trouble = gr.HTML(padding=False, elem_id="an-export-note")
        file = gr.File(label="File", interactive=False, elem_id="an-export-file")
        tab_arrays.build(doors, exporting, chosen, approved, cleaned, simulated, wake=wake)
        gr.HTML('<p class="an-muted">People appear as pseudonyms.</p>', padding=False)
    tab_import.build(doors)
    with gr.Tab("Tests", id="an-tests") as tests:
        tab_tests.build(doors, tests)
    tab_ratings.build(doors)
    tab_statistics.build(doors, chosen, wake=wake)
    with gr.Tab("Cleaning", id="an-cleaning"):
        rules = gr.Textbox(label="One rule a line", lines=10, elem_id="an-rules")
        with gr.Row():
            preview = gr.Button("Preview on the chosen campaign", elem_id="an-preview")
            keep = gr.Button("Put in force", elem_id="an-rules-save")
        changes = gr.HTML(padding=False, elem_id="an-changes")
    with gr.Tab("Withdrawal", id="an-withdrawal"):
        person = gr.Textbox(label="Name of the person whose text is to be removed")
        sure = gr.Checkbox(label="Remove everything this person wrote; it cannot be undone")
        withdraw = gr.Button("Remove", variant="stop", elem_id="an-withdraw")
        gone = gr.HTML(padding=False)

    @doors.allow("admin", "reviewer", "annotator")
    def fill(request: gr.Request) -> Any:
        """The page was opened; only an admin is told the rules in force."""
        if doors.person(request).role != "admin":
            return ""
        with open_database(workspace) as db:
            return cleaning.as_lines(ruling.in_force(db)[1])

    @doors.allow(*ADMIN)
    def write(
        campaign_id: int | None,
        kind: str,
        only: bool,
        tidy: bool,
        made_up: bool,
        under: str,
        request: gr.Request,
    ) -> tuple[str | None, str]:
        """The export as a file to download; it is written outside the workspace."""
        if campaign_id is None or kind not in FORMATS:
            return None, pages.problem("Choose a campaign and a format first.")
        with open_database(workspace) as db:
            campaign = campaigns.get(db, campaign_id)
            secret = workspace.secret.read_bytes()
            records = transfers.records(db, campaign_id, secret=secret, simulated=made_up)
            pseudonym_of = transfers.pseudonyms(db, secret=secret)
            version, in_force = ruling.in_force(db)
        if tidy:
            records = commands.cleaned(records, in_force, pseudonym_of, version=version)
        if only:
            records = [record for record in records if record.status == "approved"]
        folder = Path(tempfile.mkdtemp(prefix="milan-export-"))
        path = folder / f"campaign-{campaign_id}-{kind}.{FORMATS[kind][1]}"
        try:
            commands.write(
                path,
                records,
                form=kind,
                title=campaign.name,
                pictures=None,
                licence=under.strip() or "unknown",
            )
        except BadInput as error:
            return None, pages.problem(str(error))
        return str(path), board.note(f"{len(records)} answers of {campaign.name}.")

    @doors.allow(*ADMIN)
    @near
    def try_rules(campaign_id: int | None, lines: str, request: gr.Request) -> str:
        """Raw and cleaned text side by side."""
        if campaign_id is None:
            raise BadInput("Choose a campaign first.")
        with open_database(workspace) as db:
            answers = annotations.of_campaign(db, campaign_id)
        sentences = [(each.annotator, each.text) for each in answers if each.kind == "text"]
        found = cleaning.preview(sentences, cleaning.parse(lines), spelling=spelling.suggest)
        return board.changes(found, len(sentences))

    @doors.allow(*ADMIN)
    @near
    def save_rules(lines: str, request: gr.Request) -> str:
        """Let these rules be in force; the versions before are kept."""
        found = cleaning.as_json(cleaning.parse(lines))
        with open_database(workspace) as db:
            version = cleanings.add(db, found, person=doors.person(request).name).version
        return board.note(f"Version {version} is in force. Raw text is untouched.")

    @doors.allow(*ADMIN)
    @near
    def remove(name_typed: str, certain: bool, request: gr.Request) -> str:
        """One person's text is removed everywhere; that it happened is logged."""
        if not certain:
            raise BadInput("Tick the box first.")
        with open_database(workspace) as db:
            author = users.get(db, name_typed).name
            count = annotations.withdraw(db, author, person=doors.person(request).name)
        return board.note(f"{count} answers were emptied; their slots are free again.")

    once: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "once"}
    page.load(fill, None, rules, show_progress="hidden")
    export.click(
        write, [chosen, form, approved, cleaned, simulated, licence], [file, trouble], **once
    )
    preview.click(try_rules, [chosen, rules], changes, **once)
    keep.click(save_rules, rules, changes, **once)
    withdraw.click(remove, [person, sure], gone, **once)
