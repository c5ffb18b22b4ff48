"""Ablate: chosen units silenced one after another, and the live curve.

    build(doors, item, wake=…, device="auto", beneath=edit_tab.build)

Everything is read when the item is selected; a timer follows the jobs while one is running. What
stands beneath an experiment (the edit to take away) is given by whoever puts the items together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import gradio as gr
from sqlite_utils import Database

from audits import page as audits_page
from audits.ablation import budget, page
from audits.ablation import plan as ablation_plan
from audits.ablation.budget import Budget
from audits.find import verdicts
from audits.network import likely
from db import jobs
from db.access.permissions import Doors, Person
from db.access.users import STAFF
from db.audit import ablations, blind_review, filters, finding
from db.audit.ablations import Ablation
from db.describe import exemplars, subjects
from db.errors import BadInput, WorkbenchError
from db.jobs import Job
from db.workspace import open_database
from describer.form import Form
from describer.jobs import ownership
from describer.jobs import tab as jobs_tab
from describer.jobs.tab import QUIET, Following

KINDS = ("ablate", "export")
SOURCES = [
    ("confirmed units", "confirmed"),
    ("what Find shows now", "found"),
    ("all units of a saved filter", "filter"),
    ("units I list", "list"),
]
ORDERS = [
    ("least important first, by how sure of the right class the network stays", "likelihood"),
    ("least important first, by accuracy as in the paper (averaged over ties)", "accuracy"),
    ("highest description score first", "score"),
    ("random", "random"),
]


class Beneath(Protocol):
    """What stands beneath the experiment that is shown."""

    @property
    def shown(self) -> list[Any]:
        """Its components that `show` fills."""

    def show(self, db: Database, experiment: Ablation | None, *, live: bool) -> tuple[Any, ...]:
        """What they hold for an experiment; live: while its job, or another, is under way."""

    def wire(self, experiment: gr.Dropdown, following: Following) -> None:
        """Connect its own components; the job that it starts is followed here."""


@dataclass(frozen=True)
class Fields(Form):
    """What is asked of an ablation, named as in `plan.Plan`; `saved` and `listing` name units."""

    source: gr.Radio
    concept: gr.Dropdown
    saved: gr.Dropdown
    listing: gr.Textbox
    subject: gr.Dropdown
    validation: gr.Dropdown
    test: gr.Dropdown
    rule: gr.Radio
    order: gr.Radio
    controls: gr.Number
    sort_all: gr.Checkbox
    whole_layers: gr.Checkbox
    validation_labels: gr.Textbox
    test_labels: gr.Textbox
    training: gr.Dropdown


def build(
    doors: Doors,
    item: gr.Tab,
    *,
    wake: Callable[[], None],
    device: str,
    beneath: Callable[[], Beneath],
) -> None:
    """Put the item's components and events on the page that is being built."""
    open_db = partial(open_database, doors.workspace)
    fields, warned = _fields()
    cost_shown = gr.HTML(elem_id="ablate_budget")
    ablate = gr.Button("Ablate", variant="primary", elem_id="ablate")
    follower = jobs_tab.follow(doors, KINDS, wake=wake, prefix="ablate_")
    shown = gr.Dropdown([], label="Experiment", visible=False, elem_id="ablation")
    curve = gr.HTML(elem_id="curve")
    below = beneath()

    def show(job: Job | None, ablation_id: int | None) -> tuple[Any, ...]:
        """An experiment; a new one is shown as soon as there is one."""
        with open_db() as db:
            every = ablations.latest(db)
            known = [experiment.ablation_id for experiment in every]
            begun = [
                experiment.ablation_id
                for experiment in every
                if job is not None and job.state == "running" and experiment.job_id == job.job_id
            ]
            if begun or ablation_id not in known:
                ablation_id = next(iter(begun or known), None)
            experiment = ablations.get(db, ablation_id) if ablation_id else None
            points = ablations.curve(db, ablation_id) if ablation_id else []
            units = [exemplars.unit(db, each) for each in experiment.units] if experiment else []
            live = any(each.state in ownership.LIVE for each in jobs.latest(db, kinds=KINDS))
            taken = below.show(db, experiment, live=live)
        names = [(_title(each), each.ablation_id) for each in every]
        return (
            gr.update(choices=names, value=ablation_id, visible=len(names) > 1),
            page.ablation(experiment, points, units),
            *taken,
        )

    following = follower.wire(show, given=[shown], shown=[shown, curve, *below.shown])

    @doors.allow(*STAFF)
    def arrive(
        concept: str | None, job_id: int | None, shown: int | None, request: gr.Request
    ) -> tuple[Any, ...]:
        return (
            *_offered(open_db, concept),
            *following.read(doors.person(request), job_id, shown),
        )

    @doors.allow(*STAFF)
    def enqueue(given: dict[Any, Any], request: gr.Request) -> int:
        with open_db() as db:
            return _enqueue(db, fields.asked(given), device=device, who=doors.person(request))

    offered = [
        fields.concept,
        fields.saved,
        fields.subject,
        fields.validation,
        fields.test,
        fields.training,
    ]
    item.select(
        arrive, [fields.concept, *following.inputs], [*offered, *following.outputs], **QUIET
    )
    shown.input(following.poll, following.inputs, following.outputs, **QUIET)
    following.start(ablate, enqueue, fields.inputs())
    below.wire(shown, following)
    _wire_fields(fields, warned, cost_shown, doors)


def _fields() -> tuple[Fields, gr.HTML]:
    """The form, and where its warnings go."""
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
    warned = gr.HTML(elem_id="ablate_told")
    with gr.Row():
        rule = gr.Radio(["zero", "mean"], value="zero", label="Set units to", elem_id="rule")
        order = gr.Radio(ORDERS, value="likelihood", label="Order", elem_id="ablate_order")
        controls = gr.Number(
            20, label="Draws of random units", precision=0, minimum=1, elem_id="controls"
        )
        with gr.Column(min_width=200):
            sort_all = gr.Checkbox(False, label="also sort all units (slow)")
            whole_layers = gr.Checkbox(False, label="also whole layers", elem_id="whole_layers")
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
    fields = Fields(
        source=source,
        concept=concept,
        saved=saved,
        listing=listing,
        subject=subject,
        validation=validation,
        test=test,
        rule=rule,
        order=order,
        controls=controls,
        sort_all=sort_all,
        whole_layers=whole_layers,
        validation_labels=validation_labels,
        test_labels=test_labels,
        training=training,
    )
    return fields, warned


def _wire_fields(fields: Fields, warned: gr.HTML, cost_shown: gr.HTML, doors: Doors) -> None:
    """Let a choice in the form bring the others with it."""
    open_db = partial(open_database, doors.workspace)

    @doors.allow(*STAFF)
    def show_source(source: str, request: gr.Request) -> tuple[Any, ...]:
        return tuple(gr.update(visible=source == each) for each in ("confirmed", "filter", "list"))

    @doors.allow(*STAFF)
    def guess_network(concept: str | None, request: gr.Request) -> Any:
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
        names = {"subject": subject, "validation": validation, "test": test}
        with open_db() as db:
            return audits_page.warned(ablation_plan.warnings(db, _plan(names)))

    named = [fields.subject, fields.validation, fields.test]
    fields.source.input(
        show_source, fields.source, [fields.concept, fields.saved, fields.listing], **QUIET
    )
    fields.concept.change(guess_network, fields.concept, fields.subject, **QUIET)
    fields.subject.change(guess_images, fields.subject, named[1:], **QUIET)
    gr.on([each.change for each in named], warn, named, warned, **QUIET)

    @doors.allow(*STAFF)
    def cost(given: dict[Any, Any], request: gr.Request) -> str:
        with open_db() as db:
            return page.budget(_budget(db, fields.asked(given), doors.person(request)))

    costly: list[Any] = [*named, fields.source, fields.concept, fields.saved, fields.listing]
    costly += [fields.order, fields.controls]
    gr.on([field.change for field in costly], cost, fields.inputs(), cost_shown, **QUIET)


def _offered(open_db: Callable[[], Any], concept: str | None) -> tuple[Any, ...]:
    """What is to be chosen from: concepts, filters, networks, and images, with which labels."""
    with open_db() as db:
        concepts = blind_review.confirmed_concepts(db)
        names = [each.name for each in subjects.every(db)]
        folders = subjects.every_probing_set(db)
        kept = [(each.name, each.filter_id) for each in filters.every(db)]
    found = [(each.name + ("" if each.classes else " (no classes)"), each.name) for each in folders]
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
    )


def _plan(asked: dict[str, Any]) -> ablation_plan.Plan:
    """The plan that the form asks for; what was left empty is refused when it is queued."""
    texts = {"concept": "", "subject": "", "validation": "", "test": ""}
    chosen = {name: value for name, value in asked.items() if value is not None}
    return ablation_plan.Request.from_json({**texts, **chosen}).plan


def _budget(db: Database, asked: dict[str, Any], who: Person) -> Budget | None:
    """What the form asks for costs, as far as it is filled in."""
    filter_id, listed, found = asked.pop("saved"), asked.pop("listing") or "", list[int]()
    if asked["source"] == "found":
        wanted = filters.remembered(db, who.name)
        found = finding.unit_ids(db, wanted) if wanted else []
    elif asked["source"] == "filter" and filter_id is not None:
        found = finding.unit_ids(db, filters.get(db, filter_id).query)
    asked["source"] = {"found": "filter"}.get(asked["source"], asked["source"])
    plan = _plan(asked)
    try:
        units = len(ablation_plan.units_of(db, plan, found, listed)[0]) if plan.subject else 0
    except WorkbenchError:
        # What is typed half, or fits no network yet, is refused when it is queued.
        return None
    return budget.budget(db, plan, units)


def _enqueue(db: Database, asked: dict[str, Any], *, device: str, who: Person) -> int:
    """Queue what the form asks for; its units are found now where Find or a filter names them.

    Raises:
        BadInput: nothing was found, no filter was chosen, or the plan does not fit.
    """
    filter_id, listed, found = asked.pop("saved"), asked.pop("listing") or "", list[int]()
    if asked["source"] == "found":
        wanted = filters.remembered(db, who.name)
        if wanted is None:
            raise BadInput("Find something first, under Find and sign off.")
        asked["source"], asked["concept"] = "filter", wanted.concept or "what Find shows"
        found = finding.unit_ids(db, wanted)
    elif asked["source"] == "filter":
        if filter_id is None:
            raise BadInput("Choose a saved filter first; Find and sign off saves them.")
        kept = filters.get(db, filter_id)
        asked["concept"], found = kept.name, finding.unit_ids(db, kept.query)
    return ablation_plan.enqueue(
        db, _plan(asked), device=device, person=who.name, found=found, listed=listed
    )


def _title(experiment: Ablation) -> str:
    units = len(experiment.summary.get("units", experiment.request.get("unit_ids", [])))
    return (
        f"{experiment.ablation_id}: {experiment.subject}, {experiment.request.get('concept', '')}, "
        f"{units} units, {experiment.created_utc[:16].replace('T', ' ')} UTC"
    )
