"""The Describe tab: choose a network, start the work, watch it; results are `tab_results`.

    build(doors, page, wake=…, device="auto")

Handlers parse, call one function of the domain, and format. What is long runs in a worker process;
the page polls its row and finds it again after a reload.
"""

from collections.abc import Callable, Mapping
from dataclasses import astuple
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from sqlite_utils import Database

from db.access.permissions import Doors
from db.access.users import EVERYBODY, STAFF
from db.audit import signoffs
from db.describe import descriptions, exemplars, subjects
from db.errors import NotFound
from db.jobs import Job
from db.workspace import open_database
from describer.describe import cards, tab_add, tab_form, tab_layers, tab_results
from describer.describe import page as describe_page
from describer.describe import plan as describe_plan
from describer.describe.tab_results import Wanted
from describer.jobs import tab as jobs_tab
from describer.jobs.tab import QUIET
from describer.methods import words
from describer.methods.options import CLIP_DISSECT, MILAN

_SCRIPT = (Path(__file__).parent / "page.js").read_text(encoding="utf-8")
_RESULTS = Path(describe_page.__file__).with_name("results.js").read_text(encoding="utf-8")
_STATES = Path(describe_page.__file__).with_name("states.css").read_text(encoding="utf-8")
HEAD = (
    f"<style>{_STATES}</style><script>{_SCRIPT}</script><script>{_RESULTS}</script>{tab_add.HEAD}"
)


def build(doors: Doors, page: gr.Blocks, *, wake: Callable[[], None], device: str) -> None:
    """Put the tab's components and events on the page that is being built."""
    open_db = partial(open_database, doors.workspace)

    start = gr.HTML(elem_id="start")
    search, export, new = tab_results.build_bar()
    with gr.Column(elem_id="new_panel"):
        fields, needs = tab_form.build()
        modules = tab_layers.build()
        estimate = gr.HTML(elem_id="estimate")
        begin = gr.Button("Start", variant="primary", elem_id="begin")
        adding = tab_add.build(doors)
    follower = jobs_tab.follow(doors, ["describe"], wake=wake)
    results = tab_results.build(search, export)
    jobs_tab.build(doors, wake=wake)

    choices = partial(_choices, doors)

    def show(job: Job | None, *asked: Any) -> tuple[Any, ...]:
        return tab_results.listing(doors, Wanted(*asked))

    following = follower.wire(show, given=results.fields.listed(), shown=results.listed)

    @doors.allow(*EVERYBODY)
    def arrive(request: gr.Request) -> tuple[Any, ...]:
        """The page was opened; only staff are told anything."""
        who = doors.person(request)
        if who.role not in STAFF:
            return (gr.skip(),) * len(opened)
        wanted, unit_id = request.query_params.get("unit"), tab_results.first_unit(doors)
        try:
            with open_db() as db:
                unit_id = str(exemplars.by_name(db, wanted).unit_id) if wanted else unit_id
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
        return _estimated(doors, fields.asked(given))

    @doors.allow(*STAFF)
    def enqueue(given: dict[Any, Any], request: gr.Request) -> int:
        asked = fields.asked(given)
        with open_db() as db:
            annotated = _annotated(db, asked)
            plan = tab_form.plan_of(asked, annotated=annotated)
            return describe_plan.enqueue(db, plan, device=device, person=doors.person(request).name)

    setup = [
        start,
        fields.subject,
        fields.images,
        fields.checkpoint,
        *fields.offered,
        needs,
    ]
    opened = [*setup, *following.outputs, results.picked]
    page.load(arrive, None, opened, **QUIET)
    fields.subject.change(
        list_layers,
        [fields.subject, fields.images],
        [fields.layers, fields.more, estimate],
        **QUIET,
    )
    gr.on(
        [
            each.change
            for each in (
                fields.images,
                fields.layers,
                fields.more,
                fields.methods,
                fields.checkpoint,
            )
        ],
        tell,
        fields.inputs(),
        estimate,
        **QUIET,
    )
    following.start(begin, enqueue, fields.inputs())
    new.click(None, None, None, js="() => document.body.classList.toggle('mw-new')")
    tab_add.wire(adding, page, doors, results=results, choices=choices, setup=setup)
    tab_layers.wire(modules, doors, fields.subject)
    tab_results.wire(results, doors)


def _choices(doors: Doors, **new: str) -> tuple[Any, ...]:
    """What is to be chosen from; what is new is chosen, and leaves the other choices alone."""
    with open_database(doors.workspace) as db:
        every = {
            "subject": [each.name for each in subjects.every(db)],
            "images": [each.name for each in subjects.every_probing_set(db)],
            "checkpoint": [each.name for each in subjects.every_checkpoint(db)],
        }
        described = descriptions.page(db, limit=0).total
        judged = bool(signoffs.concepts(db))
        offered = tab_form.offered(db, doors.workspace.models)
    chosen: dict[str, Any] = new or {kind: names[0] for kind, names in every.items() if names}
    return (
        "" if described else describe_page.start_cards(every["subject"], described, judged),
        *(
            gr.update(choices=names, **({"value": chosen[kind]} if kind in chosen else {}))
            for kind, names in every.items()
        ),
        *offered,
    )


def _estimated(doors: Doors, asked: Mapping[str, Any]) -> str:
    """How much work the form asks for, and what to beware of before it is started."""
    layers = [*asked["layers"], *asked["more"]]
    cautions = []
    with open_database(doors.workspace) as db:
        found = None
        if asked["methods"]:
            found = describe_plan.estimate(
                db, asked["subject"], asked["images"], layers, asked["methods"]
            )
        if MILAN in asked["methods"] and asked["checkpoint"] and asked["images"]:
            row = subjects.get_checkpoint(db, asked["checkpoint"])
            images = subjects.get_probing_set(db, asked["images"])
            caution = cards.caution(db, row, images)
            cautions = [f"{row.name}: {cards.card(row).words}", *([caution] if caution else [])]
    return describe_page.estimate(found, cautions)


def _annotated(db: Database, asked: Mapping[str, Any]) -> tuple[str, ...]:
    """The nouns of the workspace's annotations, where CLIP-Dissect is to choose among them."""
    if CLIP_DISSECT not in asked["methods"] or asked["words"] != tab_form.ANNOTATED:
        return ()
    return words.of_annotations(db)
