"""The admin's import: choose a file, look at what is in it, let it in.

build(doors)            # inside the tabs of the admin's page

The app takes no uploads: the browser reads the file and sends its text with the button, to a
handler that only an admin may call.
"""

from collections import Counter
from html import escape
from typing import Any

import gradio as gr

from annotator import html
from annotator.exchange import arrivals, imports
from annotator.exchange.arrivals import Seen
from annotator.html import near, problem
from db.access.doors import Doors
from db.access.users import ADMIN
from db.errors import BadInput
from db.workspace import open_database

# the chosen file's name and text travel in the places of the two hidden boxes
READ = """async (...all) => {
  const box = document.querySelector("#an-import-choose");
  const file = box && box.files[0];
  all[0] = file ? file.name : "";
  all[1] = "";
  if (file && file.size > LARGEST) { all[0] = "!large"; return all; }
  if (file) {
    try { all[1] = new TextDecoder("utf-8", {fatal: true}).decode(await file.arrayBuffer()); }
    catch (error) { all[0] = "!encoding"; }
  }
  return all;
}""".replace("LARGEST", str(arrivals.LARGEST))
CHOOSE = (
    '<label for="an-import-choose">A file: a full export of ours (.jsonl, .csv), a table '
    "layer,unit,summary or MTurk results (.csv)</label><br>"
    '<input type="file" id="an-import-choose" accept=".csv,.jsonl">'
)


def build(doors: Doors) -> None:
    """Add the tab to those of the admin's page."""
    workspace = doors.workspace
    with gr.Tab("Import", id="an-import"):
        gr.HTML(CHOOSE, padding=False)
        with gr.Row():
            name = gr.Textbox(label="Name of the new campaign (the file's without one)")
            subject = gr.Textbox(
                label="Network, where the file does not say it", elem_id="an-import-subject"
            )
        with gr.Row():
            preview = gr.Button("Preview", elem_id="an-import-preview")
            confirm = gr.Button("Import", variant="primary", elem_id="an-import-confirm")
        said = gr.HTML(padding=False, elem_id="an-import-note")
        gr.HTML(
            f'<p class="an-muted">At most {arrivals.LARGEST // 2**20} MB here; larger files and '
            "folders with pictures: <code>python app.py annotations import --help</code>.</p>",
            padding=False,
        )
        file = gr.Textbox("", visible=False)
        text = gr.Textbox("", visible=False)

    def see(db: Any, chosen: str, content: str, network: str, called: str) -> Seen:
        if chosen == "!large":
            most = arrivals.LARGEST // 2**20
            raise BadInput(f"Expected at most {most} MB; use the command line for larger files.")
        if chosen == "!encoding":
            raise BadInput("Expected a text file in UTF-8; save it as that and choose it again.")
        if not chosen:
            raise BadInput("Choose a file first.")
        columns = [each.strip(' "\r') for each in content.partition("\n")[0].split(",")]
        named = network.strip() or imports.names_networks(columns)
        if chosen.endswith(".csv") and not named:
            raise BadInput("Write the name of the network: this file does not say it.")
        return arrivals.look(db, chosen, content, subject=network, name=called)

    @doors.allow(*ADMIN)
    @near
    def look(chosen: str, content: str, network: str, called: str, request: gr.Request) -> str:
        """What is in the file; nothing is written."""
        with open_database(workspace) as db:
            return _seen(see(db, chosen, content, network, called))

    @doors.allow(*ADMIN)
    @near
    def take(chosen: str, content: str, network: str, called: str, request: gr.Request) -> str:
        """Let the file in as a closed campaign."""
        with open_database(workspace) as db:
            seen = see(db, chosen, content, network, called)
            campaign = arrivals.take(db, seen, person=doors.person(request).name)
        return html.note(
            f"{len(seen.records)} answers came in as the campaign “{campaign.name}”, which is "
            "closed; press Refresh above to choose it."
        )

    once: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "once"}
    inputs = [file, text, subject, name]
    preview.click(look, inputs, said, js=READ, **once)
    confirm.click(take, inputs, said, js=READ, **once)


def _seen(seen: Seen) -> str:
    """Counts of a file, or why it is refused."""
    if seen.problem is not None:
        return problem(f"Refused, all of it: {seen.problem}")
    records = seen.records
    layers = Counter(f"{record.subject} {record.layer}" for record in records)
    status = Counter(record.status for record in records)
    kinds = Counter("rating" if record.rating else record.kind for record in records)
    lines = {
        "becomes the campaign": seen.name,
        "answers": ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in kinds.items()),
        "left out, without a sentence": str(seen.empty),
        "by": f"{len({record.annotator for record in records})} people",
        "about": "; ".join(f"{layer}: {count}" for layer, count in layers.items()),
        "state": ", ".join(f"{count} {each}" for each, count in status.items()),
        "sentences a unit": ", ".join(f"{units} units have {n}" for n, units in seen.sentences),
        "units without pictures here": str(seen.unknown),
    }
    published = {each.subject for each in records if each.exemplar_hash.startswith("as published:")}
    if published:
        networks = ", ".join(sorted(published))
        lines["comes in"] = f"as published units of {networks}, not the workspace's own"
    rows = "".join(
        f"<tr><th>{what}</th><td>{escape(told)}</td></tr>" for what, told in lines.items()
    )
    return f'<table class="an-table">{rows}</table><p role="status">Nothing is written yet.</p>'
