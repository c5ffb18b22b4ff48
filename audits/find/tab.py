"""Find and sign off: find units by words, look at them one by one, and give verdicts.

    build(doors, page)

A reload goes on where it was: what a person looked for last is kept, and the queue follows from the
verdicts.
"""

from functools import partial
from html import escape
from typing import Any

import gradio as gr
from sqlite_utils import Database

from audits.find import meaning, tab_form, tab_queue, tab_reviewers, tab_saved
from audits.find import query as find_query
from audits.find.query import Fields
from audits.find.tab_form import Form, or_none
from audits.find.tab_queue import HIDDEN, Given
from audits.find.words import analyse_missing
from db.access.permissions import Doors
from db.access.users import STAFF
from db.audit import blind_review, filters, finding, presets
from db.audit.words import Query
from db.describe import descriptions, subjects
from db.errors import NotFound
from db.workspace import open_database
from describer.similarity import vectors


def build(doors: Doors, page: gr.Blocks) -> None:
    """Put the item's components and events on the page that is being built."""
    open_db = partial(open_database, doors.workspace)
    form = tab_form.lay_out(vectors.missing())
    saved = tab_saved.lay_out()
    parts, buttons = tab_queue.lay_out()
    tab_reviewers.build(doors, parts.query)

    @doors.allow("admin", "reviewer", "annotator")
    def arrive(request: gr.Request) -> Given:
        """The page was opened; only staff see anything."""
        if doors.person(request).role not in STAFF:
            return {parts.found: gr.skip()}
        person = doors.person(request).name
        with open_db() as db:
            wanted = filters.remembered(db, person)
            if number := request.query_params.get("filter", ""):
                wanted = _linked(db, number, wanted)
            lists = presets.every(db)
            fields = find_query.fields_of(wanted, lists) if wanted else Fields()
            values = form.filled(fields)
            for field, choices in _choices(db, form).items():
                values[field] = gr.update(choices=choices, value=_among(choices, values[field]))
            kept = tab_saved.choices(db)
        return {
            **values,
            **parts.step(doors, wanted, person),
            saved.opened: gr.update(choices=kept, value=None),
        }

    @doors.allow(*STAFF)
    def find(given: Given, request: gr.Request) -> Given:
        person = doors.person(request).name
        with open_db() as db:
            wanted = find_query.query_of(form.read(given), presets.every(db))
            analyse_missing(db)
            if wanted.meaning:
                meaning.embed_missing(db, [wanted.meaning])
            filters.remember(db, wanted, person=person)
        return {**parts.step(doors, wanted, person), parts.tag: "", parts.note: ""}

    page.load(arrive, None, [*form.fields, saved.opened, *parts.stepped], **HIDDEN)
    gr.on(
        [form.search.click, form.typed.submit, form.meaning.submit],
        find,
        {*form.fields},
        [parts.tag, parts.note, *parts.stepped],
    ).success(None, js="() => window.showQueue()")
    tab_saved.build(doors, saved, form, parts)
    tab_queue.build(doors, parts, buttons)


def _linked(db: Database, number: str, otherwise: Query | None) -> Query | None:
    """The saved filter that the page's address names; `otherwise` where there is none."""
    try:
        return filters.get(db, int(number) if number.isdecimal() else 0).query
    except NotFound as error:
        gr.Warning(escape(str(error)))
        return otherwise


def _among(choices: list[Any], value: Any) -> Any:
    """What of a field's value can still be chosen; a network may have been taken out meanwhile.

    A list refuses every event while it holds what it does not offer.
    """
    known = [choice[1] if isinstance(choice, tuple) else choice for choice in choices]
    if isinstance(value, list):
        return [one for one in value if one in known]
    return value if value in known else ""


def _choices(db: Database, form: Form) -> dict[gr.Dropdown, list[Any]]:
    """What the fields offer."""
    return {
        form.preset: or_none("none", presets.every(db)),
        form.networks: [row.name for row in subjects.every(db)],
        form.methods: descriptions.choices(db),
        form.layer: or_none("all", finding.layers(db)),
        form.reviewer: or_none("anybody", blind_review.reviewers(db)),
    }
