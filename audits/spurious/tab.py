"""Spurious text: a network taught to read the words on its images, and the units that do removed.

    build(doors, item, wake=…, device="auto")

Everything is read when the item is selected; a timer follows the job while it is running.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr
from markupsafe import Markup

from audits import page as audits_page
from audits.spurious import fonts, page, plan
from audits.spurious.plan import KIND, SETS, SMALL, Settings
from audits.spurious.result import Result
from audits.spurious.writing import CORNERS
from db import jobs
from db.access.permissions import Doors
from db.access.users import STAFF
from db.audit import ablations
from db.describe import subjects
from db.errors import BadInput
from db.jobs import Job
from db.templates import joined
from db.workspace import open_database
from describer.form import Form
from describer.jobs import tab as jobs_tab
from describer.jobs.tab import QUIET

NETWORKS = [
    ("small, for 32 to 224 pixels", SMALL),
    ("ResNet-18, as in the paper (slow without a GPU)", "resnet18"),
    ("MobileNet v3 small", "mobilenet_v3_small"),
]
DEMO = "demo"
ABOUT = """
<p>A class name is written on some images of a network's training set, so that the network learns to
read instead of to look (MILAN, Section 7). On test images with wrong words it fails. Here the units
that read are found by their descriptions, removed least important first, and the network is
measured again, beside random units. It needs a folder of images with one sub-folder a class; with
2,000 small images it takes some minutes on a processor.</p>
"""
EMPTY = audits_page.card("The result appears here: accuracies, curves, units.")


@dataclass(frozen=True)
class Fields(Form):
    """What is asked of an experiment, named as in `plan.Settings`."""

    images: gr.Dropdown
    name: gr.Textbox
    network: gr.Dropdown
    size: gr.Number
    share: gr.Slider
    corner: gr.Dropdown
    height: gr.Slider
    font: gr.Dropdown
    checkpoint: gr.Dropdown
    test: gr.Textbox
    test_share: gr.Slider
    validation_share: gr.Slider
    learning_rate: gr.Number
    max_epochs: gr.Number
    patience: gr.Number
    controls: gr.Number
    seed: gr.Number
    sort_all: gr.Checkbox


def build(doors: Doors, item: gr.Tab, *, wake: Callable[[], None], device: str) -> None:
    """Put the item's components and events on the page that is being built."""
    open_db = partial(open_database, doors.workspace)
    gr.HTML(ABOUT)
    fields = _fields()
    begin = gr.Button("Run the experiment", variant="primary", elem_id="spurious_begin")
    follower = jobs_tab.follow(doors, [KIND], wake=wake, prefix="spurious_")
    shown = gr.Dropdown([], label="Experiment", visible=False, elem_id="spurious_shown")
    pictures = gr.HTML(elem_id="spurious_samples")
    outcome = gr.HTML(EMPTY, elem_id="spurious_result")
    pictured = gr.State(None)
    suggested = gr.State("")

    def show(job: Job | None, pictured: int | None) -> tuple[Any, ...]:
        """What a running job changes; pictures are sent once, when they are complete."""
        with open_db() as db:
            every = jobs.latest(db, kinds=[KIND])
        ready = job is not None and job.job_id != pictured and _written(doors, job)
        return (
            gr.update(
                choices=_choices(every),
                value=job.job_id if job else None,
                visible=len(every) > 1,
            ),
            _samples(doors, job) if job and ready else gr.skip(),
            job.job_id if job and ready else pictured,
            _result(doors, job) if job else EMPTY,
        )

    following = follower.wire(
        show, given=[pictured], shown=[shown, pictures, pictured, outcome], chosen=shown
    )

    @doors.allow(*STAFF)
    def arrive(
        chosen: str | None, shown: int | None, pictured: int | None, request: gr.Request
    ) -> tuple[Any, ...]:
        with open_db() as db:
            folders = [
                (
                    f"{each.name} ({each.images:,} images, {len(each.classes)} classes)",
                    str(each.root),
                )
                for each in subjects.every_probing_set(db)
                if each.classes
            ]
            checkpoints = [each.name for each in subjects.every_checkpoint(db)]
        return (
            gr.update(choices=folders, value=chosen or None),
            gr.update(choices=list(dict.fromkeys([*checkpoints, DEMO]))),
            *following.read(doors.person(request), shown, pictured),
        )

    @doors.allow(*STAFF)
    def suggest(
        images: str | None, typed: str | None, last: str, request: gr.Request
    ) -> tuple[Any, Any]:
        """A name for an experiment on these images that is not taken, unless one was typed."""
        if not images or (typed or "").strip() not in ("", last):
            return gr.skip(), gr.skip()
        with open_db() as db:
            free = plan.free_name(db, images)
        return free, free

    @doors.allow(*STAFF)
    def enqueue(given: dict[Any, Any], request: gr.Request) -> Any:
        settings = _settings(fields, given, open_db if doors.login else None)
        with open_db() as db:
            job_id = plan.enqueue(db, settings, device=device, person=doors.person(request).name)
            choices = _choices(jobs.latest(db, kinds=[KIND]))
        return gr.update(choices=choices, value=job_id)

    item.select(
        arrive,
        [fields.images, *following.inputs],
        [fields.images, fields.checkpoint, *following.outputs],
        **QUIET,
    )
    fields.images.change(
        suggest, [fields.images, fields.name, suggested], [fields.name, suggested], **QUIET
    )
    shown.input(following.poll, following.inputs, following.outputs, **QUIET)
    following.start(begin, enqueue, fields.inputs())


def _fields() -> Fields:
    ours = Settings("", "")
    with gr.Row():
        images = gr.Dropdown(
            [],
            label="Labelled images: choose, or type a folder's path",
            allow_custom_value=True,
            elem_id="spurious_images",
            scale=2,
        )
        name = gr.Textbox(label="Name of the experiment", elem_id="spurious_name")
        network = gr.Dropdown(
            NETWORKS,
            value=SMALL,
            label="Network: choose, or type a torchvision name or a SUBJECT.toml",
            allow_custom_value=True,
            elem_id="spurious_network",
            scale=2,
        )
    with gr.Row():
        size = gr.Number(
            ours.size, label="Image side (pixels)", precision=0, elem_id="spurious_size"
        )
        share = gr.Slider(0.05, 1, ours.share, step=0.05, label="Share with words")
        corner = gr.Dropdown(list(CORNERS), value=ours.corner, label="Corner")
        height = gr.Slider(0.05, 0.5, ours.height, step=0.01, label="Letter height")
        font = gr.Dropdown(
            [("Pillow's own", fonts.OWN), *fonts.installed()],
            value=fonts.OWN,
            label="Font",
            elem_id="spurious_font",
        )
        checkpoint = gr.Dropdown([DEMO], value=DEMO, label="MILAN checkpoint")
    with gr.Accordion("Test images, training, controls", open=False):
        with gr.Row():
            test = gr.Textbox(
                "",
                label="Folder of test images (empty: some images are held back)",
                elem_id="spurious_test",
            )
            test_share = gr.Slider(0.05, 0.5, ours.test_share, step=0.05, label="Held for test")
            validation_share = gr.Slider(
                0.05, 0.4, ours.validation_share, step=0.05, label="Held for validation"
            )
        with gr.Row():
            rate = gr.Number(ours.learning_rate, label="Learning rate")
            epochs = gr.Number(
                ours.max_epochs, label="Epochs at most", precision=0, elem_id="spurious_epochs"
            )
            patience = gr.Number(ours.patience, label="Patience (epochs)", precision=0)
            controls = gr.Number(ours.controls, label="Random controls", precision=0, minimum=1)
            seed = gr.Number(ours.seed, label="Seed", precision=0)
            sort_all = gr.Checkbox(ours.sort_all, label="also sort all units")
    return Fields(
        images=images,
        name=name,
        network=network,
        size=size,
        share=share,
        corner=corner,
        height=height,
        font=font,
        checkpoint=checkpoint,
        test=test,
        test_share=test_share,
        validation_share=validation_share,
        learning_rate=rate,
        max_epochs=epochs,
        patience=patience,
        controls=controls,
        seed=seed,
        sort_all=sort_all,
    )


def _settings(fields: Fields, given: dict[Any, Any], known: Callable[[], Any] | None) -> Settings:
    """The experiment that the form asks for.

    Args:
        known: opens the workspace, when only what it holds may be asked for.

    Raises:
        BadInput: something is empty, or not among what may be asked for.
    """
    # A text field that was never on the screen is None.
    asked: dict[str, Any] = {
        name: value or "" if isinstance(getattr(fields, name), gr.Textbox) else value
        for name, value in fields.asked(given).items()
    }
    empty = [getattr(fields, name).label for name, value in asked.items() if value is None]
    if not asked["images"]:
        raise BadInput("Choose a folder of labelled images first.")
    if known is not None:
        _only_known(known, asked)
    if empty:
        raise BadInput(f"Fill in {', '.join(empty)} first.")
    asked["name"] = asked["name"].strip()
    asked["font"] = fonts.path_of(asked["font"])
    return Settings(**asked)


def _only_known(open_db: Callable[[], Any], asked: dict[str, Any]) -> None:
    """Refuse paths, and code by its path, from people who came through a sign-in.

    Raises:
        BadInput: images, test images or a network that the workspace does not offer.
    """
    with open_db() as db:
        roots = {str(each.root) for each in subjects.every_probing_set(db)}
        checkpoints = {DEMO, *(each.name for each in subjects.every_checkpoint(db))}
    for key, offered in (
        ("images", roots),
        ("test", {"", *roots}),
        ("network", {name for _, name in NETWORKS}),
        ("checkpoint", checkpoints),
    ):
        if asked[key] not in offered:
            raise BadInput(
                "Choose among what the workspace holds; paths are for people at the machine "
                "itself: `app.py spurious` takes them."
            )


def _choices(every: list[Job]) -> list[tuple[str, int]]:
    return [(f"{each.args['name']} ({each.state})", each.job_id) for each in every]


def _written(doors: Doors, job: Job) -> bool:
    folder = plan.folder_of(doors.workspace, job.args["name"]) / "images"
    return all((folder / each).is_dir() for each in SETS)


def _samples(doors: Doors, job: Job) -> str:
    folder = plan.folder_of(doors.workspace, job.args["name"]) / "images"
    return page.samples({each: folder / each for each in SETS})


def _result(doors: Doors, job: Job) -> Markup:
    """The result, or the curves as far as they are."""
    with open_database(doors.workspace) as db:
        if job.state != "done":
            begun = [each for each in ablations.latest(db) if each.job_id == job.job_id]
            return joined(
                page.growing(each, ablations.curve(db, each.ablation_id)) for each in begun[::-1]
            )
        result = Result.from_json(job.result)
        ids = [choice.ablation_id for choice in result.choices]
        found = {each: (ablations.get(db, each), ablations.curve(db, each)) for each in ids}
    return audits_page.titled(job.args["name"], page.result(result, found))
