"""What was made for download reaches staff, and nothing else of the workspace reaches anybody."""

from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from db.access.downloads import belongs, forget, forget_all, new_folder, reports
from db.workspace import Workspace, create


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = create(tmp_path / "w")
    (made.reports / "audit-1.html").write_text("<h1>Report</h1>")
    (made.reports / "audit-1.html.tmp").write_text("half")
    (made.reports / "Notes.txt").write_text("private")
    return made


def client(workspace: Workspace, role: str | None = "admin") -> TestClient:
    """A browser of somebody whom the entrance let in."""
    app = Starlette(routes=[Route("/reports/{name}", reports(workspace))])

    async def entered(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "role": role}, receive, send)

    return TestClient(entered)


@pytest.mark.parametrize("role", ["admin", "reviewer"])
def test_staff_receive_a_report_that_can_do_nothing(workspace: Workspace, role: str) -> None:
    answer = client(workspace, role).get("/reports/audit-1.html")
    assert (answer.status_code, answer.text) == (200, "<h1>Report</h1>")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("role", [None, "annotator"])
def test_nobody_else_receives_it(workspace: Workspace, role: str | None) -> None:
    answer = client(workspace, role).get("/reports/audit-1.html")
    assert answer.status_code == 403
    assert "Report" not in answer.text


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
    answer = client(workspace).get(f"/reports/{name}")
    assert answer.status_code == 404


def test_a_report_cannot_be_a_folder(workspace: Workspace) -> None:
    (workspace.reports / "folder.zip").mkdir()
    assert client(workspace).get("/reports/folder.zip").status_code == 404


def test_a_file_belongs_to_whoever_it_was_made_for(workspace: Workspace) -> None:
    folder = new_folder(workspace, "ada")
    path = folder / "answers.csv"
    path.write_text("unit,text")
    assert path.is_relative_to(workspace.path)
    assert all(place.stat().st_mode & 0o077 == 0 for place in (folder, folder.parent))
    assert belongs(workspace, "ada", str(path))
    assert not belongs(workspace, "grace", str(path))
    assert not belongs(workspace, "ada", f"{folder}/../../../workbench.db")
    assert not belongs(workspace, "ada", f"{folder.parent}-other/answers.csv")
    assert not belongs(workspace, "ada", "nul\0")
    (folder / "link.csv").symlink_to(workspace.secret)
    assert not belongs(workspace, "ada", f"{folder}/link.csv")


def test_what_was_made_for_somebody_is_deleted(workspace: Workspace) -> None:
    ada, grace = (new_folder(workspace, name) for name in ("ada", "grace"))
    forget(workspace, "ada")
    assert (ada.exists(), grace.exists()) == (False, True)
    forget_all(workspace)
    assert list(workspace.temporary.iterdir()) == []
