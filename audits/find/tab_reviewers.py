"""Below the queue: how many reviewers a unit needs, how far they agree, and the audit's log.

    build(doors, page, query)             # `query` holds what was looked for

Both parts are read when they are unfolded.
"""

import csv
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from audits.find import page as find_page
from audits.find.kappa import agreement
from db import log
from db.access.doors import Doors
from db.access.users import STAFF
from db.audit import decisions
from db.audit.words import Query
from db.cells import neutral
from db.errors import BadInput
from db.workspace import open_database

_LINES = 50
_COLUMNS = ("time", "person", "did", "to", "about")


def build(doors: Doors, page: gr.Blocks, query: gr.State) -> None:
    """Put both parts on the page that is being built."""
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
                maximum=decisions.MOST,
                elem_id="reviewers",
            )
            require = gr.Button("Set (admin)", elem_id="set_reviewers")
        kappa = gr.HTML(elem_id="kappa")
    with gr.Accordion("Who did what, and when", open=False, elem_id="log_box") as logged:
        with gr.Row(equal_height=True):
            who = gr.Dropdown([("everybody", "")], value="", label="Person", elem_id="log_person")
            since = gr.Textbox(label="From day", placeholder="2026-01-31", elem_id="log_since")
            until = gr.Textbox(label="To day", placeholder="2026-01-31", elem_id="log_until")
            show = gr.Button("Show", elem_id="log_show")
            export = gr.Button("Make a CSV file", elem_id="log_export")
        lines = gr.HTML(elem_id="log")
        file = gr.File(label="File", interactive=False, visible=False, elem_id="log_file")

    @doors.allow(*STAFF)
    def agree(wanted: Query | None, request: gr.Request) -> tuple[Any, ...]:
        with open_db() as db:
            needed = decisions.needed(db)
            blind = decisions.blind_verdicts(db, wanted.concept if wanted else "")
        measured = agreement([{e.person: e.verdict for e in each} for each in blind.values()])
        return needed, find_page.kappa(measured, needed=needed)

    @doors.allow("admin")
    def set_count(count: float | None, request: gr.Request) -> None:
        with open_db() as db:
            decisions.require(db, int(count or 0), person=doors.person(request).name)
        gr.Info(
            f"{int(count or 0)} people judge each unit from now on. Units with fewer verdicts wait "
            "again, and are not ablated as confirmed until they have enough."
        )

    def events(
        person: str | None, since: str | None, until: str | None, request: gr.Request, limit: int
    ) -> tuple[list[log.Event], int]:
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
    def read_log(person: str, since: str, until: str, request: gr.Request) -> tuple[Any, str]:
        with open_db() as db:
            known = [("everybody", ""), *((each, each) for each in decisions.reviewers(db))]
        found = events(person, since, until, request, _LINES)
        return gr.update(choices=known), find_page.log(*found)

    @doors.allow(*STAFF)
    def write_log(person: str, since: str, until: str, request: gr.Request) -> Any:
        """The log as a file to download; it is written outside the workspace."""
        found, _ = events(person, since, until, request, -1)
        if not found:
            raise BadInput("Nothing was done by them at that time.")
        path = Path(tempfile.mkdtemp(prefix="milan-log-")) / "audit-log.csv"
        with path.open("w", encoding="utf-8", newline="") as table:
            writer = csv.writer(table)
            writer.writerow(_COLUMNS)
            for each in found:
                about = str(each.detail.get("concept", ""))
                cells = (each.at_utc, each.person, each.action, each.target, about)
                writer.writerow([neutral(cell) for cell in cells])
        return gr.File(str(path), visible=True)

    hidden: dict[str, Any] = {"show_progress": "hidden"}
    people.expand(agree, query, [count, kappa], **hidden)
    require.click(set_count, count, None).success(agree, query, [count, kappa], **hidden)
    gr.on([logged.expand, show.click], read_log, [who, since, until], [who, lines], **hidden)
    export.click(write_log, [who, since, until], file)
