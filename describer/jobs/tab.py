"""Jobs on a page: the one that the page follows, and the list of all.

    follower = tab.follow(doors, ["describe"], wake=…)      # where its line and buttons stand
    following = follower.wire(show, given=[field], shown=[outcome])
    following.start(button, enqueue, inputs)                # queue one and follow it
    tab.build(doors, wake=…)                                # all jobs, whatever asked for them

Admins may cancel and resume every job, reviewers their own: on every page, and in the list, which
is there for after a crash and for several people.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

from db import jobs
from db.access.permissions import Doors, Person
from db.access.users import STAFF
from db.jobs import Job
from db.workspace import open_database
from describer.jobs import ownership, page

LISTED = 30
# How an event is sent that the page is not to be veiled for.
QUIET: dict[str, Any] = {"show_progress": "hidden"}
# What a page makes of the job that it follows, and of the values of its own fields.
Show = Callable[..., tuple[Any, ...]]


@dataclass(frozen=True)
class Follower:
    """The line of one job, its buttons, and the timer that reads them while jobs are under way.

    job_id: the job that is followed, as this page holds it: what is shown is what is cancelled.
    """

    doors: Doors
    kinds: tuple[str, ...]
    wake: Callable[[], None]
    line: gr.HTML
    cancel: gr.Button
    resume: gr.Button
    timer: gr.Timer
    job_id: gr.State

    def wire(
        self,
        show: Show,
        *,
        given: Sequence[Any] = (),
        shown: Sequence[Any] = (),
        chosen: gr.Dropdown | None = None,
    ) -> "Following":
        """Connect the components.

        Args:
            show: called with the job, or None, and the values of `given`; it returns what goes
                into `shown`, which is read as often as the job.
            chosen: where people choose among all jobs of the kinds; what they chose is followed,
                ended or not, and `show` says what it holds.
        """
        hold = self.job_id if chosen is None else chosen

        def read(who: Person, job_id: int | None, *values: Any) -> tuple[Any, ...]:
            self.wake()
            with open_database(self.doors.workspace) as db:
                if chosen is not None and job_id is not None:
                    job: Job | None = jobs.get(db, job_id)
                else:
                    job = ownership.followed(db, self.kinds, who, job_id)
                live = any(
                    each.state in ownership.LIVE for each in jobs.latest(db, kinds=self.kinds)
                )
            mine = job is not None and ownership.may_end(who, job)
            state = job.state if job is not None and mine else ""
            asked = job is not None and job.cancel
            return (
                page.line(job, asked_by="" if mine else job.person) if job else "",
                gr.update(visible=state in ownership.LIVE and not asked),
                gr.update(visible=state in ownership.STOPPED),
                gr.Timer(active=live),
                job.job_id if job else None,
                *show(job, *values),
            )

        @self.doors.allow(*STAFF)
        def poll(job_id: int | None, request: gr.Request, *values: Any) -> tuple[Any, ...]:
            return read(self.doors.person(request), job_id, *values)

        @self.doors.allow(*STAFF)
        def stop(job_id: int | None, request: gr.Request, *values: Any) -> tuple[Any, ...]:
            who = self.doors.person(request)
            with open_database(self.doors.workspace) as db:
                jobs.ask_to_cancel(db, ownership.theirs(db, job_id, who))
            return read(who, job_id, *values)

        @self.doors.allow(*STAFF)
        def go_on(job_id: int | None, request: gr.Request, *values: Any) -> tuple[Any, ...]:
            who = self.doors.person(request)
            with open_database(self.doors.workspace) as db:
                jobs.requeue(db, ownership.theirs(db, job_id, who))
            return read(who, job_id, *values)

        inputs = [hold, *given]
        outputs = [self.line, self.cancel, self.resume, self.timer, self.job_id, *shown]
        self.timer.tick(poll, inputs, outputs, queue=False, **QUIET)
        self.cancel.click(stop, inputs, outputs)
        self.resume.click(go_on, inputs, outputs)
        return Following(inputs, outputs, hold, read, poll)


@dataclass(frozen=True)
class Following:
    """A job that is followed, for the events of the page: `event(f.poll, f.inputs, f.outputs)`.

    inputs: what `poll` reads; outputs: what it and `read` fill.
    job_id: where the number of a job goes that was just queued.
    read: the same as `poll` for a handler that fills more; it is called with the person and the
        values of `inputs`.
    """

    inputs: list[Any]
    outputs: list[Any]
    job_id: gr.components.Component
    read: Show
    poll: Show

    def start(
        self, button: gr.Button, enqueue: Callable[..., Any], inputs: Any, also: Sequence[Any] = ()
    ) -> None:
        """Let a button queue a job, whose number `enqueue` returns, and follow that.

        Args:
            also: components that it fills besides.
        """
        began = button.click(enqueue, inputs, [self.job_id, *also])
        began.then(self.poll, self.inputs, self.outputs, **QUIET)


def follow(
    doors: Doors, kinds: Sequence[str], *, wake: Callable[[], None], prefix: str = ""
) -> Follower:
    """Put the line and the buttons of a job on the page; `prefix` stands before their names."""
    line = gr.HTML(elem_id=f"{prefix}job")
    with gr.Row():
        cancel = gr.Button("Cancel job", visible=False, elem_id=f"{prefix}cancel")
        resume = gr.Button("Resume job", visible=False, elem_id=f"{prefix}resume")
    timer, job_id = gr.Timer(2, active=False), gr.State(None)
    return Follower(doors, tuple(kinds), wake, line, cancel, resume, timer, job_id)


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
        offered = {
            job.job_id: job for job in every if ownership.may_end(who, job) and job.state != "done"
        }
        if first and job_id not in offered:
            job_id = next(iter(offered), None)
        gone = job_id not in offered
        state = "" if job_id is None or gone else offered[job_id].state
        choices = [(_name(job), job.job_id) for job in offered.values()]
        chosen_now: dict[str, Any] = {"value": None if gone else job_id} if first or gone else {}
        return (
            page.table(every),
            gr.update(choices=choices, **chosen_now),
            gr.update(interactive=state in ownership.LIVE),
            gr.update(interactive=state in ownership.STOPPED),
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
            jobs.ask_to_cancel(db, ownership.theirs(db, job_id, who))
        return look(job_id, who)

    @doors.allow(*STAFF)
    def go_on(job_id: int | None, request: gr.Request) -> tuple[Any, ...]:
        who = doors.person(request)
        with open_db() as db:
            jobs.requeue(db, ownership.theirs(db, job_id, who))
        wake()
        return look(job_id, who)

    shown = [table, chosen, cancel, resume]
    area.expand(unfold, chosen, [*shown, timer], **QUIET)
    area.collapse(rest, None, timer, **QUIET)
    timer.tick(watch, chosen, shown, queue=False, **QUIET)
    chosen.input(watch, chosen, shown, **QUIET)
    cancel.click(stop, chosen, shown, **QUIET)
    resume.click(go_on, chosen, shown, **QUIET)


def _name(job: Job) -> str:
    return f"{job.job_id} · {job.title} · {page.state(job)}"
