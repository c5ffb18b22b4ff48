"""Cut and paste: a piece of what a unit looks for, laid on other images, and what is said then.

    build(doors, item)

Lists are read when the item is selected, the network is opened when a unit is chosen; sliders then
answer at once. Whatever is shown fits the components; nothing is kept for a person.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import gradio as gr

from audits.network.likely import likely_images
from audits.paste import dissimilar, page, tab_board
from audits.paste.adversaries import Arrangement
from audits.studies import plan
from db.access.permissions import Doors
from db.access.users import STAFF
from db.describe import descriptions, exemplars, subjects
from db.errors import BadInput
from db.workspace import open_database

# The page's values by component; and the network, the images and the unit that were chosen.
Given = dict[Any, Any]
Chosen = tuple[str, str, int]

_HIDDEN: dict[str, Any] = {"show_progress": "hidden"}
_SPOKEN_FOR = 3


def build(doors: Doors, item: gr.Tab) -> None:
    """Put the item's components and events on the page that is being built."""
    open_db = partial(open_database, doors.workspace)
    board = tab_board.lay_out()

    @doors.allow(*STAFF)
    def arrive(
        network: str | None, images: str | None, request: gr.Request
    ) -> tuple[Any, Any, Any]:
        with open_db() as db:
            described = {kept.subject for kept in exemplars.sets(db) if kept.folder}
            names = [name for name in plan.classifiers(db) if name in described]
            folders = [folder.name for folder in subjects.every_probing_set(db)]
        chosen = network if network in names else next(iter(names), None)
        return (
            gr.update(choices=names, value=chosen),
            gr.update(choices=folders, value=images if images in folders else None),
            gr.skip() if names else page.nothing(),
        )

    @doors.allow(*STAFF)
    def list_units(network: str | None, request: gr.Request) -> tuple[Any, Any]:
        with open_db() as db:
            likely = likely_images(db, network or "", "test")
            choices = dissimilar.listed(db, network) if network else []
        label = f"Unit ({len(choices)}; those that join dissimilar words first)"
        return gr.update(choices=choices, value=None, label=label), likely

    @doors.allow(*STAFF)
    def open_unit(given: Given, request: gr.Request) -> Given:
        if not board.complete(given):
            return {board.tried: "", board.saved: ""}
        chosen, how = board.chosen(given), board.arrangement(given)
        bench, how = _bench(doors), replace(how, piece=1, base=1)
        return {
            board.about: _about(doors, chosen),
            board.base: gr.update(maximum=max(2, len(bench.bases(*chosen))), value=1),
            board.piece: gr.update(maximum=max(2, len(bench.pieces(chosen[2]))), value=1),
            board.shown: _shown(doors, chosen, how),
            board.strips: _strips(doors, chosen, how),
            board.sliders: gr.update(visible=True),
            board.batch: gr.update(visible=True),
            board.tried: "",
            board.saved: "",
        }

    @doors.allow(*STAFF)
    def look(given: Given, request: gr.Request) -> str:
        try:
            return _shown(doors, board.chosen(given), board.arrangement(given))
        except BadInput as error:
            # Corners are half-typed for a while; an error would drop what is typed meanwhile.
            return page.card(str(error))

    @doors.allow(*STAFF)
    def mark(given: Given, request: gr.Request) -> str:
        return _strips(doors, board.chosen(given), board.arrangement(given))

    @doors.allow(*STAFF)
    def choose_cut(by: str, request: gr.Request) -> tuple[Any, ...]:
        return tuple(gr.update(visible=by == name) for name in ("mask", "box", "polygon"))

    @doors.allow(*STAFF)
    def measure(given: Given, request: gr.Request) -> Iterator[tuple[str, str]]:
        chosen, how, pairs = board.chosen(given), board.arrangement(given), given[board.pairs]
        yield (
            page.waiting(f"Pasting about {pairs} pairs, and five times as many for the control …"),
            "",
        )
        bench = _bench(doors)
        found, drawn = bench.tried(*chosen, how, pairs=pairs)
        classes = bench.network(chosen[0]).subject.classes
        yield page.tried(found, drawn, classes, _SPOKEN_FOR), ""

    @doors.allow(*STAFF)
    def save(given: Given, request: gr.Request) -> Iterator[str]:
        chosen, how = board.chosen(given), board.arrangement(given)
        yield page.waiting("Pasting and writing …")
        yield page.saved(*_bench(doors).keep(*chosen, how, pairs=given[board.pairs]))

    chosen = [board.network, board.images]
    item.select(arrive, chosen, [*chosen, board.about], **_HIDDEN)
    board.network.change(list_units, board.network, [board.unit, board.images])
    gr.on(
        [board.unit.input, board.images.input],
        open_unit,
        board.asked,
        [
            *(board.about, board.base, board.piece, board.shown, board.strips),
            *(board.sliders, board.batch, board.tried, board.saved),
        ],
    )
    last: dict[str, Any] = {"trigger_mode": "always_last", **_HIDDEN}
    gr.on([part.input for part in board.placing], look, board.asked, board.shown, **last)
    gr.on([board.base.input, board.piece.input], mark, board.asked, board.strips, **last)
    board.by.input(choose_cut, board.by, [board.margin, board.edges, board.corners], **_HIDDEN)
    board.run.click(measure, {*board.asked, board.pairs}, [board.tried, board.saved])
    board.keep.click(save, {*board.asked, board.pairs}, board.saved)


def _bench(doors: Doors) -> Any:
    # It opens networks: what that needs is imported when the first is asked for.
    from audits.paste.bench import Bench

    return Bench(doors.workspace)


def _about(doors: Doors, chosen: Chosen) -> str:
    network, _, unit_id = chosen
    bench = _bench(doors)
    with open_database(doors.workspace) as db:
        said = [one.text for one in descriptions.of_unit(db, unit_id)[:1]]
        name = exemplars.unit(db, unit_id).name
    drawn, classes = bench.classes_of(network, unit_id), bench.network(network).subject.classes
    return page.unit(name, next(iter(said), ""), drawn, classes)


def _shown(doors: Doors, chosen: Chosen, how: Arrangement) -> str:
    network, _, unit_id = chosen
    bench = _bench(doors)
    toward = bench.classes_of(network, unit_id).first(_SPOKEN_FOR)
    return page.arranged(bench.arranged(*chosen, how), toward=toward)


def _strips(doors: Doors, chosen: Chosen, how: Arrangement) -> str:
    bench = _bench(doors)
    bases = [(one.image, None) for one in bench.bases(*chosen)]
    pieces = [(one.image, one.mask) for one in bench.pieces(chosen[2])]
    return page.pieces(bases, how.base, "Base images, on which the unit is quiet") + page.pieces(
        pieces, how.piece, "Exemplars of the unit"
    )
