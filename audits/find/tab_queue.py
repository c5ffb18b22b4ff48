"""The reviewer's queue: one unit after the other, the verdicts on it, and a page of all matches.

    parts = lay_out()
    parts.step(doors, query, person)        # the values of the components that a step changes
    build(doors, parts)

The queue is what the filter finds and still needs the reviewer's verdict.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from audits.find import page, queue
from audits.find.queue import PAGE
from audits.find.verdicts import sign_off
from db.access.doors import Doors
from db.access.users import STAFF
from db.audit import signoffs
from db.audit.words import Query
from db.errors import BadInput
from db.workspace import open_database

TAGS = ["", "human faces", "animal faces", "cartoon faces", "signs", "printed text", "logos"]
HIDDEN: dict[str, Any] = {"show_progress": "hidden"}

# The page's values by component.
Given = dict[Any, Any]


@dataclass(frozen=True)
class Queue:
    """The components. States: what was looked for, the unit in front, its place among those that
    wait, where the page of matches begins, and the verdicts of this visit.
    """

    query: gr.State
    match: gr.State
    place: gr.State
    offset: gr.State
    given: gr.State
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
            *(self.query, self.match, self.place, self.offset, self.found, self.look),
            *(self.remarks, self.verdicts, self.evidence, self.detect, self.tally, self.listing),
        ]

    def step(
        self, doors: Doors, wanted: Query | None, person: str, *, place: int = 0, offset: int = 0
    ) -> Given:
        """Everything that depends on the filter and on what was judged so far."""
        with open_database(doors.workspace) as db:
            step = queue.step(db, wanted, person=person, place=place, offset=offset)
        front = step.look is not None
        return {
            self.query: wanted,
            self.match: step.match,
            self.place: step.place,
            self.offset: step.offset,
            self.found: page.found(step),
            self.look: page.look(step),
            self.remarks: gr.Row(visible=front),
            # The last verdict can still be taken back when nothing is left to judge.
            self.verdicts: gr.Row(visible=step.any_match),
            self.evidence: page.evidence(step.look.seen if step.look else ()),
            self.detect: gr.Button(visible=front),
            self.tally: page.tally(step),
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
            with gr.Row(visible=False) as remarks:
                tag = gr.Dropdown(
                    TAGS,
                    value="",
                    label="Tag (stays until the next Find)",
                    allow_custom_value=True,
                    elem_id="tag",
                )
                note = gr.Textbox(label="Reason", elem_id="note", scale=2)
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
                        ("‹ Back (←)", "queue_back"),
                        ("Later (→) ›", "queue_on"),
                    )
                ]
            evidence = gr.HTML(elem_id="evidence")
            detect = gr.Button("Ask detectors about the regions", elem_id="detect", visible=False)
        with gr.Column(scale=1, min_width=150):
            tally = gr.HTML(elem_id="tally")
    with gr.Accordion("All matches", open=False, elem_id="matches"):
        listing = gr.HTML(elem_id="listing")
        with gr.Row():
            pages = [
                gr.Button("‹ Previous page", elem_id="list_back"),
                gr.Button("Next page ›", elem_id="list_on"),
            ]
    parts = Queue(
        query=gr.State(None),
        match=gr.State(None),
        place=gr.State(0),
        offset=gr.State(0),
        given=gr.State([]),
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

    def judging(verdict: signoffs.Verdict) -> Callable[..., Given]:
        """The handler of one verdict's button."""

        @doors.allow(*STAFF)
        def judge(given: Given, request: gr.Request) -> Given:
            wanted, match, person = (
                given[parts.query],
                given[parts.match],
                doors.person(request).name,
            )
            if wanted is None or match is None:
                raise BadInput("There is no unit to judge: find some first.")
            with open_database(doors.workspace) as db:
                signoff_id = sign_off(
                    db,
                    match,
                    wanted,
                    person=person,
                    verdict=verdict,
                    tag=given[parts.tag] or "",
                    note=given[parts.note],
                )
            return {
                **parts.step(
                    doors, wanted, person, place=given[parts.place], offset=given[parts.offset]
                ),
                parts.given: [*given[parts.given], signoff_id],
                parts.note: "",
            }

        return judge

    def moving(*, units: int = 0, pages: int = 0) -> Callable[..., Given]:
        """The handler of a button that goes to another unit, or to another page of matches."""

        @doors.allow(*STAFF)
        def move(given: Given, request: gr.Request) -> Given:
            stepped = parts.step(
                doors,
                given[parts.query],
                doors.person(request).name,
                place=given[parts.place] + units,
                offset=given[parts.offset] + pages * PAGE,
            )
            return {**stepped, parts.note: ""} if units else stepped

        return move

    @doors.allow(*STAFF)
    def take_back(given: Given, request: gr.Request) -> Given:
        wanted, person, visit = given[parts.query], doors.person(request).name, given[parts.given]
        if not visit:
            raise BadInput("Nothing of this visit is left to undo.")
        with open_database(doors.workspace) as db:
            place = queue.take_back(db, wanted, visit[-1], person=person, place=given[parts.place])
        stepped = parts.step(doors, wanted, person, place=place, offset=given[parts.offset])
        return {**stepped, parts.given: visit[:-1], parts.note: ""}

    @doors.allow(*STAFF)
    def ask(given: Given, request: gr.Request) -> Any:
        from audits.find import detectors

        match = given[parts.match]
        if match is None:
            raise BadInput("There is no unit to look at: find some first.")
        seen = queue.ask_detectors(doors.workspace, match.unit_id)
        return page.evidence(seen, detectors.absent())

    states: set[Any] = {parts.query, parts.match, parts.place, parts.offset, parts.given}
    # A reason is of one unit: it goes when another comes to the front. A tag is of one concept.
    turned = [parts.note, *parts.stepped]
    verdicts: dict[gr.Button, signoffs.Verdict] = {
        buttons.confirm: "confirmed",
        buttons.reject: "rejected",
        buttons.unsure: "unsure",
    }
    for button, verdict in verdicts.items():
        asked: set[Any] = {*states, parts.tag, parts.note}
        button.click(judging(verdict), asked, [parts.given, *turned], **HIDDEN)
    buttons.undo.click(take_back, states, [parts.given, *turned], **HIDDEN)
    for button, units in ((buttons.back, -1), (buttons.on, 1)):
        button.click(moving(units=units), states, turned, **HIDDEN)
    for button, pages in ((buttons.previous_page, -1), (buttons.next_page, 1)):
        button.click(moving(pages=pages), states, parts.stepped, **HIDDEN)
    parts.detect.click(ask, {parts.match}, parts.evidence)
