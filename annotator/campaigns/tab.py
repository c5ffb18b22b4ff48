"""The admin's page: campaigns, their progress, starting and steering them.

build(doors, page, wake=…)
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from sqlite_utils import Database

from annotator import html
from annotator import units as campaign_units
from annotator.campaigns import page as campaign_page
from annotator.exchange import tab_export
from annotator.work import guidelines
from db.access.doors import Doors
from db.access.users import ADMIN
from db.annotate import campaigns, qualifications
from db.annotate.campaigns import Campaign, Settings, State
from db.describe import exemplars
from db.errors import BadInput
from db.workspace import open_database


def build(doors: Doors, page: gr.Blocks, *, wake: Callable[[], None]) -> None:
    """Add the admin's page to the blocks that are being made."""
    workspace = doors.workspace
    table = gr.HTML(elem_id="an-campaigns")
    with gr.Row():
        chosen = gr.Dropdown(label="Campaign", choices=[], elem_id="an-campaign", scale=2)
        refresh = gr.Button("Refresh", scale=0, min_width=110)
    note = gr.HTML(padding=False, elem_id="an-manage-note")
    with gr.Tabs() as tabs:
        with gr.Tab("Progress", id="an-progress"):
            detail = gr.HTML(elem_id="an-campaign-detail")
            with gr.Row():
                opened = gr.Button("Open", elem_id="an-open", min_width=90)
                paused = gr.Button("Pause", elem_id="an-pause", min_width=90)
                closed = gr.Button("Close", elem_id="an-close", min_width=90)
            with gr.Row():
                release = gr.Button("Offer held units again", elem_id="an-release")
                list_uneven = gr.Button("Make a table of uneven units", elem_id="an-uneven")
            uneven = gr.File(
                label="File", interactive=False, visible=False, elem_id="an-uneven-file"
            )
        with gr.Tab("Settings", id="an-settings") as settings:
            rules_shown = gr.HTML(elem_id="an-rules-shown")
            with gr.Row():
                people = gr.Number(
                    label="People a unit",
                    precision=0,
                    value=3,
                    minimum=1,
                    maximum=50,
                    elem_id="an-people-asked",
                )
                more = gr.Button("Ask more people", elem_id="an-top-up")
            told_more = gr.HTML(padding=False, elem_id="an-top-up-note")
        with gr.Tab("New campaign", id="an-new") as new:
            with gr.Row():
                name = gr.Textbox(label="Name", elem_id="an-new-name", min_width=240)
                layer = gr.Dropdown(
                    label="Network and layer", choices=[], elem_id="an-new-layer", min_width=300
                )
                units = gr.Textbox(
                    label="Units",
                    value="all",
                    info="all · 0-49, 60 · random 100",
                    elem_id="an-units",
                )
            with gr.Accordion("Options", open=False):
                text = gr.Textbox(label="Instruction", value=guidelines.INSTRUCTIONS, lines=2)
                consent = gr.Textbox(label="Consent text", value=guidelines.CONSENT, lines=3)
                with gr.Row():
                    each = gr.Number(
                        label="People a unit", value=3, precision=0, minimum=1, maximum=50
                    )
                    lease = gr.Number(label="Lease (minutes)", value=60, minimum=1)
                    cap = gr.Number(label="Most answers a person (0: no cap)", value=0, precision=0)
                with gr.Row():
                    pay = gr.Number(label="Pay shown for an answer (0: none)", value=0, minimum=0)
                    currency = gr.Textbox(label="Currency", value="")
                    repeats = gr.Number(
                        label="Hidden repeat after so many answers (0: never)", value=0, precision=0
                    )
                    test = gr.Dropdown(label="Qualification test", choices=[], value=None)
                with gr.Row():
                    gold_every = gr.Number(
                        label="Gold unit after so many answers (0: never)", value=0, precision=0
                    )
                    gold = gr.Textbox(
                        label="Gold units, one a line",
                        # None otherwise, for as long as nobody has opened the options.
                        value="",
                        placeholder="427: dog, dogs",
                        info="an answer must hold one of the words; not part of the campaign",
                        lines=2,
                        elem_id="an-gold",
                        scale=2,
                    )
            with gr.Row():
                start = gr.Button("Start campaign", variant="primary", elem_id="an-start")
                add = gr.Button("Add these units to the chosen campaign", elem_id="an-add-units")
            trouble = gr.HTML(padding=False, elem_id="an-start-note")
        withdrawn = tab_export.build(doors, page, chosen, wake=wake)

    shown: list[Any] = [table, chosen, detail, note]
    # Besides: the tab that is open, and what stands beside the button that starts a campaign.
    after: list[Any] = [*shown, tabs, trouble]

    def show(campaign_id: int | None, sentence: str = "") -> list[Any]:
        with open_database(workspace) as db:
            known = campaigns.every(db)
            if campaign_id is None and known:
                campaign_id = known[0].campaign_id
            current = ""
            if campaign_id is not None:
                campaign = campaigns.get(db, campaign_id)
                current = campaign_page.one(db, campaign) + _link(campaign)
            return [
                campaign_page.table(db),
                gr.Dropdown(
                    choices=[(each.name, each.campaign_id) for each in known], value=campaign_id
                ),
                current,
                html.note(sentence),
            ]

    @doors.allow(*ADMIN)
    def look(campaign_id: int | None, request: gr.Request) -> list[Any]:
        """The present state."""
        return show(campaign_id)

    @doors.allow(*ADMIN)
    def tell(campaign_id: int | None, request: gr.Request) -> tuple[Any, ...]:
        """The rules of the chosen campaign."""
        if campaign_id is None:
            return html.note("No campaign yet."), gr.skip()
        with open_database(workspace) as db:
            campaign = campaigns.get(db, campaign_id)
            return campaign_page.settings(db, campaign), campaign.settings.annotators_per_unit

    @doors.allow(*ADMIN)
    def offer(
        exemplar_set_id: int | None, test_id: int | None, request: gr.Request
    ) -> tuple[Any, Any]:
        """The layers and tests that there are now; what was chosen stays chosen."""
        with open_database(workspace) as db:
            layers = campaign_units.layers(db)
            tests = [
                (f"{each.name}, version {each.version}", each.qualification_id)
                for each in qualifications.every(db)
            ]
        known = [key for _, key in layers]
        layer_now = exemplar_set_id if exemplar_set_id in known else next(iter(known), None)
        return (
            gr.Dropdown(choices=layers, value=layer_now),
            gr.Dropdown(choices=[("none", 0), *tests], value=test_id or 0),
        )

    @doors.allow("admin", "reviewer", "annotator")
    def fill(request: gr.Request) -> list[Any]:
        """The page was opened; only an admin is told anything."""
        if doors.person(request).role != "admin":
            return [gr.skip()] * len(shown)
        return show(None)

    def stay(error: BadInput) -> list[Any]:
        return [*([gr.skip()] * (len(after) - 1)), html.problem(str(error))]

    @doors.allow(*ADMIN)
    def begin(
        title: str,
        exemplar_set_id: int | None,
        which: str,
        known: str,
        request: gr.Request,
        *rules: Any,
    ) -> list[Any]:
        """Start a campaign and show it."""
        person = doors.person(request).name
        with open_database(workspace) as db:
            try:
                unit_ids = _units(db, exemplar_set_id, which)
                words = _gold(db, exemplar_set_id, known)
                settings = _settings(*rules)
                if bool(words) != bool(settings.gold_every):
                    raise BadInput(
                        "Give both the gold units and after how many answers one comes, or neither."
                    )
                tested = campaigns.tested(db, settings.qualification_id)
                asked = [each for each in unit_ids if each not in words and each not in tested]
                campaign = campaigns.add(
                    db, title, asked, settings=settings, person=person, gold=words
                )
            except BadInput as error:
                return stay(error)
        apart = len(tested.intersection(unit_ids))
        left = f" {apart} that the test shows were left out." if apart else ""
        done = show(campaign.campaign_id, f"Started: {len(asked)} units.{left}")
        return [*done, gr.Tabs(selected="an-progress"), ""]

    @doors.allow(*ADMIN)
    def enlarge(
        campaign_id: int | None, exemplar_set_id: int | None, which: str, request: gr.Request
    ) -> list[Any]:
        """More units for a campaign that runs."""
        person = doors.person(request).name
        with open_database(workspace) as db:
            try:
                rules = campaigns.get(db, _known(campaign_id)).settings
                tested = campaigns.tested(db, rules.qualification_id)
                named = _units(db, exemplar_set_id, which)
                unit_ids = [each for each in named if each not in tested]
                added = campaigns.add_units(db, _known(campaign_id), unit_ids, person=person)
            except BadInput as error:
                return stay(error)
        done = show(campaign_id, f"{added} units added; {len(unit_ids) - added} were in it.")
        return [*done, gr.Tabs(selected="an-progress"), ""]

    @doors.allow(*ADMIN)
    def extend(campaign_id: int | None, count: float | None, request: gr.Request) -> list[Any]:
        """Ask more people about every unit."""
        person = doors.person(request).name
        with open_database(workspace) as db:
            try:
                asked = int(count or 0)
                campaigns.top_up(db, _known(campaign_id), annotators_per_unit=asked, person=person)
            except BadInput as error:
                return [*([gr.skip()] * len(shown)), html.problem(str(error))]
        return [
            *show(campaign_id),
            html.note("More slots were added; what is there stays."),
        ]

    @doors.allow(*ADMIN)
    def let_go(campaign_id: int | None, request: gr.Request) -> list[Any]:
        """Offer the held units again."""
        person = doors.person(request).name
        with open_database(workspace) as db:
            held = campaigns.held(db, _known(campaign_id))
            for unit_id in held:
                campaigns.release(db, _known(campaign_id), unit_id, person=person)
        return show(campaign_id, f"Units offered again: {len(held)}.")

    @doors.allow(*ADMIN)
    def list_them(campaign_id: int | None, request: gr.Request) -> tuple[Any, str]:
        """The units that do not have as many sentences as people are asked, as a file."""
        path = Path(tempfile.mkdtemp(prefix="milan-export-")) / f"uneven-{campaign_id}.csv"
        with open_database(workspace) as db:
            count = campaign_page.write_uneven(db, _known(campaign_id), path)
        return gr.File(str(path), visible=True), html.note(f"{count} units.")

    def steer(state: State) -> Any:
        @doors.allow(*ADMIN)
        def change(campaign_id: int | None, request: gr.Request) -> list[Any]:
            person = doors.person(request).name
            with open_database(workspace) as db:
                campaigns.set_state(db, _known(campaign_id), state, person=person)
            return show(campaign_id, f"The campaign is {state} now.")

        return change

    once: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "once"}
    page.load(fill, None, shown, show_progress="hidden")
    refresh.click(look, chosen, shown, **once)
    withdrawn.then(look, chosen, shown, show_progress="hidden")
    chosen.input(look, chosen, shown, **once)
    opened.click(steer("open"), chosen, shown, **once)
    paused.click(steer("paused"), chosen, shown, **once)
    closed.click(steer("closed"), chosen, shown, **once)
    more.click(extend, [chosen, people], [*shown, told_more], **once).then(
        tell, chosen, [rules_shown, people]
    )
    list_uneven.click(list_them, chosen, [uneven, note], **once)
    release.click(let_go, chosen, shown, **once)
    rules = [text, consent, each, lease, cap, pay, currency, repeats, gold_every, test]
    start.click(begin, [name, layer, units, gold, *rules], after, **once)
    add.click(enlarge, [chosen, layer, units], after, **once)
    for told in (settings.select, chosen.input):
        told(tell, chosen, [rules_shown, people], **once)
    new.select(offer, [layer, test], [layer, test], **once)


def _link(campaign: Campaign) -> str:
    """What to hand out; page.js writes it in full, since only the browser knows the address."""
    query, where = f"?tab=annotate&amp;campaign={campaign.campaign_id}", ""
    if campaign.kind == "rate":
        query, where = "?tab=annotate", " (ratings are under “Rate descriptions” there)"
    link = f'<a class="an-link" target="_blank" href="{query}">{query}</a>'
    return f"<p>Link to hand out{where}: {link}</p>"


def _known(campaign_id: int | None) -> int:
    if campaign_id is None:
        raise BadInput("Choose a campaign first.")
    return campaign_id


def _units(db: Database, exemplar_set_id: int | None, which: str) -> list[int]:
    if exemplar_set_id is None:
        raise BadInput("Choose a network and layer first; the Describe tab computes exemplars.")
    units = exemplars.units_of(db, exemplar_set_id)
    return [units[index].unit_id for index in campaign_units.choose(which, units=len(units))]


def _gold(db: Database, exemplar_set_id: int | None, known: str) -> dict[int, tuple[str, ...]]:
    """The chosen layer's gold units by id, each with the words of which an answer needs one."""
    numbers = campaign_units.gold(known)
    units = exemplars.units_of(db, exemplar_set_id or 0)
    if missing := [number for number in numbers if number >= len(units)]:
        raise BadInput(f"expected gold units below {len(units)}, got {missing[0]}")
    return {units[number].unit_id: words for number, words in numbers.items()}


def _settings(
    instructions: str,
    consent: str,
    people: float,
    lease: float,
    cap: float,
    pay: float,
    currency: str,
    repeats: float,
    gold_every: float,
    test: int | None,
) -> Settings:
    """The rules of a campaign as the form gives them; 0 stands for none."""
    return Settings(
        instructions=instructions.strip(),
        consent=consent.strip(),
        annotators_per_unit=int(people or 0),
        lease_minutes=float(lease or 0),
        cap=int(cap) if cap else None,
        pay_per_unit=float(pay) if pay else None,
        currency=currency.strip(),
        repeat_every=int(repeats or 0),
        gold_every=int(gold_every or 0),
        qualification_id=test or None,
    )
