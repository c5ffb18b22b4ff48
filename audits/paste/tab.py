"""Cut and paste: a piece of what a unit looks for, laid on other images, and what is said then.

    build(doors, item)

Lists are read when the item is selected, the network is opened when a unit is chosen; sliders then
answer at once. Whatever is shown fits the components; nothing is kept for a person.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from html import escape
from typing import Any

import gradio as gr

from audits.network.likely import likely_images
from audits.paste.adversaries import Arrangement
from audits.studies import plan
from db.access.doors import Doors
from db.access.users import STAFF
from db.describe import descriptions, exemplars, subjects
from db.errors import BadInput
from db.workspace import open_database

LISTED = 5000
PAIRS = [("16 pairs", 16), ("36 pairs", 36), ("100 pairs", 100)]
CUTS = [("the unit's mask", "mask"), ("a box", "box"), ("a polygon", "polygon")]


def build(doors: Doors, item: gr.Tab) -> None:
    """Put the item's components and events on the page that is being built."""
    open_db = partial(open_database, doors.workspace)

    with gr.Row():
        network = gr.Dropdown([], label="Network", elem_id="paste_network")
        unit = gr.Dropdown([], label="Unit", elem_id="paste_unit", scale=3)
        images = gr.Dropdown([], label="Images to paste on", elem_id="paste_images")
    about = gr.HTML(elem_id="paste_unit_shown")
    with gr.Row(visible=False) as board:
        with gr.Column(scale=1, min_width=280):
            base = gr.Slider(1, 12, 1, step=1, label="Base image", elem_id="paste_base")
            piece = gr.Slider(1, 15, 1, step=1, label="Exemplar to cut from", elem_id="paste_piece")
            by = gr.Radio(CUTS, value="mask", label="Cut", elem_id="paste_by")
            margin = gr.Slider(0, 20, 6, step=1, label="Margin round the mask (%)")
            with gr.Column(visible=False) as edges:
                left = gr.Slider(0, 100, 20, step=1, label="Left edge (%)", elem_id="paste_left")
                right = gr.Slider(0, 100, 80, step=1, label="Right edge (%)")
                top = gr.Slider(0, 100, 20, step=1, label="Top edge (%)")
                bottom = gr.Slider(0, 100, 80, step=1, label="Bottom edge (%)")
            outline = gr.Textbox(
                "20,20 80,20 50,80",
                label="Corners (x,y in %)",
                visible=False,
                elem_id="paste_corners",
            )
            x = gr.Slider(0, 100, 50, step=1, label="Place: across (%)", elem_id="paste_x")
            y = gr.Slider(0, 100, 50, step=1, label="Place: down (%)", elem_id="paste_y")
            scale = gr.Slider(0.2, 4, 1, step=0.05, label="Size (times)", elem_id="paste_scale")
        with gr.Column(scale=3, min_width=480):
            shown = gr.HTML(elem_id="pasted")
            strips = gr.HTML(elem_id="paste_strips")
    with gr.Row(visible=False) as batch_row:
        pairs = gr.Dropdown(PAIRS, value=36, label="Try", elem_id="paste_pairs")
        run = gr.Button("Try pieces on images, with control", elem_id="paste_batch")
        keep = gr.Button("Save the adversarial set", elem_id="paste_save")
    tried = gr.HTML(elem_id="paste_tried")
    saved = gr.HTML(elem_id="paste_saved")
    placed: list[Any] = [base, piece, by, margin, left, right, top, bottom, outline, x, y, scale]
    asked = {network, images, unit, *placed}

    def parse(given: dict[Any, Any]) -> tuple[tuple[str, str, int], Arrangement]:
        """What is worked on, and how the piece is cut and laid."""
        if not (given[network] and given[images] and given[unit]):
            raise BadInput("Choose a network, a unit, and images to paste on first.")
        edges = [given[each] / 100 for each in (left, top, right, bottom)]
        how = Arrangement(
            int(given[piece]),
            int(given[base]),
            given[by],
            given[margin] / 100,
            (edges[0], edges[1], edges[2], edges[3]),
            given[outline] or "",
            given[x] / 100,
            given[y] / 100,
            given[scale],
        )
        return (given[network], given[images], given[unit]), how

    @doors.allow(*STAFF)
    def arrive(
        network: str | None, images: str | None, request: gr.Request
    ) -> tuple[Any, Any, Any]:
        with open_db() as db:
            described = {each.subject for each in exemplars.sets(db) if each.folder}
            names = [each for each in plan.classifiers(db) if each in described]
            folders = [each.name for each in subjects.every_probing_set(db)]
        chosen = network if network in names else next(iter(names), None)
        return (
            gr.update(choices=names, value=chosen),
            gr.update(choices=folders, value=images if images in folders else None),
            gr.skip() if names else _NOTHING,
        )

    @doors.allow(*STAFF)
    def list_units(network: str | None, request: gr.Request) -> tuple[Any, Any]:

        with open_db() as db:
            likely = likely_images(db, network or "", "test")
            choices = _choices(doors, network) if network else []
        return (
            gr.update(
                choices=choices,
                value=None,
                label=f"Unit ({len(choices)}; those that join dissimilar words first)",
            ),
            likely,
        )

    @doors.allow(*STAFF)
    def open_unit(given: dict[Any, Any], request: gr.Request) -> dict[Any, Any]:
        from audits.paste import page

        if not (given[network] and given[images] and given[unit]):
            return {tried: "", saved: ""}
        what, how = parse(given)
        bench, how = _bench(doors), replace(how, piece=1, base=1)
        with open_db() as db:
            said = [each.text for each in descriptions.of_unit(db, what[2])[:1]]
            title = exemplars.unit(db, what[2]).name
        classes = bench.network(what[0]).subject.classes
        head = f"<h3>{escape(title)}: {escape(said[0]) if said else 'not described'}</h3>"
        return {
            about: head + page.speaks_for(bench.classes_of(what[0], what[2]), classes, 5),
            base: gr.update(maximum=max(2, len(bench.bases(*what))), value=1),
            piece: gr.update(maximum=max(2, len(bench.pieces(what[2]))), value=1),
            shown: _shown(doors, what, how),
            strips: _strips(doors, what, how),
            board: gr.update(visible=True),
            batch_row: gr.update(visible=True),
            tried: "",
            saved: "",
        }

    @doors.allow(*STAFF)
    def look(given: dict[Any, Any], request: gr.Request) -> str:
        try:
            return _shown(doors, *parse(given))
        except BadInput as error:
            # Corners are half-typed for a while; an error would drop what is typed meanwhile.
            return f'<div class="mw-card">{escape(str(error))}</div>'

    @doors.allow(*STAFF)
    def mark(given: dict[Any, Any], request: gr.Request) -> str:
        return _strips(doors, *parse(given))

    @doors.allow(*STAFF)
    def choose_cut(by: str, request: gr.Request) -> tuple[Any, ...]:
        return tuple(gr.update(visible=by == each) for each in ("mask", "box", "polygon"))

    @doors.allow(*STAFF)
    def measure(given: dict[Any, Any], request: gr.Request) -> Iterator[tuple[str, str]]:
        from audits.paste import page

        what, how = parse(given)
        yield (
            f"<p>Pasting about {given[pairs]} pairs, and five times as many for the control …</p>",
            "",
        )
        found, drawn = _bench(doors).tried(*what, how, pairs=given[pairs])
        yield page.tried(found, drawn, _bench(doors).network(what[0]).subject.classes, 3), ""

    @doors.allow(*STAFF)
    def save(given: dict[Any, Any], request: gr.Request) -> Iterator[str]:
        what, how = parse(given)
        yield "<p>Pasting and writing …</p>"
        file, kept = _bench(doors).keep(*what, how, pairs=given[pairs])
        yield (
            f'<p><a href="/reports/{file.name}" download>{file.name}</a>: {kept} images, '
            f"manifest.csv and README.md ({file.stat().st_size / 1e6:.1f} MB)</p>"
        )

    hidden: dict[str, Any] = {"show_progress": "hidden"}
    item.select(arrive, [network, images], [network, images, about], **hidden)
    network.change(list_units, network, [unit, images])
    gr.on(
        [unit.input, images.input],
        open_unit,
        asked,
        [about, base, piece, shown, strips, board, batch_row, tried, saved],
    )
    moves = [each.input for each in placed]
    gr.on(moves, look, asked, shown, trigger_mode="always_last", **hidden)
    gr.on([base.input, piece.input], mark, asked, strips, trigger_mode="always_last", **hidden)
    by.input(choose_cut, by, [margin, edges, outline], **hidden)
    run.click(measure, {*asked, pairs}, [tried, saved])
    keep.click(save, {*asked, pairs}, saved)


def _bench(doors: Doors) -> Any:
    from audits.paste.bench import Bench

    return Bench(doors.workspace)


def _choices(doors: Doors, network: str) -> list[tuple[str, int]]:
    """Units, those first whose descriptions join the most dissimilar words."""
    from audits.paste import dissimilar

    with open_database(doors.workspace) as db:
        sets = [each for each in exemplars.sets(db, subject=network) if each.folder]
        units = [one for each in sets for one in exemplars.units_of(db, each.exemplar_set_id)]
        rows = descriptions.page(db, subject=network, limit=LISTED).rows
        checkpoints = [each.source for each in subjects.every_checkpoint(db)]
    named = {one.unit_id: f"{one.layer}-{one.unit}" for one in units[:LISTED] if not one.dead}
    texts = {each.unit_id: each.text for each in rows if each.unit_id in named}
    ranked = dissimilar.rank(texts, checkpoint=next(iter(checkpoints), "demo")).units
    first = [
        (f"{named[one.unit_id]} · {' ≠ '.join(one.pair)} · {one.text}", one.unit_id)
        for one in ranked
    ]
    told = {one.unit_id for one in ranked}
    rest = [
        (f"{name} · {texts[unit_id]}" if unit_id in texts else name, unit_id)
        for unit_id, name in named.items()
        if unit_id not in told
    ]
    return first + rest


def _shown(doors: Doors, what: tuple[str, str, int], how: Arrangement) -> str:
    from audits.paste import page

    bench = _bench(doors)
    toward = bench.classes_of(what[0], what[2]).first(3)
    return page.arranged(bench.arranged(*what, how), toward=toward)


def _strips(doors: Doors, what: tuple[str, str, int], how: Arrangement) -> str:
    from audits.paste import page

    bench = _bench(doors)
    bases = [(each.image, None) for each in bench.bases(*what)]
    pieces = [(each.image, each.mask) for each in bench.pieces(what[2])]
    return page.pieces(bases, how.base, "Base images, on which the unit is quiet") + page.pieces(
        pieces, how.piece, "Exemplars of the unit"
    )


_NOTHING = (
    '<div class="mw-card">Describe the units of a network that classifies images first: what is '
    "pasted is cut from their exemplars.</div>"
)
