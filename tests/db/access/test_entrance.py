"""The entrance: who is in is named to the app, who is not sees a page and nothing else."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from db.access import users
from db.access.addresses import Names
from db.access.entrance import Way, guarded
from db.access.sessions import Key
from db.workspace import Workspace, create, open_database

ADDRESS = "http://127.0.0.1:7860"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = create(tmp_path / "w")
    with open_database(workspace) as db:
        users.add(db, "ada", "admin", password="correct horse")
    return workspace


async def inner(scope: Any, receive: Any, send: Any) -> None:
    """Says who is asking."""
    text = f"{scope['person']} {scope['role']}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": text})


def browser(workspace: Workspace, way: Way, address: str = ADDRESS) -> TestClient:
    return TestClient(guarded(inner, workspace, way), base_url=address, follow_redirects=False)


def local(key: Key | None) -> Way:
    return Way(Names(local=True), port=7860, key=key)


def test_without_key_and_sign_in_everybody_is_the_owner(workspace: Workspace) -> None:
    assert browser(workspace, local(None)).get("/config").text == "local admin"


def test_the_key_leaves_the_address_and_what_else_was_asked_for_stays(workspace: Workspace) -> None:
    key = Key()
    owner = browser(workspace, local(key))
    assert "the address that the terminal printed" in owner.get("/").text
    answer = owner.get(f"/?token={key.text}&unit=5&tab=%22%3E%3Cb%3E")
    assert "url=/?unit=5&amp;tab=%22%3E%3Cb%3E" in answer.text
    assert "; HttpOnly; SameSite=Strict" in answer.headers["set-cookie"]
    assert owner.get("/").text == "local admin"
    again = owner.get(f"/?token={key.text}")
    assert "token" not in again.text
    assert "set-cookie" not in again.headers
    assert browser(workspace, local(key)).get(f"/?token={key.text}").status_code == 200, "not used"


def test_a_link_from_elsewhere_comes_back_with_the_cookie(workspace: Workspace) -> None:
    way = Way(Names(local=False), port=7860, login=True)
    answer = browser(workspace, way).get("/?unit=5", headers={"sec-fetch-site": "cross-site"})
    assert (answer.status_code, "url=/?unit=5" in answer.text) == (200, True)
    answer = browser(workspace, way).get("/?unit=5", headers={"sec-fetch-site": "same-origin"})
    assert answer.status_code == 401
    assert 'name="query" value="unit=5"' in answer.text


def test_a_cookie_over_tls_stays_there(workspace: Workspace) -> None:
    way = Way(Names(local=False, public={"https://lab.example"}), port=7860, login=True)
    form = {"username": " ADA ", "password": "correct horse"}
    person = browser(workspace, way, "https://lab.example")
    answer = person.post("/login", data=form, headers={"origin": "https://lab.example"})
    assert answer.status_code == 303
    assert answer.headers["set-cookie"].endswith("; Secure")
    assert person.get("/").text == "ada admin"


@pytest.mark.parametrize("query", ["//evil.example", "\r\nx-evil: 1", "a=b#//evil", "@evil"])
def test_signing_in_leads_nowhere_else(workspace: Workspace, query: str) -> None:
    way = Way(Names(local=False), port=7860, login=True)
    form = {"username": "ada", "password": "correct horse", "query": query}
    answer = browser(workspace, way).post("/login", data=form)
    location = answer.headers["location"]
    assert location == "/" or location.startswith("/?")
    assert "x-evil" not in answer.headers


@pytest.mark.parametrize(
    "body", [b"", b"username=ada", b"\xff=1", b"username=ada&password=" + b"x" * 20_000, b"&" * 99]
)
def test_a_form_that_is_none_of_ours_is_refused(workspace: Workspace, body: bytes) -> None:
    way = Way(Names(local=False), port=7860, login=True)
    answer = browser(workspace, way).post("/login", content=body)
    assert answer.status_code == 400
    assert "That is not right" in answer.text
