"""What an annotator does with a picture set: answer, skip, report, go back; and own last answers.

wire(doors, form)
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import gradio as gr

from annotator import html
from annotator.events import LATEST, ONCE, QUIET, Values
from annotator.texts import words
from annotator.work import desk, page
from annotator.work.desk import View
from annotator.work.tab_form import COUNT, LANDED, Form, Sent, earlier, person
from db.access.permissions import Doors
from db.access.users import EVERYBODY
from db.annotate.annotations import LONGEST, Answer, Empty, Kind, TooLong
from db.annotate.slots import Answered
from db.errors import BadInput
from db.workspace import open_database


def wire(doors: Doors, form: Form) -> None:
    """Let the buttons beside the box, and the box itself, do their work."""
    _wire_answers(doors, form)
    _wire_leaving(doors, form)

    @doors.allow(*EVERYBODY)
    def keep(given: Values, request: gr.Request) -> str:
        """Keep the draft and say what could be better."""
        sent = form.read(given, doors, request)
        with open_database(doors.workspace) as db:
            saved, advice = desk.keep(
                db, sent.person, sent.campaign_id, token=sent.token, answer=sent.answer
            )
            say = words.of_campaign(db, sent.campaign_id)
        return page.hint(advice, saved, token=sent.token, say=say)

    form.work.save.click(keep, form.inputs, form.work.hint, js=COUNT, **LATEST)


def _next(form: Form, view: View) -> Values:
    if view.screen == "test":
        gr.Info(view.say("box.new_test"))
    return form.next(view)


def _step(form: Form, button: gr.Button, handler: Callable[..., Values]) -> None:
    """Let a button lead on; page.js holds the box until what was sent is answered."""
    event = button.click(handler, form.inputs, form.step, js=COUNT, **ONCE)
    event.then(None, js=LANDED)


def _wire_answers(doors: Doors, form: Form) -> None:
    """Let an answer be sent, after a question where there is one."""

    def answer(sent: Sent, kind: Kind, *sure: str) -> Values:
        """Store the answer, unless its person is to be asked something first."""
        place: dict[str, Any] = {"token": sent.token, "answer": replace(sent.answer, kind=kind)}
        try:
            with open_database(doors.workspace) as db:
                return _next(
                    form, desk.submit(db, sent.person, sent.campaign_id, sure=sure, **place)
                )
        except (Answered, desk.Unknown, BadInput) as held:
            with open_database(doors.workspace) as db:
                return refused(held, words.of_campaign(db, sent.campaign_id), kind, *sure)

    def refused(held: Exception, say: words.Words, kind: Kind, *sure: str) -> Values:
        """What is asked before an answer is stored, or why it cannot be."""
        if isinstance(held, Answered):
            before = held.before or say("refused.no_pattern")
            return form.asked(say("asks.answered", before=before), kind, *sure, desk.CHANGE)
        if isinstance(held, desk.Unknown):
            return form.asked(say("asks.unknown"), kind, *sure, desk.UNKNOWN)
        text = str(held)
        if isinstance(held, Empty):
            text = say("asks.empty")
        elif isinstance(held, TooLong):
            text = say("asks.long", most=LONGEST, got=held.got)
        return {form.work.hint: html.problem(text), **form.unasked()}

    @doors.allow(*EVERYBODY)
    def send(given: Values, request: gr.Request) -> Values:
        """An answer; the next picture set comes back with it."""
        return answer(form.read(given, doors, request), "text")

    @doors.allow(*EVERYBODY)
    def send_no_pattern(given: Values, request: gr.Request) -> Values:
        """The regions have nothing in common."""
        sent = form.read(given, doors, request)
        shown = answer(sent, "no_pattern")
        if sent.answer.text.strip() and form.token in shown:
            with open_database(doors.workspace) as db:
                gr.Info(words.of_campaign(db, sent.campaign_id)("box.typed_kept"))
        return shown

    @doors.allow(*EVERYBODY)
    def say_yes(given: Values, request: gr.Request) -> Values:
        """Yes to what was asked; what is in the box now counts."""
        sure = given[form.work.sure].split()
        kind: Kind = "no_pattern" if "no_pattern" in sure else "text"
        return answer(form.read(given, doors, request), kind, *sure)

    @doors.allow(*EVERYBODY)
    def say_no(given: Values, request: gr.Request) -> Values:
        """No: what was answered before stays, or the sentence is worded anew."""
        if desk.CHANGE not in given[form.work.sure].split():
            return form.unasked()
        sent = form.read(given, doors, request)
        with open_database(doors.workspace) as db:
            return _next(form, desk.arrive(db, sent.person, campaign_id=sent.campaign_id))

    _step(form, form.work.submit, send)
    _step(form, form.work.no_pattern, send_no_pattern)
    _step(form, form.work.yes, say_yes)
    _step(form, form.work.no, say_no)


def _wire_leaving(doors: Doors, form: Form) -> None:
    """Let a picture set be skipped, reported and taken up again."""

    def leave(*, broken: bool) -> Callable[..., Values]:
        @doors.allow(*EVERYBODY)
        def handler(given: Values, request: gr.Request) -> Values:
            """Skip this picture set, or report that it cannot be judged."""
            sent = form.read(given, doors, request)
            left: dict[str, Any] = {"token": sent.token, "typed": sent.answer.text}
            with open_database(doors.workspace) as db:
                view = desk.skip(db, sent.person, sent.campaign_id, **left, broken=broken)
            if broken:
                gr.Info(view.say("box.reported"))
            return _next(form, view)

        return handler

    @doors.allow(*EVERYBODY)
    def go_back(given: Values, request: gr.Request) -> Values:
        """The picture set that was just skipped, after all."""
        sent = form.read(given, doors, request)
        with open_database(doors.workspace) as db:
            return _next(form, desk.take_back(db, sent.person, sent.campaign_id))

    _step(form, form.work.skip, leave(broken=False))
    _step(form, form.work.broken, leave(broken=True))
    _step(form, form.work.back, go_back)


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
                done = desk.reword(db, name, given[own.chosen] or "", Answer(given[own.wording]))
            except BadInput as error:
                return {own.note: html.problem(str(error))}
            left = desk.lists(db, name, campaign_id)
        return {own.note: page.hint(left.say(done), None, say=left.say), own.chosen: earlier(left)}

    own.chosen.input(pick, [form.name_kept, own.chosen], own.wording, **QUIET)
    inputs: set[Any] = {form.name_kept, form.campaign, own.chosen, own.wording}
    own.revise.click(reword, inputs, [own.note, own.chosen], **ONCE)
