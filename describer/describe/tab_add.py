"""Add…: networks, images, checkpoints and concepts by their paths, descriptions as a table.

    adding = tab_add.build(doors)               # where the components are to stand
    tab_add.wire(adding, page, doors, results=…, choices=…, setup=…)

Paths are typed only by whoever sits at the machine. A table is given by any admin: the browser
reads the file and puts its text where it could be pasted as well, so that no route takes files.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from db.access.permissions import Doors
from db.access.users import ADMIN, EVERYBODY
from db.describe import subjects
from db.errors import BadInput
from db.tables import of_browser
from db.workspace import open_database
from describer import workspace_files
from describer.describe import tab_results
from describer.describe.page import status
from describer.describe.tab_results import Results
from describer.form import Form
from describer.images import probing
from describer.jobs.tab import QUIET
from describer.methods import imports
from describer.methods.concepts.opening import FORMATS
from describer.subjects import families

# The script knows it, too.
LARGEST = 4_000_000
PASTED = "pasted.csv"
_SCRIPT = Path(__file__).with_name("add.js").read_text(encoding="utf-8")
HEAD = f"<script>\n{_SCRIPT}</script>\n"


@dataclass(frozen=True)
class Table(Form):
    """The fields of a table of descriptions, named as `imports.enter` takes them."""

    text: gr.Textbox
    name: gr.Textbox
    subject: gr.Dropdown
    method: gr.Textbox
    layer: gr.Textbox


@dataclass(frozen=True)
class Adding:
    """The components: (path, button) of what is added by its path, and those of a table.

    `family` are (name, weights, button) of a network without a subject file.
    """

    network: tuple[gr.Textbox, gr.Button]
    family: tuple[gr.Textbox, gr.Textbox, gr.Button]
    images: tuple[gr.Textbox, gr.Button]
    checkpoint: tuple[gr.Textbox, gr.Button]
    concepts: tuple[gr.Textbox, gr.Dropdown, gr.Textbox, gr.Button]
    entered: gr.HTML
    area: gr.Accordion
    table: Table
    add: gr.Button
    said: gr.HTML


def build(doors: Doors) -> Adding:
    """Put the components on the page that is being built."""
    with gr.Accordion("Add…", open=False, visible=not doors.login):
        network = _path("Path of a SUBJECT.toml", "Add network", "subject")
        family = _family()
        images = _path("Path of a folder of images, parquet, or tars", "Add images", "images")
        checkpoint = _path("Path of a MILAN checkpoint", "Add checkpoint", "checkpoint")
        concepts = _concepts()
        entered = gr.HTML(elem_id="entered")
    with gr.Accordion(
        "Add descriptions by another method…", open=False, visible=False, elem_id="add_table"
    ) as area:
        gr.HTML(
            "<p class='mw-muted'>A CSV table <code>layer,unit,description</code> (and "
            "<code>score</code>), or one as CLIP-Dissect, Describe-and-Dissect and NetDissect "
            "publish them, up to 4 MB; of any size with <code>python app.py add "
            "descriptions FILE.csv --subject NAME</code>. It comes in whole or not at all.</p>"
            "<p><label>Table: <input type='file' id='table_file' accept='.csv,text/csv'></label> "
            "or paste it below. <b id='table_size'></b></p>"
        )
        with gr.Row():
            subject = gr.Dropdown([], label="Network of the table", elem_id="table_subject")
            method = gr.Textbox(
                label="Method", placeholder="as its columns tell", elem_id="table_method"
            )
            layer = gr.Textbox(
                label="Layer, if it has no such column",
                placeholder="as the file's name ends",
                elem_id="table_layer",
            )
        name = gr.Textbox(elem_id="table_name", elem_classes="mw-hidden", container=False)
        text = gr.Textbox(label="Table", lines=4, max_lines=4, elem_id="table_text")
        add = gr.Button("Add descriptions", elem_id="add_descriptions")
        said = gr.HTML(elem_id="table_told")
    table = Table(text, name, subject, method, layer)
    return Adding(network, family, images, checkpoint, concepts, entered, area, table, add, said)


def wire(
    adding: Adding,
    page: gr.Blocks,
    doors: Doors,
    *,
    results: Results,
    choices: Callable[..., tuple[Any, ...]],
    setup: Sequence[gr.components.Component],
) -> None:
    """Connect the components.

    Args:
        results: the list that shows the descriptions of a table.
        choices, setup: what is shown of networks, images and checkpoints, and where; the name of
            what is new is given as `subject`, `images`, `checkpoint` or `concepts`.
    """
    _wire_paths(adding, doors, choices, setup)
    _wire_table(adding, page, doors, results)


def _wire_paths(
    adding: Adding,
    doors: Doors,
    choices: Callable[..., tuple[Any, ...]],
    setup: Sequence[gr.components.Component],
) -> None:
    open_db = partial(open_database, doors.workspace)

    def survey(path: Path) -> tuple[Any, ...]:
        found = workspace_files.survey(path)
        with open_db() as db:
            row = workspace_files.enter_subject(db, found)
            names = [each.name for each in subjects.every(db)]
        units = sum(each.units for each in row.layers if each.listed)
        layers = sum(each.listed for each in row.layers)
        said = f"Network {row.name} is here: {layers} layers with {units:,} units."
        # The table that is being added may be about another.
        return (*choices(subject=row.name), status(said, found.notes), gr.update(choices=names))

    @doors.allow(*ADMIN)
    def enter_subject(path: str, request: gr.Request) -> tuple[Any, ...]:
        _only_at_the_machine(doors)
        return survey(Path(given(path)))

    @doors.allow(*ADMIN)
    def enter_family(name: str, weights: str, request: gr.Request) -> tuple[Any, ...]:
        _only_at_the_machine(doors)
        path = families.write(
            given(name),
            doors.workspace.path / "subjects",
            weights=Path(weights.strip()) if weights.strip() else None,
        )
        try:
            return survey(path)
        except BadInput:
            # Corrected and pressed again, the name is to be free.
            path.unlink()
            path.parent.rmdir()
            raise

    @doors.allow(*ADMIN)
    def enter_images(path: str, request: gr.Request) -> tuple[Any, ...]:
        _only_at_the_machine(doors)
        with open_db() as db:
            row = workspace_files.enter_images(db, Path(given(path)))
        notes = probing.open_folder(row.root).left_out
        kinds = f"of {len(row.classes):,} classes" if row.classes else "without classes"
        said = f"Images {row.name} are here: {row.images:,} {kinds}."
        return (*choices(images=row.name), status(said, notes))

    @doors.allow(*ADMIN)
    def enter_checkpoint(path: str, request: gr.Request) -> tuple[Any, ...]:
        _only_at_the_machine(doors)
        with open_db() as db:
            row = workspace_files.enter_checkpoint(db, given(path))
        return (*choices(checkpoint=row.name), status(f"Checkpoint {row.name} is here."))

    @doors.allow(*ADMIN)
    def enter_concepts(path: str, form: str, name: str, request: gr.Request) -> tuple[Any, ...]:
        _only_at_the_machine(doors)
        with open_db() as db:
            row = workspace_files.enter_concepts(db, given(path), form=form, name=name.strip())
        said = f"Concepts {row.name} are here: {row.concepts:,}."
        # Nothing else that was chosen is to change.
        return (*choices(concepts=row.name), status(said))

    place, form, called, listed = adding.concepts
    came = listed.click(enter_concepts, [place, form, called], [*setup, adding.entered])
    _clear_after(came, adding.entered)
    for (path, button), enter, shown in (
        (adding.images, enter_images, []),
        (adding.checkpoint, enter_checkpoint, []),
        (adding.network, enter_subject, [adding.table.subject]),
    ):
        entered = button.click(enter, path, [*setup, adding.entered, *shown])
        _clear_after(entered, adding.entered)
    name, weights, named = adding.family
    outputs = [*setup, adding.entered, adding.table.subject]
    _clear_after(named.click(enter_family, [name, weights], outputs), adding.entered)


def _wire_table(adding: Adding, page: gr.Blocks, doors: Doors, results: Results) -> None:
    table = adding.table

    @doors.allow(*EVERYBODY)
    def arrive(request: gr.Request) -> tuple[Any, Any]:
        if doors.person(request).role not in ADMIN:
            return gr.skip(), gr.skip()
        return gr.update(visible=True), _networks(doors)

    @doors.allow(*ADMIN)
    def enter_table(typed: dict[Any, Any], request: gr.Request) -> tuple[Any, ...]:
        asked = table.asked(typed)
        text = asked.pop("text")
        if not text.strip() or not asked["subject"]:
            raise BadInput("Choose a network and a table first.")
        if len(text) > LARGEST:
            raise BadInput(f"expected a table of at most 4 MB, got {len(text):,} characters")
        name, person = asked.pop("name") or PASTED, doors.person(request).name
        asked["layer"] = asked["layer"].strip()
        with open_database(doors.workspace) as db:
            entered = imports.enter(db, of_browser(text), name=name, person=person, **asked)
        shown = tab_results.listing(doors, results.fields.wanted(typed))
        said = f"{imports.said(entered)}. {entered.understood}".strip()
        return (status(said), "", "", *shown)

    page.load(arrive, None, [adding.area, table.subject], **QUIET)
    entered = adding.add.click(
        enter_table,
        {*table.inputs(), *results.fields.inputs()},
        [adding.said, table.name, table.text, *results.listed],
    )
    _clear_after(entered, adding.said)


def _clear_after(event: gr.events.Dependency, said: gr.HTML) -> None:
    """Take away what an action before said once one fails, or its success stands under an error."""
    event.failure(None, None, said, js="() => ''")


def given(path: str) -> str:
    """A path as it was typed, without the spaces around it.

    Raises:
        BadInput: the field is empty, which as a path would be the working directory.
    """
    if not path.strip():
        raise BadInput("Give a path first.")
    return path.strip()


def _path(label: str, button: str, name: str) -> tuple[gr.Textbox, gr.Button]:
    with gr.Row():
        path = gr.Textbox(label=label, elem_id=f"new_{name}")
        return path, gr.Button(button, elem_id=f"add_{name}")


def _family() -> tuple[gr.Textbox, gr.Textbox, gr.Button]:
    with gr.Row():
        name = gr.Textbox(
            label="Network of timm, torchvision, transformers or open_clip",
            placeholder="timm/resnet50.a1_in1k",
            elem_id="new_family",
        )
        weights = gr.Textbox(
            label="Its weights, a file or a saved folder",
            placeholder="as it is initialised",
            elem_id="new_weights",
        )
        return name, weights, gr.Button("Add network by name", elem_id="add_family")


def _concepts() -> tuple[gr.Textbox, gr.Dropdown, gr.Textbox, gr.Button]:
    with gr.Row():
        place = gr.Textbox(
            label="Path of concepts with masks; of the demo the name of its images",
            elem_id="new_concepts",
        )
        form = gr.Dropdown(
            [name for name in FORMATS if name != "colours"],
            value="segmentation",
            label="format",
            elem_id="concepts_format",
        )
        name = gr.Textbox(label="name", placeholder="as the folder", elem_id="concepts_name")
        return place, form, name, gr.Button("Add concepts", elem_id="add_concepts")


def _networks(doors: Doors) -> Any:
    with open_database(doors.workspace) as db:
        names = [each.name for each in subjects.every(db)]
    return gr.update(choices=names, value=names[0] if names else None)


def _only_at_the_machine(doors: Doors) -> None:
    """Refuse paths from people who came through a sign-in, whatever the page shows them.

    Raises:
        BadInput: sign-in is on.
    """
    if doors.login:
        raise BadInput("Paths can be added only at the machine itself: `app.py add` does it.")
