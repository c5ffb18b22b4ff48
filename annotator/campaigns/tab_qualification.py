"""Where an admin makes a qualification test: pick a unit, write options, mark the right one.

build(doors, tab)                     # inside `tab`, which fills the menus when it is opened

The questions so far stay on the server until they are saved, always as a new version. YAML is the
same list as text, to read it from and to keep it as.
"""

from collections.abc import Sequence
from typing import Any

import gradio as gr
from sqlite_utils import Database

from annotator import html
from annotator import units as campaign_units
from annotator.campaigns import page as campaign_page
from annotator.campaigns import qualification
from annotator.campaigns.qualification import MOST, Written
from db.access.doors import Doors
from db.access.users import ADMIN
from db.annotate import campaigns, qualifications
from db.annotate.qualifications import OPTIONS, Question
from db.describe import exemplars
from db.describe.exemplars import UnitRow
from db.errors import BadInput, NotFound, WorkbenchError
from db.workspace import open_database

Questions = tuple[Question, ...]


def build(doors: Doors, tab: gr.Tab) -> None:
    """Add the page's components to the tab that is being made."""
    workspace = doors.workspace
    made = gr.State(())
    with gr.Row():
        name = gr.Textbox(label="Name of the test", value="describe", elem_id="an-test-name")
        before = gr.Dropdown(
            label="Start from", choices=[("a new test", 0)], value=0, elem_id="an-test-before"
        )
    with gr.Row():
        with gr.Column(scale=3, min_width=320):
            with gr.Row():
                layer = gr.Dropdown(
                    label="Network and layer", choices=[], elem_id="an-test-layer", min_width=240
                )
                unit = gr.Number(
                    label="Unit", value=0, precision=0, minimum=0, elem_id="an-test-unit"
                )
            picture = gr.HTML(padding=False, elem_id="an-test-picture")
        with gr.Column(scale=2, min_width=300):
            boxes = [
                gr.Textbox(
                    label=f"Description {number}" + (" (may stay empty)" if number > 2 else ""),
                    max_lines=1,
                    elem_id=f"an-test-option-{number}",
                )
                for number in range(1, OPTIONS[1] + 1)
            ]
            right = gr.Radio(
                [(str(index + 1), index) for index in range(OPTIONS[1])],
                label="The right one is description",
                elem_id="an-test-right",
            )
            reason = gr.Textbox(
                label="Reason (may stay empty; read after the test, by those who chose another)",
                max_lines=2,
                elem_id="an-test-reason",
            )
            add = gr.Button("Add this question", elem_id="an-test-add")
            trouble = gr.HTML(padding=False, elem_id="an-test-trouble")
    head = gr.HTML(campaign_page.questions_head(0), padding=False, elem_id="an-test-head")
    rows: list[Any] = []
    lines: list[Any] = []
    drops: list[gr.Button] = []
    for number in range(1, MOST + 1):
        with gr.Row(visible=False, elem_id=f"an-test-question-{number}") as row:
            lines.append(gr.HTML(padding=False))
            drops.append(gr.Button("Remove", scale=0, min_width=110, size="sm"))
        rows.append(row)
    with gr.Row():
        mark = gr.Number(
            label="Right answers needed (0: all)",
            value=0,
            precision=0,
            minimum=0,
            elem_id="an-test-mark",
        )
        attempts = gr.Number(
            label="Attempts", value=3, precision=0, minimum=1, elem_id="an-test-attempts"
        )
        minutes = gr.Number(
            label="Minutes between attempts", value=10, minimum=0, elem_id="an-test-minutes"
        )
    save = gr.Button("Save as a new version", variant="primary", elem_id="an-test-save")
    note = gr.HTML(padding=False, elem_id="an-test-note")
    with gr.Accordion("Or write the questions as YAML", open=False):
        text = gr.Code(qualification.EXAMPLE, language="yaml", label="YAML", elem_id="an-test-text")
        with gr.Row():
            take = gr.Button("Take these questions", elem_id="an-test-take")
            give = gr.Button("Show the questions above", elem_id="an-test-give")
        told = gr.HTML(padding=False, elem_id="an-test-told")

    listed: list[Any] = [made, head, *rows, *lines]
    form: list[Any] = [*boxes, right, reason]

    def shown(db: Database, questions: Questions) -> list[Any]:
        """The list of questions, as the outputs `listed` take it."""
        units = [exemplars.unit(db, each.unit_id) for each in questions]
        cards = [
            campaign_page.question(number, each, its_unit)
            for number, (each, its_unit) in enumerate(zip(questions, units, strict=True), start=1)
        ]
        there = len(questions)
        return [
            questions,
            campaign_page.questions_head(there),
            *(gr.Row(visible=index < there) for index in range(MOST)),
            *(cards + [""] * (MOST - there)),
        ]

    @doors.allow(*ADMIN)
    def offer(exemplar_set_id: int | None, number: float, request: gr.Request) -> list[Any]:
        """The tab was opened: the layers and tests that there are now, and the unit's picture."""
        with open_database(workspace) as db:
            layers = campaign_units.layers(db)
            known = [key for _, key in layers]
            now = exemplar_set_id if exemplar_set_id in known else next(iter(known), None)
            return [gr.Dropdown(choices=layers, value=now), _versions(db), _seen(db, now, number)]

    @doors.allow(*ADMIN)
    def look(exemplar_set_id: int | None, number: float, request: gr.Request) -> str:
        """The picture of the chosen unit."""
        with open_database(workspace) as db:
            return _seen(db, exemplar_set_id, number)

    @doors.allow(*ADMIN)
    def enter(
        questions: Questions,
        exemplar_set_id: int | None,
        number: float,
        marked: int | None,
        why: str,
        request: gr.Request,
        *options: str,
    ) -> list[Any]:
        """One more question; what was typed stays in its boxes when it cannot be used."""
        with open_database(workspace) as db:
            try:
                if len(questions) >= MOST:
                    raise BadInput(f"A test has at most {MOST} questions; remove one first.")
                found = qualification.question(
                    _unit(db, exemplar_set_id, number).unit_id,
                    options,
                    right=marked,
                    reason=why,
                    number=len(questions) + 1,
                )
            except WorkbenchError as error:
                return [*_kept(listed), *_kept(form), html.problem(str(error))]
            fresh = [*([""] * len(boxes)), None, ""]
            sentence = html.note(f"Question {len(questions) + 1} is in the list below.")
            return [*shown(db, (*questions, found)), *fresh, sentence]

    def remove(index: int) -> Any:
        @doors.allow(*ADMIN)
        def drop(questions: Questions, request: gr.Request) -> list[Any]:
            """One question less."""
            with open_database(workspace) as db:
                return shown(db, (*questions[:index], *questions[index + 1 :]))

        return drop

    @doors.allow(*ADMIN)
    def begin(test_id: int | None, request: gr.Request) -> list[Any]:
        """The questions and rules of a version that is there, to be changed into the next one."""
        with open_database(workspace) as db:
            if not test_id:
                return [*shown(db, ()), gr.skip(), 0, gr.skip(), gr.skip()]
            test = qualifications.get(db, test_id)
            needed = 0 if test.pass_mark == test.questions else test.pass_mark
            questions = tuple(qualifications.questions(db, test_id))[:MOST]
            rules = [test.name, needed, test.max_attempts, test.cooling_minutes]
            return [*shown(db, questions), *rules]

    @doors.allow(*ADMIN)
    def store(
        called: str,
        questions: Questions,
        needed: float,
        most: float,
        between: float,
        request: gr.Request,
        *typed: str,
    ) -> list[Any]:
        """Save the list as a new version; a question that was typed and not added is not lost."""
        with open_database(workspace) as db:
            try:
                if any(option.strip() for option in typed):
                    raise BadInput("Add the question that you began first, or empty its boxes.")
                test = qualifications.add(
                    db,
                    called,
                    questions,
                    person=doors.person(request).name,
                    pass_mark=int(needed) if needed else None,
                    max_attempts=int(most or 1),
                    cooling_minutes=float(between or 0),
                )
            except BadInput as error:
                return [html.problem(str(error)), gr.skip()]
            sentence = (
                f"Saved {test.name}, version {test.version}: {test.pass_mark} of {test.questions} "
                "must be right. Choose it for a campaign."
            )
            return [html.note(sentence), _versions(db, test.qualification_id)]

    @doors.allow(*ADMIN)
    def take_in(written: str, request: gr.Request) -> list[Any]:
        """The questions that the YAML spells out, in the place of those in the list."""
        with open_database(workspace) as db:
            try:
                test = qualification.read(db, written)
            except (BadInput, NotFound) as error:
                return [*_kept(listed), gr.skip(), html.problem(str(error))]
            sentence = "They are in the list above; look at them, then save."
            return [*shown(db, test.questions), test.pass_mark or 0, html.note(sentence)]

    @doors.allow(*ADMIN)
    def put_out(questions: Questions, needed: float, request: gr.Request) -> list[Any]:
        """The questions of the list as YAML."""
        if not questions:
            return [gr.skip(), html.problem("The list above is empty: add a question first.")]
        with open_database(workspace) as db:
            return [
                qualification.write(db, Written(questions, int(needed) if needed else None)),
                "",
            ]

    quiet: dict[str, Any] = {"show_progress": "hidden"}
    once: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "once"}
    tab.select(offer, [layer, unit], [layer, before, picture], **once)
    for event in (layer.input, unit.change):
        event(look, [layer, unit], picture, trigger_mode="always_last", **quiet)
    add.click(enter, [made, layer, unit, right, reason, *boxes], [*listed, *form, trouble], **once)
    for index, button in enumerate(drops):
        button.click(remove(index), made, listed, **once)
    before.input(begin, before, [*listed, name, mark, attempts, minutes], **once)
    save.click(store, [name, made, mark, attempts, minutes, *boxes], [note, before], **once)
    take.click(take_in, text, [*listed, mark, told], **once)
    give.click(put_out, [made, mark], [text, told], **once)


def _kept(outputs: Sequence[Any]) -> list[Any]:
    return [gr.skip()] * len(outputs)


def _versions(db: Database, chosen: int = 0) -> Any:
    """What a test can start from."""
    tests = [
        (f"{each.name}, version {each.version}", each.qualification_id)
        for each in qualifications.every(db)
    ]
    return gr.Dropdown(choices=[("a new test", 0), *tests], value=chosen)


def _unit(db: Database, exemplar_set_id: int | None, number: float | None) -> UnitRow:
    if exemplar_set_id is None:
        raise BadInput("Choose a network and layer first; the Describe tab computes exemplars.")
    units = exemplars.units_of(db, exemplar_set_id)
    if number is None or not 0 <= int(number) < len(units):
        raise BadInput(f"expected a unit between 0 and {len(units) - 1}")
    return units[int(number)]


def _seen(db: Database, exemplar_set_id: int | None, number: float | None) -> str:
    """The picture of a unit, and which campaigns would ask people about it besides."""
    try:
        unit = _unit(db, exemplar_set_id, number)
    except BadInput as error:
        return html.problem(str(error))
    return html.picture(unit) + campaign_page.tested(unit, campaigns.asking(db, unit.unit_id))
