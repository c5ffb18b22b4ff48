"""What was made for download reaches staff, and nothing else of the workspace reaches anybody."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from db.access import users
from db.access.downloads import reports
from db.workspace import Workspace, create, open_database


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = create(tmp_path / "w")
    with open_database(made) as db:
        for role in users.ROLES:
            users.add(db, f"{role}-one", role, password="correct horse")
    (made.reports / "audit-1.html").write_text("<h1>Report</h1>")
    (made.reports / "audit-1.html.tmp").write_text("half")
    (made.reports / "Notes.txt").write_text("private")
    return made


def client(workspace: Workspace, *, login: bool, person: str | None = None) -> TestClient:
    """A browser; the cookies of the page framework name `person`."""
    app = Starlette(routes=[Route("/reports/{name}", reports(workspace, login=login))])
    app.cookie_id, app.tokens = "7", {"secret": person}  # type: ignore[attr-defined]
    cookies = {"access-token-7": "secret"} if person else {}
    return TestClient(app, cookies=cookies)


@pytest.mark.parametrize("role", ["admin", "reviewer"])
def test_staff_receive_a_report_that_can_do_nothing(workspace: Workspace, role: str) -> None:
    answer = client(workspace, login=True, person=f"{role}-one").get("/reports/audit-1.html")
    assert (answer.status_code, answer.text) == (200, "<h1>Report</h1>")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("person", [None, "annotator-one", "nobody"])
def test_nobody_else_receives_it(workspace: Workspace, person: str | None) -> None:
    answer = client(workspace, login=True, person=person).get("/reports/audit-1.html")
    assert answer.status_code == 403
    assert "Report" not in answer.text


def test_an_account_that_was_removed_receives_nothing(workspace: Workspace) -> None:
    browser = client(workspace, login=True, person="reviewer-one")
    assert browser.get("/reports/audit-1.html").status_code == 200
    with open_database(workspace) as db:
        users.remove(db, "reviewer-one")
    assert browser.get("/reports/audit-1.html").status_code == 403


def test_without_sign_in_the_owner_receives_it(workspace: Workspace) -> None:
    assert client(workspace, login=False).get("/reports/audit-1.html").status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "missing.html",
        "audit-1.html.tmp",
        "Notes.txt",
        "..%2fworkbench.db",
        "%2e%2e%2fworkbench.db",
        "audit-1.html%0a",
        "." * 3 + "html",
    ],
)
def test_other_names_lead_nowhere(workspace: Workspace, name: str) -> None:
    answer = client(workspace, login=False).get(f"/reports/{name}")
    assert answer.status_code == 404


def test_a_report_cannot_be_a_folder(workspace: Workspace) -> None:
    (workspace.reports / "folder.zip").mkdir()
    assert client(workspace, login=False).get("/reports/folder.zip").status_code == 404
