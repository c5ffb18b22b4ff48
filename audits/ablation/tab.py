"""Ablate: chosen units silenced one after another, the live curve, and the edit to take away.

    build(doors, item, wake=…, device="auto")

Everything is read when the item is selected; a timer follows the jobs while one is running.
"""

from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

import gradio as gr

from audits.ablation import page
from audits.ablation import plan as ablation_plan
from audits.edit import plan as edit_plan
from audits.find import verdicts
from audits.network import likely
from db import jobs
from db.access.doors import Doors
from db.access.users import STAFF
from db.audit import ablations, decisions, filters, finding
from db.describe import exemplars, subjects
from db.errors import BadInput
from db.workspace import open_database
from describer.jobs.page import line as job_line

KINDS = ("ablate", "export")
SOURCES = [
    ("confirmed units", "confirmed"),
    ("what Find shows now", "found"),
    ("all units of a saved filter", "filter"),
    ("units I list", "list"),
]
ORDERS = [
    ("least important first", "importance"),
    ("by description score", "score"),
    ("random", "random"),
]


def build(doors: Doors, item: gr.Tab, *, wake: Callable[[], None], device: str) -> None:
    """Put the item's components and events on the page that is being built."""
    open_db = partial(open_database, doors.workspace)

    with gr.Row():
        source = gr.Radio(SOURCES, value="confirmed", label="Units", elem_id="ablate_source")
        concept = gr.Dropdown([], label="Confirmed for", elem_id="ablate_concept")
        saved = gr.Dropdown([], label="Saved filter", visible=False, elem_id="ablate_filter")
        listing = gr.Textbox(
            label="Units, as layer-number or as Find shows them",
            placeholder="layer3-17 resnet18/layer4/2",
            visible=False,
            elem_id="ablate_listed",
        )
    with gr.Row():
        subject = gr.Dropdown([], label="Network", elem_id="ablate_subject")
        validation = gr.Dropdown([], label="Validation images (chosen on)", elem_id="validation")
        test = gr.Dropdown([], label="Test images (reported on)", elem_id="test")
    told = gr.HTML(elem_id="ablate_told")
    with gr.Row():
        rule = gr.Radio(["zero", "mean"], value="zero", label="Set units to", elem_id="rule")
        order = gr.Radio(ORDERS, value="importance", label="Order", elem_id="ablate_order")
        controls = gr.Number(5, label="Random controls", precision=0, minimum=1)
        with gr.Column(min_width=200):
            sort_all = gr.Checkbox(False, label="also sort all units (slow)")
            whole = gr.Checkbox(False, label="also whole layers", elem_id="whole_layers")
    with gr.Accordion("Labels from a table, and training the head again", open=False):
        gr.HTML(
            "<p class='mw-muted'>Labels come from sub-folders, from <code>labels.csv</code> in the "
            "image folder, or from a table pasted here (<code>path,class</code>). Without any, "
            "agreement with the unedited network is measured.</p>"
        )
        with gr.Row():
            validation_labels = gr.Textbox(label="Labels of the validation images", lines=3)
            test_labels = gr.Textbox(label="Labels of the test images", lines=3)
        training = gr.Dropdown([], label="Train the head again on", elem_id="ablate_training")
    ablate = gr.Button("Ablate", variant="primary", elem_id="ablate")
    progress = gr.HTML(elem_id="ablate_job")
    with gr.Row():
        cancel = gr.Button("Cancel job", visible=False, elem_id="ablate_cancel")
        resume = gr.Button("Resume job", visible=False, elem_id="ablate_resume")
    shown = gr.Dropdown([], label="Experiment", visible=False, elem_id="ablation")
    curve = gr.HTML(elem_id="curve")
    with gr.Row(visible=False) as take:
        count = gr.Number(1, label="Remove the first … units", precision=0, minimum=1)
        export = gr.Button("Export the edited network", elem_id="export_edit")
    files = gr.HTML(elem_id="edits")
    timer = gr.Timer(2, active=False)
    fields: dict[str, gr.components.Component] = {
        "source": source,
        "concept": concept,
        "subject": subject,
        "validation": validation,
        "test": test,
        "rule": rule,
        "order": order,
        "controls": controls,
        "sort_all": sort_all,
        "whole_layers": whole,
        "validation_labels": validation_labels,
        "test_labels": test_labels,
        "training": training,
    }

    def watch(ablation_id: int | None) -> tuple[Any, ...]:
        """What a running job changes; a new experiment is shown as soon as there is one."""
        wake()
        with open_db() as db:
            newest = jobs.latest(db, kinds=KINDS, limit=1)
            every = ablations.latest(db)
            running = {job.job_id for job in newest if job.state == "running"}
            started = [each.ablation_id for each in every if each.job_id in running]
            known = [each.ablation_id for each in every]
            if started or ablation_id not in known:
                ablation_id = next(iter(started or known), None)
            experiment = ablations.get(db, ablation_id) if ablation_id else None
            points = ablations.curve(db, ablation_id) if ablation_id else []
            units = [exemplars.unit(db, each) for each in experiment.units] if experiment else []
            offered = edit_plan.offered(db, ablation_id) if ablation_id else []
        state = newest[0].state if newest else ""
        live = state in ("running", "queued")
        names = [(_title(each), each.ablation_id) for each in every]
        return (
            job_line(newest[0]) if newest else "",
            gr.update(visible=live),
            gr.update(visible=state in ("failed", "cancelled", "interrupted")),
            gr.Timer(active=live),
            gr.update(choices=names, value=ablation_id, visible=len(names) > 1),
            page.ablation(experiment, points, units),
            gr.update(visible=bool(experiment and experiment.summary)),
            gr.skip() if live or experiment is None else max(1, edit_plan.suggested(experiment)),
            _links(offered),
        )

    @doors.allow(*STAFF)
    def arrive(concept: str | None, shown: int | None, request: gr.Request) -> tuple[Any, ...]:
        with open_db() as db:
            concepts = decisions.confirmed_concepts(db)
            names = [each.name for each in subjects.every(db)]
            folders = subjects.every_probing_set(db)
            kept = [(each.name, each.filter_id) for each in filters.every(db)]
        found = [
            (each.name + ("" if each.classes else " (no classes)"), each.name) for each in folders
        ]
        labelled = [("no", ""), *((each.name, each.name) for each in folders if each.classes)]
        return (
            gr.update(
                choices=concepts,
                value=concept if concept in concepts else next(iter(concepts), None),
            ),
            gr.update(choices=kept),
            gr.update(choices=names),
            gr.update(choices=found),
            gr.update(choices=found),
            gr.update(choices=labelled, value=""),
            *watch(shown),
        )

    @doors.allow(*STAFF)
    def show_source(source: str, request: gr.Request) -> tuple[Any, ...]:
        return tuple(gr.update(visible=source == each) for each in ("confirmed", "filter", "list"))

    @doors.allow(*STAFF)
    def follow(concept: str | None, request: gr.Request) -> Any:
        """The network that most units were confirmed of."""
        with open_db() as db:
            return verdicts.most_confirmed(db, concept or "") or gr.skip()

    @doors.allow(*STAFF)
    def guess_images(subject: str | None, request: gr.Request) -> tuple[Any, Any]:
        with open_db() as db:
            return (
                likely.likely_images(db, subject or "", "validation"),
                likely.likely_images(db, subject or "", "test"),
            )

    @doors.allow(*STAFF)
    def warn(
        subject: str | None, validation: str | None, test: str | None, request: gr.Request
    ) -> str:
        plan = ablation_plan.Plan(subject or "", "", validation or "", test or "")
        with open_db() as db:
            return "".join(f"<p>⚠ {escape(text)}</p>" for text in ablation_plan.warnings(db, plan))

    @doors.allow(*STAFF)
    def enqueue(given: dict[Any, Any], request: gr.Request) -> Any:
        asked = {name: given[field] for name, field in fields.items() if given[field] is not None}
        found: list[int] = []
        with open_db() as db:
            if asked["source"] == "found":
                wanted = filters.remembered(db, doors.person(request).name)
                if wanted is None:
                    raise BadInput("Find something first, under Find and sign off.")
                asked["source"], asked["concept"] = "filter", wanted.concept or "what Find shows"
                found = finding.unit_ids(db, wanted)
            elif asked["source"] == "filter":
                if given[saved] is None:
                    raise BadInput("Choose a saved filter first; Find and sign off saves them.")
                kept = filters.get(db, given[saved])
                asked["concept"], found = kept.name, finding.unit_ids(db, kept.query)
            texts = {"concept": "", "subject": "", "validation": "", "test": ""}
            plan = ablation_plan.Request.from_json({**texts, **asked}).plan
            person, listed = doors.person(request).name, given[listing] or ""
            ablation_plan.enqueue(
                db, plan, device=device, person=person, found=found, listed=listed
            )
        wake()
        return gr.Timer(active=True)

    @doors.allow(*STAFF)
    def take_away(shown: int | None, count: float | None, request: gr.Request) -> Any:
        if shown is None:
            raise BadInput("Ablate first: an edit is exported once its cost is known.")
        if count is None:
            raise BadInput("Type how many units to remove first.")
        with open_db() as db:
            person = doors.person(request).name
            edit_plan.enqueue(db, shown, int(count), device=device, person=person)
        wake()
        return gr.Timer(active=True)

    @doors.allow(*STAFF)
    def poll(shown: int | None, request: gr.Request) -> tuple[Any, ...]:
        return watch(shown)

    @doors.allow(*STAFF)
    def stop(shown: int | None, request: gr.Request) -> tuple[Any, ...]:
        with open_db() as db:
            for each in jobs.latest(db, kinds=KINDS, limit=1):
                jobs.ask_to_cancel(db, each.job_id)
        return watch(shown)

    @doors.allow(*STAFF)
    def go_on(shown: int | None, request: gr.Request) -> tuple[Any, ...]:
        with open_db() as db:
            for each in jobs.latest(db, kinds=KINDS, limit=1):
                jobs.requeue(db, each.job_id)
        return watch(shown)

    watched = [progress, cancel, resume, timer, shown, curve, take, count, files]
    hidden: dict[str, Any] = {"show_progress": "hidden"}
    item.select(
        arrive,
        [concept, shown],
        [concept, saved, subject, validation, test, training, *watched],
        **hidden,
    )
    timer.tick(poll, shown, watched, queue=False, **hidden)
    source.input(show_source, source, [concept, saved, listing], **hidden)
    concept.change(follow, concept, subject, **hidden)
    subject.change(guess_images, subject, [validation, test], **hidden)
    gr.on(
        [subject.change, validation.change, test.change],
        warn,
        [subject, validation, test],
        told,
        **hidden,
    )
    ablate.click(enqueue, {*fields.values(), saved, listing}, timer).then(
        poll, shown, watched, **hidden
    )
    export.click(take_away, [shown, count], timer).then(poll, shown, watched, **hidden)
    shown.input(poll, shown, watched, **hidden)
    cancel.click(stop, shown, watched)
    resume.click(go_on, shown, watched)


def _title(experiment: ablations.Ablation) -> str:
    units = len(experiment.summary.get("units", experiment.request.get("unit_ids", [])))
    return (
        f"{experiment.ablation_id}: {experiment.subject}, {experiment.request.get('concept', '')}, "
        f"{units} units, {experiment.created_utc[:16].replace('T', ' ')} UTC"
    )


def _links(offered: list[edit_plan.Offered]) -> str:
    """The exports to fetch; their addresses are answered for staff only."""
    lines = []
    for each in offered:
        how = "weights changed" if each.way == "weights" else f"with a wrapper: {each.reason}"
        right = "" if each.accuracy is None else f", accuracy {each.accuracy:.2%} when read back"
        lines.append(
            f'<li><a href="/reports/{each.file}" download>{each.file}</a>: without {each.count} '
            f"units ({escape(how)}); the same predictions as the ablation on each of {each.images} "
            f"test images{right}</li>"
        )
    return f"<ul>{''.join(lines)}</ul>" if lines else ""
