"""The annotator's page: name, consent, qualification test, one picture set after the other.

    build(doors, page)

Every handler does its one step on the desk and shows the view that follows, so that a reload, a
second window or a restart of the app lands on the same picture set with the same draft.
"""

import json
from collections.abc import Callable
from typing import Any

import gradio as gr
from sqlite_utils import Database

from annotator import html
from annotator.work import desk, tab_test
from annotator.work import page as work_page
from annotator.work.desk import View
from db.access import users
from db.access.doors import Doors
from db.access.users import EVERYBODY
from db.annotate.annotations import Answer
from db.errors import BadInput
from db.workspace import open_database

# What is to be seen in turns. All of it is always on the page and a style hides the rest: switching
# components by their `visible` makes each of them anew at every step, on the server.
PARTS = ("naming", "resting", "agree", "again", "testing", "working", "back", "mine")
# the page's counters travel with the answer in the place of the hidden box
COUNT = "(...all) => { all[3] = window.milanAnnotate.telemetry(); return all; }"


def build(doors: Doors, page: gr.Blocks) -> None:
    """Add the annotator's page to the blocks that are being made."""
    workspace = doors.workspace
    small: dict[str, Any] = {"size": "md", "min_width": 150}
    name_kept = gr.BrowserState("", storage_key="milan-annotator", secret="milan-annotator")
    campaign = gr.Textbox("", visible=False)
    token = gr.Textbox("", visible=False)
    counters = gr.Textbox("{}", visible=False)

    chooser = gr.Dropdown(
        label="Campaign", choices=[], visible=False, interactive=True, elem_id="an-chooser"
    )

    frame = gr.HTML(_frame(), elem_id="an-frame", padding=False)
    with gr.Column(elem_id="an-part-naming"):
        gr.HTML(
            '<div class="an-card"><h3>Welcome</h3><p>Which name should stand beside your answers? '
            "Use the same one next time; exports show a pseudonym instead.</p></div>"
        )
        name = gr.Textbox(label="Your name", max_lines=1, elem_id="an-name")
        named = gr.Button("Start", variant="primary", elem_id="an-named")
    with gr.Column(elem_id="an-part-resting"):
        message = gr.HTML(elem_id="an-message")
        with gr.Column(elem_id="an-part-agree"):
            agree = gr.Button("I agree, start", variant="primary", elem_id="an-agree")
        with gr.Column(elem_id="an-part-again"):
            again = gr.Button("Look again", elem_id="an-again")
    with gr.Column(elem_id="an-part-testing"):
        test = tab_test.build()
    with gr.Column(elem_id="an-part-working", elem_classes="an-work"):
        bar = gr.HTML(elem_id="an-bar")
        question = gr.HTML(padding=False)
        with gr.Accordion("Guidelines and examples", open=False):
            gr.HTML(f'<div class="an-card">{work_page.rules()}</div>')
        grid = gr.HTML(elem_id="an-picture", padding=False)
        text = gr.Textbox(
            label="Your sentence",
            placeholder="for example: round wooden tables",
            lines=2,
            max_lines=4,
            elem_id="an-text",
        )
        hint = gr.HTML(elem_id="an-hint", padding=False)
        with gr.Row(elem_classes="an-keys"):
            submit = gr.Button(
                "Submit · Ctrl+Enter", variant="primary", elem_id="an-submit", **small
            )
            no_pattern = gr.Button("No common pattern · Alt+N", elem_id="an-no-pattern", **small)
            skip = gr.Button("Skip · Alt+S", elem_id="an-skip", **small)
            broken = gr.Button("Picture broken · Alt+B", elem_id="an-broken", **small)
            with gr.Column(elem_id="an-part-back", min_width=150):
                back = gr.Button("Back to the skipped one", elem_id="an-back", **small)
            gr.Button("Whole pictures: hold M", elem_id="an-look", **small)
        save = gr.Button("save", elem_id="an-save", elem_classes="an-hidden", visible=True)
    with (
        gr.Column(elem_id="an-part-mine"),
        gr.Accordion("My last answers", open=False),
    ):
        gr.HTML(
            '<p class="an-muted">Choose one to change its wording; the old one is kept too.</p>',
            padding=False,
        )
        earlier = gr.Dropdown(label="Answer", choices=[], elem_id="an-earlier", interactive=True)
        wording = gr.Textbox(label="New wording", lines=2, elem_id="an-wording")
        revise = gr.Button("Save new wording", elem_id="an-revise")
        revised = gr.HTML(padding=False)

    place = [frame, campaign, token, message, agree]
    work = [bar, question, grid, text, hint, earlier]
    # Steps from one picture set to the next do not touch the test: each output has its price.
    shorter: list[Any] = [*place, *work]
    outputs: list[Any] = [*shorter, *test.outputs]

    def who(typed: str, request: gr.Request) -> str:
        return doors.person(request).name if doors.login else users.normalise(typed)

    def step(action: Callable[[Any, str], View], typed: str, request: gr.Request) -> list[Any]:
        person = who(typed, request)
        with open_database(workspace) as db:
            return shown(db, action(db, person))

    def go_on(action: Callable[[Any, str], View], typed: str, request: gr.Request) -> list[Any]:
        person = who(typed, request)
        with open_database(workspace) as db:
            view = action(db, person)
        if view.screen == "test":
            gr.Info("There is a new test: press “Look again” to take it.")
        return [*_place(view, test=False), *_work(view)]

    def shown(db: Database, view: View, result: str = "") -> list[Any]:
        if view.sitting is None or view.standing is None:
            return [*_place(view, result=result), *_work(view), *tab_test.closed()]
        left = view.standing.attempts_left
        sheet = tab_test.asked(db, view.sitting, [], attempts_left=left, head=result)
        return [*_place(view), *_work(view), *sheet]

    def only(component: Any, value: Any, among: list[Any]) -> list[Any]:
        return [value if output is component else gr.skip() for output in among]

    @doors.allow(*EVERYBODY)
    def arrive(typed: str, wanted: str, request: gr.Request) -> list[Any]:
        """The page was opened or looks again."""
        if not doors.login and not typed:
            return only(frame, _frame("naming"), outputs)
        asked = wanted or request.query_params.get("campaign", "")
        campaign_id = int(asked) if asked.isdecimal() else None
        with open_database(workspace) as db:
            users.ensure(db, who(typed, request), "annotator")
        return step(
            lambda db, person: desk.arrive(db, person, campaign_id=campaign_id), typed, request
        )

    @doors.allow(*EVERYBODY)
    def give_name(typed: str, request: gr.Request) -> list[Any]:
        """Without sign-in: the name that stands beside the answers."""
        clean = users.normalise(typed)
        return [clean, *arrive(clean, "", request)]

    @doors.allow(*EVERYBODY)
    def accept(typed: str, campaign_id: str, request: gr.Request) -> list[Any]:
        """The person read the guidelines and agreed to the consent text."""
        return step(lambda db, person: desk.agree(db, person, int(campaign_id)), typed, request)

    @doors.allow(*EVERYBODY)
    def take_in(
        typed: str,
        campaign_id: str,
        attempt_id: str,
        given: list[int],
        choice: int | None,
        request: gr.Request,
    ) -> list[Any]:
        """One question of the test is answered; after the last one it is graded."""
        person, number = who(typed, request), int(campaign_id)
        if choice is None:
            return only(test.head, html.problem("Choose one of the sentences first."), outputs)
        with open_database(workspace) as db:
            sitting = desk.sitting(db, person, number)
            # an attempt that another window ended meanwhile starts anew
            same = attempt_id == str(sitting.attempt_id)
            chosen = [*given, choice] if same else []
            if len(chosen) == len(sitting.questions):
                view, result = desk.hand_in(
                    db, person, number, attempt_id=sitting.attempt_id, chosen=chosen
                )
                return shown(db, view, work_page.result(result))
            left = desk.attempts_left(db, person, number)
            sheet = tab_test.asked(db, sitting, chosen, attempts_left=left)
        return [*[gr.skip()] * len(shorter), *sheet]

    @doors.allow(*EVERYBODY)
    def send(
        typed: str, campaign_id: str, claim: str, counted: str, sentence: str, request: gr.Request
    ) -> list[Any]:
        """An answer; the next picture set comes back with it."""
        answer = _answer(sentence, counted)
        try:
            return go_on(
                lambda db, person: desk.submit(
                    db, person, int(campaign_id), token=claim, answer=answer
                ),
                typed,
                request,
            )
        except BadInput as error:
            return only(hint, html.problem(str(error)), shorter)

    @doors.allow(*EVERYBODY)
    def send_no_pattern(
        typed: str, campaign_id: str, claim: str, counted: str, sentence: str, request: gr.Request
    ) -> list[Any]:
        """The regions have nothing in common."""
        answer = _answer(sentence, counted, no_pattern=True)
        if sentence.strip():
            gr.Info("What you had typed is kept under “My last answers”.")
        return go_on(
            lambda db, person: desk.submit(
                db, person, int(campaign_id), token=claim, answer=answer
            ),
            typed,
            request,
        )

    def leave(*, broken: bool) -> Callable[..., list[Any]]:
        @doors.allow(*EVERYBODY)
        def handler(
            typed: str, campaign_id: str, claim: str, sentence: str, request: gr.Request
        ) -> list[Any]:
            """Skip this picture set, or report that it cannot be judged."""
            if broken:
                gr.Info("Reported. Thank you.")
            return go_on(
                lambda db, person: desk.skip(
                    db, person, int(campaign_id), token=claim, typed=sentence, broken=broken
                ),
                typed,
                request,
            )

        return handler

    @doors.allow(*EVERYBODY)
    def go_back(typed: str, campaign_id: str, request: gr.Request) -> list[Any]:
        """The picture set that was just skipped, after all."""
        return go_on(
            lambda db, person: desk.take_back(db, person, int(campaign_id)), typed, request
        )

    @doors.allow(*EVERYBODY)
    def offer(here: str, request: gr.Request) -> Any:
        """The campaigns to choose from, when there are several; the one on the page is chosen."""
        with open_database(workspace) as db:
            open_ones = [(each.name, str(each.campaign_id)) for each in desk.choices(db)]
        asked = request.query_params.get("campaign", "")
        several = len(open_ones) > 1 and not asked
        value = here if here in {key for _, key in open_ones} else None
        return gr.Dropdown(choices=open_ones, value=value, visible=several)

    @doors.allow(*EVERYBODY)
    def keep(
        typed: str, campaign_id: str, claim: str, counted: str, sentence: str, request: gr.Request
    ) -> str:
        """Keep the draft and say what could be better."""
        person = who(typed, request)
        answer = _answer(sentence, counted)
        with open_database(workspace) as db:
            saved, advice = desk.keep(db, person, int(campaign_id), token=claim, answer=answer)
        return work_page.hint(advice, saved)

    @doors.allow(*EVERYBODY)
    def pick(typed: str, chosen: str | None, request: gr.Request) -> str:
        """The wording of the chosen earlier answer, or of an unsent draft."""
        with open_database(workspace) as db:
            return desk.earlier_text(db, who(typed, request), chosen or "")

    @doors.allow(*EVERYBODY)
    def reword(
        typed: str, campaign_id: str, chosen: str | None, sentence: str, request: gr.Request
    ) -> list[Any]:
        """Another wording of an earlier answer."""
        person = who(typed, request)
        with open_database(workspace) as db:
            try:
                note = desk.reword(db, person, chosen or "", Answer(sentence))
            except BadInput as error:
                return [html.problem(str(error)), gr.skip()]
            view = desk.lists(db, person, int(campaign_id))
        return [work_page.hint(note, None), _earlier(view)]

    quiet: dict[str, Any] = {"show_progress": "hidden"}
    once: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "once"}
    here = [name_kept, campaign]
    offered: dict[str, Any] = {"fn": offer, "inputs": campaign, "outputs": chooser, **quiet}
    page.load(arrive, here, outputs, **quiet).then(**offered)
    again.click(arrive, here, outputs, **quiet)
    for event in (named.click, name.submit):
        event(give_name, name, [name_kept, *outputs], **once).then(**offered)
    agree.click(accept, here, outputs, **once)
    test.hand_in.click(take_in, [*here, test.attempt, test.given, test.choice], outputs, **once)
    submit.click(send, [*here, token, counters, text], shorter, js=COUNT, **once)
    no_pattern.click(send_no_pattern, [*here, token, counters, text], shorter, js=COUNT, **once)
    back.click(go_back, here, shorter, **once)
    chooser.input(arrive, [name_kept, chooser], outputs, **quiet)
    skip.click(leave(broken=False), [*here, token, text], shorter, **once)
    broken.click(leave(broken=True), [*here, token, text], shorter, **once)
    save.click(
        keep,
        [*here, token, counters, text],
        hint,
        js=COUNT,
        show_progress="hidden",
        trigger_mode="always_last",
    )
    earlier.input(pick, [name_kept, earlier], wording, **quiet)
    revise.click(reword, [*here, earlier, wording], [revised, earlier], **once)


def _frame(*parts: str, waits: bool = False) -> str:
    """What shows these parts alone; the page looks again by itself while it waits for something."""
    hidden = ", ".join(f"#an-part-{each}" for each in PARTS if each not in parts)
    return f"<style>{hidden} {{display:none !important}}</style>" + "<i data-waits></i>" * waits


def _parts(view: View, *, test: bool) -> list[str]:
    """What is to be seen."""
    retry = view.standing is not None and view.standing.retry_utc is not None
    sitting = test and view.screen == "test" and view.sitting is not None
    working = view.screen == "work"
    resting = not sitting and not working
    shown = {
        "testing": sitting,
        "working": working,
        "back": working and view.skipped,
        "resting": resting,
        "agree": resting and view.screen == "welcome",
        # a test that came up while working is taken from here
        "again": resting and (_waits(view) or retry or view.sitting is not None),
        "mine": bool(view.latest or view.unsent),
    }
    return [part for part, seen in shown.items() if seen]


def _waits(view: View) -> bool:
    """Whether there may be something to do later without anybody's doing."""
    return view.nothing is not None and view.nothing.reason in ("busy", "paused")


def _agrees(view: View) -> bool:
    """Whether there is a text to agree to."""
    return view.campaign is not None and bool(view.campaign.settings.consent.strip())


def _place(view: View, *, test: bool = True, result: str = "") -> list[Any]:
    """What is to be seen, campaign, token, the resting message, and what agreeing is called.

    The result of a test is read first; what is there now comes with the next press.
    """
    parts = _parts(view, test=test)
    passed = bool(result) and view.screen != "test"
    return [
        _frame(*(["resting", "agree"] if passed else parts), waits=_waits(view) and not passed),
        "" if view.campaign is None else str(view.campaign.campaign_id),
        "" if view.claim is None else view.claim.token,
        result if passed else result + work_page.message(view),
        "Go on" if passed else "I agree, start" if _agrees(view) else "Start",
    ]


def _work(view: View) -> list[Any]:
    """Bar, question, picture, the box with its draft, hint, last answers."""
    if view.screen != "work":
        return [*([gr.skip()] * 5), _earlier(view)]
    draft = view.draft
    return [
        work_page.bar(view),
        work_page.instructions(view),
        work_page.grid(view),
        "" if draft is None else draft.text,
        work_page.hint("", None if draft is None else draft.saved_utc),
        _earlier(view),
    ]


def _earlier(view: View) -> Any:
    """Own answers, and drafts of picture sets that went to somebody else meanwhile."""
    choices = [(f"not sent: {draft.text}", f"d:{draft.token}") for draft in view.unsent]
    choices += [
        (answer.text or "No common pattern", f"a:{answer.annotation_id}") for answer in view.latest
    ]
    return gr.Dropdown(choices=choices, value=None)


def _answer(sentence: str, counted: str, *, no_pattern: bool = False) -> Answer:
    """An answer with the page's counters; counters that make no sense count nothing."""
    try:
        counts = json.loads(counted)
        pasted, looks = int(counts["pasted"]), int(counts["looks"])
        after = counts.get("pastedAfter")
        after = None if after is None else min(max(int(after), 0), 10**9)
    except (ValueError, TypeError, KeyError, AttributeError):
        pasted, looks, after = 0, 0, None
    return Answer(
        sentence,
        kind="no_pattern" if no_pattern else "text",
        pasted_characters=min(max(pasted, 0), 100_000),
        unmasked_looks=min(max(looks, 0), 10_000),
        pasted_after_ms=after,
    )
