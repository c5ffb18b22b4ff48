"""All jobs of the workspace, whatever asked for them: watch, cancel, take up again.

    tab_jobs.build(doors, wake=…)

Every page shows its own newest job; after a crash, or among several people, this is the whole list.
Admins may cancel and resume every job, reviewers their own.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import gradio as gr
from sqlite_utils import Database

from db import jobs
from db.access.doors import Doors, Person
from db.access.users import STAFF
from db.errors import BadInput, NotAllowed
from db.jobs import Job
from db.workspace import open_database
from describer.jobs import page

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

    def look(job_id: int | None, who: Person, *, first: bool = False) -> tuple[Any, ...]:
        """The list, the jobs that this person may choose, and what can be done with the chosen one.

        The choice stays the page's own, unless it is gone: a job that ended is not replaced by one
        that nobody meant.
        """
        with open_db() as db:
            every = jobs.latest(db, limit=LISTED)
        theirs = [each for each in every if who.role == "admin" or each.person == who.name]
        offered = {each.job_id: each for each in theirs if each.state != "done"}
        if first and job_id not in offered:
            job_id = next(iter(offered), None)
        gone = job_id not in offered
        state = "" if job_id is None or gone else offered[job_id].state
        choices = [(_name(each), each.job_id) for each in offered.values()]
        chosen_now: dict[str, Any] = {"value": None if gone else job_id} if first or gone else {}
        return (
            page.table(every),
            gr.update(choices=choices, **chosen_now),
            gr.update(interactive=state in page.LIVE),
            gr.update(interactive=state in page.STOPPED),
        )

    @doors.allow(*STAFF)
    def unfold(job_id: int | None, request: gr.Request) -> tuple[Any, ...]:
        wake()
        return (*look(job_id, doors.person(request), first=True), gr.Timer(active=True))

    @doors.allow(*STAFF)
    def watch(job_id: int | None, request: gr.Request) -> tuple[Any, ...]:
        wake()
        return look(job_id, doors.person(request))

    @doors.allow(*STAFF)
    def rest(request: gr.Request) -> Any:
        return gr.Timer(active=False)

    @doors.allow(*STAFF)
    def stop(job_id: int | None, request: gr.Request) -> tuple[Any, ...]:
        who = doors.person(request)
        with open_db() as db:
            jobs.ask_to_cancel(db, _theirs(db, job_id, who))
        return look(job_id, who)

    @doors.allow(*STAFF)
    def go_on(job_id: int | None, request: gr.Request) -> tuple[Any, ...]:
        who = doors.person(request)
        with open_db() as db:
            jobs.requeue(db, _theirs(db, job_id, who))
        wake()
        return look(job_id, who)

    shown = [table, chosen, cancel, resume]
    hidden: dict[str, Any] = {"show_progress": "hidden"}
    area.expand(unfold, chosen, [*shown, timer], **hidden)
    area.collapse(rest, None, timer, **hidden)
    timer.tick(watch, chosen, shown, queue=False, **hidden)
    chosen.input(watch, chosen, shown, **hidden)
    cancel.click(stop, chosen, shown, **hidden)
    resume.click(go_on, chosen, shown, **hidden)


def _name(each: Job) -> str:
    return f"{each.job_id} · {each.title} · {page.state(each)}"


def _theirs(db: Database, job_id: int | None, who: Person) -> int:
    """The job, which this person may cancel and resume.

    Raises:
        BadInput: none was chosen.
        NotAllowed: it is somebody else's.
        NotFound: there is none of that id.
    """
    if job_id is None:
        raise BadInput("Choose a job first.")
    if who.role != "admin" and jobs.get(db, job_id).person != who.name:
        raise NotAllowed("This job is somebody else's; an admin can cancel or resume it.")
    return job_id
