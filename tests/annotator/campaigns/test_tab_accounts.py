"""The admin's accounts, pressed as the page presses them."""

from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from annotator.campaigns import page, tab_accounts
from db.access import users
from db.access.permissions import Doors
from db.workspace import Workspace, create, open_database
from helpers.visits import Visit


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = create(tmp_path / "w")
    with open_database(workspace) as db:
        users.add(db, "ada", "admin", password="correct horse")
    return workspace


@pytest.fixture
def visit(workspace: Workspace) -> Visit:
    with gr.Blocks() as blocks, gr.Tabs():
        tab_accounts.build(Doors(workspace, True, gr.Error))
    return Visit(blocks, "ada")


def press(visit: Visit, button: str, name: str, role: str = "annotator") -> str:
    visit.fill("an-account-name", name)
    visit.fill("an-account-role", role)
    visit.send(button, "click")
    return str(visit.shown("an-account-note"))


def test_an_account_is_made_renewed_removed_and_its_name_is_free(
    visit: Visit, workspace: Workspace
) -> None:
    def right(said: str, before: str) -> bool:
        password = said.partition(before)[2].split()[0]
        with open_database(workspace) as db:
            return users.verify(db, "bo", password)

    first = press(visit, "an-account-add", "Bo")
    assert right(first, "bo (annotator): ")
    assert "<td>bo</td><td>annotator</td>" in str(visit.shown("an-accounts-list"))
    second = press(visit, "an-account-renew", "bo")
    assert right(second, "the password ")
    assert not right(first, "bo (annotator): ")
    assert "the name is free" in press(visit, "an-account-remove", "bo")
    assert "<td>bo</td>" not in str(visit.shown("an-accounts-list"))
    assert "was removed" in press(visit, "an-account-reopen", "bo")


@pytest.mark.parametrize("button", ["an-account-renew", "an-account-remove"])
def test_a_name_that_is_none_is_said(visit: Visit, button: str) -> None:
    assert "expected the name of an account" in press(visit, button, "nobody")


def test_the_only_admin_stays(visit: Visit, workspace: Workspace) -> None:
    assert "the only admin" in press(visit, "an-account-remove", "ada")
    with open_database(workspace) as db:
        assert users.get(db, "ada").role == "admin"


def test_names_are_escaped(workspace: Workspace) -> None:
    with open_database(workspace) as db:
        users.add(db, "<b>x", "annotator", password="correct horse")
        shown: Any = page.accounts(users.every(db))
    assert "<b>" not in shown
    assert "&lt;b&gt;x" in shown
