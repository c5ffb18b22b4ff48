"""The annotator's form: its components, what is read out of them, what a view puts into them.

    form = build()
    sent = form.read(given, doors, request)      # `given` is what `form.inputs` hold
    return form.next(view)                       # what `form.step` show after a step

Values go by component, see `annotator.events`.
"""

import json
from dataclasses import dataclass
from typing import Any

import gradio as gr
from markupsafe import Markup
from sqlite_utils import Database

from annotator.events import Values
from annotator.texts.words import Words
from annotator.work import page, tab_test
from annotator.work.desk import ENGLISH, View
from db.access import users
from db.access.permissions import Doors
from db.annotate.annotations import Answer
from db.templates import joined

# What is to be seen in turns. All of it is always on the page and a style hides the rest: switching
# components by their `visible` makes each of them anew at every step, on the server.
PARTS = (
    "naming",
    "resting",
    "agree",
    "again",
    "finish",
    "testing",
    "working",
    "back",
    "mine",
    "stop",
)
# The page's counters travel with the answer in the place of the hidden box. gradio sends the inputs
# in the order in which the components were made, and this box is the form's first.
LANDED = "() => window.milanAnnotate.landed()"
COUNT = "(...all) => { all[0] = window.milanAnnotate.telemetry(); return all; }"

NOTHING = Markup()


@dataclass(frozen=True)
class Sent:
    """What comes with a press: who is at which picture set, and what stands in the box."""

    person: str
    campaign_id: int
    token: str
    answer: Answer


@dataclass(frozen=True)
class Working:
    """The pictures, the box and its buttons.

    Attributes:
        asking, sure, yes, no: a question before an answer is stored, and hidden what saying yes
            makes sure, by the words of `desk`, with the answer's kind.
    """

    bar: gr.HTML
    question: gr.HTML
    grid: gr.HTML
    text: gr.Textbox
    hint: gr.HTML
    asking: gr.HTML
    sure: gr.Textbox
    yes: gr.Button
    no: gr.Button
    submit: gr.Button
    no_pattern: gr.Button
    skip: gr.Button
    broken: gr.Button
    back: gr.Button
    look: gr.Button
    guide: gr.Accordion
    rules: gr.HTML
    save: gr.Button


@dataclass(frozen=True)
class Earlier:
    """One's own last answers, to be worded anew."""

    fold: gr.Accordion
    head: gr.HTML
    chosen: gr.Dropdown
    wording: gr.Textbox
    revise: gr.Button
    note: gr.HTML


@dataclass(frozen=True)
class Stopping:
    """What a participant who wants to stop before the end reads and presses."""

    fold: gr.Accordion
    text: gr.HTML
    stop: gr.Button


@dataclass(frozen=True)
class Form:
    """The components of the page.

    Attributes:
        counters, campaign, token: hidden boxes: of pastes and looks, of where the person is.
        name_kept: the name, kept in the browser where nobody signs in.
        frame: the style that shows some of PARTS.
        language: hidden: which language the page is in, for its script.
    """

    counters: gr.Textbox
    name_kept: gr.BrowserState
    campaign: gr.Textbox
    token: gr.Textbox
    chooser: gr.Dropdown
    frame: gr.HTML
    name: gr.Textbox
    named: gr.Button
    message: gr.HTML
    agree: gr.Button
    again: gr.Button
    finish: gr.Button
    test: tab_test.Sheet
    work: Working
    earlier: Earlier
    language: gr.HTML
    stopping: Stopping

    @property
    def inputs(self) -> set[Any]:
        """What every step from one picture set to the next is given."""
        place = {self.counters, self.name_kept, self.campaign, self.token}
        return {*place, self.work.text, self.work.sure}

    @property
    def step(self) -> list[Any]:
        """What such a step shows. It does not touch the test: each output has its price."""
        place = [self.frame, self.campaign, self.token, self.message, self.agree]
        work = self.work
        shown = [work.bar, work.question, work.grid, work.text, work.hint, *self.ask]
        return [*place, *shown, self.earlier.chosen]

    @property
    def ask(self) -> list[Any]:
        """What a question before an answer is stored shows."""
        return [self.work.asking, self.work.sure]

    def asked(self, question: str, *sure: str) -> Values:
        """The question; saying yes to it makes these sure."""
        return {self.work.asking: page.asks(question), self.work.sure: " ".join(sure)}

    def unasked(self) -> Values:
        """No question."""
        return {self.work.asking: "", self.work.sure: ""}

    @property
    def whole(self) -> list[Any]:
        """What coming to the page, agreeing and the test show."""
        return [*self.step, *self.test.outputs, *self.speaking]

    @property
    def speaking(self) -> list[Any]:
        """What `spoken` fills."""
        work, own, stop = self.work, self.earlier, self.stopping
        buttons = [self.again, self.finish, self.named, work.submit, work.no_pattern, work.skip]
        buttons += [work.broken, work.back, work.look, work.yes, work.no, own.revise, stop.stop]
        boxes: list[Any] = [work.guide, work.rules, own.fold, own.head, own.wording, stop.fold]
        return [*buttons, *boxes, stop.text, self.chooser, self.language]

    def spoken(self, say: Words) -> Values:
        """Everything on the page that stays as it is while one works, in a language."""
        work, own, stop = self.work, self.earlier, self.stopping
        buttons = {
            self.again: "done.again",
            self.finish: "done.finish",
            self.named: "naming.start",
            work.submit: "box.submit",
            work.no_pattern: "box.no_pattern",
            work.skip: "box.skip",
            work.broken: "box.broken",
            work.back: "box.back",
            work.look: "box.look",
            work.yes: "box.yes",
            work.no: "box.no",
            own.revise: "mine.save",
            stop.stop: "stop.button",
        }
        return {
            **{button: say(key) for button, key in buttons.items()},
            work.guide: gr.Accordion(label=say("guidelines.title")),
            work.rules: page.kept_rules(say),
            own.fold: gr.Accordion(label=say("mine.title")),
            own.head: page.earlier(say),
            own.wording: gr.Textbox(label=say("mine.wording")),
            stop.fold: gr.Accordion(label=say("stop.title")),
            self.chooser: gr.Dropdown(label=say("page.campaign")),
            stop.text: page.stopping(say),
            self.language: page.language(say),
        }

    def read(self, given: Values, doors: Doors, request: gr.Request) -> Sent:
        """What the page sent; counters that make no sense count nothing.

        Raises:
            BadInput: the name cannot be used.
        """
        return Sent(
            person(given[self.name_kept], doors, request),
            int(given[self.campaign]),
            given[self.token],
            _answer(given[self.work.text], given[self.counters]),
        )

    def next(self, view: View) -> Values:
        """The view after a step from one picture set to the next."""
        return {**self._place(view, test=False), **self._work(view)}

    def arrived(self, db: Database, view: View, result: Markup = NOTHING) -> Values:
        """The view of who comes to the page, with the question of the test that comes first."""
        spoken = {**self._work(view), **self.spoken(view.say)}
        # Only on arrival: a box whose words are changed is drawn anew.
        spoken[self.work.text] = gr.Textbox(
            value=spoken.get(self.work.text, ""),
            label=view.say("box.label"),
            placeholder=view.say("box.placeholder"),
        )
        if view.sitting is None or view.standing is None:
            place = self._place(view, test=True, result=result)
            return {**place, **spoken, **self.test.closed()}
        left = view.standing.attempts_left
        sheet = self.test.asked(db, view.sitting, [], attempts_left=left, head=result, say=view.say)
        return {**self._place(view, test=True), **spoken, **sheet}

    def _place(self, view: View, *, test: bool, result: Markup = NOTHING) -> Values:
        """What is to be seen, where the person is, the resting message, what agreeing is called.

        The result of a test is read first; what is there now comes with the next press.
        """
        passed = bool(result) and view.screen not in ("test", "end")
        say = view.say
        seen = ["resting", "agree"] if passed else parts(view, test=test)
        agree = say("welcome.agree") if _agrees(view) else say("welcome.start")
        return {
            self.frame: frame(*seen, waits=_waits(view) and not passed),
            self.campaign: "" if view.campaign is None else str(view.campaign.campaign_id),
            self.token: "" if view.claim is None else view.claim.token,
            self.message: result if passed else joined([result, page.message(view)]),
            self.agree: say("test.go_on") if passed else agree,
        }

    def _work(self, view: View) -> Values:
        """Bar, question, picture, the box with its draft, hint, last answers."""
        if view.screen != "work":
            return {self.earlier.chosen: earlier(view), **self.unasked()}
        work, draft = self.work, view.draft
        token = "" if view.claim is None else view.claim.token
        return {
            **self.unasked(),
            work.bar: page.bar(view),
            work.question: page.instructions(view),
            work.grid: page.grid(view),
            work.text: view.suggestion if draft is None else draft.text,
            work.hint: page.hint(
                "",
                None if draft is None else draft.saved_utc,
                token=token,
                say=view.say,
                drafted=view.drafted,
            ),
            self.earlier.chosen: earlier(view),
        }


def build() -> Form:
    """Add the components to the blocks that are being made."""
    counters = gr.Textbox("{}", visible=False)
    name_kept = gr.BrowserState("", storage_key="milan-annotator", secret="milan-annotator")
    campaign = gr.Textbox("", visible=False)
    token = gr.Textbox("", visible=False)
    chooser = gr.Dropdown(
        label="Campaign", choices=[], visible=False, interactive=True, elem_id="an-chooser"
    )
    shown = gr.HTML(frame(), elem_id="an-frame", padding=False)
    gr.HTML(page.heading(), padding=False)
    language = gr.HTML(page.language(ENGLISH), padding=False, elem_classes="an-hidden")
    with gr.Column(elem_id="an-part-naming"):
        gr.HTML(page.naming())
        name = gr.Textbox(label="Your name", max_lines=1, elem_id="an-name")
        named = gr.Button("Start", variant="primary", elem_id="an-named")
    with gr.Column(elem_id="an-part-resting"):
        message = gr.HTML(elem_id="an-message")
        with gr.Column(elem_id="an-part-agree"):
            agree = gr.Button("I agree, start", variant="primary", elem_id="an-agree")
        with gr.Column(elem_id="an-part-again"):
            again = gr.Button("Look again", elem_id="an-again")
        with gr.Column(elem_id="an-part-finish"):
            finish = gr.Button(ENGLISH("done.finish"), elem_id="an-finish")
    with gr.Column(elem_id="an-part-testing"):
        test = tab_test.build()
    with gr.Column(elem_id="an-part-working", elem_classes="an-work"):
        work = _working()
    with gr.Column(elem_id="an-part-mine"):
        own = _earlier()
    with gr.Column(elem_id="an-part-stop"):
        stopping = _stopping()
    return Form(
        counters=counters,
        name_kept=name_kept,
        campaign=campaign,
        token=token,
        chooser=chooser,
        frame=shown,
        name=name,
        named=named,
        message=message,
        agree=agree,
        again=again,
        finish=finish,
        test=test,
        work=work,
        earlier=own,
        language=language,
        stopping=stopping,
    )


def _working() -> Working:
    small: dict[str, Any] = {"size": "md", "min_width": 150}
    bar = gr.HTML(elem_id="an-bar")
    question = gr.HTML(padding=False)
    grid = gr.HTML(elem_id="an-picture", padding=False)
    text = gr.Textbox(
        label="Your sentence",
        placeholder="for example: round wooden tables",
        lines=2,
        max_lines=4,
        elem_id="an-text",
    )
    hint = gr.HTML(elem_id="an-hint", padding=False)
    with gr.Row(elem_id="an-part-asking"):
        asking = gr.HTML(padding=False)
        sure = gr.Textbox("", visible=False)
        yes = gr.Button("Yes", elem_id="an-yes", **small)
        no = gr.Button("No", elem_id="an-no", **small)
    with gr.Row(elem_classes="an-keys"):
        submit = gr.Button("Submit · Ctrl+Enter", variant="primary", elem_id="an-submit", **small)
        no_pattern = gr.Button("No common pattern · Alt+N", elem_id="an-no-pattern", **small)
        skip = gr.Button("Skip · Alt+S", elem_id="an-skip", **small)
        broken = gr.Button("Picture broken · Alt+B", elem_id="an-broken", **small)
        with gr.Column(elem_id="an-part-back", min_width=150):
            back = gr.Button("Back to the skipped one", elem_id="an-back", **small)
        look = gr.Button("Whole pictures: hold M", elem_id="an-look", **small)
    # under the buttons, so that pictures, box and Submit are on one screen
    with gr.Accordion("Guidelines and examples", open=False) as guide:
        rules = gr.HTML(page.kept_rules())
    return Working(
        bar=bar,
        question=question,
        grid=grid,
        text=text,
        hint=hint,
        asking=asking,
        sure=sure,
        yes=yes,
        no=no,
        submit=submit,
        no_pattern=no_pattern,
        skip=skip,
        broken=broken,
        back=back,
        look=look,
        guide=guide,
        rules=rules,
        save=gr.Button("save", elem_id="an-save", elem_classes="an-hidden", visible=True),
    )


def _earlier() -> Earlier:
    with gr.Accordion("My last answers", open=False) as fold:
        return Earlier(
            fold=fold,
            head=gr.HTML(page.earlier(), padding=False),
            chosen=gr.Dropdown(label="Answer", choices=[], elem_id="an-earlier", interactive=True),
            wording=gr.Textbox(label="New wording", lines=2, elem_id="an-wording"),
            revise=gr.Button("Save new wording", elem_id="an-revise"),
            note=gr.HTML(padding=False),
        )


def _stopping() -> Stopping:
    with gr.Accordion(ENGLISH("stop.title"), open=False, elem_id="an-stopping") as fold:
        return Stopping(
            fold=fold,
            text=gr.HTML(page.stopping(), padding=False),
            stop=gr.Button(ENGLISH("stop.button"), variant="stop", elem_id="an-stop"),
        )


def person(typed: str, doors: Doors, request: gr.Request) -> str:
    """Whoever signed in; without sign-in the name that was typed.

    Raises:
        BadInput: the name cannot be used.
    """
    return doors.person(request).name if doors.login else users.normalise(typed)


def frame(*seen: str, waits: bool = False) -> str:
    """The style that shows these of PARTS alone."""
    return page.frame([part for part in PARTS if part not in seen], waits=waits)


def parts(view: View, *, test: bool) -> list[str]:
    """What is to be seen; without `test`, a test that came up waits for a press."""
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
        "finish": resting and view.finishes,
        "mine": view.screen != "end" and bool(view.latest or view.unsent),
        "stop": view.part is not None and view.screen in ("welcome", "test", "work", "done"),
    }
    return [part for part, seen in shown.items() if seen]


def earlier(view: View) -> Any:
    """Own answers, and drafts of picture sets that went to somebody else meanwhile."""
    say = view.say
    none = say("refused.no_pattern")
    choices = [(say("mine.unsent", text=draft.text), f"d:{draft.token}") for draft in view.unsent]
    choices += [(answer.text or none, f"a:{answer.annotation_id}") for answer in view.latest]
    return gr.Dropdown(choices=choices, value=None, label=say("mine.answer"))


def _waits(view: View) -> bool:
    """Whether there may be something to do later without anybody's doing."""
    return view.nothing is not None and view.nothing.reason in ("busy", "paused")


def _agrees(view: View) -> bool:
    """Whether there is a text to agree to."""
    return view.campaign is not None and bool(view.campaign.settings.consent.strip())


def _answer(sentence: str, counted: str) -> Answer:
    """An answer with the page's counters."""
    try:
        counts = json.loads(counted)
        pasted, looks = int(counts["pasted"]), int(counts["looks"])
        after = counts.get("pastedAfter")
        after = None if after is None else min(max(int(after), 0), 10**9)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        pasted, looks, after = 0, 0, None
    return Answer(
        sentence,
        pasted_characters=min(max(pasted, 0), 100_000),
        unmasked_looks=min(max(looks, 0), 10_000),
        pasted_after_ms=after,
    )
