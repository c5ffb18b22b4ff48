"""The reviewer's queue: one unit after the other, the verdicts on it, and a page of all matches.

    parts = lay_out()
    parts.step(doors, query, person)        # the values of the components that a step changes
    build(doors, parts, buttons)

The queue is what the filter finds and still needs the reviewer's verdict. Judging and walking
happen in the browser (page.js), which saves behind by an address of its own (route.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from audits.find import page, queue
from audits.find.queue import PAGE
from db.access.permissions import Doors
from db.access.users import STAFF
from db.audit.words import Query
from db.errors import BadInput
from db.workspace import open_database

TAGS = ["", "human faces", "animal faces", "cartoon faces", "signs", "printed text", "logos"]
HIDDEN: dict[str, Any] = {"show_progress": "hidden"}

# The page's values by component.
Given = dict[Any, Any]


@dataclass(frozen=True)
class Queue:
    """The components. States: what was looked for, and where the page of matches begins."""

    query: gr.State
    offset: gr.State
    found: gr.HTML
    look: gr.HTML
    remarks: gr.Row
    tag: gr.Dropdown
    note: gr.Textbox
    verdicts: gr.Row
    evidence: gr.HTML
    detect: gr.Button
    tally: gr.HTML
    listing: gr.HTML

    @property
    def stepped(self) -> list[Any]:
        """What a step changes."""
        return [
            *(self.query, self.offset, self.found, self.look, self.remarks, self.verdicts),
            *(self.evidence, self.detect, self.tally, self.listing),
        ]

    def step(self, doors: Doors, wanted: Query | None, person: str) -> Given:
        """Everything that depends on the filter and on what was judged so far."""
        with open_database(doors.workspace) as db:
            step = queue.step(db, wanted, person=person)
        front = step.look is not None
        return {
            self.query: wanted,
            self.offset: step.offset,
            self.found: page.found(step),
            self.look: page.look(step),
            self.remarks: gr.Row(visible=front),
            # The last verdict can still be taken back when nothing is left to judge.
            self.verdicts: gr.Row(visible=step.any_match),
            self.evidence: "",
            self.detect: gr.Button(visible=front),
            self.tally: page.tally(step.own, left=step.waiting, needed=step.needed)
            if step.found
            else "",
            self.listing: page.listing(step),
        }


@dataclass(frozen=True)
class Buttons:
    """What a reviewer presses."""

    confirm: gr.Button
    reject: gr.Button
    unsure: gr.Button
    undo: gr.Button
    back: gr.Button
    on: gr.Button
    previous_page: gr.Button
    next_page: gr.Button


def lay_out() -> tuple[Queue, Buttons]:
    """Put the queue on the page that is being built."""
    found = gr.HTML(elem_id="found")
    with gr.Row(equal_height=False):
        with gr.Column(scale=5):
            look = gr.HTML(elem_id="look")
            with gr.Row(visible=False, elem_id="remarks") as remarks:
                tag = gr.Dropdown(
                    TAGS,
                    value="",
                    label="Tag (stays until the next Find)",
                    allow_custom_value=True,
                    # The page's script reads both; no event does.
                    interactive=True,
                    elem_id="tag",
                )
                note = gr.Textbox(label="Reason", elem_id="note", scale=2, interactive=True)
            with gr.Row(visible=False) as verdicts:
                judging = [
                    gr.Button(
                        label,
                        elem_id=name,
                        min_width=110,
                        variant="primary" if name == "confirm" else "secondary",
                    )
                    for label, name in (
                        ("Confirm (C)", "confirm"),
                        ("Reject (X)", "reject"),
                        ("Unsure (?)", "unsure"),
                        ("Undo (Z)", "undo"),
                        ("‹ Unit before (←)", "queue_back"),
                        ("Next unit, judge later (→) ›", "queue_on"),
                    )
                ]
            evidence = gr.HTML(elem_id="evidence")
            detect = gr.Button("Ask detectors about the regions", elem_id="detect", visible=False)
        with gr.Column(scale=1, min_width=150):
            tally = gr.HTML(elem_id="tally")
            # What becomes of each verdict; the page's script writes it.
            gr.HTML('<div class="mw-trail" aria-live="polite"></div>', elem_id="trail")
    with gr.Accordion("All matches", open=False, elem_id="matches"):
        listing = gr.HTML(elem_id="listing")
        with gr.Row():
            pages = [
                gr.Button("‹ Previous page", elem_id="list_back"),
                gr.Button("Next page ›", elem_id="list_on"),
            ]
    parts = Queue(
        query=gr.State(None),
        offset=gr.State(0),
        found=found,
        look=look,
        remarks=remarks,
        tag=tag,
        note=note,
        verdicts=verdicts,
        evidence=evidence,
        detect=detect,
        tally=tally,
        listing=listing,
    )
    return parts, Buttons(*judging, *pages)


def build(doors: Doors, parts: Queue, buttons: Buttons) -> None:
    """Put the queue's events on the page that is being built."""

    def turning(pages: int) -> Callable[..., Given]:
        """The handler of a button that goes to another page of matches."""

        @doors.allow(*STAFF)
        def turn(wanted: Query | None, offset: int, request: gr.Request) -> Given:
            with open_database(doors.workspace) as db:
                step = queue.step(
                    db, wanted, person=doors.person(request).name, offset=offset + pages * PAGE
                )
            return {parts.offset: step.offset, parts.listing: page.listing(step)}

        return turn

    @doors.allow(*STAFF)
    def ask(unit_id: str, request: gr.Request) -> Any:
        from audits.find import detectors

        if not unit_id.isdecimal():
            raise BadInput("There is no unit to look at: find some first.")
        seen = queue.ask_detectors(doors.workspace, int(unit_id))
        return page.asked(int(unit_id), seen, detectors.absent())

    for button, call in (
        (buttons.confirm, "judge('confirmed')"),
        (buttons.reject, "judge('rejected')"),
        (buttons.unsure, "judge('unsure')"),
        (buttons.undo, "undo()"),
        (buttons.back, "move(-1)"),
        (buttons.on, "move(1)"),
    ):
        button.click(None, js=f"() => {{ window.reviewing.{call}; }}")
    for button, pages in ((buttons.previous_page, -1), (buttons.next_page, 1)):
        button.click(
            turning(pages), [parts.query, parts.offset], [parts.offset, parts.listing], **HIDDEN
        )
    front = gr.Textbox(visible=False)
    parts.detect.click(ask, front, parts.evidence, js="() => window.reviewing.front()")
