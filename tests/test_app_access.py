"""The app attacked over plain HTTP: every address and handler, for nobody and for every role."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
from starlette.testclient import TestClient

import app
from db.access import downloads, users
from db.workspace import Workspace, create, open_database
from helpers import serving
from helpers.annotating import free_port

PASSWORD = "correct horse"
FOREIGN = "http://127.0.0.1:9000"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = create(tmp_path_factory.mktemp("attacked") / "w")
    with open_database(workspace) as db:
        for name, role in (("ada", "admin"), ("rev", "reviewer"), ("ann", "annotator")):
            users.add(db, name, role, password=PASSWORD)  # type: ignore[arg-type]
    return workspace


@pytest.fixture(scope="module")
def pages(workspace: Workspace) -> tuple[gr.Blocks, Any]:
    demo = app.build(workspace, login=True, device="cpu")
    return demo, app.web(demo, workspace, serving.way(login=True))


@pytest.fixture
def browser(pages: tuple[gr.Blocks, Any]) -> TestClient:
    return TestClient(pages[1], base_url="http://127.0.0.1:7860")


def sign_in(browser: TestClient, name: str) -> None:
    form = {"username": name, "password": PASSWORD, "query": "tab=annotate"}
    answer = browser.post("/login", data=form, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?tab=annotate")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("workbench-7860=")
    assert "; HttpOnly; SameSite=Strict" in cookie


def addresses(demo: gr.Blocks) -> list[tuple[str, str]]:
    """A method and a path for every route of the page framework, and of our own."""
    found = {("GET", "/pictures/1/grid.jpg"), ("GET", "/reports/a.csv"), ("GET", "/examples/a.jpg")}
    routes: list[Any] = []
    for route in demo.app.routes:
        routes += (
            getattr(route, "original_router", demo.app).routes
            if not hasattr(route, "path")
            else [route]
        )
    for route in routes:
        path = re.sub(r"\{[a-z_]*id\}|\{[^}]*\}", "1", route.path)
        found |= {(method, path) for method in getattr(route, "methods", None) or ("GET",)}
    return sorted(found)


def ask(browser: TestClient, method: str, path: str, **headers: str) -> httpx.Response:
    answer: httpx.Response = browser.request(
        method, path, headers=headers, json={} if method == "POST" else None, follow_redirects=False
    )
    return answer


def run(browser: TestClient, number: int, handler: Any) -> httpx.Response:
    """Call a handler of the page as any program can."""
    data = [
        # What the server keeps for itself is sent as nothing.
        None if isinstance(field, gr.State) else getattr(field, "value", None)
        for field in handler.inputs
    ]
    body = {"data": data, "fn_index": number, "session_hash": "x"}
    answer: httpx.Response = browser.post("/gradio_api/run/predict", json=body)
    return answer


def test_nobody_reaches_anything(browser: TestClient, pages: tuple[gr.Blocks, Any]) -> None:
    everything = addresses(pages[0])
    assert len(everything) > 80
    for method, path in everything:
        answer = ask(browser, method, path)
        assert answer.status_code in (400, 401, 404), (method, path)
        assert len(answer.content) < 3000, "the sign-in page is no description of the app"
        assert "dependencies" not in answer.text


def test_a_removed_account_reaches_nothing(
    browser: TestClient, pages: tuple[gr.Blocks, Any], workspace: Workspace
) -> None:
    with open_database(workspace) as db:
        users.add(db, "gone", "admin", password=PASSWORD)
    sign_in(browser, "gone")
    assert ask(browser, "GET", "/config").status_code == 200
    with open_database(workspace) as db:
        users.remove(db, "gone")
    for method, path in addresses(pages[0]):
        answer = ask(browser, method, path)
        assert answer.status_code in (400, 401, 404), (method, path)
        assert "dependencies" not in answer.text


def test_a_new_password_ends_what_was_open_with_the_former(
    browser: TestClient, workspace: Workspace
) -> None:
    with open_database(workspace) as db:
        users.add(db, "forgetful", "admin", password=PASSWORD)
    sign_in(browser, "forgetful")
    assert ask(browser, "GET", "/config").status_code == 200
    with open_database(workspace) as db:
        users.set_password(db, "forgetful", "quite another one")
    assert ask(browser, "GET", "/config").status_code == 401


def test_a_cookie_that_nobody_was_given_opens_nothing(browser: TestClient) -> None:
    for value in ("", "x", "0" * 43, "a;b", '"'):
        answer = browser.get("/config", headers={"cookie": f"workbench-7860={value}"})
        assert answer.status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": FOREIGN},
        {"origin": FOREIGN, "x-forwarded-host": "127.0.0.1:9000"},
        {"origin": FOREIGN, "forwarded": "host=127.0.0.1:9000"},
        {"origin": "null"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site"},
    ],
)
def test_another_port_reaches_nothing_with_the_admins_cookie(
    browser: TestClient, pages: tuple[gr.Blocks, Any], headers: dict[str, str]
) -> None:
    sign_in(browser, "ada")
    asking = {**headers, "access-control-request-method": "POST"}
    for method, path in addresses(pages[0]):
        if path == "/" and method in ("GET", "HEAD"):
            continue
        for answer in (
            ask(browser, method, path, **headers),
            ask(browser, "OPTIONS", path, **asking),
        ):
            assert answer.status_code in (403, 404), (method, path)
            assert not [name for name in answer.headers if name.startswith("access-control")]


def test_only_what_the_pages_use_is_there_even_for_the_admin(browser: TestClient) -> None:
    sign_in(browser, "ada")
    for path in (
        "/gradio_api/info",
        "/monitoring/summary",
        "/gradio_api/token",
        "/gradio_api/user",
    ):
        assert ask(browser, "GET", path).status_code == 404
    assert ask(browser, "POST", "/gradio_api/upload").status_code == 404


@pytest.mark.parametrize(("name", "role"), [("ann", "annotator"), ("rev", "reviewer")])
def test_no_handler_answers_a_role_that_it_does_not_declare(
    browser: TestClient, pages: tuple[gr.Blocks, Any], name: str, role: str
) -> None:
    sign_in(browser, name)
    handlers = [(number, one) for number, one in pages[0].fns.items() if one.fn]
    closed = [(number, one) for number, one in handlers if role not in one.fn.roles]
    assert len(closed) > (100 if role == "annotator" else 20)
    for number, handler in closed:
        answer = run(browser, number, handler)
        assert answer.status_code == 500
        assert f"; {name} is {role}." in answer.json()["error"], handler.name


def test_nobody_and_foreign_pages_call_no_handler(
    browser: TestClient, pages: tuple[gr.Blocks, Any]
) -> None:
    handlers = [(number, one) for number, one in pages[0].fns.items() if one.fn]
    assert {run(browser, *one).status_code for one in handlers} == {401}
    sign_in(browser, "ada")
    browser.headers["origin"] = FOREIGN
    assert {run(browser, *one).status_code for one in handlers} == {403}


def test_a_file_that_was_made_for_somebody_is_for_nobody_else(
    pages: tuple[gr.Blocks, Any], workspace: Workspace
) -> None:
    def visitor(name: str) -> TestClient:
        found = TestClient(pages[1], base_url="http://127.0.0.1:7860")
        sign_in(found, name)
        return found

    path = downloads.new_folder(workspace, "ada") / "answers.csv"
    path.write_text("unit,text")
    address = f"/gradio_api/file={path}"
    ada, others = visitor("ada"), [visitor("rev"), visitor("ann")]
    assert ada.get(address).text == "unit,text"
    assert [other.get(address).status_code for other in others] == [403, 403]
    assert ada.post("/sign-out", follow_redirects=False).status_code == 303
    assert ada.get(address).status_code == 401
    assert visitor("ada").get(address).status_code == 403
    assert not path.exists()


def test_who_signs_out_is_out(browser: TestClient) -> None:
    sign_in(browser, "rev")
    secret = browser.cookies["workbench-7860"]
    assert browser.get("/config").status_code == 200
    browser.post("/sign-out")
    browser.cookies.set("workbench-7860", secret)
    assert browser.get("/config").status_code == 401


def test_rotating_where_one_comes_from_is_no_way_round_the_rest(workspace: Workspace) -> None:
    with serving.answering(workspace, login=True) as address:
        statuses = []
        for number in range(6):
            form = {"username": "ada", "password": PASSWORD if number == 5 else "wrong"}
            headers = {"x-forwarded-for": f"10.0.0.{number}"}
            answer = httpx.post(f"{address}login", data=form, headers=headers, trust_env=False)
            statuses.append(answer.status_code)
    assert statuses == [400] * 6


@pytest.fixture
def started(tmp_path: Path) -> Any:
    """Start the app in a process of its own; returns it and its second line."""
    running: list[subprocess.Popen[str]] = []

    def start(*options: str, environment: dict[str, str] | None = None, **more: Any) -> Any:
        command = [sys.executable, str(app.ROOT / "app.py"), "--no-demo", *options]
        command += ["--port", str(free_port()), "--workspace", str(tmp_path / "w")]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **(environment or {})},
            **more,
        )
        running.append(process)
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        return process, lines[1]

    yield start
    for process in running:
        process.kill()
        process.wait(20)
        if process.stdout:
            process.stdout.close()


def test_another_user_of_the_machine_is_asked_for_the_key(started: Callable[..., Any]) -> None:
    _, line = started()
    address, _, key = line.split()[1].partition("/?token=")
    with httpx.Client(base_url=address, trust_env=False) as other:
        for path in ("/", "/config", "/?token=", "/?token=wrong", "/pictures/1/grid.jpg"):
            assert other.get(path).status_code == 401, path
        assert other.head(f"/?token={key}").status_code == 401, "a look does not use the key up"
    with httpx.Client(base_url=address, trust_env=False) as owner:
        answer = owner.get(f"/?token={key}&tab=audit")
        assert 'content="0; url=/?tab=audit"' in answer.text
        assert owner.get("/config").status_code == 200
    assert httpx.get(f"{address}/?token={key}", trust_env=False).status_code == 401


def test_without_a_key_it_says_whose_rights_everybody_has(started: Callable[..., Any]) -> None:
    process, line = started("--no-token")
    assert "token=" not in line
    assert process.stdout.readline().startswith("--no-token: everybody with an account on this")
    assert httpx.get(f"{line.split()[1]}/config", trust_env=False).status_code == 200


def test_files_of_another_user_in_the_common_folder_hinder_nobody(
    started: Callable[..., Any], tmp_path: Path
) -> None:
    common = tmp_path / "common"
    common.mkdir()
    # What the first user's app would leave there, as a second user finds it.
    (common / "gradio").write_text("")
    _, line = started("--no-token", environment={"TMPDIR": str(common)})
    assert httpx.get(line.split()[1], trust_env=False).status_code == 200
    assert [path.name for path in common.iterdir()] == ["gradio"]
    assert (tmp_path / "w" / "temporary").is_dir()
    assert (tmp_path / "w").stat().st_mode & 0o077 == 0


def test_an_app_that_answers_slowly_starts_all_the_same(started: Callable[..., Any]) -> None:
    """No check of its own address: a proxy that swallows every request is not asked."""
    nowhere = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
    process, line = started("--no-token", environment={**nowhere, "NO_PROXY": "", "no_proxy": ""})
    assert line.startswith("open http://127.0.0.1:")
    assert httpx.get(line.split()[1], trust_env=False).status_code == 200
    with httpx.stream(
        "GET", f"{line.split()[1]}/gradio_api/heartbeat/x", trust_env=False, timeout=60
    ) as stream:
        assert stream.status_code == 200
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait(30)
    assert time.monotonic() - begun < 20
    assert "Traceback" not in process.stdout.read()
