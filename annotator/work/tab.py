"""The annotator's page: name, consent, qualification test, one picture set after the other.

    build(doors, page)

Every handler does its one step on the desk and shows the view that follows, so that a reload, a
second window or a restart of the app lands on the same picture set with the same draft. Here is
how one comes in; what is done with a picture set is in `annotator.work.tab_answer`.
"""

from typing import Any

import gradio as gr

from annotator import html
from annotator.events import ONCE, QUIET, Values
from annotator.texts import words
from annotator.work import desk, tab_answer, tab_form
from annotator.work import page as work_page
from annotator.work.tab_form import Form, person
from db.access import users
from db.access.permissions import Doors
from db.access.users import EVERYBODY
from db.workspace import open_database


def build(doors: Doors, page: gr.Blocks) -> None:
    """Add the annotator's page to the blocks that are being made."""
    form = tab_form.build()
    _enter(doors, page, form)
    _agree(doors, form)
    _leave(doors, form)
    tab_answer.wire(doors, form)
    tab_answer.wire_earlier(doors, form)


def _enter(doors: Doors, page: gr.Blocks, form: Form) -> None:
    """Let people come to the page, name themselves and choose a campaign."""

    @doors.allow(*EVERYBODY)
    def arrive(typed: str, wanted: str, request: gr.Request) -> Values:
        """The page was opened or looks again."""
        if not doors.login and not typed:
            return {form.frame: tab_form.frame("naming")}
        # Of a participant's link nothing comes here: it was signed, and is looked up.
        asked = wanted or request.query_params.get("campaign", "")
        campaign_id = int(asked) if asked.isdecimal() else None
        name = person(typed, doors, request)
        with open_database(doors.workspace) as db:
            users.ensure(db, name, "annotator")
            return form.arrived(db, desk.arrive(db, name, campaign_id=campaign_id))

    @doors.allow(*EVERYBODY)
    def give_name(typed: str, request: gr.Request) -> Values:
        """Without sign-in: the name that stands beside the answers."""
        clean = users.normalise(typed)
        return {form.name_kept: clean, **arrive(clean, "", request)}

    @doors.allow(*EVERYBODY)
    def offer(here: str, request: gr.Request) -> Any:
        """The campaigns to choose from, when there are several; the one on the page is chosen."""
        with open_database(doors.workspace) as db:
            name = doors.person(request).name if doors.login else ""
            found = desk.choices(db, name)
            open_ones = [(known.name, str(known.campaign_id)) for known in found]
        asked = request.query_params.get("campaign", "")
        several = len(open_ones) > 1 and not asked
        value = here if here in {key for _, key in open_ones} else None
        return gr.Dropdown(choices=open_ones, value=value, visible=several)

    here, whole = [form.name_kept, form.campaign], form.whole
    offered: dict[str, Any] = {"fn": offer, "inputs": form.campaign, "outputs": form.chooser}
    page.load(arrive, here, whole, **QUIET).then(**offered, **QUIET)
    form.again.click(arrive, here, whole, **QUIET)
    for event in (form.named.click, form.name.submit):
        event(give_name, form.name, [form.name_kept, *whole], **ONCE).then(**offered, **QUIET)
    form.chooser.input(arrive, [form.name_kept, form.chooser], whole, **QUIET)


def _leave(doors: Doors, form: Form) -> None:
    """Let a participant stop before the end, or finish where only others hold what is left."""

    @doors.allow(*EVERYBODY)
    def stop(typed: str, request: gr.Request) -> Values:
        """All slots are free again."""
        with open_database(doors.workspace) as db:
            return form.arrived(db, desk.stop(db, person(typed, doors, request)))

    @doors.allow(*EVERYBODY)
    def finish(typed: str, request: gr.Request) -> Values:
        """The part counts as a whole one."""
        with open_database(doors.workspace) as db:
            return form.arrived(db, desk.finish(db, person(typed, doors, request)))

    form.stopping.stop.click(stop, form.name_kept, form.whole, **ONCE)
    form.finish.click(finish, form.name_kept, form.whole, **ONCE)


def _agree(doors: Doors, form: Form) -> None:
    """Let people agree to the consent text and take the test."""
    test = form.test

    @doors.allow(*EVERYBODY)
    def accept(typed: str, campaign_id: str, request: gr.Request) -> Values:
        """The person read the guidelines and agreed to the consent text."""
        with open_database(doors.workspace) as db:
            return form.arrived(db, desk.agree(db, person(typed, doors, request), int(campaign_id)))

    @doors.allow(*EVERYBODY)
    def take_in(given: Values, request: gr.Request) -> Values:
        """One question of the test is answered; after the last one it is graded."""
        name, choice = person(given[form.name_kept], doors, request), given[test.choice]
        with open_database(doors.workspace) as db:
            say = words.of_campaign(db, int(given[form.campaign]))
            if choice is None:
                return {test.head: html.problem(say("test.choose"))}
            taken = desk.take(
                db,
                name,
                int(given[form.campaign]),
                attempt_id=given[test.attempt],
                chosen=given[test.given],
                choice=choice,
            )
            if taken.view is not None and taken.result is not None:
                return form.arrived(db, taken.view, work_page.result(taken.result, say))
            left = taken.attempts_left
            return test.asked(db, taken.sitting, taken.chosen, attempts_left=left, say=say)

    form.agree.click(accept, [form.name_kept, form.campaign], form.whole, **ONCE)
    inputs = {form.name_kept, form.campaign, *test.inputs}
    test.hand_in.click(take_in, inputs, form.whole, **ONCE)
