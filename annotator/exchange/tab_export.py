"""The admin's export: a campaign as one table at once, or as folders with pictures by the worker.

build(doors, chosen, wake=…)    # `chosen` is the campaign picked above
"""

from collections.abc import Callable
from typing import Any

import gradio as gr

from annotator import campaign as campaigning
from annotator import html
from annotator.events import LATEST, ONCE, Values
from annotator.exchange import job, page
from annotator.exchange import write as writing
from annotator.exchange.job import Packed
from annotator.exchange.write import Choice
from db.access.permissions import Doors
from db.access.users import ADMIN
from db.annotate import campaigns
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
FOLDERS = {
    "milannotations": "milannotations: table and arrays as evandez/neuron-descriptions loads them",
    "dataset": "a Hugging Face dataset with a card",
}


def build(doors: Doors, chosen: gr.Dropdown, *, wake: Callable[[], None]) -> None:
    """Add the tab to those of the admin's page."""
    workspace = doors.workspace
    with gr.Tab("Export", id="an-exports") as item:
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
        folders, licence, sentences, complete, missing = _folders()
        pack = gr.Button("Make the folders", elem_id="an-arrays")
        note = gr.HTML(padding=False, elem_id="an-arrays-note")
        timer = gr.Timer(2, active=False)
        gr.HTML(page.pseudonyms(), padding=False)

    def choice(given: Values) -> Choice:
        return Choice(
            bool(given[approved]),
            bool(given[cleaned]),
            bool(given[simulated]),
            max(int(given[sentences] or 1), 1),
            bool(given[complete]),
        )

    def show(campaign_id: int | None, sentence: str = "") -> list[Any]:
        if campaign_id is None:
            return ["", gr.Timer(active=False)]
        wake()
        with open_database(workspace) as db:
            latest = campaigning.newest(db, job.KIND).get(campaign_id)
        line = "" if latest is None else html.line(latest)
        if latest is not None and latest.state == "done":
            packed = Packed.from_json(latest.result)
            there = (workspace.reports / packed.file).is_file()
            line = page.packed(packed, latest.ended_utc or "", there=there)
        return [sentence or line, gr.Timer(active=campaigning.live(latest))]

    @doors.allow(*ADMIN)
    def write(given: Values, request: gr.Request) -> Values:
        """The export as a file to download; only its maker may fetch it."""
        campaign_id, kind = given[chosen], given[form]
        none = gr.File(visible=False)
        if campaign_id is None or kind not in FORMATS:
            return {file: none, trouble: html.problem("Choose a campaign and a format first.")}
        with open_database(workspace) as db:
            name = campaigns.get(db, campaign_id).name
            secret = workspace.secret.read_bytes()
            records = writing.chosen(db, campaign_id, choice(given), secret=secret)
        folder = doors.new_folder(request)
        path = folder / f"campaign-{campaign_id}-{kind}.{FORMATS[kind][1]}"
        try:
            rows = writing.write(path, records, form=kind, title=name, pictures=None)
        except BadInput as error:
            return {file: none, trouble: html.problem(str(error))}
        done = html.note(f"{rows} rows, from {len(records)} answers of {name}.")
        return {file: gr.File(str(path), visible=True), trouble: done}

    @doors.allow(*ADMIN)
    def look(campaign_id: int | None, request: gr.Request) -> list[Any]:
        """The folders that were made last, and how far those under way are."""
        return show(campaign_id)

    @doors.allow(*ADMIN)
    def foresee(given: Values, request: gr.Request) -> str:
        """What the published folder will lack, before it is made."""
        if given[chosen] is None or given[folders] != "milannotations":
            return ""
        secret = workspace.secret.read_bytes()
        with open_database(workspace) as db:
            asked = choice(given)
            found = writing.foreseen(db, given[chosen], asked, secret=secret)
        return page.foreseen(found, asked.sentences)

    @doors.allow(*ADMIN)
    def make(given: Values, request: gr.Request) -> list[Any]:
        """Queue the folders; the page may be closed meanwhile."""
        campaign_id, under = given[chosen], given[licence].strip() or "unknown"
        person = doors.person(request).name
        with open_database(workspace) as db:
            try:
                if campaign_id is None:
                    raise BadInput("Choose a campaign first.")
                job.enqueue(
                    db,
                    campaign_id,
                    form=given[folders],
                    licence=under,
                    choice=choice(given),
                    person=person,
                )
            except BadInput as error:
                return show(campaign_id, html.problem(str(error)))
        return show(campaign_id)

    wanted: set[Any] = {chosen, approved, cleaned, simulated, sentences, complete}
    export.click(write, {*wanted, form}, [file, trouble], **ONCE)
    shown: list[Any] = [note, timer]
    item.select(look, chosen, shown, **ONCE)
    chosen.input(look, chosen, shown, **ONCE)
    foreseen: dict[str, Any] = {"inputs": {*wanted, folders}, "outputs": missing, **LATEST}
    for event in (item.select, chosen.input, folders.input, sentences.input):
        event(foresee, **foreseen)
    for box in (approved, cleaned, simulated):
        box.input(foresee, **foreseen)
    timer.tick(look, chosen, shown, **ONCE)
    pack.click(make, {*wanted, folders, licence}, shown, **ONCE)


def _folders() -> tuple[gr.Radio, gr.Textbox, gr.Number, gr.Checkbox, gr.HTML]:
    """What is asked about folders with pictures, and what the published one will lack."""
    with gr.Row():
        folders = gr.Radio(
            [(label, key) for key, label in FOLDERS.items()],
            value="milannotations",
            label="Folders with pictures (zip)",
            elem_id="an-folders",
            scale=2,
        )
        licence = gr.Textbox(
            label="Licence in the dataset's card", value="unknown", elem_id="an-licence"
        )
    with gr.Row():
        sentences = gr.Number(
            3,
            label="Sentences a unit (the loader's annotation_count)",
            precision=0,
            minimum=1,
            elem_id="an-sentences",
        )
        complete = gr.Checkbox(
            label="Only layers in which every unit has so many", elem_id="an-complete"
        )
    missing = gr.HTML(padding=False, elem_id="an-missing")
    return folders, licence, sentences, complete, missing
