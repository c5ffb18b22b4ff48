"""Spurious text: a network taught to read the words on its images, and the units that do removed.

    build(doors, item, wake=…, device="auto")

Everything is read when the item is selected; a timer follows the job while it is running.
"""

from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

import gradio as gr

from audits.spurious import fonts, page, plan
from audits.spurious.plan import KIND, SETS, SMALL, Settings
from audits.spurious.result import Result
from audits.spurious.writing import CORNERS
from db import jobs
from db.access.doors import Doors
from db.access.users import STAFF
from db.audit import ablations
from db.describe import subjects
from db.errors import BadInput
from db.workspace import open_database
from describer.jobs.page import line as job_line

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
EMPTY = '<div class="mw-card">The result appears here: accuracies, curves, units.</div>'


def build(doors: Doors, item: gr.Tab, *, wake: Callable[[], None], device: str) -> None:
    """Put the item's components and events on the page that is being built."""
    open_db = partial(open_database, doors.workspace)
    ours = Settings("", "")

    gr.HTML(ABOUT)
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
    begin = gr.Button("Run the experiment", variant="primary", elem_id="spurious_begin")
    progress = gr.HTML(elem_id="spurious_job")
    with gr.Row():
        cancel = gr.Button("Cancel job", visible=False, elem_id="spurious_cancel")
        resume = gr.Button("Resume job", visible=False, elem_id="spurious_resume")
    shown = gr.Dropdown([], label="Experiment", visible=False, elem_id="spurious_shown")
    pictures = gr.HTML(elem_id="spurious_samples")
    outcome = gr.HTML(EMPTY, elem_id="spurious_result")
    pictured = gr.State(None)
    suggested = gr.State("")
    timer = gr.Timer(2, active=False)
    fields: dict[str, gr.components.Component] = {
        "name": name,
        "images": images,
        "test": test,
        "network": network,
        "size": size,
        "share": share,
        "corner": corner,
        "height": height,
        "font": font,
        "validation_share": validation_share,
        "test_share": test_share,
        "checkpoint": checkpoint,
        "learning_rate": rate,
        "patience": patience,
        "max_epochs": epochs,
        "controls": controls,
        "sort_all": sort_all,
        "seed": seed,
    }

    def watch(job_id: int | None, pictured: int | None) -> tuple[Any, ...]:
        """What a running job changes; pictures are sent once, when they are complete."""
        wake()
        with open_db() as db:
            every = jobs.latest(db, kinds=[KIND])
            known = {each.job_id: each for each in every}
            job = known.get(job_id or 0) or next(iter(every), None)
        state = job.state if job else ""
        live = any(each.state in ("running", "queued") for each in every)
        ready = job is not None and job.job_id != pictured and _made(doors, job)
        return (
            job_line(job) if job else "",
            gr.update(visible=state in ("running", "queued")),
            gr.update(visible=state in ("failed", "cancelled", "interrupted")),
            gr.Timer(active=live),
            gr.update(
                choices=_choices(every),
                value=job.job_id if job else None,
                visible=len(every) > 1,
            ),
            _samples(doors, job) if job and ready else gr.skip(),
            job.job_id if job and ready else pictured,
            _result(doors, job) if job else EMPTY,
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
            *watch(shown, pictured),
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
    def enqueue(given: dict[Any, Any], request: gr.Request) -> tuple[Any, Any]:
        # A text field that was never on the screen is None.
        asked: dict[str, Any] = {
            key: given[field] or "" if isinstance(field, gr.Textbox) else given[field]
            for key, field in fields.items()
        }
        empty = [fields[key].label for key, value in asked.items() if value is None]
        if not asked["images"]:
            raise BadInput("Choose a folder of labelled images first.")
        if doors.login:
            _only_known(open_db, asked)
        if empty:
            raise BadInput(f"Fill in {', '.join(str(label) for label in empty)} first.")
        asked["name"] = asked["name"].strip()
        asked["font"] = fonts.path_of(asked["font"])
        with open_db() as db:
            job_id = plan.enqueue(
                db, Settings(**asked), device=device, person=doors.person(request).name
            )
            choices = _choices(jobs.latest(db, kinds=[KIND]))
        return gr.Timer(active=True), gr.update(choices=choices, value=job_id)

    @doors.allow(*STAFF)
    def poll(shown: int | None, pictured: int | None, request: gr.Request) -> tuple[Any, ...]:
        return watch(shown, pictured)

    @doors.allow(*STAFF)
    def stop(shown: int | None, pictured: int | None, request: gr.Request) -> tuple[Any, ...]:
        if shown is not None:
            with open_db() as db:
                jobs.ask_to_cancel(db, shown)
        return watch(shown, pictured)

    @doors.allow(*STAFF)
    def go_on(shown: int | None, pictured: int | None, request: gr.Request) -> tuple[Any, ...]:
        if shown is not None:
            with open_db() as db:
                jobs.requeue(db, shown)
        return watch(shown, pictured)

    watched = [progress, cancel, resume, timer, shown, pictures, pictured, outcome]
    seen = [shown, pictured]
    hidden: dict[str, Any] = {"show_progress": "hidden"}
    item.select(arrive, [images, *seen], [images, checkpoint, *watched], **hidden)
    images.change(suggest, [images, name, suggested], [name, suggested], **hidden)
    begin.click(enqueue, {*fields.values()}, [timer, shown]).then(poll, seen, watched, **hidden)
    timer.tick(poll, seen, watched, queue=False, **hidden)
    shown.input(poll, seen, watched, **hidden)
    cancel.click(stop, seen, watched)
    resume.click(go_on, seen, watched)


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


def _choices(every: list[jobs.Job]) -> list[tuple[str, int]]:
    return [(f"{each.args['name']} ({each.state})", each.job_id) for each in every]


def _made(doors: Doors, job: jobs.Job) -> bool:
    folder = plan.folder_of(doors.workspace, job.args["name"]) / "images"
    return all((folder / each).is_dir() for each in SETS)


def _samples(doors: Doors, job: jobs.Job) -> str:
    folder = plan.folder_of(doors.workspace, job.args["name"]) / "images"
    return page.samples({each: folder / each for each in SETS})


def _result(doors: Doors, job: jobs.Job) -> str:
    """The result, or the curves as far as they are."""
    with open_database(doors.workspace) as db:
        if job.state != "done":
            begun = [each for each in ablations.latest(db) if each.job_id == job.job_id]
            return "".join(
                page.growing(each, ablations.curve(db, each.ablation_id)) for each in begun[::-1]
            )
        ids = [int(choice["ablation_id"]) for choice in job.result["choices"]]
        found = {each: (ablations.get(db, each), ablations.curve(db, each)) for each in ids}
    return f"<h3>{escape(job.args['name'])}</h3>{page.result(Result.from_json(job.result), found)}"
