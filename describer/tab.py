"""The Describe tab: choose a network, start the work, watch it; results are `tab_results`.

    build(doors, page, wake=…, device="auto")

Handlers parse, call one function of the domain, and format. What is long runs in a worker process;
the page polls its row and finds it again after a reload.
"""

from collections.abc import Callable
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from db import jobs
from db.access.doors import Doors
from db.access.users import STAFF
from db.describe import descriptions, exemplars, subjects
from db.errors import NotFound
from db.workspace import open_database
from describer.describe import page as describe_page
from describer.describe import plan as describe_plan
from describer.describe import tab_add, tab_results
from describer.jobs import page as job_page
from describer.jobs import tab

_SCRIPT = (Path(__file__).parent / "page.js").read_text(encoding="utf-8")
HEAD = f"<script>{_SCRIPT}</script>{tab_add.HEAD}"


def build(doors: Doors, page: gr.Blocks, *, wake: Callable[[], None], device: str) -> None:
    """Put the tab's components and events on the page that is being built."""
    open_db = partial(open_database, doors.workspace)

    start = gr.HTML(elem_id="start")
    with gr.Accordion("Describe a network", open=True) as setting:
        with gr.Row():
            subject = gr.Dropdown([], label="Network", elem_id="subject")
            images = gr.Dropdown([], label="Images", elem_id="images")
            checkpoint = gr.Dropdown([], label="MILAN checkpoint", elem_id="checkpoint")
        layers = gr.CheckboxGroup([], label="Layers", elem_id="layers")
        more = gr.Dropdown([], label="Further layers", multiselect=True, elem_id="more_layers")
        with gr.Accordion("Options", open=False), gr.Row():
            k = gr.Number(15, label="exemplars a unit (k)", precision=0, minimum=1)
            quantile = gr.Number(0.99, label="mask above quantile", minimum=0, maximum=1)
            pooling = gr.Radio(["max", "mean"], value="max", label="pooling")
            beam = gr.Number(50, label="beam", precision=0, minimum=1)
            temperature = gr.Number(0.2, label="lambda")
        estimate = gr.HTML(elem_id="estimate")
        begin = gr.Button("Start", variant="primary", elem_id="begin")
    adding = tab_add.build(doors)
    job = gr.HTML(elem_id="job")
    with gr.Row():
        cancel = gr.Button("Cancel job", visible=False, elem_id="cancel")
        resume = gr.Button("Resume job", visible=False, elem_id="resume")
    timer = gr.Timer(2, active=False)

    tab.build(doors, wake=wake)
    results = tab_results.build()

    def choices(**new: str) -> tuple[Any, ...]:
        """What is to be chosen from; what is new is chosen, and leaves the other choices alone."""
        with open_db() as db:
            every = {
                "subject": [each.name for each in subjects.every(db)],
                "images": [each.name for each in subjects.every_probing_set(db)],
                "checkpoint": [each.name for each in subjects.every_checkpoint(db)],
            }
            cards = describe_page.start_cards(db)
            described = bool(descriptions.methods(db))
        chosen: dict[str, Any] = new or {kind: names[0] for kind, names in every.items() if names}
        return (
            cards,
            *(
                gr.update(choices=names, **({"value": chosen[kind]} if kind in chosen else {}))
                for kind, names in every.items()
            ),
            # Who has results came to see them.
            gr.update(open=bool(new) or not described),
        )

    def listing(*asked: Any) -> tuple[Any, ...]:
        return tab_results.listing(doors, *asked)

    @doors.allow("admin", "reviewer", "annotator")
    def arrive(request: gr.Request) -> tuple[Any, ...]:
        """The page was opened; only staff are told anything."""
        if doors.person(request).role not in STAFF:
            return (gr.skip(),) * len(opened)
        wanted, unit_id = request.query_params.get("unit"), ""
        try:
            with open_db() as db:
                unit_id = str(exemplars.by_name(db, wanted).unit_id) if wanted else ""
        except NotFound as error:
            # An old link is no reason to show an empty page.
            gr.Warning(escape(str(error)))
        return (*choices(), *listing(), unit_id)

    @doors.allow(*STAFF)
    def list_layers(subject: str | None, request: gr.Request) -> tuple[Any, Any]:
        with open_db() as db:
            known = subjects.get(db, subject).layers if subject else ()
        listed, others = (
            [
                (f"{each.name} · {each.units} units", each.name)
                for each in known
                if each.listed is wanted
            ]
            for wanted in (True, False)
        )
        return gr.update(choices=listed, value=[]), gr.update(choices=others, value=[])

    @doors.allow(*STAFF)
    def tell(
        subject: str | None,
        images: str | None,
        layers: list[str],
        more: list[str],
        request: gr.Request,
    ) -> str:
        with open_db() as db:
            return describe_page.estimate(
                describe_plan.estimate(db, subject, images, [*layers, *more])
            )

    @doors.allow(*STAFF)
    def enqueue(
        subject: str | None,
        images: str | None,
        checkpoint: str | None,
        layers: list[str],
        more: list[str],
        k: float,
        quantile: float,
        pooling: str,
        beam: float,
        temperature: float,
        request: gr.Request,
    ) -> Any:
        plan = describe_plan.Plan(
            subject=subject or "",
            images=images or "",
            checkpoint=checkpoint or "",
            layers=(*layers, *more),
            k=int(k),
            quantile=quantile,
            pooling=pooling,
            beam_size=int(beam),
            temperature=temperature,
        )
        with open_db() as db:
            describe_plan.enqueue(db, plan, device=device, person=doors.person(request).name)
        wake()
        return gr.Timer(active=True)

    def watch() -> tuple[Any, ...]:
        wake()
        with open_db() as db:
            newest = jobs.latest(db, kinds=["describe"], limit=1)
        if not newest:
            return "", gr.update(visible=False), gr.update(visible=False), gr.Timer(active=False)
        state = newest[0].state
        live = state in job_page.LIVE
        return (
            job_page.line(newest[0]),
            gr.update(visible=live and not newest[0].cancel),
            gr.update(visible=state in job_page.STOPPED),
            gr.Timer(active=live),
        )

    @doors.allow("admin", "reviewer", "annotator")
    def poll(request: gr.Request) -> tuple[Any, ...]:
        return watch() if doors.person(request).role in STAFF else (gr.skip(),) * len(watched)

    @doors.allow(*STAFF)
    def poll_results(
        search: str, network: str, layer: str, method: str, offset: int, request: gr.Request
    ) -> tuple[Any, ...]:
        return (*watch(), *listing(search, network, layer, method, offset))

    @doors.allow(*STAFF)
    def stop(request: gr.Request) -> tuple[Any, ...]:
        with open_db() as db:
            for each in jobs.latest(db, kinds=["describe"], limit=1):
                jobs.ask_to_cancel(db, each.job_id)
        return watch()

    @doors.allow(*STAFF)
    def go_on(request: gr.Request) -> tuple[Any, ...]:
        with open_db() as db:
            for each in jobs.latest(db, kinds=["describe"], limit=1):
                jobs.requeue(db, each.job_id)
        return watch()

    watched = [job, cancel, resume, timer]
    setup = [start, subject, images, checkpoint, setting]
    hidden: dict[str, Any] = {"show_progress": "hidden"}
    opened = [*setup, *results.listed, results.picked]
    page.load(arrive, None, opened, **hidden)
    page.load(poll, None, watched, **hidden)
    timer.tick(poll_results, results.asked, [*watched, *results.listed], queue=False, **hidden)
    subject.change(list_layers, subject, [layers, more], **hidden)
    gr.on(
        [subject.change, images.change, layers.change, more.change],
        tell,
        [subject, images, layers, more],
        estimate,
        **hidden,
    )
    begin.click(
        enqueue,
        [subject, images, checkpoint, layers, more, k, quantile, pooling, beam, temperature],
        timer,
    ).then(poll, None, watched, **hidden)
    cancel.click(stop, None, watched)
    resume.click(go_on, None, watched)
    tab_add.wire(
        adding,
        page,
        doors,
        choices=choices,
        setup=setup,
        listing=listing,
        filters=results.asked,
        listed=results.listed,
    )
    tab_results.wire(results, doors)
