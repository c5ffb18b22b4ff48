"""Saved filters, each with its link, and presets of one's own.

shelf = lay_out()
build(doors, shelf, form, parts)
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr
from sqlite_utils import Database

from audits.find import page
from audits.find import query as find_query
from audits.find.tab_form import Form, or_none
from audits.find.tab_queue import Given, Queue
from db.access.permissions import Doors
from db.access.users import STAFF
from db.audit import filters, presets
from db.audit.words import Query
from db.errors import BadInput
from db.workspace import open_database


@dataclass(frozen=True)
class Saved:
    """The components."""

    opened: gr.Dropdown
    name: gr.Textbox
    save: gr.Button
    link: gr.HTML
    preset_words: gr.Textbox
    preset_name: gr.Textbox
    save_preset: gr.Button


def lay_out() -> Saved:
    """Put saved filters and presets on the page that is being built."""
    with gr.Accordion("Saved filters and presets", open=False, elem_id="saved_box"):
        with gr.Row(equal_height=True):
            opened = gr.Dropdown([], label="Open a saved filter", elem_id="saved")
            name = gr.Textbox(label="Save this filter as", elem_id="filter_name")
            save = gr.Button("Save filter", elem_id="save_filter", scale=0, min_width=140)
        link = gr.HTML(elem_id="filter_link")
        with gr.Row(equal_height=True):
            preset_words = gr.Textbox(label="Words of a preset of your own", elem_id="preset_words")
            preset_name = gr.Textbox(label="Name of the preset", elem_id="preset_name")
            save_preset = gr.Button("Save preset", elem_id="save_preset", scale=0, min_width=140)
    return Saved(opened, name, save, link, preset_words, preset_name, save_preset)


def choices(db: Database) -> list[tuple[str, int]]:
    """The saved filters by name."""
    return [(kept.name, kept.filter_id) for kept in filters.every(db)]


def build(doors: Doors, saved: Saved, form: Form, parts: Queue) -> None:
    """Put their events on the page that is being built."""
    open_db = partial(open_database, doors.workspace)

    @doors.allow(*STAFF)
    def open_saved(filter_id: int | None, request: gr.Request) -> Given:
        if filter_id is None:
            return {saved.link: gr.skip()}
        person = doors.person(request).name
        with open_db() as db:
            kept = filters.get(db, filter_id)
            filters.remember(db, kept.query, person=person)
            fields = find_query.fields_of(kept.query, presets.every(db))
        return {
            **form.filled(fields),
            **parts.step(doors, kept.query, person),
            saved.link: page.link(kept),
            parts.tag: "",
            parts.note: "",
        }

    @doors.allow(*STAFF)
    def save_filter(name: str, wanted: Query | None, request: gr.Request) -> tuple[Any, ...]:
        if wanted is None:
            raise BadInput("Find something first, then save the filter.")
        with open_db() as db:
            kept = filters.save(db, name, wanted, person=doors.person(request).name)
            return gr.update(choices=choices(db)), "", page.link(kept)

    @doors.allow(*STAFF)
    def keep_preset(name: str, text: str, request: gr.Request) -> tuple[Any, ...]:
        with open_db() as db:
            presets.save(db, name, text, person=doors.person(request).name)
            return gr.update(choices=or_none("none", presets.every(db))), "", ""

    saved.opened.input(
        open_saved,
        saved.opened,
        [*form.fields, *parts.stepped, saved.link, parts.tag, parts.note],
    )
    saved.save.click(save_filter, [saved.name, parts.query], [saved.opened, saved.name, saved.link])
    saved.save_preset.click(
        keep_preset,
        [saved.preset_name, saved.preset_words],
        [form.preset, saved.preset_name, saved.preset_words],
    )
