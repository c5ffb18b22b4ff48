"""The Describe tab: choose a network, start the work, watch it; results are `tab_results`.

    build(doors, page, wake=…, device="auto")

Handlers parse, call one function of the domain, and format. What is long runs in a worker process;
the page polls its row and finds it again after a reload.
"""

from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from db.access.permissions import Doors
from db.access.users import EVERYBODY, STAFF
from db.audit import signoffs
from db.describe import descriptions, exemplars, subjects
from db.errors import BadInput, NotFound
from db.jobs import Job
from db.workspace import open_database
from describer.describe import page as describe_page
from describer.describe import plan as describe_plan
from describer.describe import tab_add, tab_layers, tab_results
from describer.describe.tab_results import Wanted
from describer.form import Form
from describer.jobs import tab as jobs_tab
from describer.jobs.tab import QUIET
from describer.methods.options import MilanOptions

_SCRIPT = (Path(__file__).parent / "page.js").read_text(encoding="utf-8")
HEAD = f"<script>{_SCRIPT}</script>{tab_add.HEAD}"


@dataclass(frozen=True)
class Fields(Form):
    """What is asked of a description, named as in `plan.Plan`; `more` are layers, too."""

    subject: gr.Dropdown
    images: gr.Dropdown
    checkpoint: gr.Dropdown
    layers: gr.CheckboxGroup
    more: gr.Dropdown
    k: gr.Number
    quantile: gr.Number
    pooling: gr.Radio
    beam_size: gr.Number
    temperature: gr.Number


def build(doors: Doors, page: gr.Blocks, *, wake: Callable[[], None], device: str) -> None:
    """Put the tab's components and events on the page that is being built."""
    open_db = partial(open_database, doors.workspace)

    start = gr.HTML(elem_id="start")
    with gr.Accordion("Describe a network", open=True) as setting:
        fields = _fields()
        modules = tab_layers.build()
        estimate = gr.HTML(elem_id="estimate")
        begin = gr.Button("Start", variant="primary", elem_id="begin")
    adding = tab_add.build(doors)
    follower = jobs_tab.follow(doors, ["describe"], wake=wake)
    jobs_tab.build(doors, wake=wake)
    results = tab_results.build()

    def choices(**new: str) -> tuple[Any, ...]:
        """What is to be chosen from; what is new is chosen, and leaves the other choices alone."""
        with open_db() as db:
            every = {
                "subject": [each.name for each in subjects.every(db)],
                "images": [each.name for each in subjects.every_probing_set(db)],
                "checkpoint": [each.name for each in subjects.every_checkpoint(db)],
            }
            described = descriptions.page(db, limit=0).total
            judged = bool(signoffs.concepts(db))
        chosen: dict[str, Any] = new or {kind: names[0] for kind, names in every.items() if names}
        return (
            describe_page.start_cards(every["subject"], described, judged),
            *(
                gr.update(choices=names, **({"value": chosen[kind]} if kind in chosen else {}))
                for kind, names in every.items()
            ),
            # Who has results came to see them.
            gr.update(open=bool(new) or not described),
        )

    def show(job: Job | None, *asked: Any) -> tuple[Any, ...]:
        return tab_results.listing(doors, Wanted(*asked))

    following = follower.wire(show, given=results.fields.listed(), shown=results.listed)

    @doors.allow(*EVERYBODY)
    def arrive(request: gr.Request) -> tuple[Any, ...]:
        """The page was opened; only staff are told anything."""
        who = doors.person(request)
        if who.role not in STAFF:
            return (gr.skip(),) * len(opened)
        wanted, unit_id = request.query_params.get("unit"), ""
        try:
            with open_db() as db:
                unit_id = str(exemplars.by_name(db, wanted).unit_id) if wanted else ""
        except NotFound as error:
            # An old link is no reason to show an empty page.
            gr.Warning(escape(str(error)))
        return (*choices(), *following.read(who, None, *astuple(Wanted())), unit_id)

    @doors.allow(*STAFF)
    def list_layers(
        subject: str | None, images: str | None, request: gr.Request
    ) -> tuple[Any, Any, str]:
        """The network's layers, ticked, and what they cost: in one answer, so that no request holds
        layers of the network before, which the lists no longer have.
        """
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
            ticked = [name for _, name in listed]
            found = describe_plan.estimate(db, subject, images, ticked)
        return (
            gr.update(choices=listed, value=ticked),
            gr.update(choices=others, value=[]),
            describe_page.estimate(found),
        )

    @doors.allow(*STAFF)
    def tell(given: dict[Any, Any], request: gr.Request) -> str:
        asked = fields.asked(given)
        layers = [*asked["layers"], *asked["more"]]
        with open_db() as db:
            found = describe_plan.estimate(db, asked["subject"], asked["images"], layers)
        return describe_page.estimate(found)

    @doors.allow(*STAFF)
    def enqueue(given: dict[Any, Any], request: gr.Request) -> int:
        with open_db() as db:
            return describe_plan.enqueue(
                db, _plan(fields.asked(given)), device=device, person=doors.person(request).name
            )

    setup = [start, fields.subject, fields.images, fields.checkpoint, setting]
    opened = [*setup, *following.outputs, results.picked]
    page.load(arrive, None, opened, **QUIET)
    fields.subject.change(
        list_layers,
        [fields.subject, fields.images],
        [fields.layers, fields.more, estimate],
        **QUIET,
    )
    gr.on(
        [each.change for each in (fields.images, fields.layers, fields.more)],
        tell,
        fields.inputs(),
        estimate,
        **QUIET,
    )
    following.start(begin, enqueue, fields.inputs())
    tab_add.wire(adding, page, doors, results=results, choices=choices, setup=setup)
    tab_layers.wire(modules, doors, fields.subject)
    tab_results.wire(results, doors)


def _fields() -> Fields:
    with gr.Row():
        subject = gr.Dropdown([], label="Network", elem_id="subject")
        images = gr.Dropdown([], label="Images", elem_id="images")
        checkpoint = gr.Dropdown([], label="MILAN checkpoint", elem_id="checkpoint")
    layers = gr.CheckboxGroup([], label="Layers", elem_id="layers")
    more = gr.Dropdown([], label="Further layers", multiselect=True, elem_id="more_layers")
    with gr.Accordion("Options", open=False), gr.Row():
        return Fields(
            subject,
            images,
            checkpoint,
            layers,
            more,
            k=gr.Number(15, label="exemplars a unit (k)", precision=0, minimum=1),
            quantile=gr.Number(0.99, label="mask above quantile", minimum=0, maximum=1),
            pooling=gr.Radio(["max", "mean"], value="max", label="pooling"),
            beam_size=gr.Number(50, label="beam", precision=0, minimum=1),
            temperature=gr.Number(0.2, label="lambda"),
        )


def _plan(asked: dict[str, Any]) -> describe_plan.Plan:
    """The plan that the form asks for; `plan.enqueue` refuses what was not chosen.

    Raises:
        BadInput: a number is empty.
    """
    if None in (asked["k"], asked["quantile"], asked["beam_size"], asked["temperature"]):
        raise BadInput("Fill in every number under Options first.")
    return describe_plan.Plan(
        subject=asked["subject"] or "",
        images=asked["images"] or "",
        layers=(*asked["layers"], *asked["more"]),
        methods=(
            MilanOptions(asked["checkpoint"] or "", int(asked["beam_size"]), asked["temperature"]),
        ),
        k=int(asked["k"]),
        quantile=asked["quantile"],
        pooling=asked["pooling"],
    )
