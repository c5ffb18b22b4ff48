"""Invitations on the Participants tab: a pasted list becomes links, to be revoked one by one.

invite = build()
wire(doors, chosen, invite, tab)
"""

from dataclasses import dataclass
from typing import Any

import gradio as gr
from sqlite_utils import Database

from annotator import html
from annotator.campaign import known
from annotator.events import ONCE, Values
from annotator.participants import page
from db import tables
from db.access.permissions import Doors
from db.access.users import ADMIN
from db.crowd import invitations, links
from db.crowd.invitations import Invitation
from db.errors import BadInput
from db.workspace import now, open_database


@dataclass(frozen=True)
class Invite:
    """The components."""

    pasted: gr.Textbox
    days: gr.Number
    send: gr.Button
    table: gr.Button
    file: gr.File
    counts: gr.HTML
    one: gr.Dropdown
    revoke: gr.Button
    note: gr.HTML


def build() -> Invite:
    """Add the components to the tab that is being made."""
    with gr.Accordion("Invitations: a link for each person", open=False, elem_id="an-invitations"):
        with gr.Row():
            pasted = gr.Textbox(
                label="Names or addresses, one a line",
                lines=4,
                elem_id="an-invite-list",
                info="links are made, nothing is sent",
                scale=2,
            )
            days = gr.Number(label="Valid for days", value=14, minimum=1, elem_id="an-invite-days")
        with gr.Row():
            send = gr.Button("Make links for these", elem_id="an-invite")
            table = gr.Button("Make a table of all links", elem_id="an-invite-table")
        file = gr.File(label="File", interactive=False, visible=False, elem_id="an-invite-file")
        counts = gr.HTML(padding=False, elem_id="an-invited")
        with gr.Row():
            one = gr.Dropdown(label="Invitation", choices=[], elem_id="an-invite-one", scale=2)
            revoke = gr.Button("Revoke it", elem_id="an-invite-revoke")
        note = gr.HTML(padding=False, elem_id="an-invite-note")
    return Invite(pasted, days, send, table, file, counts, one, revoke, note)


def wire(doors: Doors, chosen: gr.Dropdown, form: Invite, tab: gr.Tab) -> None:
    """Let invitations be made, listed and revoked."""
    workspace = doors.workspace

    def show(db: Database, campaign_id: int, sentence: str = "") -> Values:
        made = invitations.every(db, campaign_id)
        choices = [(each.label, each.invitation_id) for each in made if each.revoked_utc is None]
        return {
            form.counts: page.invited(made, now_utc=now()),
            form.one: gr.Dropdown(choices=choices, value=None),
            form.note: html.note(sentence),
        }

    @doors.allow(*ADMIN)
    def look(campaign_id: int | None, request: gr.Request) -> Values:
        """The invitations to the chosen campaign."""
        if campaign_id is None:
            return {form.note: ""}
        with open_database(workspace) as db:
            return {**show(db, campaign_id), form.file: gr.File(visible=False)}

    @doors.allow(*ADMIN)
    def make(campaign_id: int | None, typed: str, days: float, request: gr.Request) -> Values:
        """A link for each line."""
        person = doors.person(request).name
        with open_database(workspace) as db:
            try:
                made = invitations.add(
                    db, known(campaign_id), typed, days=float(days or 0), person=person
                )
            except BadInput as error:
                return {form.note: html.problem(str(error))}
            said = f"{len(made)} links were made; the table has them."
            return {**show(db, known(campaign_id), said), form.pasted: ""}

    @doors.allow(*ADMIN)
    def write(campaign_id: int | None, request: gr.Request) -> Values:
        """Every invitation with its link, as a file for its maker alone."""
        path = doors.new_folder(request) / f"invitations-{known(campaign_id)}.csv"
        secret = workspace.secret.read_bytes()
        with open_database(workspace) as db:
            made = invitations.every(db, known(campaign_id))
        base = _base(request)
        rows = [[each.label, *_row(each, base, secret)] for each in made]
        tables.write(path, ("person", "link", "expires_utc", "state"), rows)
        return {form.file: gr.File(str(path), visible=True)}

    @doors.allow(*ADMIN)
    def end(campaign_id: int | None, number: int | None, request: gr.Request) -> Values:
        """One link opens nothing any more."""
        if number is None:
            return {form.note: html.problem("Choose an invitation first.")}
        with open_database(workspace) as db:
            invitations.revoke(db, number, person=doors.person(request).name)
            return show(db, known(campaign_id), "Revoked.")

    outputs: list[Any] = [form.counts, form.one, form.note, form.file, form.pasted]
    for event in (tab.select, chosen.input):
        event(look, chosen, outputs, **ONCE)
    form.send.click(make, [chosen, form.pasted, form.days], outputs, **ONCE)
    form.table.click(write, chosen, form.file, **ONCE)
    form.revoke.click(end, [chosen, form.one], outputs, **ONCE)


def _base(request: gr.Request) -> str:
    """The origin that the admin's browser used, as the links begin."""
    headers = request.headers
    origin = headers.get("origin") or ""
    return origin.rstrip("/")


def _row(invitation: Invitation, base: str, secret: bytes) -> list[str]:
    token = links.invitation_token(invitation.invitation_id, secret=secret)
    state = "revoked" if invitation.revoked_utc else "came" if invitation.annotator else ""
    if not state and not invitations.valid(invitation):
        state = "expired"
    return [f"{base}/?campaign={token}", invitation.expires_utc, state or "waiting"]
