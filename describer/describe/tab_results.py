"""What was described: the list with its filters, and the page of the unit that is open.

    results = tab_results.build(doors)          # where the components are to stand
    tab_results.wire(results, doors)

Rows are buttons made as text; a click writes the unit's id where an event listens for it.
"""

from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any

import gradio as gr

from db.access.doors import Doors
from db.access.users import STAFF
from db.annotate import annotations
from db.audit import decisions, signoffs
from db.describe import descriptions, exemplars, faithfulness, subjects
from db.workspace import open_database
from describer import shelf
from describer.describe import export as describe_export
from describer.describe import page, page_unit

PAGE = 25
ANY = "any"
_KEPT: dict[str, Any] = {}


@dataclass(frozen=True)
class Results:
    """The components: fields of the search, what shows its rows, and the unit that is open."""

    search: gr.Textbox
    network: gr.Dropdown
    layer: gr.Dropdown
    method: gr.Dropdown
    offset: gr.State
    rows: gr.HTML
    back: gr.Button
    forth: gr.Button
    export: gr.Button
    made: gr.HTML
    picked: gr.Textbox
    unit: gr.HTML
    lam: gr.Slider
    beam: gr.HTML

    @property
    def asked(self) -> list[Any]:
        """What `listing` is given."""
        return [self.search, self.network, self.layer, self.method, self.offset]

    @property
    def listed(self) -> list[Any]:
        """Where what `listing` returns goes."""
        return [self.rows, self.network, self.layer, self.method]


def build() -> Results:
    """Put the components on the page that is being built."""
    with gr.Row():
        search = gr.Textbox(label="Search descriptions", elem_id="search", scale=3)
        network = gr.Dropdown([ANY], value=ANY, label="Of network", elem_id="of_network")
        layer = gr.Dropdown([ANY], value=ANY, label="Layer", elem_id="layer")
        method = gr.Dropdown([ANY], value=ANY, label="Method", elem_id="method")
    offset = gr.State(0)
    with gr.Row():
        with gr.Column(scale=5, min_width=300):
            rows = gr.HTML(elem_id="rows")
            with gr.Row():
                back = gr.Button("‹ earlier", size="sm", elem_id="back", min_width=60)
                forth = gr.Button("later ›", size="sm", elem_id="forth", min_width=60)
                export = gr.Button("Export these", size="sm", elem_id="export_list", min_width=60)
            made = gr.HTML(elem_id="exported_list")
        with gr.Column(scale=4, min_width=300, elem_id="unit_side"):
            picked = gr.Textbox(elem_id="unit_pick", elem_classes="mw-hidden", container=False)
            unit = gr.HTML(elem_id="unit")
            lam = gr.Slider(0, 1, 0.2, step=0.05, label="lambda", visible=False, elem_id="lambda")
            beam = gr.HTML(elem_id="candidates")
    return Results(
        search, network, layer, method, offset, rows, back, forth, export, made, picked, unit, lam,
        beam,
    )  # fmt: skip


def listing(
    doors: Doors,
    search: str = "",
    network: str = ANY,
    layer: str = ANY,
    method: str = ANY,
    offset: int = 0,
) -> tuple[Any, ...]:
    """What `Results.listed` shows of a search; a layer that the network lacks counts as any.

    The fields keep what they hold, which may be newer than what is asked for here.
    """
    with open_database(doors.workspace) as db:
        chosen = None if network == ANY else network
        known = sorted({each.layer for each in exemplars.sets(db, subject=chosen)})
        unknown = layer not in (ANY, *known)
        layer = ANY if unknown else layer
        found = descriptions.page(
            db, **_wanted(search, network, layer, method), limit=PAGE, offset=offset
        )
        units = {row.unit_id: exemplars.unit(db, row.unit_id) for row in found.rows}
        used = descriptions.methods(db)
        networks = [each.name for each in subjects.every(db)]
    return (
        page.results(found, units, offset=offset),
        gr.update(choices=[ANY, *networks]),
        gr.update(choices=[ANY, *known], **({"value": ANY} if unknown else _KEPT)),
        gr.update(choices=[ANY, *used]),
    )


def wire(results: Results, doors: Doors) -> None:
    """Connect the components."""
    open_db = partial(open_database, doors.workspace)

    # A field that is only left tells of input, too.
    asked_last = gr.State(("", ANY, ANY, ANY))

    @doors.allow(*STAFF)
    def find(
        search: str,
        network: str,
        layer: str,
        method: str,
        last: tuple[str, ...],
        request: gr.Request,
    ) -> tuple[Any, ...]:
        wanted = (search, network, layer, method)
        if wanted == tuple(last):
            return (gr.skip(),) * (3 + len(results.listed))
        return (wanted, 0, "", *listing(doors, *wanted))

    def turn(step: int, *asked: Any) -> tuple[Any, ...]:
        search, network, layer, method, offset = asked
        with open_db() as db:
            total = descriptions.page(db, **_wanted(search, network, layer, method), limit=0).total
        moved = offset + step
        offset = moved if 0 <= moved < total else offset
        return (offset, *listing(doors, search, network, layer, method, offset))

    @doors.allow(*STAFF)
    def earlier(
        search: str, network: str, layer: str, method: str, offset: int, request: gr.Request
    ) -> tuple[Any, ...]:
        return turn(-PAGE, search, network, layer, method, offset)

    @doors.allow(*STAFF)
    def later(
        search: str, network: str, layer: str, method: str, offset: int, request: gr.Request
    ) -> tuple[Any, ...]:
        return turn(PAGE, search, network, layer, method, offset)

    @doors.allow(*STAFF)
    def export(search: str, network: str, layer: str, method: str, request: gr.Request) -> str:
        with open_db() as db:
            made = describe_export.write(
                db, doors.workspace.reports, **_wanted(search, network, layer, method)
            )
        return (
            f'<p role="status"><a href="/reports/{escape(made.file)}" download>'
            f"{escape(made.file)}</a>: {made.rows} descriptions</p>"
        )

    @doors.allow(*STAFF)
    def show(unit_id: str, lam: float, request: gr.Request) -> tuple[Any, ...]:
        if not unit_id.isdecimal():
            return "", gr.update(visible=False), ""
        viewer = doors.person(request).name
        with open_db() as db:
            each = exemplars.unit(db, int(unit_id))
            judged = {given.concept for given in signoffs.current(db, unit_id=each.unit_id)}
            said = descriptions.of_unit(db, each.unit_id)
            people = annotations.accepted(db, each.unit_id)
            scores = faithfulness.of_descriptions(db, [d.description_id for d in said])
            verdicts = [
                verdict
                for concept in sorted(judged)
                for verdict in decisions.open_verdicts(db, each.unit_id, concept, viewer=viewer)
            ]
            alike = descriptions.alike(db, each.unit_id)
        activations = shelf.activations_of(doors.workspace, each)
        beams = [d.candidates for d in said if len(d.candidates) > 1]
        return (
            page_unit.unit(each, said, activations, people, scores, verdicts, alike),
            gr.update(visible=bool(beams)),
            page_unit.candidates(shelf.ranked(beams[0], lam), lam) if beams else "",
        )

    @doors.allow(*STAFF)
    def rank(unit_id: str, lam: float, request: gr.Request) -> str:
        if not unit_id.isdecimal():
            return ""
        with open_db() as db:
            said = descriptions.of_unit(db, int(unit_id))
        beams = [d.candidates for d in said if len(d.candidates) > 1]
        return page_unit.candidates(shelf.ranked(beams[0], lam), lam) if beams else ""

    hidden: dict[str, Any] = {"show_progress": "hidden"}
    fields = results.asked[:-1]
    gr.on(
        [
            results.search.submit,
            results.search.change,
            results.network.input,
            results.layer.input,
            results.method.input,
        ],
        find,
        [*fields, asked_last],
        [asked_last, results.offset, results.made, *results.listed],
        trigger_mode="always_last",
        **hidden,
    )
    results.back.click(earlier, results.asked, [results.offset, *results.listed], **hidden)
    results.forth.click(later, results.asked, [results.offset, *results.listed], **hidden)
    results.export.click(export, fields, results.made, **hidden)
    shown = [results.unit, results.lam, results.beam]
    results.picked.change(show, [results.picked, results.lam], shown, **hidden)
    results.lam.change(
        rank, [results.picked, results.lam], results.beam, trigger_mode="always_last", **hidden
    )


def _wanted(search: str, network: str, layer: str, method: str) -> dict[str, Any]:
    """The arguments of a search in the database."""
    fields = {"subject": network, "layer": layer, "method": method}
    return {
        "search": search,
        **{name: None if value == ANY else value for name, value in fields.items()},
    }
