"""The reviewer's page: one answer at a time, by keys A, R, Q and U.

build(doors, page, wake=…, scorers=…)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr
from sqlite_utils import Database

from annotator import html
from annotator.adjudication import tab as adjudication_tab
from annotator.agreement import tab as agreement_tab
from annotator.agreement.scorer import Scorers
from annotator.events import ONCE, Values
from annotator.review import desk, quality
from annotator.review import page as review_page
from annotator.review.desk import Look
from db.access import users
from db.access.permissions import Doors
from db.access.users import STAFF
from db.annotate import annotations, campaigns, reviews
from db.errors import BadInput
from db.workspace import open_database

EVERYBODY = "everybody"
REASON = "Reason (its author can read it; R leads here, Ctrl+Enter rejects, Esc leaves)"

Judge = Callable[[Database, int, str, str], object]


@dataclass(frozen=True)
class Filters:
    """Whose answers of which campaign are looked through."""

    campaign_id: int | None = None
    who: str = EVERYBODY
    flagged_only: bool = False

    @property
    def annotator(self) -> str | None:
        """The one person who was chosen."""
        return None if self.who in ("", EVERYBODY) else self.who


@dataclass(frozen=True)
class Form:
    """The components of the page by what they are for.

    Attributes:
        current, before: the ids of the answer on screen and of the one that was judged last.
        why_all, sure: the reason for setting all of a person's answers aside, and the tick that it
            needs.
    """

    current: gr.Textbox
    before: gr.Textbox
    campaign: gr.Dropdown
    person: gr.Dropdown
    flagged: gr.Checkbox
    summary: gr.HTML
    picture: gr.HTML
    card: gr.HTML
    siblings: gr.Button
    reason: gr.Textbox
    approve: gr.Button
    reject: gr.Button
    requeue: gr.Button
    undo: gr.Button
    note: gr.HTML
    annotators: gr.Tab
    people: gr.HTML
    why_all: gr.Textbox
    sure: gr.Checkbox
    requeue_all: gr.Button
    said: gr.HTML

    @property
    def filters(self) -> set[Any]:
        """The components that narrow the queue."""
        return {self.campaign, self.person, self.flagged}

    @property
    def shown(self) -> list[Any]:
        """What `show` changes."""
        head = [self.current, self.before, self.campaign, self.person]
        return [*head, self.summary, self.picture, self.card, self.note]

    def chosen(self, given: Values) -> Filters:
        """The filters as a handler is given them."""
        return Filters(given[self.campaign], given[self.person], bool(given[self.flagged]))

    def show(
        self, db: Database, chosen: Filters, *, seen: Look | None = None, sentence: object = ""
    ) -> Values:
        """The page after a step: the answer `seen`, or the next one; and what was done."""
        known = campaigns.every(db, kind="describe")
        campaign_id = chosen.campaign_id
        if campaign_id is None and known:
            campaign_id = known[0].campaign_id
        menu = gr.Dropdown(
            choices=[(campaign.name, campaign.campaign_id) for campaign in known], value=campaign_id
        )
        if campaign_id is None:
            nothing = html.note("No campaign yet.")
            blank = dict.fromkeys((self.current, self.before, self.summary, self.picture), "")
            return {**blank, self.campaign: menu, self.card: nothing, self.note: ""}
        quality.renew(db, campaign_id)
        seen = seen or desk.look(
            db, campaign_id, annotator=chosen.annotator, flagged_only=chosen.flagged_only
        )
        names = [EVERYBODY, *annotations.people(db, campaign_id)]
        who = chosen.who if chosen.who in names else EVERYBODY
        changes = {
            self.campaign: menu,
            self.person: gr.Dropdown(choices=names, value=who),
            self.summary: review_page.summary(reviews.counts(db, campaign_id)),
            self.note: html.note(str(sentence)),
        }
        if seen is None:
            nothing = html.note("No answer waits for a verdict here.")
            return {**changes, self.current: "", self.picture: "", self.card: nothing}
        return {
            **changes,
            self.current: str(seen.waiting.annotation.annotation_id),
            self.picture: html.picture(seen.unit),
            self.card: review_page.card(seen, siblings=False),
        }


def build(doors: Doors, page: gr.Blocks, *, wake: Callable[[], None], scorers: Scorers) -> None:
    """Add the reviewer's page to the blocks that are being parts."""
    workspace = doors.workspace
    form = _form(doors, wake, scorers)

    @doors.allow(*users.EVERYBODY)
    def fill(request: gr.Request) -> Values:
        """The page was opened; only staff are told anything."""
        if doors.person(request).role not in STAFF:
            return {form.note: gr.skip()}
        with open_database(workspace) as db:
            return form.show(db, Filters())

    @doors.allow(*STAFF)
    def narrow(given: Values, request: gr.Request) -> Values:
        """Other filters."""
        with open_database(workspace) as db:
            return form.show(db, form.chosen(given))

    @doors.allow(*STAFF)
    def others(answer: str, request: gr.Request) -> str:
        """What the others said, after one's own look."""
        with open_database(workspace) as db:
            return review_page.card(desk.of(db, _id(answer)), siblings=True)

    def verdict(judge: Judge, done: str) -> Any:
        @doors.allow(*STAFF)
        def decide(given: Values, request: gr.Request) -> Values:
            reviewer, answer = doors.person(request).name, given[form.current]
            chosen = form.chosen(given)
            with open_database(workspace) as db:
                try:
                    judge(db, _id(answer), given[form.reason], reviewer)
                except BadInput as error:
                    seen = desk.of(db, int(answer)) if answer else None
                    return form.show(db, chosen, seen=seen, sentence=error)
                after = form.show(db, chosen, sentence=done)
                return {**after, form.before: answer, form.reason: ""}

        return decide

    @doors.allow(*STAFF)
    def take_back(given: Values, request: gr.Request) -> Values:
        """Undo the last verdict and show that answer again."""
        reviewer, answer = doors.person(request).name, given[form.current]
        chosen = form.chosen(given)
        with open_database(workspace) as db:
            try:
                judged = _id(given[form.before] or answer)
                status = reviews.undo(db, judged, person=reviewer)
            except BadInput as error:
                now = desk.of(db, int(answer)) if answer else None
                return form.show(db, chosen, seen=now, sentence=error)
            sentence = f"Taken back; it is {status} now."
            return form.show(db, chosen, seen=desk.of(db, judged), sentence=sentence)

    @doors.allow(*STAFF)
    def requeue_everything(given: Values, request: gr.Request) -> Values:
        """One person's whole work is asked again."""
        reviewer, chosen = doors.person(request).name, form.chosen(given)
        with open_database(workspace) as db:
            try:
                if chosen.campaign_id is None or chosen.annotator is None:
                    raise BadInput("Choose a person under “Whose” first.")
                if not given[form.sure]:
                    raise BadInput("Tick the box first.")
                count = reviews.requeue_all(
                    db, chosen.campaign_id, chosen.annotator, given[form.why_all], person=reviewer
                )
            except BadInput as error:
                return {**form.show(db, chosen), form.said: html.problem(str(error))}
            done = f"{count} answers of {chosen.who} were set aside; others will be asked."
            after = form.show(db, Filters(chosen.campaign_id, EVERYBODY, chosen.flagged_only))
            return {**after, form.said: html.note(done), form.why_all: "", form.sure: False}

    @doors.allow(*STAFF)
    def habits(campaign_id: int | None, request: gr.Request) -> str:
        """A line for every annotator."""
        if campaign_id is None:
            return ""
        with open_database(workspace) as db:
            return review_page.people(quality.people(db, campaign_id), users.simulated(db))

    page.load(fill, None, form.shown, show_progress="hidden")
    for control in (form.campaign, form.person, form.flagged):
        control.input(narrow, form.filters, form.shown, show_progress="hidden")
    form.annotators.select(habits, form.campaign, form.people, show_progress="hidden")
    form.campaign.input(habits, form.campaign, form.people, show_progress="hidden")
    form.siblings.click(others, form.current, form.card, **ONCE)
    judged, after = {*form.filters, form.current, form.reason}, [*form.shown, form.reason]
    accept = verdict(lambda db, a, why, who: reviews.approve(db, a, person=who), "Approved.")
    refuse = verdict(lambda db, a, why, who: reviews.reject(db, a, why, person=who), "Rejected.")
    ask = verdict(lambda db, a, why, who: reviews.requeue(db, a, why, person=who), "Requeued.")
    form.approve.click(accept, judged, after, **ONCE)
    form.reject.click(refuse, judged, after, **ONCE)
    form.requeue.click(ask, judged, after, **ONCE)
    form.undo.click(take_back, {*form.filters, form.before, form.current}, form.shown, **ONCE)
    decided = [form.why_all, form.sure]
    everything: Any = form.requeue_all.click(
        requeue_everything, {*form.filters, *decided}, [*form.shown, form.said, *decided], **ONCE
    )
    everything.then(habits, form.campaign, form.people, show_progress="hidden")
    # Who is certain is so about one person's answers in one campaign.
    for control in (form.campaign, form.person):
        control.input(None, None, form.sure, js="() => false")


def _form(doors: Doors, wake: Callable[[], None], scorers: Scorers) -> Form:
    """The components, added to the blocks that are being parts."""
    parts: dict[str, Any] = {
        "current": gr.Textbox("", visible=False),
        "before": gr.Textbox("", visible=False),
    }
    with gr.Row():
        parts["campaign"] = gr.Dropdown(
            label="Campaign", choices=[], elem_id="an-review-campaign", scale=2
        )
        parts["person"] = gr.Dropdown(
            label="Whose", choices=[EVERYBODY], value=EVERYBODY, elem_id="an-review-person"
        )
        parts["flagged"] = gr.Checkbox(label="Only flagged answers", value=False)
    with gr.Tabs():
        with gr.Tab("Review queue", id="an-queue"):
            parts["summary"] = gr.HTML(padding=False, elem_id="an-review-summary")
            with gr.Row():
                with gr.Column(scale=3):
                    parts["picture"] = gr.HTML(padding=False)
                with gr.Column(scale=2):
                    parts |= _judging()
        with gr.Tab("Annotators", id="an-annotators") as parts["annotators"]:
            parts["people"] = gr.HTML(elem_id="an-people")
            parts["why_all"] = gr.Textbox(label="Reason (kept in the log)", elem_id="an-why-all")
            parts["sure"] = gr.Checkbox(
                label="Set every answer of the chosen person in this campaign aside",
                elem_id="an-requeue-sure",
            )
            parts["requeue_all"] = gr.Button(
                "Requeue all answers of the chosen person", elem_id="an-requeue-all"
            )
            parts["said"] = gr.HTML(padding=False)
        with gr.Tab("Disagreements", id="an-apart-tab") as apart:
            adjudication_tab.build(doors, apart, parts["campaign"])
        with gr.Tab("Agreement", id="an-agreed") as agreed:
            agreement_tab.build(doors, agreed, parts["campaign"], wake=wake, scorers=scorers)
    return Form(**parts)


def _judging() -> dict[str, Any]:
    """The answer and the buttons beside its pictures."""
    card = gr.HTML(elem_id="an-review-card", padding=False)
    siblings = gr.Button("Show what the others said", elem_id="an-siblings", size="sm")
    reason = gr.Textbox(label=REASON, elem_id="an-reason")
    with gr.Row(elem_classes="an-keys"):
        approve = gr.Button("Approve · A", variant="primary", elem_id="an-approve")
        reject = gr.Button("Reject · R", elem_id="an-reject")
        requeue = gr.Button("Requeue · Q", elem_id="an-requeue")
        undo = gr.Button("Undo · U", elem_id="an-undo")
    return {
        "card": card,
        "siblings": siblings,
        "reason": reason,
        "approve": approve,
        "reject": reject,
        "requeue": requeue,
        "undo": undo,
        "note": gr.HTML(padding=False, elem_id="an-review-note"),
    }


def _id(answer: str) -> int:
    if not answer.isdecimal():
        raise BadInput("There is no answer to judge.")
    return int(answer)
