"""The admin's import: choose a file, look at what is in it, let it in.

build(doors)            # inside the tabs of the admin's page

The app takes no uploads: the browser reads the file and sends its text with the button, to a
handler that only an admin may call.
"""

from typing import Any

import gradio as gr

from annotator import html
from annotator.events import ONCE
from annotator.exchange import arrivals, imports, page
from annotator.exchange.arrivals import Seen
from annotator.html import near
from db.access.permissions import Doors
from db.access.users import ADMIN
from db.errors import BadInput
from db.tables import of_browser
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
    catch (error) {
      // not UTF-8: the bytes as they are, for the reader that knows other encodings
      const reader = new FileReader();
      const read = new Promise((done) => { reader.onload = done; });
      reader.readAsDataURL(file);
      await read;
      all[1] = reader.result;
    }
  }
  return all;
}""".replace("LARGEST", str(arrivals.LARGEST))
MOST = arrivals.LARGEST // 2**20  # MB


def build(doors: Doors) -> None:
    """Add the tab to those of the admin's page."""
    workspace = doors.workspace
    with gr.Tab("Import", id="an-import"):
        gr.HTML(page.choose(), padding=False)
        with gr.Row():
            name = gr.Textbox(label="Name of the new campaign (the file's without one)")
            subject = gr.Textbox(
                label="Network, where the file does not say it", elem_id="an-import-subject"
            )
        with gr.Row():
            preview = gr.Button("Preview", elem_id="an-import-preview")
            confirm = gr.Button("Import", variant="primary", elem_id="an-import-confirm")
        said = gr.HTML(padding=False, elem_id="an-import-note")
        gr.HTML(page.limits(MOST), padding=False)
        file = gr.Textbox("", visible=False)
        text = gr.Textbox("", visible=False)

    def see(db: Any, chosen: str, content: str, network: str, called: str) -> Seen:
        if chosen == "!large":
            raise BadInput(f"Expected at most {MOST} MB; use the command line for larger files.")
        if not chosen:
            raise BadInput("Choose a file first.")
        if not network.strip() and not imports.says_networks(of_browser(content), chosen):
            raise BadInput("Write the name of the network: this file does not say it.")
        return arrivals.look(db, chosen, content, subject=network, name=called)

    @doors.allow(*ADMIN)
    @near
    def look(chosen: str, content: str, network: str, called: str, request: gr.Request) -> str:
        """What is in the file; nothing is written."""
        with open_database(workspace) as db:
            return page.seen(see(db, chosen, content, network, called))

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

    inputs = [file, text, subject, name]
    preview.click(look, inputs, said, js=READ, **ONCE)
    confirm.click(take, inputs, said, js=READ, **ONCE)
