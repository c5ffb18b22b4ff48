"""The Describe tab: choose a network, start the work, watch it, read the results, open a unit.

    build(doors, page, wake=…, device="auto")

Handlers parse, call one function of the domain, and format. What is long runs in a worker process;
the page polls its row and finds it again after a reload.
"""

from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

import gradio as gr

from db import annotations, descriptions, exemplars, faithfulness, jobs, subjects
from db.doors import Doors
from db.errors import NotFound
from db.users import Role
from db.workspace import open_database
from describer import pages, plans, shelf, tab_add

PAGE = 25
ANY = "any"
STAFF: tuple[Role, ...] = ("admin", "reviewer")

# Rows are buttons made as text; a click writes the unit's id where an event listens for it.
HEAD = (
    """
<script>
(() => {
  const pick = (id) => {
    const box = document.querySelector('#unit_pick textarea, #unit_pick input');
    if (!box || !id) return;
    box.value = id;
    box.dispatchEvent(new Event('input', {bubbles: true}));
  };
  const typing = (e) => /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName);
  const visible = (node) => node && node.offsetParent !== null;
  document.addEventListener('click', (event) => {
    const row = event.target.closest('[data-unit]');
    if (row) pick(row.dataset.unit);
  });
  const mask = (masked) => document.querySelectorAll('img[data-open]').forEach((image) => {
    const wanted = masked ? image.dataset.masked : image.dataset.open;
    if (visible(image) && image.getAttribute('src') !== wanted) image.src = wanted;
  });
  document.addEventListener('keydown', (event) => {
    if (typing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'm' || event.key === 'M') mask(false);
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    const shown = document.querySelector('.mw-unit[data-current]');
    const rows = [...document.querySelectorAll('.mw-results [data-unit]')].filter(visible);
    if (!visible(shown) || !rows.length) return;
    const here = rows.findIndex((row) => row.dataset.unit === shown.dataset.current);
    const next = rows[here + (event.key === 'ArrowRight' ? 1 : -1)];
    if (next) pick(next.dataset.unit);
  });
  document.addEventListener('keyup', (event) => {
    if (event.key === 'm' || event.key === 'M') mask(true);
  });
  const local = () => document.querySelectorAll('time[data-utc]').forEach((node) => {
    const text = new Date(node.dataset.utc).toLocaleTimeString([], {hour: '2-digit',
      minute: '2-digit'});
    if (node.textContent !== text) node.textContent = text;
  });
  new MutationObserver(local).observe(document.documentElement, {childList: true, subtree: true});
})();
</script>
"""
    + tab_add.HEAD
)


def build(doors: Doors, page: gr.Blocks, *, wake: Callable[[], None], device: str) -> None:
    """Put the tab's components and events on the page that is being built."""
    open_db = partial(open_database, doors.workspace)

    start = gr.HTML(elem_id="start")
    with gr.Accordion("Describe a network", open=True) as setting:
        with gr.Row():
            subject = gr.Dropdown([], label="Network", elem_id="subject")
            images = gr.Dropdown([], label="Images", elem_id="images")
            checkpoint = gr.Dropdown([], label="MILAN checkpoint", elem_id="checkpoint")
        layers = gr.CheckboxGroup([], label="Layers", elem_id="layers")
        more = gr.Dropdown([], label="Further layers", multiselect=True, elem_id="more_layers")
        with gr.Accordion("Options", open=False), gr.Row():
            k = gr.Number(15, label="exemplars a unit (k)", precision=0, minimum=1)
            quantile = gr.Number(0.99, label="mask above quantile", minimum=0, maximum=1)
            pooling = gr.Radio(["max", "mean"], value="max", label="pooling")
            beam = gr.Number(50, label="beam", precision=0, minimum=1)
            temperature = gr.Number(0.2, label="lambda")
        estimate = gr.HTML(elem_id="estimate")
        begin = gr.Button("Start", variant="primary", elem_id="begin")
    adding = tab_add.build(doors)
    job = gr.HTML(elem_id="job")
    with gr.Row():
        cancel = gr.Button("Cancel job", visible=False, elem_id="cancel")
        resume = gr.Button("Resume job", visible=False, elem_id="resume")
    timer = gr.Timer(2, active=False)

    with gr.Row():
        search = gr.Textbox(label="Search descriptions", elem_id="search", scale=3)
        layer = gr.Dropdown([ANY], value=ANY, label="Layer", elem_id="layer")
        method = gr.Dropdown([ANY], value=ANY, label="Method", elem_id="method")
    offset = gr.State(0)
    with gr.Row():
        with gr.Column(scale=5):
            rows = gr.HTML(elem_id="rows")
            with gr.Row():
                back = gr.Button("‹ earlier", size="sm", elem_id="back")
                forth = gr.Button("later ›", size="sm", elem_id="forth")
        with gr.Column(scale=4):
            picked = gr.Textbox(elem_id="unit_pick", elem_classes="mw-hidden", container=False)
            unit = gr.HTML(elem_id="unit")
            lam = gr.Slider(0, 1, 0.2, step=0.05, label="lambda", visible=False, elem_id="lambda")
            beam_table = gr.HTML(elem_id="candidates")

    def choices() -> tuple[Any, ...]:
        with open_db() as db:
            names = [each.name for each in subjects.every(db)]
            folders = [each.name for each in subjects.every_probing_set(db)]
            models = [each.name for each in subjects.every_checkpoint(db)]
            cards = pages.start_cards(db)
            described = bool(descriptions.methods(db))
        return (
            cards,
            gr.Dropdown(names, value=names[0] if names else None),
            gr.Dropdown(folders, value=folders[0] if folders else None),
            gr.Dropdown(models, value=models[0] if models else None),
            # Who has results came to see them.
            gr.Accordion(open=not described),
        )

    def listing(
        search: str, layer: str, method: str, offset: int
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        with open_db() as db:
            found = descriptions.page(
                db,
                search=search,
                layer=None if layer == ANY else layer,
                method=None if method == ANY else method,
                limit=PAGE,
                offset=offset,
            )
            units = {row.unit_id: exemplars.unit(db, row.unit_id) for row in found.rows}
            known = sorted({each.layer for each in exemplars.sets(db)})
            used = descriptions.methods(db)
        return (
            pages.results(found, units, offset=offset),
            gr.update(choices=[ANY, *known]),
            gr.update(choices=[ANY, *used]),
        )

    @doors.allow("admin", "reviewer", "annotator")
    def arrive(request: gr.Request) -> tuple[Any, ...]:
        """The page was opened; only staff are told anything."""
        if doors.person(request).role not in STAFF:
            return (gr.skip(),) * len(opened)
        wanted, unit_id = request.query_params.get("unit"), ""
        try:
            with open_db() as db:
                unit_id = str(exemplars.by_name(db, wanted).unit_id) if wanted else ""
        except NotFound as error:
            # An old link is no reason to show an empty page.
            gr.Warning(escape(str(error)))
        return (*choices(), *listing("", ANY, ANY, 0), unit_id)

    @doors.allow(*STAFF)
    def list_layers(subject: str | None, request: gr.Request) -> tuple[Any, Any]:
        with open_db() as db:
            known = subjects.get(db, subject).layers if subject else ()
        listed, others = (
            [
                (f"{each.name} · {each.units} units", each.name)
                for each in known
                if each.listed is wanted
            ]
            for wanted in (True, False)
        )
        return gr.update(choices=listed, value=[]), gr.update(choices=others, value=[])

    @doors.allow(*STAFF)
    def tell(
        subject: str | None,
        images: str | None,
        layers: list[str],
        more: list[str],
        request: gr.Request,
    ) -> str:
        with open_db() as db:
            return pages.estimate(plans.estimate(db, subject, images, [*layers, *more]))

    @doors.allow(*STAFF)
    def enqueue(
        subject: str | None,
        images: str | None,
        checkpoint: str | None,
        layers: list[str],
        more: list[str],
        k: float,
        quantile: float,
        pooling: str,
        beam: float,
        temperature: float,
        request: gr.Request,
    ) -> Any:
        plan = plans.Plan(
            subject=subject or "",
            images=images or "",
            checkpoint=checkpoint or "",
            layers=(*layers, *more),
            k=int(k),
            quantile=quantile,
            pooling=pooling,
            beam_size=int(beam),
            temperature=temperature,
        )
        with open_db() as db:
            plans.enqueue(db, plan, device=device, person=doors.person(request).name)
        wake()
        return gr.Timer(active=True)

    def watch() -> tuple[Any, ...]:
        wake()
        with open_db() as db:
            newest = jobs.latest(db, kinds=["describe"], limit=1)
        if not newest:
            return "", gr.update(visible=False), gr.update(visible=False), gr.Timer(active=False)
        state = newest[0].state
        live = state in ("running", "queued")
        return (
            pages.job(newest[0]),
            gr.update(visible=live),
            gr.update(visible=state in ("failed", "cancelled", "interrupted")),
            gr.Timer(active=live),
        )

    @doors.allow("admin", "reviewer", "annotator")
    def poll(request: gr.Request) -> tuple[Any, ...]:
        return watch() if doors.person(request).role in STAFF else (gr.skip(),) * len(watched)

    @doors.allow(*STAFF)
    def poll_results(
        search: str, layer: str, method: str, offset: int, request: gr.Request
    ) -> tuple[Any, ...]:
        return (*watch(), *listing(search, layer, method, offset))

    @doors.allow(*STAFF)
    def stop(request: gr.Request) -> tuple[Any, ...]:
        with open_db() as db:
            for each in jobs.latest(db, kinds=["describe"], limit=1):
                jobs.ask_to_cancel(db, each.job_id)
        return watch()

    @doors.allow(*STAFF)
    def go_on(request: gr.Request) -> tuple[Any, ...]:
        with open_db() as db:
            for each in jobs.latest(db, kinds=["describe"], limit=1):
                jobs.requeue(db, each.job_id)
        return watch()

    @doors.allow(*STAFF)
    def find(search: str, layer: str, method: str, request: gr.Request) -> tuple[Any, ...]:
        return (0, *listing(search, layer, method, 0))

    def turn(
        step: int, search: str, layer: str, method: str, offset: int, request: gr.Request
    ) -> tuple[Any, ...]:
        with open_db() as db:
            total = descriptions.page(
                db,
                search=search,
                layer=None if layer == ANY else layer,
                method=None if method == ANY else method,
                limit=0,
            ).total
        moved = offset + step
        offset = moved if 0 <= moved < total else offset
        return (offset, *listing(search, layer, method, offset))

    @doors.allow(*STAFF)
    def earlier(
        search: str, layer: str, method: str, offset: int, request: gr.Request
    ) -> tuple[Any, ...]:
        return turn(-PAGE, search, layer, method, offset, request)

    @doors.allow(*STAFF)
    def later(
        search: str, layer: str, method: str, offset: int, request: gr.Request
    ) -> tuple[Any, ...]:
        return turn(PAGE, search, layer, method, offset, request)

    @doors.allow(*STAFF)
    def show(unit_id: str, lam: float, request: gr.Request) -> tuple[Any, ...]:
        if not unit_id.isdecimal():
            return "", gr.update(visible=False), ""
        with open_db() as db:
            each = exemplars.unit(db, int(unit_id))
            said = descriptions.of_unit(db, each.unit_id)
            people = annotations.accepted(db, each.unit_id)
            scores = faithfulness.of_descriptions(db, [d.description_id for d in said])
        activations = shelf.activations_of(doors.workspace, each)
        beams = [d.candidates for d in said if len(d.candidates) > 1]
        return (
            pages.unit(each, said, activations, people, scores),
            gr.update(visible=bool(beams)),
            pages.candidates(shelf.ranked(beams[0], lam), lam) if beams else "",
        )

    @doors.allow(*STAFF)
    def rank(unit_id: str, lam: float, request: gr.Request) -> str:
        if not unit_id.isdecimal():
            return ""
        with open_db() as db:
            said = descriptions.of_unit(db, int(unit_id))
        beams = [d.candidates for d in said if len(d.candidates) > 1]
        return pages.candidates(shelf.ranked(beams[0], lam), lam) if beams else ""

    watched = [job, cancel, resume, timer]
    setup = [start, subject, images, checkpoint, setting]
    filters = [search, layer, method]
    listed = [rows, layer, method]
    hidden: dict[str, Any] = {"show_progress": "hidden"}
    opened = [*setup, *listed, picked]
    page.load(arrive, None, opened, **hidden)
    page.load(poll, None, watched, **hidden)
    timer.tick(poll_results, [*filters, offset], [*watched, *listed], queue=False, **hidden)
    subject.change(list_layers, subject, [layers, more], **hidden)
    gr.on(
        [subject.change, images.change, layers.change, more.change],
        tell,
        [subject, images, layers, more],
        estimate,
        **hidden,
    )
    begin.click(
        enqueue,
        [subject, images, checkpoint, layers, more, k, quantile, pooling, beam, temperature],
        timer,
    ).then(poll, None, watched, **hidden)
    cancel.click(stop, None, watched)
    resume.click(go_on, None, watched)
    tab_add.wire(
        adding,
        page,
        doors,
        choices=choices,
        setup=setup,
        listing=listing,
        filters=[*filters, offset],
        listed=listed,
    )
    gr.on(
        [search.submit, search.change, layer.input, method.input],
        find,
        filters,
        [offset, *listed],
        trigger_mode="always_last",
        **hidden,
    )
    back.click(earlier, [*filters, offset], [offset, *listed], **hidden)
    forth.click(later, [*filters, offset], [offset, *listed], **hidden)
    picked.change(show, [picked, lam], [unit, lam, beam_table], **hidden)
    lam.change(rank, [picked, lam], beam_table, trigger_mode="always_last", **hidden)
