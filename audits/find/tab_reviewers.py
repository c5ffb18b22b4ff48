"""Below the queue: how many reviewers a unit needs, how far they agree, and the audit's log.

    build(doors, query)             # `query` holds what was looked for

Both parts are read when they are unfolded.
"""

import csv
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from audits.find import page
from audits.find.kappa import agreement
from db import log
from db.access.permissions import Doors
from db.access.users import STAFF
from db.audit import blind_review
from db.audit.words import Query
from db.csv_cells import neutral
from db.errors import BadInput
from db.log import Event
from db.workspace import open_database

_LINES = 50
_COLUMNS = ("time", "person", "did", "to", "about")
_HIDDEN: dict[str, Any] = {"show_progress": "hidden"}


def build(doors: Doors, query: gr.State) -> None:
    """Put both parts on the page that is being built."""
    _agreement(doors, query)
    _log(doors)


def _agreement(doors: Doors, query: gr.State) -> None:
    """How many people judge each unit, and how far they agree."""
    open_db = partial(open_database, doors.workspace)
    with gr.Accordion("Reviewers and agreement", open=False, elem_id="reviewing") as people:
        with gr.Row(equal_height=True):
            count = gr.Number(
                1,
                label="People who judge each unit",
                info="2 or more: blind until all have answered; one more decides a conflict. Units "
                "with fewer verdicts wait.",
                precision=0,
                minimum=1,
                maximum=blind_review.MOST,
                elem_id="reviewers",
            )
            require = gr.Button("Set (admin)", elem_id="set_reviewers")
        kappa = gr.HTML(elem_id="kappa")

    @doors.allow(*STAFF)
    def agree(wanted: Query | None, request: gr.Request) -> tuple[Any, ...]:
        with open_db() as db:
            needed = blind_review.needed(db)
            blind = blind_review.blind_verdicts(db, wanted.concept if wanted else "")
        measured = agreement([{one.person: one.verdict for one in own} for own in blind.values()])
        return needed, page.kappa(measured, needed=needed)

    @doors.allow("admin")
    def set_count(count: float | None, request: gr.Request) -> None:
        with open_db() as db:
            blind_review.require(db, int(count or 0), person=doors.person(request).name)
        gr.Info(
            f"{int(count or 0)} people judge each unit from now on. Units with fewer verdicts wait "
            "again, and are not ablated as confirmed until they have enough."
        )

    people.expand(agree, query, [count, kappa], **_HIDDEN)
    require.click(set_count, count, None).success(agree, query, [count, kappa], **_HIDDEN)


def _log(doors: Doors) -> None:
    """Who did what, and when, on the page and as a file."""
    open_db = partial(open_database, doors.workspace)
    with gr.Accordion("Who did what, and when", open=False, elem_id="log_box") as logged:
        with gr.Row(equal_height=True):
            who = gr.Dropdown([("everybody", "")], value="", label="Person", elem_id="log_person")
            since = gr.Textbox(label="From day", placeholder="2026-01-31", elem_id="log_since")
            until = gr.Textbox(label="To day", placeholder="2026-01-31", elem_id="log_until")
            show = gr.Button("Show", elem_id="log_show")
            export = gr.Button("Make a CSV file", elem_id="log_export")
        lines = gr.HTML(elem_id="log")
        file = gr.File(label="File", interactive=False, visible=False, elem_id="log_file")

    def events(
        person: str | None, since: str | None, until: str | None, request: gr.Request, limit: int
    ) -> tuple[list[Event], int]:
        with open_db() as db:
            return log.audit(
                db,
                viewer=doors.person(request).name,
                person=person or None,
                since=(since or "").strip(),
                until=(until or "").strip(),
                limit=limit,
            )

    @doors.allow(*STAFF)
    def read_log(person: str, since: str, until: str, request: gr.Request) -> tuple[Any, Any]:
        with open_db() as db:
            known = [("everybody", ""), *((name, name) for name in blind_review.reviewers(db))]
        found = events(person, since, until, request, _LINES)
        return gr.update(choices=known), page.log(*found)

    @doors.allow(*STAFF)
    def write_log(person: str, since: str, until: str, request: gr.Request) -> Any:
        """The log as a file to download; only its maker may fetch it."""
        found, _ = events(person, since, until, request, -1)
        if not found:
            raise BadInput("Nothing was done by them at that time.")
        return gr.File(str(_write_csv(doors.new_folder(request), found)), visible=True)

    gr.on([logged.expand, show.click], read_log, [who, since, until], [who, lines], **_HIDDEN)
    export.click(write_log, [who, since, until], file)


def _write_csv(folder: Path, events: list[Event]) -> Path:
    path = folder / "audit-log.csv"
    with path.open("w", encoding="utf-8", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(_COLUMNS)
        for event in events:
            about = str(event.detail.get("concept", ""))
            cells = (event.at_utc, event.person, event.action, event.target, about)
            writer.writerow([neutral(cell) for cell in cells])
    return path
