"""Ablate: the confirmed units of a concept set to zero, the live job, and the curve it draws.

    build(doors, item, wake=…, device="auto")

Everything is read when the item is selected; a timer follows the job while one is running.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import gradio as gr

from audits import experiments, pages
from db import ablations, exemplars, jobs, signoffs, subjects
from db.doors import Doors
from db.users import Role
from db.workspace import open_database
from describer.pages import job as job_line

STAFF: tuple[Role, ...] = ("admin", "reviewer")


def build(doors: Doors, item: gr.Tab, *, wake: Callable[[], None], device: str) -> None:
    """Put the item's components and events on the page that is being built."""
    open_db = partial(open_database, doors.workspace)

    gr.Markdown("### Ablate the confirmed units and measure again")
    with gr.Row():
        concept = gr.Dropdown([], label="Units confirmed for", elem_id="ablate_concept")
        subject = gr.Dropdown([], label="Network", elem_id="ablate_subject")
        validation = gr.Dropdown([], label="Validation images (chosen on)", elem_id="validation")
        test = gr.Dropdown([], label="Test images (reported on)", elem_id="test")
        rule = gr.Radio(["zero", "mean"], value="zero", label="Set units to")
        controls = gr.Number(5, label="random controls", precision=0, minimum=1)
        sort_all = gr.Checkbox(False, label="also sort all units (slow)")
        ablate = gr.Button("Ablate", variant="primary", elem_id="ablate")
    progress = gr.HTML(elem_id="ablate_job")
    with gr.Row():
        cancel = gr.Button("Cancel job", visible=False, elem_id="ablate_cancel")
        resume = gr.Button("Resume job", visible=False, elem_id="ablate_resume")
    curve = gr.HTML(elem_id="curve")
    timer = gr.Timer(2, active=False)

    def watch() -> tuple[Any, ...]:
        wake()
        with open_db() as db:
            newest = jobs.latest(db, kinds=["ablate"], limit=1)
            shown = ablations.latest(db, limit=1)
            points = ablations.curve(db, shown[0].ablation_id) if shown else []
            units = [exemplars.unit(db, unit_id) for unit_id in shown[0].units] if shown else []
        state = newest[0].state if newest else ""
        live = state in ("running", "queued")
        return (
            job_line(newest[0]) if newest else "",
            gr.update(visible=live),
            gr.update(visible=state in ("failed", "cancelled", "interrupted")),
            gr.Timer(active=live),
            pages.ablation(shown[0] if shown else None, points, units),
        )

    @doors.allow(*STAFF)
    def arrive(concept: str | None, request: gr.Request) -> tuple[Any, ...]:
        with open_db() as db:
            concepts = signoffs.confirmed_concepts(db)
            names = [each.name for each in subjects.every(db)]
            labelled = [each.name for each in subjects.every_probing_set(db) if each.classes]
        return (
            gr.update(
                choices=concepts,
                value=concept if concept in concepts else next(iter(concepts), None),
            ),
            gr.update(choices=names),
            gr.update(choices=labelled),
            gr.update(choices=labelled),
            *watch(),
        )

    @doors.allow(*STAFF)
    def follow(concept: str | None, request: gr.Request) -> str | None:
        """The network that most units were confirmed of."""
        with open_db() as db:
            return experiments.most_confirmed(db, concept or "")

    @doors.allow(*STAFF)
    def guess_images(subject: str | None, request: gr.Request) -> tuple[Any, Any]:
        with open_db() as db:
            labelled = [each.name for each in subjects.every_probing_set(db) if each.classes]
        return (
            experiments.likely(labelled, "validation", subject or ""),
            experiments.likely(labelled, "test", subject or ""),
        )

    @doors.allow(*STAFF)
    def enqueue(
        concept: str | None,
        subject: str | None,
        validation: str | None,
        test: str | None,
        rule: Literal["zero", "mean"],
        controls: float,
        sort_all: bool,
        request: gr.Request,
    ) -> Any:
        plan = experiments.Plan(
            subject=subject or "",
            concept=concept or "",
            validation=validation or "",
            test=test or "",
            rule=rule,
            controls=int(controls),
            sort_all=sort_all,
        )
        with open_db() as db:
            experiments.enqueue(db, plan, device=device, person=doors.person(request).name)
        wake()
        return gr.Timer(active=True)

    @doors.allow(*STAFF)
    def poll(request: gr.Request) -> tuple[Any, ...]:
        return watch()

    @doors.allow(*STAFF)
    def stop(request: gr.Request) -> tuple[Any, ...]:
        with open_db() as db:
            for each in jobs.latest(db, kinds=["ablate"], limit=1):
                jobs.ask_to_cancel(db, each.job_id)
        return watch()

    @doors.allow(*STAFF)
    def go_on(request: gr.Request) -> tuple[Any, ...]:
        with open_db() as db:
            for each in jobs.latest(db, kinds=["ablate"], limit=1):
                jobs.requeue(db, each.job_id)
        return watch()

    watched = [progress, cancel, resume, timer, curve]
    hidden: dict[str, Any] = {"show_progress": "hidden"}
    item.select(arrive, concept, [concept, subject, validation, test, *watched], **hidden)
    timer.tick(poll, None, watched, queue=False, **hidden)
    concept.change(follow, concept, subject, **hidden)
    subject.change(guess_images, subject, [validation, test], **hidden)
    ablate.click(
        enqueue, [concept, subject, validation, test, rule, controls, sort_all], timer
    ).then(poll, None, watched, **hidden)
    cancel.click(stop, None, watched)
    resume.click(go_on, None, watched)
