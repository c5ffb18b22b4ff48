"""The Learn tab of the admin's page: MILAN trained on what a campaign collected, and its gain.

build(doors, chosen, wake=…)    # `chosen` is the campaign picked above

The job is run by another package; here it is queued and its numbers are shown.
"""

from collections.abc import Callable
from typing import Any

import gradio as gr

from annotator import campaign as campaigning
from annotator import html
from annotator.campaign import known
from annotator.events import ONCE
from annotator.retraining import page
from db.access.permissions import Doors
from db.access.users import ADMIN
from db.describe import subjects
from db.errors import BadInput
from db.workspace import open_database

KIND, DEMO = "retrain", "demo"
BUSY = "MILAN is being trained on this campaign already; the numbers appear here."


def build(doors: Doors, chosen: gr.Dropdown, *, wake: Callable[[], None]) -> None:
    """Add the tab to those of the admin's page."""
    workspace = doors.workspace
    with gr.Tab("Learn", id="an-learn") as item:
        with gr.Row():
            base = gr.Dropdown(
                label="Compared with the checkpoint (its encoder is used)",
                choices=[DEMO],
                value=DEMO,
                elem_id="an-learn-base",
                scale=2,
            )
            simulated = gr.Checkbox(
                label="Learn from simulated annotators too", elem_id="an-learn-simulated"
            )
            start = gr.Button(
                "Train MILAN on this campaign", variant="primary", elem_id="an-learn-start"
            )
        note = gr.HTML(padding=False, elem_id="an-learn-note")
        table = gr.HTML(elem_id="an-learned")
        timer = gr.Timer(2, active=False)
    shown: list[Any] = [table, note, timer]

    def show(campaign_id: int | None, sentence: str = "") -> list[Any]:
        if campaign_id is None:
            return [html.note("No campaign yet."), "", gr.Timer(active=False)]
        wake()
        with open_database(workspace) as db:
            latest = campaigning.newest(db, KIND).get(campaign_id)
            done = campaigning.newest(db, KIND, done=True).get(campaign_id)
        line = "" if latest is None else html.line(latest)
        found = page.gain(None) if done is None else page.gain(done.result, done.ended_utc or "")
        return [found, sentence or line, gr.Timer(active=campaigning.live(latest))]

    @doors.allow(*ADMIN)
    def look(campaign_id: int | None, request: gr.Request) -> list[Any]:
        """What was learned, and how far the training under way is."""
        return show(campaign_id)

    @doors.allow(*ADMIN)
    def offer(before: str, request: gr.Request) -> Any:
        """The checkpoints that there are now."""
        with open_database(workspace) as db:
            names = [row.name for row in subjects.every_checkpoint(db)]
        names = list(dict.fromkeys([DEMO, *names]))
        return gr.Dropdown(choices=names, value=before if before in names else DEMO)

    @doors.allow(*ADMIN)
    def begin(campaign_id: int | None, base: str, nobody: bool, request: gr.Request) -> list[Any]:
        """Queue the training; the page may be closed meanwhile."""
        person = doors.person(request).name
        args = {"campaign_id": campaign_id, "checkpoint": base, "simulated": bool(nobody)}
        with open_database(workspace) as db:
            try:
                known(campaign_id)
                campaigning.enqueue(
                    db, KIND, args, title="MILAN learns from", person=person, busy=BUSY
                )
            except BadInput as error:
                return show(campaign_id, html.problem(str(error)))
        return show(campaign_id)

    item.select(look, chosen, shown, **ONCE)
    item.select(offer, base, base, **ONCE)
    chosen.input(look, chosen, shown, **ONCE)
    timer.tick(look, chosen, shown, **ONCE)
    start.click(begin, [chosen, base, simulated], shown, **ONCE)
