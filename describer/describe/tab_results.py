"""What was described: the list with its filters, and the page of the unit that is open.

    fields, export, new = tab_results.build_bar()   # where the bar is to stand
    results = tab_results.build(fields, export)     # and below it list and unit
    tab_results.wire(results, doors)

Rows are buttons made as text; a click writes the unit's id where an event listens for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import gradio as gr
from sqlite_utils import Database

from db.access.permissions import Doors
from db.access.users import STAFF
from db.annotate import annotations
from db.audit import blind_review, signoffs
from db.describe import descriptions, exemplars, faithfulness, provenances, subjects
from db.describe import listing as listing_rows
from db.describe.descriptions import Description
from db.describe.trusted import Trusted, figures, of_units
from db.workspace import open_database
from describer import workspace_files
from describer.describe import export as describe_export
from describer.describe import origin, page, page_unit
from describer.form import Form
from describer.jobs.tab import QUIET
from describer.methods.options import MILAN, TITLES

PAGE = 25
ANY = "any"


@dataclass(frozen=True)
class Wanted:
    """A search among the descriptions, and from which one on they are shown."""

    search: str = ""
    network: str = ANY
    layer: str = ANY
    method: str = ANY
    sort: str = "unit"
    offset: int = 0

    @property
    def listed(self) -> listing_rows.Wanted:
        """The search as the list takes it; a sort that is none, or of scores that cannot be
        compared, counts as that by unit.
        """
        key = (self.sort or "").removeprefix("-")
        if key not in listing_rows.SORTS or (key == "score" and not self.fields["method"]):
            return listing_rows.Wanted(**self.fields)
        return listing_rows.Wanted(**self.fields, sort=key, falling=self.sort.startswith("-"))

    @property
    def fields(self) -> dict[str, Any]:
        """The search as arguments for the database."""
        chosen = {"subject": self.network, "layer": self.layer, "method": self.method}
        return {
            # A text field that was never on the screen is None.
            "search": self.search or "",
            **{name: None if value == ANY else value for name, value in chosen.items()},
        }


@dataclass(frozen=True)
class Search(Form):
    """The fields of a search, in the order of `Wanted`."""

    search: gr.Textbox
    network: gr.Dropdown
    layer: gr.Dropdown
    method: gr.Dropdown
    sort: gr.Textbox
    offset: gr.State

    def wanted(self, given: Mapping[Any, Any]) -> Wanted:
        """The search that the fields hold."""
        return Wanted(**self.asked(given))


@dataclass(frozen=True)
class Results:
    """The components: fields of the search, what shows its rows, and the unit that is open."""

    fields: Search
    rows: gr.HTML
    back: gr.Button
    forth: gr.Button
    export: gr.Button
    exported: gr.HTML
    picked: gr.Textbox
    unit: gr.HTML
    lam: gr.Slider
    beam: gr.HTML

    @property
    def listed(self) -> list[Any]:
        """Where what `listing` returns goes."""
        return [self.rows, self.fields.network, self.fields.layer, self.fields.method]


def build_bar() -> tuple[Search, gr.Button, gr.Button]:
    """Put the bar on the page that is being built: search, facets, export, and what makes more."""
    with gr.Row(elem_id="bar"):
        search = gr.Textbox(
            label="Search descriptions",
            show_label=False,
            placeholder="Search sentences",
            elem_id="search",
            scale=3,
            min_width=160,
        )
        network, layer, method = (
            gr.Dropdown(
                [(f"any {label}", ANY)],
                value=ANY,
                label=label.capitalize(),
                show_label=False,
                elem_id=name,
                min_width=110,
            )
            for label, name in (("network", "of_network"), ("layer", "layer"), ("method", "method"))
        )
        export = gr.Button("Export", size="sm", elem_id="export_list", min_width=70, scale=0)
        new = gr.Button("New", variant="primary", size="sm", elem_id="new", min_width=80, scale=0)
    sort = gr.Textbox("unit", elem_id="sort_pick", elem_classes="mw-hidden", container=False)
    return Search(search, network, layer, method, sort, gr.State(0)), export, new


def build(fields: Search, export: gr.Button) -> Results:
    """Put list and unit on the page that is being built."""
    exported = gr.HTML(elem_id="exported_list")
    with gr.Row(elem_id="columns"):
        with gr.Column(scale=5, min_width=300, elem_id="list_side"):
            rows = gr.HTML(elem_id="rows")
            with gr.Row():
                back = gr.Button("‹ Previous page", size="sm", elem_id="back", min_width=60)
                forth = gr.Button("Next page ›", size="sm", elem_id="forth", min_width=60)
        with gr.Column(scale=5, min_width=300, elem_id="unit_side"):
            picked = gr.Textbox(elem_id="unit_pick", elem_classes="mw-hidden", container=False)
            unit = gr.HTML(elem_id="unit")
            lam = gr.Slider(0, 1, 0.2, step=0.05, label="lambda", visible=False, elem_id="lambda")
            beam = gr.HTML(elem_id="candidates")
    return Results(fields, rows, back, forth, export, exported, picked, unit, lam, beam)


def trusted(db: Database, unit_ids: Sequence[int]) -> Mapping[int, Trusted]:
    """Of units whose sentences were weighed the trusted one, or why there is none."""
    return of_units(db, list(unit_ids))


def listing(doors: Doors, wanted: Wanted) -> tuple[Any, ...]:
    """What `Results.listed` shows of a search; a layer that the network lacks counts as any.

    The fields keep what they hold, which may be newer than what is asked for here.
    """
    with open_database(doors.workspace) as db:
        chosen = None if wanted.network == ANY else wanted.network
        known = list(dict.fromkeys(each.layer for each in exemplars.sets(db, subject=chosen)))
        unknown = wanted.layer not in (ANY, *known)
        if unknown:
            wanted = replace(wanted, layer=ANY)
        found = listing_rows.page(db, wanted.listed, limit=PAGE, offset=wanted.offset)
        ids = [row.unit_id for row in found.rows]
        units = {unit_id: exemplars.unit(db, unit_id) for unit_id in ids}
        shown = page.results(
            found,
            units,
            wanted=wanted.listed,
            offset=wanted.offset,
            said=listing_rows.others(db, ids),
            trusted=trusted(db, ids),
            described=found.total or descriptions.page(db, limit=0).total,
        )
        used = descriptions.choices(db)
        networks = [each.name for each in subjects.every(db)]
    chosen_now: dict[str, Any] = {"value": ANY} if unknown else {}
    return (
        shown,
        gr.update(choices=_any("network", networks)),
        gr.update(choices=_any("layer", known), **chosen_now),
        gr.update(choices=_any("method", used)),
    )


def first_unit(doors: Doors) -> str:
    """The unit that is open where none was asked for: the list's first, "" where it is empty."""
    with open_database(doors.workspace) as db:
        found = listing_rows.page(db, Wanted().listed, limit=1).rows
    return str(found[0].unit_id) if found else ""


def _any(what: str, names: Sequence[str]) -> list[tuple[str, str]]:
    return [(f"any {what}", ANY), *((TITLES.get(name, name), name) for name in names)]


def wire(results: Results, doors: Doors) -> None:
    """Connect the components."""
    _wire_list(results, doors)
    _wire_unit(results, doors)


def _wire_list(results: Results, doors: Doors) -> None:
    fields = results.fields
    open_db = partial(open_database, doors.workspace)
    # A field that is only left tells of input, too.
    last = gr.State(Wanted())

    @doors.allow(*STAFF)
    def find(given: dict[Any, Any], request: gr.Request) -> tuple[Any, ...]:
        wanted = replace(fields.wanted(given), offset=0)
        if wanted == given[last]:
            return (gr.skip(),) * (3 + len(results.listed))
        return (wanted, 0, "", *listing(doors, wanted))

    def turn(wanted: Wanted, step: int) -> tuple[Any, ...]:
        with open_db() as db:
            total = listing_rows.page(db, wanted.listed, limit=0).total
        if 0 <= wanted.offset + step < total:
            wanted = replace(wanted, offset=wanted.offset + step)
        return (wanted.offset, *listing(doors, wanted))

    @doors.allow(*STAFF)
    def previous(given: dict[Any, Any], request: gr.Request) -> tuple[Any, ...]:
        return turn(fields.wanted(given), -PAGE)

    @doors.allow(*STAFF)
    def following(given: dict[Any, Any], request: gr.Request) -> tuple[Any, ...]:
        return turn(fields.wanted(given), PAGE)

    @doors.allow(*STAFF)
    def export(given: dict[Any, Any], request: gr.Request) -> str:
        with open_db() as db:
            written = describe_export.write(
                db, doors.workspace.reports, **fields.wanted(given).fields
            )
        return page.exported(written.file, written.rows)

    gr.on(
        [
            fields.search.submit,
            fields.search.change,
            fields.network.input,
            fields.layer.input,
            fields.method.input,
            fields.sort.change,
        ],
        find,
        {*fields.inputs(), last},
        [last, fields.offset, results.exported, *results.listed],
        trigger_mode="always_last",
        **QUIET,
    )
    results.back.click(previous, fields.inputs(), [fields.offset, *results.listed], **QUIET)
    results.forth.click(following, fields.inputs(), [fields.offset, *results.listed], **QUIET)
    results.export.click(export, fields.inputs(), results.exported, **QUIET)


def _wire_unit(results: Results, doors: Doors) -> None:
    open_db = partial(open_database, doors.workspace)

    @doors.allow(*STAFF)
    def show(unit_id: str, lam: float, request: gr.Request) -> tuple[Any, ...]:
        if not unit_id.isdecimal():
            return "", gr.update(visible=False), ""
        viewer = doors.person(request).name
        with open_db() as db:
            unit = exemplars.unit(db, int(unit_id))
            judged = {given.concept for given in signoffs.current(db, unit_id=unit.unit_id)}
            said = descriptions.answers(db, unit.unit_id)
            made_of = {
                each.description_id: provenances.of(db, each.method, each.model_hash)
                for each in said
            }
            held = trusted(db, [unit.unit_id]).get(unit.unit_id)
            people = annotations.accepted(db, unit.unit_id)
            scores = faithfulness.of_descriptions(db, [d.description_id for d in said])
            kept = faithfulness.tests(db, unit.exemplar_set_id)
            tests = {each["judge"]: each["tests"] for each in reversed(kept)}
            own = figures(db, [unit.unit_id]).get(unit.unit_id)
            verdicts = [
                verdict
                for concept in sorted(judged)
                for verdict in blind_review.open_verdicts(db, unit.unit_id, concept, viewer=viewer)
            ]
            alike = descriptions.alike(db, unit.unit_id)
        activations = workspace_files.activations_of(doors.workspace, unit)
        beam = _ranked(said, lam)
        origins = {
            each.description_id: origin.origin(
                each,
                made_of[each.description_id],
                origin.kept_of(doors.workspace, unit, each),
            )
            for each in said
        }
        counted = origin.histogram(doors.workspace, unit)
        machines = page_unit.Sentences(said, origins, scores, held, tests, own)
        return (
            page_unit.unit(unit, machines, activations, people, verdicts, alike, counted),
            gr.update(visible=bool(beam)),
            beam,
        )

    @doors.allow(*STAFF)
    def rank(unit_id: str, lam: float, request: gr.Request) -> str:
        if not unit_id.isdecimal():
            return ""
        with open_db() as db:
            return _ranked(descriptions.of_unit(db, int(unit_id)), lam)

    asked = [results.picked, results.lam]
    results.picked.change(show, asked, [results.unit, results.lam, results.beam], **QUIET)
    results.lam.change(rank, asked, results.beam, trigger_mode="always_last", **QUIET)


def _ranked(said: list[Description], lam: float) -> str:
    """MILAN's newest beam of a unit in the order of a lambda; nothing where none was kept."""
    beams = [each.candidates for each in said if each.method == MILAN and len(each.candidates) > 1]
    return page_unit.candidates(workspace_files.ranked(beams[0], lam), lam) if beams else ""
