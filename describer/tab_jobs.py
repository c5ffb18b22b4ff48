"""All jobs of the workspace, whatever asked for them: watch, cancel, take up again.

    tab_jobs.build(doors, wake=…)

Every page shows its own newest job; after a crash, or among several people, this is the whole list.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import gradio as gr

from db import jobs
from db.doors import Doors
from db.errors import BadInput
from db.jobs import Job
from db.users import Role
from db.workspace import open_database
from describer import pages_jobs

STAFF: tuple[Role, ...] = ("admin", "reviewer")
LISTED = 30


def build(doors: Doors, *, wake: Callable[[], None]) -> None:
    """Put the list on the page that is being built; it is read when it is opened."""
    open_db = partial(open_database, doors.workspace)

    with gr.Accordion("Jobs", open=False, elem_id="jobs") as area:
        table = gr.HTML(elem_id="jobs_table")
        with gr.Row():
            chosen = gr.Dropdown([], label="Job", elem_id="jobs_chosen", scale=3)
            cancel = gr.Button("Cancel this job", elem_id="jobs_cancel")
            resume = gr.Button("Resume this job", elem_id="jobs_resume")
    timer = gr.Timer(3, active=False)

    def look(job_id: int | None) -> tuple[Any, ...]:
        with open_db() as db:
            every = jobs.latest(db, limit=LISTED)
        open_ones = [each for each in every if each.state in pages_jobs.LIVE + pages_jobs.STOPPED]
        ids = [each.job_id for each in open_ones]
        kept = job_id if job_id in ids else next(iter(ids), None)
        state = next((each.state for each in open_ones if each.job_id == kept), "")
        return (
            pages_jobs.table(every),
            gr.update(choices=[(_name(each), each.job_id) for each in open_ones], value=kept),
            gr.update(interactive=state in pages_jobs.LIVE),
            gr.update(interactive=state in pages_jobs.STOPPED),
        )

    @doors.allow(*STAFF)
    def watch(job_id: int | None, request: gr.Request) -> tuple[Any, ...]:
        wake()
        return (*look(job_id), gr.Timer(active=True))

    @doors.allow(*STAFF)
    def rest(request: gr.Request) -> Any:
        return gr.Timer(active=False)

    @doors.allow(*STAFF)
    def stop(job_id: int | None, request: gr.Request) -> tuple[Any, ...]:
        with open_db() as db:
            jobs.ask_to_cancel(db, _given(job_id))
        return look(job_id)

    @doors.allow(*STAFF)
    def go_on(job_id: int | None, request: gr.Request) -> tuple[Any, ...]:
        with open_db() as db:
            jobs.requeue(db, _given(job_id))
        wake()
        return look(job_id)

    shown = [table, chosen, cancel, resume]
    hidden: dict[str, Any] = {"show_progress": "hidden"}
    area.expand(watch, chosen, [*shown, timer], **hidden)
    area.collapse(rest, None, timer, **hidden)
    timer.tick(watch, chosen, [*shown, timer], queue=False, **hidden)
    chosen.input(watch, chosen, [*shown, timer], **hidden)
    cancel.click(stop, chosen, shown, **hidden)
    resume.click(go_on, chosen, shown, **hidden)


def _name(each: Job) -> str:
    return f"{each.job_id} · {each.title} · {pages_jobs.state(each)}"


def _given(job_id: int | None) -> int:
    if job_id is None:
        raise BadInput("Choose a job first.")
    return job_id
