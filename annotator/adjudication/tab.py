"""The Disagreements tab of the review page: keep, merge, or ask one person more.

build(doors, item, campaign)          # `campaign` is the one picked above
"""

from collections.abc import Callable
from typing import Any

import gradio as gr
from sqlite_utils import Database

from annotator import html
from annotator.adjudication import desk, page
from annotator.campaign import known
from annotator.events import ONCE, Values
from db import tables
from db.access.permissions import Doors
from db.access.users import STAFF
from db.crowd import adjudications
from db.describe import exemplars
from db.errors import BadInput
from db.workspace import open_database

COLUMNS = ("subject", "layer", "unit", "verdict", "text", "person", "created_utc")


def build(doors: Doors, item: gr.Tab, campaign: gr.Dropdown) -> None:
    """Add the tab's contents to the blocks that are being made."""
    workspace = doors.workspace
    with gr.Row():
        threshold = gr.Slider(
            0,
            1,
            value=desk.THRESHOLD,
            step=0.05,
            label="Show units whose sentences are less alike than",
            elem_id="an-apart",
        )
        table = gr.Button("Make a table of all decisions", elem_id="an-decisions")
    file = gr.File(label="File", interactive=False, visible=False, elem_id="an-decisions-file")
    counts = gr.HTML(padding=False, elem_id="an-apart-counts")
    unit = gr.Textbox("", visible=False)
    skipped = gr.State([])
    with gr.Row():
        with gr.Column(scale=3):
            picture = gr.HTML(padding=False, elem_id="an-apart-picture")
        with gr.Column(scale=2):
            head = gr.HTML(padding=False, elem_id="an-apart-head")
            said = gr.Radio([], label="What people wrote", elem_id="an-apart-said")
            keep = gr.Button("Keep the chosen one", variant="primary", elem_id="an-keep")
            merged = gr.Textbox(label="One sentence out of them", lines=2, elem_id="an-merged")
            merge = gr.Button("Merge: use this sentence", elem_id="an-merge")
            with gr.Row():
                ask = gr.Button("Ask one person more", elem_id="an-ask-more")
                later = gr.Button("Leave for later", elem_id="an-later")
            note = gr.HTML(padding=False, elem_id="an-apart-note")

    def show(db: Database, given: Values, sentence: str = "") -> Values:
        campaign_id = given[campaign]
        if campaign_id is None:
            return {counts: html.note("No campaign yet.")}
        found = desk.queue(
            db, campaign_id, threshold=float(given[threshold]), skip=given[skipped] or ()
        )
        shown = {counts: page.counts(found), note: html.note(sentence), merged: ""}
        if not found.cases:
            blank = {unit: "", picture: "", head: "", said: gr.Radio(choices=[], value=None)}
            return {**shown, **blank}
        case = found.cases[0]
        row = exemplars.unit(db, case.unit_id)
        choices = [(each.text or "No common pattern", each.annotation_id) for each in case.answers]
        return {
            **shown,
            unit: str(case.unit_id),
            picture: html.picture(row),
            head: page.case(row.name, case.alike),
            said: gr.Radio(choices=choices, value=None),
        }

    @doors.allow(*STAFF)
    def look(given: Values, request: gr.Request) -> Values:
        """The unit that people disagree most about."""
        with open_database(workspace) as db:
            return show(db, given)

    def decide(act: Callable[[Database, int, int, Values, str], None], done: str) -> Any:
        @doors.allow(*STAFF)
        def handler(given: Values, request: gr.Request) -> Values:
            """Write the decision down and show the next unit."""
            person = doors.person(request).name
            with open_database(workspace) as db:
                try:
                    if not given[unit].isdecimal():
                        raise BadInput("There is nothing to decide.")
                    act(db, known(given[campaign]), int(given[unit]), given, person)
                except BadInput as error:
                    return {note: html.problem(str(error))}
                return show(db, given, done)

        return handler

    @doors.allow(*STAFF)
    def leave(given: Values, request: gr.Request) -> Values:
        """This unit comes last, until the tab is opened again."""
        left = [*(given[skipped] or []), *([int(given[unit])] if given[unit].isdecimal() else [])]
        with open_database(workspace) as db:
            return {**show(db, {**given, skipped: left}), skipped: left}

    @doors.allow(*STAFF)
    def write(campaign_id: int | None, request: gr.Request) -> Any:
        """Every decision as a file."""
        path = doors.new_folder(request) / f"decisions-{known(campaign_id)}.csv"
        with open_database(workspace) as db:
            tables.write(path, COLUMNS, desk.decided(db, known(campaign_id)))
        return gr.File(str(path), visible=True)

    def kept(db: Database, campaign_id: int, _: int, given: Values, person: str) -> None:
        adjudications.keep(db, campaign_id, int(given[said] or 0), person=person)

    def one(db: Database, campaign_id: int, unit_id: int, given: Values, person: str) -> None:
        adjudications.merge(db, campaign_id, unit_id, given[merged], person=person)

    def more(db: Database, campaign_id: int, unit_id: int, _: Values, person: str) -> None:
        adjudications.ask(db, campaign_id, unit_id, person=person)

    inputs: set[Any] = {campaign, threshold, unit, skipped, said, merged}
    outputs: list[Any] = [counts, unit, picture, head, said, merged, note, skipped]
    for event in (item.select, campaign.input, threshold.release):
        event(look, inputs, outputs, **ONCE)
    keep.click(decide(kept, "Kept; the others stay beside it."), inputs, outputs, **ONCE)
    merge.click(decide(one, "Merged; the sentences stay beside it."), inputs, outputs, **ONCE)
    ask.click(decide(more, "One person more is asked."), inputs, outputs, **ONCE)
    later.click(leave, inputs, outputs, **ONCE)
    table.click(write, campaign, file, **ONCE)
