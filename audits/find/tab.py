"""Find and sign off: find units by words, look at them one by one, and give verdicts.

    build(doors, page)

Handlers parse, call one function of the domain, and format. The queue is what the filter finds and
still needs the reviewer's verdict. A reload goes on where it was: what a person looked for last is
kept, and the queue follows from the verdicts.
"""

from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

import gradio as gr

from audits.find import (
    meaning,
    queue,
    reading,
    tab_reviewers,
)
from audits.find import (
    page as find_page,
)
from audits.find import (
    query as find_query,
)
from audits.find.query import Fields
from audits.find.queue import PAGE
from audits.find.verdicts import sign_off
from db.access.doors import Doors
from db.access.users import STAFF
from db.audit import decisions, filters, finding, presets, signoffs
from db.audit.finding import Match
from db.audit.words import Query
from db.describe import descriptions, subjects
from db.errors import BadInput, NotFound
from db.workspace import open_database

TAGS = ["", "human faces", "animal faces", "cartoon faces", "signs", "printed text", "logos"]
SOURCES = [
    ("machines' descriptions", "descriptions"),
    ("people's sentences", "annotations"),
    ("both", "both"),
]
VERDICTS = [
    ("any", ""),
    ("none yet", "none"),
    *((name, name) for name in ("confirmed", "rejected", "unsure")),
    ("reviewers disagree", "conflict"),
]


def build(doors: Doors, page: gr.Blocks) -> None:
    """Put the item's components and events on the page that is being built."""
    open_db = partial(open_database, doors.workspace)
    absent = meaning.missing()

    with gr.Row(equal_height=True):
        preset = gr.Dropdown(
            [("none", "")], value="", label="Preset", elem_id="preset", min_width=140
        )
        networks = gr.Dropdown(
            [], label="Networks (empty: all)", multiselect=True, elem_id="networks", min_width=190
        )
        typed = gr.Textbox(
            label="Words",
            placeholder="any of these · +must · +one|other · -not",
            elem_id="typed",
            scale=3,
        )
        source = gr.Dropdown(
            SOURCES, value="descriptions", label="In", elem_id="source", min_width=230
        )
        search = gr.Button("Find", variant="primary", elem_id="find", scale=0, min_width=140)
    with gr.Accordion("Narrow down", open=False, elem_id="narrow"):
        with gr.Row():
            methods = gr.Dropdown([], label="Methods", multiselect=True, elem_id="methods")
            layer = gr.Dropdown([("all", "")], value="", label="Layer", elem_id="layer")
            verdict = gr.Dropdown(VERDICTS, value="", label="Verdict", elem_id="verdict")
            reviewer = gr.Dropdown([("anybody", "")], value="", label="Judged by", elem_id="judge")
        with gr.Row():
            lemmas = gr.Checkbox(True, label="also other forms (faces)", elem_id="lemmas")
            like = gr.Textbox(
                label="Means something like",
                info=absent or "found by meaning, whatever the words",
                interactive=absent is None,
                elem_id="meaning",
                scale=2,
            )
            nearness = gr.Slider(
                0.2, 0.9, 0.5, step=0.05, label="how alike", interactive=absent is None
            )
            faithful = gr.Slider(
                0,
                1,
                0,
                step=0.05,
                label="Faithful from (AUPRC)",
                info="0 asks nothing; Faithfulness measures it",
                elem_id="faithful",
            )
    with gr.Accordion("Saved filters and presets", open=False, elem_id="saved_box"):
        with gr.Row(equal_height=True):
            saved = gr.Dropdown([], label="Open a saved filter", elem_id="saved")
            name = gr.Textbox(label="Save this filter as", elem_id="filter_name")
            save = gr.Button("Save filter", elem_id="save_filter", scale=0, min_width=140)
        link = gr.HTML(elem_id="filter_link")
        with gr.Row(equal_height=True):
            preset_words = gr.Textbox(label="Words of a preset of your own", elem_id="preset_words")
            preset_name = gr.Textbox(label="Name of the preset", elem_id="preset_name")
            save_preset = gr.Button("Save preset", elem_id="save_preset", scale=0, min_width=140)
    query = gr.State(None)
    current = gr.State(None)
    place = gr.State(0)
    offset = gr.State(0)
    given = gr.State([])
    found = gr.HTML(elem_id="found")
    with gr.Row(equal_height=False):
        with gr.Column(scale=5):
            look = gr.HTML(elem_id="look")
            with gr.Row(visible=False) as remarks:
                tag = gr.Dropdown(
                    TAGS,
                    value="",
                    label="Tag (stays until the next Find)",
                    allow_custom_value=True,
                    elem_id="tag",
                )
                note = gr.Textbox(label="Reason", elem_id="note", scale=2)
            with gr.Row(visible=False) as verdicts:
                confirm = gr.Button(
                    "Confirm (C)", variant="primary", elem_id="confirm", min_width=110
                )
                reject = gr.Button("Reject (X)", elem_id="reject", min_width=110)
                unsure = gr.Button("Unsure (?)", elem_id="unsure", min_width=110)
                undo = gr.Button("Undo (Z)", elem_id="undo", min_width=110)
                back = gr.Button("‹ Back (←)", elem_id="queue_back", min_width=110)
                on = gr.Button("Later (→) ›", elem_id="queue_on", min_width=110)
            seen = gr.HTML(elem_id="evidence")
            detect = gr.Button("Ask detectors about the regions", elem_id="detect", visible=False)
        with gr.Column(scale=1, min_width=150):
            tally = gr.HTML(elem_id="tally")
    with gr.Accordion("All matches", open=False, elem_id="matches"):
        listing = gr.HTML(elem_id="listing")
        with gr.Row():
            fewer = gr.Button("‹ Previous page", elem_id="list_back")
            more = gr.Button("Next page ›", elem_id="list_on")
    tab_reviewers.build(doors, page, query)

    def shown(wanted: Query | None, person: str, at: int = 0, first: int = 0) -> tuple[Any, ...]:
        """Everything that depends on the filter and on what was judged so far."""
        with open_db() as db:
            step = queue.step(db, wanted, person=person, place=at, offset=first)
        return (
            wanted,
            step.found,
            step.look,
            step.evidence,
            step.tally,
            step.listing,
            step.match,
            step.place,
            step.offset,
            # The last verdict can still be taken back when nothing is left to judge.
            gr.Row(visible=step.any_match),
            gr.Row(visible=step.match is not None),
            gr.Button(visible=step.match is not None),
        )

    def filled(fields: Fields) -> tuple[Any, ...]:
        return (
            fields.preset,
            fields.typed,
            fields.source,
            list(fields.subjects),
            list(fields.methods),
            fields.layer,
            fields.verdict,
            fields.reviewer,
            fields.lemmas,
            fields.meaning,
            fields.nearness,
            fields.faithful,
        )

    @doors.allow("admin", "reviewer", "annotator")
    def arrive(request: gr.Request) -> tuple[Any, ...]:
        """The page was opened; only staff are told anything."""
        if doors.person(request).role not in STAFF:
            return (gr.skip(),) * len(opened)
        person = doors.person(request).name
        number = request.query_params.get("filter", "")
        with open_db() as db:
            lists = presets.every(db)
            choices: dict[gr.Dropdown, list[Any]] = {
                preset: [("none", ""), *((each, each) for each in lists)],
                networks: [each.name for each in subjects.every(db)],
                methods: descriptions.methods(db),
                layer: [("all", ""), *((each, each) for each in finding.layers(db))],
                reviewer: [("anybody", ""), *((each, each) for each in decisions.reviewers(db))],
            }
            kept = [(each.name, each.filter_id) for each in filters.every(db)]
            wanted = filters.remembered(db, person)
            if number:
                try:
                    wanted = filters.get(db, int(number) if number.isdecimal() else 0).query
                except NotFound as error:
                    gr.Warning(escape(str(error)))
        values = filled(find_query.fields_of(wanted, lists) if wanted else Fields())
        updates = [
            gr.update(choices=choices[field], value=value) if field in choices else value
            for field, value in zip(fields, values, strict=True)
        ]
        return (
            *updates,
            gr.update(choices=kept, value=None),
            *shown(wanted, person),
        )

    @doors.allow(*STAFF)
    def find(
        preset: str,
        typed: str,
        source: Any,
        networks: list[str],
        methods: list[str],
        layer: str,
        verdict: str,
        reviewer: str,
        lemmas: bool,
        like: str,
        nearness: float,
        faithful: float,
        request: gr.Request,
    ) -> tuple[Any, ...]:
        fields = Fields(
            typed,
            preset or "",
            lemmas=lemmas,
            source=source,
            subjects=tuple(networks or ()),
            methods=tuple(methods or ()),
            layer=layer or "",
            verdict=verdict or "",
            reviewer=reviewer or "",
            meaning=like or "",
            nearness=nearness,
            faithful=faithful or 0.0,
        )
        person = doors.person(request).name
        with open_db() as db:
            wanted = find_query.query_of(fields, presets.every(db))
            reading.analyse_missing(db)
            if wanted.meaning:
                meaning.embed_missing(db, [wanted.meaning])
            filters.remember(db, wanted, person=person)
        return ("", "", *shown(wanted, person))

    @doors.allow(*STAFF)
    def open_saved(filter_id: int | None, request: gr.Request) -> tuple[Any, ...]:
        if filter_id is None:
            return (gr.skip(),) * (len(fields) + 2 + len(turned))
        person = doors.person(request).name
        with open_db() as db:
            kept = filters.get(db, filter_id)
            filters.remember(db, kept.query, person=person)
            values = filled(find_query.fields_of(kept.query, presets.every(db)))
        address = find_page.link(filter_id, kept.name)
        return (*values, address, "", "", *shown(kept.query, person))

    @doors.allow(*STAFF)
    def save_filter(name: str, wanted: Query | None, request: gr.Request) -> tuple[Any, ...]:
        if wanted is None:
            raise BadInput("Find something first, then save the filter.")
        with open_db() as db:
            kept = filters.save(db, name, wanted, person=doors.person(request).name)
            choices = [(each.name, each.filter_id) for each in filters.every(db)]
        return gr.update(choices=choices), "", find_page.link(kept.filter_id, kept.name)

    @doors.allow(*STAFF)
    def keep_preset(name: str, text: str, request: gr.Request) -> tuple[Any, ...]:
        with open_db() as db:
            presets.save(db, name, text, person=doors.person(request).name)
            choices = [("none", ""), *((each, each) for each in presets.every(db))]
        return gr.update(choices=choices), "", ""

    def judging(verdict: signoffs.Verdict) -> Callable[..., Any]:
        """The handler of one verdict's button."""

        @doors.allow(*STAFF)
        def judge(
            wanted: Query | None,
            match: Match | None,
            at: int,
            first: int,
            given: list[int],
            tag: str,
            note: str,
            request: gr.Request,
        ) -> tuple[Any, ...]:
            person = doors.person(request).name
            if wanted is None or match is None:
                raise BadInput("There is no unit to judge: find some first.")
            with open_db() as db:
                signoff_id = sign_off(
                    db, match, wanted, person=person, verdict=verdict, tag=tag or "", note=note
                )
            return ([*given, signoff_id], "", *shown(wanted, person, at, first))

        return judge

    @doors.allow(*STAFF)
    def take_back(
        wanted: Query | None, at: int, first: int, given: list[int], request: gr.Request
    ) -> tuple[Any, ...]:
        person = doors.person(request).name
        if not given:
            raise BadInput("Nothing of this visit is left to undo.")
        with open_db() as db:
            at = queue.take_back(db, wanted, given[-1], person=person, place=at)
        return (given[:-1], "", *shown(wanted, person, at, first))

    @doors.allow(*STAFF)
    def earlier(wanted: Query | None, at: int, first: int, request: gr.Request) -> tuple[Any, ...]:
        return ("", *shown(wanted, doors.person(request).name, at - 1, first))

    @doors.allow(*STAFF)
    def later(wanted: Query | None, at: int, first: int, request: gr.Request) -> tuple[Any, ...]:
        return ("", *shown(wanted, doors.person(request).name, at + 1, first))

    @doors.allow(*STAFF)
    def page_back(
        wanted: Query | None, at: int, first: int, request: gr.Request
    ) -> tuple[Any, ...]:
        return shown(wanted, doors.person(request).name, at, first - PAGE)

    @doors.allow(*STAFF)
    def page_on(wanted: Query | None, at: int, first: int, request: gr.Request) -> tuple[Any, ...]:
        return shown(wanted, doors.person(request).name, at, first + PAGE)

    @doors.allow(*STAFF)
    def ask(match: Match | None, request: gr.Request) -> str:
        if match is None:
            raise BadInput("There is no unit to look at: find some first.")
        return queue.ask_detectors(doors.workspace, match.unit_id)

    fields = [
        preset,
        typed,
        source,
        networks,
        methods,
        layer,
        verdict,
        reviewer,
        lemmas,
        like,
        nearness,
        faithful,
    ]
    queued = [
        query,
        found,
        look,
        seen,
        tally,
        listing,
        current,
        place,
        offset,
        verdicts,
        remarks,
        detect,
    ]
    # A reason is of one unit: it goes when another comes to the front. A tag is of one concept.
    turned = [note, *queued]
    hidden: dict[str, Any] = {"show_progress": "hidden"}
    opened = [*fields, saved, *queued]
    page.load(arrive, None, opened, **hidden)
    gr.on([search.click, typed.submit, like.submit], find, fields, [tag, *turned]).success(
        None, js="() => window.showQueue()"
    )
    saved.input(open_saved, saved, [*fields, link, tag, *turned])
    save.click(save_filter, [name, query], [saved, name, link])
    save_preset.click(keep_preset, [preset_name, preset_words], [preset, preset_name, preset_words])
    verdict_of: dict[gr.Button, signoffs.Verdict] = {
        confirm: "confirmed",
        reject: "rejected",
        unsure: "unsure",
    }
    for button, judged in verdict_of.items():
        button.click(
            judging(judged),
            [query, current, place, offset, given, tag, note],
            [given, *turned],
            **hidden,
        )
    undo.click(take_back, [query, place, offset, given], [given, *turned], **hidden)
    for button, step in ((back, earlier), (on, later)):
        button.click(step, [query, place, offset], turned, **hidden)
    for button, step in ((fewer, page_back), (more, page_on)):
        button.click(step, [query, place, offset], queued, **hidden)
    detect.click(ask, current, seen)
