"""Items of the Audit tab: faithfulness, feature importance, and uses of descriptions.

    build(doors, item, "importance", wake=…, device="auto")

All ask for a network, whose descriptions, and labelled images; the study runs as a job, and what
it found stays under its name.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import gradio as gr

from audits.network.likely import likely_images
from audits.studies import page
from audits.studies import plan as studies_plan
from audits.studies.plan import Kind
from audits.studies.results import RESULTS
from db import jobs
from db.access.doors import Doors
from db.access.users import STAFF
from db.describe import descriptions, exemplars, subjects
from db.jobs import Job
from db.workspace import open_database
from describer.jobs.page import line as job_line

ABOUT: dict[str, str] = {
    "faithfulness": "Do units act where their descriptions hold? Take images that the descriptions "
    "were not made from.",
    "importance": "Which kinds of description matter? Units are ablated in the order of seven "
    "scores of their descriptions: nouns, verbs, prepositions, adjectives, length, parse depth, "
    "and the largest difference between two words.",
    "uses": "What can the descriptions be used for? Units are grouped by them, pruned, chosen as "
    "classifiers, and compared with their exemplars; each beside its control.",
}


def build(doors: Doors, item: gr.Tab, kind: Kind, *, wake: Callable[[], None], device: str) -> None:
    """Put the item's components and events on the page that is being built."""
    open_db = partial(open_database, doors.workspace)
    uses = kind == "uses"
    gr.HTML(f"<p class='mw-muted'>{ABOUT[kind]}</p>")
    with gr.Row():
        subject = gr.Dropdown([], label="Network", elem_id=f"{kind}_subject")
        method = gr.Dropdown([], label="Descriptions by", elem_id=f"{kind}_method")
        layer = gr.Dropdown([("all", "")], value="", label="Layer", elem_id=f"{kind}_layer")
        images = gr.Dropdown([], label="Labelled images", elem_id=f"{kind}_images")
        controls = gr.Number(5, label="Random controls", precision=0, minimum=2)
        step = gr.Number(
            2, label="Step (% of units)", visible=kind == "importance", minimum=0.1, maximum=50
        )
    with gr.Row(visible=uses):
        threshold = gr.Slider(0.3, 1, 0.8, step=0.05, label="Alike from (product)")
        terms = gr.Textbox(
            "", label="Terms to prune", placeholder="the three commonest", elem_id="uses_terms"
        )
        unseen = gr.Dropdown(
            [("none", "")], value="", label="Classes to tell apart", elem_id="uses_unseen"
        )
        groups = gr.Textbox(
            "",
            label="Super-classes, one a line",
            placeholder="animals: dog, cat, bird",
            lines=2,
            elem_id="uses_groups",
        )
    start = gr.Button("Start", variant="primary", elem_id=f"{kind}_start")
    progress = gr.HTML(elem_id=f"{kind}_job")
    with gr.Row():
        cancel = gr.Button("Cancel job", visible=False, elem_id=f"{kind}_cancel")
        resume = gr.Button("Resume job", visible=False, elem_id=f"{kind}_resume")
    shown = gr.Dropdown([], label="Study", visible=False, elem_id=f"{kind}_shown")
    content = gr.HTML(elem_id=f"{kind}_result")
    timer = gr.Timer(2, active=False)

    def watch(job_id: int | None) -> tuple[Any, ...]:
        """What a running job changes; a study that has just ended is shown."""
        wake()
        with open_db() as db:
            newest = jobs.latest(db, kinds=(kind,), limit=1)
            done = [each for each in jobs.latest(db, kinds=(kind,)) if each.state == "done"]
            chosen = next((each for each in done if each.job_id == job_id), None)
            if newest and newest[0].state == "done" and newest[0] in done[:1]:
                chosen = chosen or newest[0]
            chosen = chosen or next(iter(done), None)
            result = _drawn(db, kind, chosen)
        state = newest[0].state if newest else ""
        live = state in ("running", "queued")
        names = [(_title(each), each.job_id) for each in done]
        return (
            job_line(newest[0]) if newest else "",
            gr.update(visible=live),
            gr.update(visible=state in ("failed", "cancelled", "interrupted")),
            gr.Timer(active=live),
            gr.update(
                choices=names,
                value=chosen.job_id if chosen else None,
                visible=len(names) > 1,
            ),
            result,
        )

    @doors.allow(*STAFF)
    def arrive(
        subject: str | None, images: str | None, shown: int | None, request: gr.Request
    ) -> tuple[Any, ...]:
        with open_db() as db:
            names = studies_plan.networks(db)
            folders = [each.name for each in subjects.every_probing_set(db) if each.classes]
            methods = descriptions.methods(db)
            network = subject if subject in names else next(iter(names), None)
            likely = likely_images(db, network or "", "validation")
        return (
            gr.update(choices=names, value=network),
            gr.update(choices=methods, value=next(iter(methods), None)),
            gr.update(choices=folders, value=images if images in folders else likely),
            gr.update(choices=[("none", ""), *((each, each) for each in folders)]),
            *watch(shown),
        )

    @doors.allow(*STAFF)
    def list_layers(subject: str | None, request: gr.Request) -> Any:
        with open_db() as db:
            found = [each.layer for each in exemplars.sets(db, subject=subject)] if subject else []
        names = list(dict.fromkeys(reversed(found)))
        return gr.update(choices=[("all", ""), *((each, each) for each in names)], value="")

    @doors.allow(*STAFF)
    def guess_images(subject: str | None, request: gr.Request) -> str | None:
        with open_db() as db:
            return likely_images(db, subject or "", "validation")

    @doors.allow(*STAFF)
    def enqueue(
        subject: str | None,
        method: str | None,
        layer: str | None,
        images: str | None,
        controls: float | None,
        step: float | None,
        threshold: float | None,
        terms: str | None,
        unseen: str | None,
        groups: str | None,
        request: gr.Request,
    ) -> Any:
        plan = studies_plan.Plan(
            kind,
            subject or "",
            method or "",
            images or "",
            layer or "",
            int(controls or 0),
            step=(step or 2) / 100,
            threshold=threshold or 0.8,
            terms=terms or "",
            groups=groups or "",
            unseen=unseen or "",
        )
        with open_db() as db:
            studies_plan.enqueue(db, plan, device=device, person=doors.person(request).name)
        wake()
        return gr.Timer(active=True), None

    @doors.allow(*STAFF)
    def poll(shown: int | None, request: gr.Request) -> tuple[Any, ...]:
        return watch(shown)

    @doors.allow(*STAFF)
    def stop(shown: int | None, request: gr.Request) -> tuple[Any, ...]:
        with open_db() as db:
            for each in jobs.latest(db, kinds=(kind,), limit=1):
                jobs.ask_to_cancel(db, each.job_id)
        return watch(shown)

    @doors.allow(*STAFF)
    def go_on(shown: int | None, request: gr.Request) -> tuple[Any, ...]:
        with open_db() as db:
            for each in jobs.latest(db, kinds=(kind,), limit=1):
                jobs.requeue(db, each.job_id)
        return watch(shown)

    watched = [progress, cancel, resume, timer, shown, content]
    hidden: dict[str, Any] = {"show_progress": "hidden"}
    item.select(
        arrive, [subject, images, shown], [subject, method, images, unseen, *watched], **hidden
    )
    subject.change(list_layers, subject, layer, **hidden)
    subject.input(guess_images, subject, images, **hidden)
    asked = [subject, method, layer, images, controls, step, threshold, terms, unseen, groups]
    start.click(enqueue, asked, [timer, shown]).then(poll, shown, watched, **hidden)
    timer.tick(poll, shown, watched, queue=False, **hidden)
    shown.input(poll, shown, watched, **hidden)
    cancel.click(stop, shown, watched)
    resume.click(go_on, shown, watched)


def _drawn(db: Any, kind: Kind, job: Job | None) -> str:
    if job is None:
        return page.empty()
    found = RESULTS[kind].from_json(job.result)
    return page.shown(found, {each: exemplars.unit(db, each) for each in page.examples(found)})


def _title(job: Job) -> str:
    created = job.created_utc[:16].replace("T", " ")
    return f"{job.job_id}: {job.title}, {created} UTC"
