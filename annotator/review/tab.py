"""The reviewer's page: one answer at a time, by keys A, R, Q and U.

build(doors, page, wake=…)
"""

from collections.abc import Callable
from typing import Any

import gradio as gr
from sqlite_utils import Database

from annotator import html
from annotator.agreement import tab
from annotator.review import desk, quality
from annotator.review.desk import Look
from db.access.doors import Doors
from db.access.users import STAFF
from db.annotate import annotations, campaigns, reviews
from db.errors import BadInput
from db.workspace import open_database

EVERYBODY = "everybody"


def build(doors: Doors, page: gr.Blocks, *, wake: Callable[[], None]) -> None:
    """Add the reviewer's page to the blocks that are being made."""
    workspace = doors.workspace
    current = gr.Textbox("", visible=False)
    before = gr.Textbox("", visible=False)
    with gr.Row():
        campaign = gr.Dropdown(label="Campaign", choices=[], elem_id="an-review-campaign", scale=2)
        person = gr.Dropdown(
            label="Whose", choices=[EVERYBODY], value=EVERYBODY, elem_id="an-review-person"
        )
        flagged = gr.Checkbox(label="Only flagged answers", value=False)
    with gr.Tabs():
        with gr.Tab("Review queue", id="an-queue"):
            summary = gr.HTML(padding=False, elem_id="an-review-summary")
            with gr.Row():
                with gr.Column(scale=3):
                    picture = gr.HTML(padding=False)
                with gr.Column(scale=2):
                    card = gr.HTML(elem_id="an-review-card", padding=False)
                    siblings = gr.Button(
                        "Show what the others said", elem_id="an-siblings", size="sm"
                    )
                    reason = gr.Textbox(
                        label="Reason (its author can read it; R leads here, Ctrl+Enter rejects, "
                        "Esc leaves)",
                        elem_id="an-reason",
                    )
                    with gr.Row(elem_classes="an-keys"):
                        approve = gr.Button("Approve · A", variant="primary", elem_id="an-approve")
                        reject = gr.Button("Reject · R", elem_id="an-reject")
                        requeue = gr.Button("Requeue · Q", elem_id="an-requeue")
                        undo = gr.Button("Undo · U", elem_id="an-undo")
                    note = gr.HTML(padding=False, elem_id="an-review-note")
        with gr.Tab("Annotators", id="an-annotators") as annotators:
            people = gr.HTML(elem_id="an-people")
            why_all = gr.Textbox(label="Reason (kept in the log)", elem_id="an-why-all")
            sure = gr.Checkbox(
                label="Set every answer of the chosen person in this campaign aside",
                elem_id="an-requeue-sure",
            )
            again = gr.Button("Requeue all answers of the chosen person", elem_id="an-requeue-all")
            told = gr.HTML(padding=False)
        with gr.Tab("Agreement", id="an-agreed") as agreed:
            tab.build(doors, agreed, campaign, wake=wake)

    shown: list[Any] = [current, before, campaign, person, summary, picture, card, note]
    filters: list[Any] = [campaign, person, flagged]

    def show(db: Database, campaign_id: int | None, who: str, only: bool, **more: Any) -> list[Any]:
        """The page after a step: `seen` the answer to show, `last` the one just judged."""
        known = campaigns.every(db, kind="describe")
        if campaign_id is None and known:
            campaign_id = known[0].campaign_id
        menu = gr.Dropdown(
            choices=[(each.name, each.campaign_id) for each in known], value=campaign_id
        )
        if campaign_id is None:
            return ["", "", menu, gr.skip(), "", "", html.note("No campaign yet."), ""]
        annotator = None if who in ("", EVERYBODY) else who
        quality.renew(db, campaign_id)
        seen: Look | None = more.get("seen") or desk.look(
            db, campaign_id, annotator=annotator, flagged_only=only
        )
        names = [EVERYBODY, *annotations.people(db, campaign_id)]
        nothing = "No answer waits for a verdict here."
        return [
            "" if seen is None else str(seen.waiting.annotation.annotation_id),
            more.get("last", gr.skip()),
            menu,
            gr.Dropdown(choices=names, value=who if who in names else EVERYBODY),
            desk.summary(db, campaign_id),
            "" if seen is None else html.picture(seen.unit),
            html.note(nothing) if seen is None else desk.card(seen, siblings=False),
            html.note(str(more.get("sentence", ""))),
        ]

    @doors.allow("admin", "reviewer", "annotator")
    def fill(request: gr.Request) -> list[Any]:
        """The page was opened; only staff are told anything."""
        if doors.person(request).role not in STAFF:
            return [gr.skip()] * len(shown)
        with open_database(workspace) as db:
            return show(db, None, EVERYBODY, False)

    @doors.allow(*STAFF)
    def narrow(campaign_id: int | None, who: str, only: bool, request: gr.Request) -> list[Any]:
        """Other filters."""
        with open_database(workspace) as db:
            return show(db, campaign_id, who, only)

    @doors.allow(*STAFF)
    def others(answer: str, request: gr.Request) -> str:
        """What the others said, after one's own look."""
        with open_database(workspace) as db:
            return desk.card(desk.of(db, _id(answer)), siblings=True)

    def verdict(judge: Callable[[Database, int, str, str], None], done: str) -> Any:
        @doors.allow(*STAFF)
        def decide(
            campaign_id: int | None,
            who: str,
            only: bool,
            answer: str,
            why: str,
            request: gr.Request,
        ) -> list[Any]:
            reviewer = doors.person(request).name
            with open_database(workspace) as db:
                try:
                    judge(db, _id(answer), why, reviewer)
                except BadInput as error:
                    seen = desk.of(db, int(answer)) if answer else None
                    return [*show(db, campaign_id, who, only, seen=seen, sentence=error), why]
                return [*show(db, campaign_id, who, only, last=answer, sentence=done), ""]

        return decide

    @doors.allow(*STAFF)
    def take_back(
        campaign_id: int | None, who: str, only: bool, last: str, answer: str, request: gr.Request
    ) -> list[Any]:
        """Undo the last verdict and show that answer again."""
        reviewer = doors.person(request).name
        with open_database(workspace) as db:
            try:
                chosen = _id(last or answer)
                status = reviews.undo(db, chosen, person=reviewer)
            except BadInput as error:
                now = desk.of(db, int(answer)) if answer else None
                return show(db, campaign_id, who, only, seen=now, sentence=error)
            seen = desk.of(db, chosen)
            sentence = f"Taken back; it is {status} now."
            return show(db, campaign_id, who, only, seen=seen, sentence=sentence)

    @doors.allow(*STAFF)
    def requeue_everything(
        campaign_id: int | None,
        who: str,
        only: bool,
        why: str,
        certain: bool,
        request: gr.Request,
    ) -> list[Any]:
        """One person's whole work is asked again."""
        reviewer = doors.person(request).name
        with open_database(workspace) as db:
            try:
                if campaign_id is None or who == EVERYBODY:
                    raise BadInput("Choose a person under “Whose” first.")
                if not certain:
                    raise BadInput("Tick the box first.")
                count = reviews.requeue_all(db, campaign_id, who, why, person=reviewer)
            except BadInput as error:
                return [
                    *show(db, campaign_id, who, only),
                    html.problem(str(error)),
                    why,
                    certain,
                ]
            sentence = f"{count} answers of {who} were set aside; others will be asked."
            return [
                *show(db, campaign_id, EVERYBODY, only),
                html.note(sentence),
                "",
                False,
            ]

    @doors.allow(*STAFF)
    def habits(campaign_id: int | None, request: gr.Request) -> str:
        """A line for every annotator."""
        with open_database(workspace) as db:
            return "" if campaign_id is None else desk.people(db, campaign_id)

    once: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "once"}
    page.load(fill, None, shown, show_progress="hidden")
    for control in filters:
        control.input(narrow, filters, shown, show_progress="hidden")
    annotators.select(habits, campaign, people, show_progress="hidden")
    campaign.input(habits, campaign, people, show_progress="hidden")
    siblings.click(others, current, card, **once)
    inputs, outputs = [*filters, current, reason], [*shown, reason]
    accept = verdict(lambda db, a, why, who: reviews.approve(db, a, person=who), "Approved.")
    refuse = verdict(lambda db, a, why, who: reviews.reject(db, a, why, person=who), "Rejected.")
    ask = verdict(lambda db, a, why, who: reviews.requeue(db, a, why, person=who), "Requeued.")
    approve.click(accept, inputs, outputs, **once)
    reject.click(refuse, inputs, outputs, **once)
    requeue.click(ask, inputs, outputs, **once)
    undo.click(take_back, [*filters, before, current], shown, **once)
    decided = [why_all, sure]
    gone = again.click(requeue_everything, [*filters, *decided], [*shown, told, *decided], **once)
    # Who is certain is so about one person's answers in one campaign.
    for control in (campaign, person):
        control.input(None, None, sure, js="() => false")
    gone.then(habits, campaign, people, show_progress="hidden")


def _id(answer: str) -> int:
    if not answer.isdecimal():
        raise BadInput("There is no answer to judge.")
    return int(answer)
