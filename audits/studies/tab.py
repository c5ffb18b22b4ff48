"""Items of the Audit tab: faithfulness, feature importance, and uses of descriptions.

    build(doors, item, "importance", wake=…, device="auto")

All ask for a network, whose descriptions, and labelled images; the study runs as a job, and what
it found stays under its name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr
from sqlite_utils import Database

from audits import page as audits_page
from audits.network.likely import likely_images
from audits.studies import page
from audits.studies import plan as studies_plan
from audits.studies.plan import Kind
from audits.studies.results import RESULTS
from db import jobs
from db.access.permissions import Doors
from db.access.users import STAFF
from db.describe import descriptions, exemplars, subjects
from db.jobs import Job
from db.workspace import open_database
from describer.form import Form
from describer.jobs import ownership
from describer.jobs import tab as jobs_tab
from describer.jobs.tab import QUIET

ABOUT: dict[str, str] = {
    "faithfulness": "Do units act where their descriptions hold? Take images that the descriptions "
    "were not made from.",
    "importance": "Which kinds of description matter? Units are ablated in the order of seven "
    "scores of their descriptions: nouns, verbs, prepositions, adjectives, length, parse depth, "
    "and the largest difference between two words.",
    "uses": "What can the descriptions be used for? Units are grouped by them, pruned, chosen as "
    "classifiers, and compared with their exemplars; each beside its control.",
}
EMPTY = (
    "Choose a described network and labelled images, and press Start. What is found appears here "
    "and stays."
)


@dataclass(frozen=True)
class Fields(Form):
    """What is asked of a study, named as in `plan.Plan`."""

    subject: gr.Dropdown
    method: gr.Dropdown
    layer: gr.Dropdown
    images: gr.Dropdown
    controls: gr.Number
    step: gr.Number
    threshold: gr.Slider
    terms: gr.Textbox
    unseen: gr.Dropdown
    groups: gr.Textbox


def build(doors: Doors, item: gr.Tab, kind: Kind, *, wake: Callable[[], None], device: str) -> None:
    """Put the item's components and events on the page that is being built."""
    open_db = partial(open_database, doors.workspace)
    gr.HTML(f"<p class='mw-muted'>{ABOUT[kind]}</p>")
    fields = _fields(kind)
    start = gr.Button("Start", variant="primary", elem_id=f"{kind}_start")
    follower = jobs_tab.follow(doors, [kind], wake=wake, prefix=f"{kind}_")
    shown = gr.Dropdown([], label="Study", visible=False, elem_id=f"{kind}_shown")
    content = gr.HTML(elem_id=f"{kind}_result")

    def show(job: Job | None, study_id: int | None) -> tuple[Any, ...]:
        """The study that was chosen; without a choice the newest, as soon as there is one."""
        with open_db() as db:
            done = [each for each in jobs.latest(db, kinds=[kind]) if each.state == "done"]
            chosen = next((each for each in done if each.job_id == study_id), None)
            newest = next(iter(done), None)
            result = _drawn(db, kind, chosen or newest)
        names = [(_title(each), each.job_id) for each in done]
        # As long as the next one is awaited, nothing that is shown meanwhile counts as chosen.
        awaited = chosen is None and job is not None and job.state in ownership.LIVE
        held = None if awaited else (chosen or newest)
        return (
            gr.update(choices=names, value=held.job_id if held else None, visible=len(names) > 1),
            result,
        )

    following = follower.wire(show, given=[shown], shown=[shown, content])

    @doors.allow(*STAFF)
    def arrive(
        subject: str | None,
        images: str | None,
        job_id: int | None,
        shown: int | None,
        request: gr.Request,
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
            *following.read(doors.person(request), job_id, shown),
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
    def enqueue(given: dict[Any, Any], request: gr.Request) -> tuple[int, None]:
        plan = _plan(kind, fields.asked(given))
        with open_db() as db:
            person = doors.person(request).name
            return studies_plan.enqueue(db, plan, device=device, person=person), None

    item.select(
        arrive,
        [fields.subject, fields.images, *following.inputs],
        [fields.subject, fields.method, fields.images, fields.unseen, *following.outputs],
        **QUIET,
    )
    fields.subject.change(list_layers, fields.subject, fields.layer, **QUIET)
    fields.subject.input(guess_images, fields.subject, fields.images, **QUIET)
    shown.input(following.poll, following.inputs, following.outputs, **QUIET)
    following.start(start, enqueue, fields.inputs(), also=[shown])


def _fields(kind: Kind) -> Fields:
    with gr.Row():
        subject = gr.Dropdown([], label="Network", elem_id=f"{kind}_subject")
        method = gr.Dropdown([], label="Descriptions by", elem_id=f"{kind}_method")
        layer = gr.Dropdown([("all", "")], value="", label="Layer", elem_id=f"{kind}_layer")
        images = gr.Dropdown([], label="Labelled images", elem_id=f"{kind}_images")
        controls = gr.Number(5, label="Random controls", precision=0, minimum=2)
        step = gr.Number(
            2, label="Step (% of units)", visible=kind == "importance", minimum=0.1, maximum=50
        )
    with gr.Row(visible=kind == "uses"):
        threshold = gr.Slider(0.3, 1, 0.8, step=0.05, label="Alike from this similarity on")
        terms = gr.Textbox(
            "",
            label="Words whose units are silenced",
            placeholder="empty: the three commonest",
            elem_id="uses_terms",
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
    return Fields(
        subject=subject,
        method=method,
        layer=layer,
        images=images,
        controls=controls,
        step=step,
        threshold=threshold,
        terms=terms,
        unseen=unseen,
        groups=groups,
    )


def _plan(kind: Kind, asked: dict[str, Any]) -> studies_plan.Plan:
    """The plan that the form asks for; what was not chosen is refused when it is queued."""
    return studies_plan.Plan(
        kind,
        asked["subject"] or "",
        asked["method"] or "",
        asked["images"] or "",
        asked["layer"] or "",
        int(asked["controls"] or 0),
        step=(asked["step"] or 2) / 100,
        threshold=asked["threshold"] or 0.8,
        terms=asked["terms"] or "",
        groups=asked["groups"] or "",
        unseen=asked["unseen"] or "",
    )


def _drawn(db: Database, kind: Kind, job: Job | None) -> str:
    if job is None:
        return audits_page.card(EMPTY)
    found = RESULTS[kind].from_json(job.result)
    return page.shown(found, {each: exemplars.unit(db, each) for each in page.examples(found)})


def _title(job: Job) -> str:
    created = job.created_utc[:16].replace("T", " ")
    return f"{job.job_id}: {job.title}, {created} UTC"
