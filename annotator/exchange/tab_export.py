"""Tabs of the admin's page beside progress and settings: tests, ratings, cleaning, export, removal.

build(doors, page, chosen, wake=…)    # `chosen` is the campaign picked above
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from annotator import html
from annotator.campaigns import tab_qualification, tab_withdrawal
from annotator.corpus import cleaning, tab, tab_cleaning
from annotator.exchange import tab_arrays, tab_import
from annotator.exchange import write as written
from annotator.ratings import tab_start
from db.access.doors import Doors
from db.access.users import ADMIN
from db.annotate import campaigns, transfers
from db.errors import BadInput
from db.workspace import open_database

# key: what it is, how its file ends
FORMATS = {
    "jsonl": ("everything, JSON lines", "jsonl"),
    "csv": ("everything, CSV", "csv"),
    "parquet": ("everything, Parquet", "parquet"),
    "milannotations": ("milannotations table (layer, unit, summary)", "csv"),
    "mturk": ("MTurk results", "csv"),
    "ratings": ("ratings, a line for every mark", "csv"),
}


def build(doors: Doors, page: gr.Blocks, chosen: gr.Dropdown, *, wake: Callable[[], None]) -> Any:
    """Add these tabs to those of the admin's page; returns the event after which counts differ."""
    workspace = doors.workspace
    with gr.Tab("Export", id="an-exports") as exporting:
        approved = gr.Checkbox(label="Approved answers only")
        cleaned = gr.Checkbox(label="Cleaned by the rules in force")
        simulated = gr.Checkbox(label="With the sentences of simulated annotators")
        form = gr.Dropdown(
            [(label, key) for key, (label, _) in FORMATS.items()],
            value="jsonl",
            label="Format of the table",
            elem_id="an-format",
        )
        export = gr.Button("Make the file", elem_id="an-export")
        trouble = gr.HTML(padding=False, elem_id="an-export-note")
        file = gr.File(label="File", interactive=False, visible=False, elem_id="an-export-file")
        tab_arrays.build(doors, exporting, chosen, approved, cleaned, simulated, wake=wake)
        gr.HTML('<p class="an-muted">People appear as pseudonyms.</p>', padding=False)
    tab_import.build(doors)
    with gr.Tab("Tests", id="an-tests") as tests:
        tab_qualification.build(doors, tests)
    tab_start.build(doors)
    tab.build(doors, chosen, wake=wake)
    tab_cleaning.build(doors, page, chosen)
    withdrawn = tab_withdrawal.build(doors)

    @doors.allow(*ADMIN)
    def write(
        campaign_id: int | None,
        kind: str,
        only: bool,
        tidy: bool,
        made_up: bool,
        request: gr.Request,
    ) -> tuple[Any, str]:
        """The export as a file to download; it is written outside the workspace."""
        if campaign_id is None or kind not in FORMATS:
            return gr.File(visible=False), html.problem("Choose a campaign and a format first.")
        with open_database(workspace) as db:
            campaign = campaigns.get(db, campaign_id)
            secret = workspace.secret.read_bytes()
            records = transfers.records(db, campaign_id, secret=secret, simulated=made_up)
            pseudonym_of = transfers.pseudonyms(db, secret=secret)
            version, in_force = cleaning.in_force(db)
        if tidy:
            records = written.cleaned(records, in_force, pseudonym_of, version=version)
        if only:
            records = [record for record in records if record.status == "approved"]
        folder = Path(tempfile.mkdtemp(prefix="milan-export-"))
        path = folder / f"campaign-{campaign_id}-{kind}.{FORMATS[kind][1]}"
        try:
            written.write(path, records, form=kind, title=campaign.name, pictures=None)
        except BadInput as error:
            return gr.File(visible=False), html.problem(str(error))
        return gr.File(str(path), visible=True), html.note(
            f"Made from {len(records)} answers of {campaign.name}."
        )

    once: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "once"}
    export.click(write, [chosen, form, approved, cleaned, simulated], [file, trouble], **once)
    return withdrawn
