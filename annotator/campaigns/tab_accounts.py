"""The admin's accounts: who there is, new ones, passwords that were forgotten, names to be closed.

build(doors)            # inside the tabs of the admin's page
"""

import gradio as gr

from annotator import html
from annotator.campaigns import page
from annotator.events import ONCE
from annotator.html import problem
from db.access import users
from db.access.permissions import Doors
from db.access.users import ADMIN, ROLES, Role
from db.errors import BadInput, WorkbenchError
from db.workspace import open_database


def build(doors: Doors) -> None:
    """Add the tab to those of the admin's page."""
    workspace = doors.workspace
    with gr.Tab("Accounts", id="an-accounts") as item:
        every = gr.HTML(padding=False, elem_id="an-accounts-list")
        with gr.Row():
            name = gr.Textbox(label="Name", max_length=64, elem_id="an-account-name")
            role = gr.Dropdown(
                [*ROLES],
                value="annotator",
                label="Role, if new",
                elem_id="an-account-role",
            )
        with gr.Row():
            add = gr.Button("Add the account", variant="primary", elem_id="an-account-add")
            renew = gr.Button("New password", elem_id="an-account-renew")
            close = gr.Button("Remove the account", variant="stop", elem_id="an-account-remove")
            reopen = gr.Button("Give a removed account back", elem_id="an-account-reopen")
        said = gr.HTML(padding=False, elem_id="an-account-note")

    def shown(sentence: str) -> tuple[str, str]:
        with open_database(workspace) as db:
            return page.accounts(users.every(db)), sentence

    @doors.allow(*ADMIN)
    def arrive(request: gr.Request) -> tuple[str, str]:
        """The accounts as they are; a password that was shown is shown no more."""
        return shown("")

    @doors.allow(*ADMIN)
    def make(typed: str, chosen: Role, request: gr.Request) -> tuple[str, str]:
        """One more account, with a password that is shown once."""
        password = users.new_password()
        with open_database(workspace) as db:
            try:
                user = users.add(db, typed, chosen, password=password)
            except WorkbenchError as error:
                return shown(problem(str(error)))
        return shown(html.note(f"{user.name} ({user.role}): {password} — it is not shown again."))

    @doors.allow(*ADMIN)
    def give(typed: str, request: gr.Request) -> tuple[str, str]:
        """Another password for an account; what was open with the former one ends."""
        password = users.new_password()
        person = doors.person(request).name
        with open_database(workspace) as db:
            try:
                user = users.set_password(db, typed, password, person=person)
            except WorkbenchError as error:
                return shown(problem(str(error)))
        return shown(
            html.note(
                f"{user.name} has the password {password} now; it is not shown again, and whoever "
                "was signed in under the name is not any more."
            )
        )

    @doors.allow(*ADMIN)
    def remove(typed: str, request: gr.Request) -> tuple[str, str]:
        """One account less; an admin stays."""
        with open_database(workspace) as db:
            try:
                user = users.get(db, typed)
                admins = [each for each in users.every(db) if each.role == "admin"]
                if user.role == "admin" and len(admins) == 1:
                    raise BadInput(f"{user.name} is the only admin and stays.")
                free = users.remove(db, user.name)
            except WorkbenchError as error:
                return shown(problem(str(error)))
        left = "the name is free" if free else "what was written stays under the name"
        return shown(html.note(f"{user.name} can no longer sign in; {left}."))

    @doors.allow(*ADMIN)
    def restore(typed: str, request: gr.Request) -> tuple[str, str]:
        """A removed account for the same person again."""
        password = users.new_password()
        with open_database(workspace) as db:
            try:
                user = users.reopen(db, typed, password=password)
            except WorkbenchError as error:
                return shown(problem(str(error)))
        return shown(html.note(f"{user.name} ({user.role}): {password} — it is not shown again."))

    item.select(arrive, None, [every, said], **ONCE)
    add.click(make, [name, role], [every, said], **ONCE)
    for button, handler in ((renew, give), (close, remove), (reopen, restore)):
        button.click(handler, name, [every, said], **ONCE)
