"""Find and sign off: find units by words, look at them one by one, and give verdicts.

    build(doors, page)

Handlers parse, call one function of the domain, and format. The queue is what the filter finds and
the reviewer has not judged yet, so that a reload goes on where it was.
"""

from dataclasses import replace
from functools import partial
from typing import Any

import gradio as gr

from audits import experiments, pages, reading
from db import annotations, descriptions, exemplars, filters, signoffs, subjects
from db import words as word_index
from db.doors import Doors
from db.errors import BadInput, NotFound
from db.users import Role
from db.words import PRESETS, Match, Query
from db.workspace import open_database

STAFF: tuple[Role, ...] = ("admin", "reviewer")
TAGS = ["", "human faces", "animal faces", "cartoon faces", "signs", "printed text", "logos"]


def build(doors: Doors, page: gr.Blocks) -> None:
    """Put the item's components and events on the page that is being built."""
    open_db = partial(open_database, doors.workspace)

    with gr.Row():
        typed = gr.Textbox(
            label="Find units whose description holds",
            placeholder="face head nose · +must · -not",
            elem_id="typed",
            scale=4,
        )
        preset = gr.Dropdown(["", *PRESETS], value="", label="Preset", elem_id="preset")
        lemmas = gr.Checkbox(True, label="also other forms (faces)", elem_id="lemmas")
        search = gr.Button("Find", variant="primary", elem_id="find")
    with gr.Row():
        networks = gr.Dropdown([], label="Networks", multiselect=True, elem_id="networks")
        methods = gr.Dropdown([], label="Methods", multiselect=True, elem_id="methods")
        saved = gr.Dropdown([], label="Saved filters", elem_id="saved")
        name = gr.Textbox(label="Save this filter as", elem_id="filter_name")
        save = gr.Button("Save", elem_id="save_filter")
    query = gr.State(None)
    current = gr.State(None)
    given = gr.State([])
    found = gr.HTML(elem_id="found")
    with gr.Row(equal_height=False):
        with gr.Column(scale=5):
            look = gr.HTML(elem_id="look")
            with gr.Row(visible=False) as verdicts:
                confirm = gr.Button("Confirm (C)", variant="primary", elem_id="confirm")
                reject = gr.Button("Reject (X)", elem_id="reject")
                unsure = gr.Button("Unsure (?)", elem_id="unsure")
                undo = gr.Button("Undo (Z)", elem_id="undo")
            with gr.Row(visible=False) as remarks:
                tag = gr.Dropdown(TAGS, value="", label="Tag", allow_custom_value=True)
                note = gr.Textbox(label="Note", elem_id="note")
        with gr.Column(scale=1, min_width=150):
            tally = gr.HTML(elem_id="tally")

    def queue(wanted: Query | None, person: str) -> tuple[Any, ...]:
        """Everything that depends on the filter and on what was judged so far."""
        if wanted is None:
            return "", "", "", None, gr.Row(visible=False), gr.Row(visible=False)
        with open_db() as db:
            result = word_index.find(db, wanted, limit=1)
            left = replace(wanted, verdict="none")
            waiting = word_index.find(db, left, limit=1)
            standing = signoffs.current(db, concept=wanted.concept, person=person)
            if not waiting.matches:
                look_at: str = pages.queue_done(result)
            else:
                match = waiting.matches[0]
                look_at = pages.look(
                    match,
                    exemplars.unit(db, match.unit_id),
                    place=result.units - waiting.units,
                    total=result.units,
                    people=annotations.accepted_texts(db, match.unit_id),
                )
        return (
            pages.found(result, wanted.concept),
            look_at,
            pages.tally(standing, waiting.units),
            waiting.matches[0] if waiting.matches else None,
            # The last verdict can still be taken back when nothing is left to judge.
            gr.Row(visible=bool(result.units)),
            gr.Row(visible=bool(waiting.matches)),
        )

    @doors.allow(*STAFF)
    def arrive(request: gr.Request) -> tuple[Any, ...]:
        with open_db() as db:
            names = [each.name for each in subjects.every(db)]
            kept = filters.every(db)
            used = descriptions.methods(db)
            number, opened = request.query_params.get("filter", ""), None
            try:
                opened = filters.get(db, int(number)).query if number.isdecimal() else None
            except NotFound as error:
                gr.Warning(str(error))
        return (
            gr.update(choices=names),
            gr.update(choices=used),
            gr.update(choices=[(each.name, each.filter_id) for each in kept], value=None),
            opened,
            *queue(opened, doors.person(request).name),
        )

    @doors.allow(*STAFF)
    def find(
        typed: str,
        preset: str,
        lemmas: bool,
        networks: list[str],
        methods: list[str],
        request: gr.Request,
    ) -> tuple[Any, ...]:
        wanted = experiments.query_of(
            typed, preset, lemmas=lemmas, networks=networks, methods=methods
        )
        with open_db() as db:
            reading.analyse_missing(db)
        return (wanted, *queue(wanted, doors.person(request).name))

    @doors.allow(*STAFF)
    def open_saved(filter_id: int | None, request: gr.Request) -> tuple[Any, ...]:
        if filter_id is None:
            return (None, *queue(None, ""))
        with open_db() as db:
            wanted = filters.get(db, filter_id).query
        return (wanted, *queue(wanted, doors.person(request).name))

    @doors.allow(*STAFF)
    def save_filter(name: str, wanted: Query | None, request: gr.Request) -> tuple[Any, str]:
        if wanted is None:
            raise BadInput("Find something first, then save the filter.")
        with open_db() as db:
            kept = filters.save(db, name, wanted, person=doors.person(request).name)
            choices = [(each.name, each.filter_id) for each in filters.every(db)]
        gr.Info(f"Saved. Its link ends in ?tab=audit&filter={kept.filter_id}")
        return gr.update(choices=choices), ""

    def judge(
        verdict: signoffs.Verdict,
        wanted: Query | None,
        match: Match | None,
        given: list[int],
        tag: str,
        note: str,
        request: gr.Request,
    ) -> tuple[Any, ...]:
        person = doors.person(request).name
        if wanted is None or match is None:
            raise BadInput("There is no unit to judge: find some first.")
        with open_db() as db:
            signoff_id = experiments.sign_off(
                db, match, wanted, person=person, verdict=verdict, tag=tag, note=note
            )
        return ([*given, signoff_id], "", *queue(wanted, person))

    @doors.allow(*STAFF)
    def confirm_unit(
        wanted: Query, match: Match, given: list[int], tag: str, note: str, request: gr.Request
    ) -> tuple[Any, ...]:
        return judge("confirmed", wanted, match, given, tag, note, request)

    @doors.allow(*STAFF)
    def reject_unit(
        wanted: Query, match: Match, given: list[int], tag: str, note: str, request: gr.Request
    ) -> tuple[Any, ...]:
        return judge("rejected", wanted, match, given, tag, note, request)

    @doors.allow(*STAFF)
    def unsure_unit(
        wanted: Query, match: Match, given: list[int], tag: str, note: str, request: gr.Request
    ) -> tuple[Any, ...]:
        return judge("unsure", wanted, match, given, tag, note, request)

    @doors.allow(*STAFF)
    def take_back(wanted: Query | None, given: list[int], request: gr.Request) -> tuple[Any, ...]:
        person = doors.person(request).name
        if not given:
            raise BadInput("Nothing of this visit is left to undo.")
        with open_db() as db:
            signoffs.undo(db, given[-1], person=person)
        return (given[:-1], *queue(wanted, person))

    queued = [found, look, tally, current, verdicts, remarks]
    hidden: dict[str, Any] = {"show_progress": "hidden"}
    page.load(
        arrive,
        None,
        [networks, methods, saved, query, *queued],
        **hidden,
    )
    gr.on(
        [search.click, typed.submit],
        find,
        [typed, preset, lemmas, networks, methods],
        [query, *queued],
    )
    saved.input(open_saved, saved, [query, *queued])
    save.click(save_filter, [name, query], [saved, name])
    for button, handler in ((confirm, confirm_unit), (reject, reject_unit), (unsure, unsure_unit)):
        button.click(
            handler,
            [query, current, given, tag, note],
            [given, note, *queued],
            show_progress="hidden",
        )
    undo.click(take_back, [query, given], [given, *queued], **hidden)
