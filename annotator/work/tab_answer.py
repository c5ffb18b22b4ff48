"""What an annotator does with a picture set: answer, skip, report, go back; and own last answers.

wire(doors, form)
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import gradio as gr

from annotator import html
from annotator.events import LATEST, ONCE, QUIET, Values
from annotator.work import desk, page
from annotator.work.desk import View
from annotator.work.tab_form import COUNT, Form, earlier, person
from db.access.doors import Doors
from db.access.users import EVERYBODY
from db.annotate.annotations import Answer
from db.errors import BadInput
from db.workspace import open_database


def wire(doors: Doors, form: Form) -> None:
    """Let the buttons beside the box, and the box itself, do their work."""

    def next_one(view: View) -> Values:
        if view.screen == "test":
            gr.Info("There is a new test: press “Look again” to take it.")
        return form.next(view)

    @doors.allow(*EVERYBODY)
    def send(given: Values, request: gr.Request) -> Values:
        """An answer; the next picture set comes back with it."""
        try:
            sent = form.read(given, doors, request)
            with open_database(doors.workspace) as db:
                return next_one(
                    desk.submit(
                        db, sent.person, sent.campaign_id, token=sent.token, answer=sent.answer
                    )
                )
        except BadInput as error:
            return {form.work.hint: html.problem(str(error))}

    @doors.allow(*EVERYBODY)
    def send_no_pattern(given: Values, request: gr.Request) -> Values:
        """The regions have nothing in common."""
        sent = form.read(given, doors, request)
        if sent.answer.text.strip():
            gr.Info("What you had typed is kept under “My last answers”.")
        answer = replace(sent.answer, kind="no_pattern")
        with open_database(doors.workspace) as db:
            return next_one(
                desk.submit(db, sent.person, sent.campaign_id, token=sent.token, answer=answer)
            )

    def leave(*, broken: bool) -> Callable[..., Values]:
        @doors.allow(*EVERYBODY)
        def handler(given: Values, request: gr.Request) -> Values:
            """Skip this picture set, or report that it cannot be judged."""
            sent = form.read(given, doors, request)
            if broken:
                gr.Info("Reported. Thank you.")
            left: dict[str, Any] = {"token": sent.token, "typed": sent.answer.text}
            with open_database(doors.workspace) as db:
                return next_one(desk.skip(db, sent.person, sent.campaign_id, **left, broken=broken))

        return handler

    @doors.allow(*EVERYBODY)
    def go_back(given: Values, request: gr.Request) -> Values:
        """The picture set that was just skipped, after all."""
        sent = form.read(given, doors, request)
        with open_database(doors.workspace) as db:
            return next_one(desk.take_back(db, sent.person, sent.campaign_id))

    @doors.allow(*EVERYBODY)
    def keep(given: Values, request: gr.Request) -> str:
        """Keep the draft and say what could be better."""
        sent = form.read(given, doors, request)
        with open_database(doors.workspace) as db:
            saved, advice = desk.keep(
                db, sent.person, sent.campaign_id, token=sent.token, answer=sent.answer
            )
        return page.hint(advice, saved)

    work, inputs, step = form.work, form.inputs, form.step
    work.submit.click(send, inputs, step, js=COUNT, **ONCE)
    work.no_pattern.click(send_no_pattern, inputs, step, js=COUNT, **ONCE)
    work.skip.click(leave(broken=False), inputs, step, **ONCE)
    work.broken.click(leave(broken=True), inputs, step, **ONCE)
    work.back.click(go_back, inputs, step, **ONCE)
    work.save.click(keep, inputs, work.hint, js=COUNT, **LATEST)


def wire_earlier(doors: Doors, form: Form) -> None:
    """Let own last answers be worded anew, and unsent drafts be sent."""
    own = form.earlier

    @doors.allow(*EVERYBODY)
    def pick(typed: str, chosen: str | None, request: gr.Request) -> str:
        """The wording of the chosen earlier answer, or of an unsent draft."""
        with open_database(doors.workspace) as db:
            return desk.earlier_text(db, person(typed, doors, request), chosen or "")

    @doors.allow(*EVERYBODY)
    def reword(given: Values, request: gr.Request) -> Values:
        """Another wording of an earlier answer."""
        name, campaign_id = person(given[form.name_kept], doors, request), int(given[form.campaign])
        with open_database(doors.workspace) as db:
            try:
                note = desk.reword(db, name, given[own.chosen] or "", Answer(given[own.wording]))
            except BadInput as error:
                return {own.note: html.problem(str(error))}
            left = desk.lists(db, name, campaign_id)
        return {own.note: page.hint(note, None), own.chosen: earlier(left)}

    own.chosen.input(pick, [form.name_kept, own.chosen], own.wording, **QUIET)
    inputs: set[Any] = {form.name_kept, form.campaign, own.chosen, own.wording}
    own.revise.click(reword, inputs, [own.note, own.chosen], **ONCE)
