"""The app as a whole: every endpoint is guarded, doors hold from outside, commands end properly."""

import asyncio
import inspect
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
from starlette.testclient import TestClient

import app
from db.access import sessions, users
from db.workspace import Workspace, create, open_database
from helpers import serving
from helpers.annotating import free_port

PASSWORD = "correct horse"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = create(tmp_path / "workspace")
    with open_database(workspace) as db:
        for name, role in (("ada", "admin"), ("rev", "reviewer"), ("ann", "annotator")):
            users.add(db, name, role, password=PASSWORD)
    return workspace


@pytest.fixture
def client(workspace: Workspace) -> TestClient:
    return serving.client(workspace, login=True)[1]


def sign_in(client: TestClient, name: str, password: str = PASSWORD) -> int:
    form = {"username": name, "password": password}
    return client.post("/login", data=form).status_code


@pytest.mark.parametrize("login", [True, False])
def test_every_endpoint_declares_its_roles(workspace: Workspace, login: bool) -> None:
    demo = app.build(workspace, login=login)
    functions = [each for each in demo.fns.values() if each.fn is not None]
    assert len(functions) > 20
    unguarded = [each.name for each in functions if not getattr(each.fn, "roles", None)]
    assert unguarded == []


def test_the_page_is_light(workspace: Workspace) -> None:
    with serving.answering(workspace) as address:
        page = httpx.get(address, trust_env=False, timeout=60)
        assert page.headers["content-encoding"] == "gzip"
        assert page.num_bytes_downloaded < 250_000


def test_only_the_annotate_tab_answers_an_annotator(workspace: Workspace) -> None:
    demo = app.build(workspace, login=True)
    closed = [e for e in demo.fns.values() if e.fn and "annotator" not in e.fn.roles]
    assert closed

    class Request:
        username = "ann"

    for each in closed:
        parameters = list(inspect.signature(each.fn).parameters)
        arguments: dict[str, Any] = dict.fromkeys(parameters)
        arguments["request"] = Request()
        with pytest.raises(gr.Error, match="This needs the role"):
            list(result) if hasattr(result := each.fn(**arguments), "__next__") else result


def test_without_signing_in_nothing_is_shown(client: TestClient) -> None:
    assert client.get("/config").status_code == 401
    assert client.get("/pictures/1/grid.jpg").status_code == 401
    assert sign_in(client, "ada", "wrong horse") == 400
    assert sign_in(client, "ada") == 200
    assert client.get("/config").status_code == 200


def test_a_picture_is_shown_to_who_signed_in_and_a_missing_one_is_404(client: TestClient) -> None:
    sign_in(client, "ann")
    answer = client.get("/pictures/1/grid.jpg")
    assert answer.status_code == 404
    assert client.get(f"/pictures/{10**30}/grid.jpg").status_code == 404
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"


def test_a_removed_account_is_shown_nothing_more(client: TestClient, workspace: Workspace) -> None:
    sign_in(client, "Ann ")
    assert client.get("/pictures/1/grid.jpg").status_code == 404
    with open_database(workspace) as db:
        users.remove(db, "ann")
    assert client.get("/pictures/1/grid.jpg").status_code == 401


def test_an_error_is_shown_as_text(client: TestClient) -> None:
    assert str(app._refusal("expected <b>, got 'x'")) == "\"expected &lt;b&gt;, got 'x'\""


def test_opening_the_page_tells_an_annotator_of_no_closed_door(workspace: Workspace) -> None:
    demo = app.build(workspace, login=True)
    arriving = [each for each in demo.fns.values() if ("load" in str(each.targets)) and each.fn]
    assert len(arriving) > 4
    for each in arriving:
        assert "annotator" in each.fn.roles, each.name


def test_pages_of_other_sites_are_refused(client: TestClient) -> None:
    sign_in(client, "ada")
    for site in ("http://evil.example", "http://127.0.0.1:9000", "null"):
        answer = client.get("/config", headers={"origin": site})
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


def test_guessing_a_password_makes_the_name_rest(client: TestClient) -> None:
    for _ in range(5):
        assert sign_in(client, "ada", "wrong horse") == 400
    assert sign_in(client, "ada") == 400
    assert sign_in(client, "𝒂da") == 400, "another spelling of the same account"
    assert sign_in(client, "rev") == 200


def test_many_guesses_at_once_are_no_way_round_the_rest(workspace: Workspace) -> None:
    check = sessions.authenticator(workspace)

    async def guess() -> list[bool]:
        return await asyncio.gather(*(check("ada", f"wrong {n}") for n in range(20)), right())

    async def right() -> bool:
        return bool(await check("ada", PASSWORD))

    # In a thread of its own: a loop of browser tests may be running in this one.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: asyncio.run(guess())).result() == [False] * 21


def test_every_workspace_has_a_secret_of_its_own_that_only_its_owner_reads(tmp_path: Path) -> None:
    one, other = create(tmp_path / "one").secret, create(tmp_path / "other").secret
    assert len(one.read_bytes()) == 32
    assert one.read_bytes() != other.read_bytes()
    assert one.stat().st_mode & 0o077 == 0


def test_the_workspace_itself_is_never_served(client: TestClient, workspace: Workspace) -> None:
    sign_in(client, "ada")
    for path in (workspace.database, workspace.secret, "/etc/passwd", "http://127.0.0.1:1/"):
        assert client.get(f"/gradio_api/file={path}").status_code in (403, 404)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["users", "remove", "nobody"], "expected the name of an account, got 'nobody'"),
        (["restore", "none.tar"], "which is missing"),
        (["--device", "gpu0"], "expected device auto, cpu, cuda or cuda:N, got 'gpu0'"),
        (["--device", "cuda:99"], "got 'cuda:99'"),
        (["--port", "0"], "expected a port from 1 to 65535, got 0"),
        (["exemplars", "none.toml", "images", "--out", "out"], "none.toml"),
    ],
)
def test_bad_input_ends_with_one_line_and_status_2(
    arguments: list[str], sentence: str, tmp_path: Path
) -> None:
    # Whoever else answers on the usual port is not what these are about.
    port = ["--port", str(free_port())] if arguments[0] == "--device" else []
    command = [sys.executable, str(app.ROOT / "app.py"), *port, *arguments]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stderr.startswith("error: ")
    assert sentence in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_the_app_says_where_it_answers_and_leaves_a_taken_port_alone(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(app.ROOT / "app.py"), "--no-demo", "--port", str(port)]
    with subprocess.Popen(
        [*command, "--workspace", str(tmp_path / "one")], stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        lines = [first.stdout.readline() for _ in range(2)]
        address = f"http://127.0.0.1:{port}"
        assert lines[1].startswith(f"open {address}/?token=")
        assert "the address that the terminal printed" in httpx.get(address, trust_env=False).text
        with httpx.Client(trust_env=False) as browser:
            assert browser.get(lines[1].split()[1]).status_code == 200
            assert "gradio" in browser.get(address).text
        assert first.stdout.readline().endswith("for another browser\n")
        assert httpx.get(lines[1].split()[1], trust_env=False).status_code == 401
        second = subprocess.run(
            [*command, "--workspace", str(tmp_path / "two")], capture_output=True, text=True
        )
        first.send_signal(signal.SIGINT)
        first.wait(60)
    assert second.returncode == 2
    assert second.stderr.startswith("error: expected an address to answer on, got 127.0.0.1 port")
    assert not (tmp_path / "two").exists()


def test_every_command_has_help() -> None:
    actions = [a for a in app.parser()._actions if hasattr(a, "choices") and a.choices]
    commands = next(a.choices for a in actions if isinstance(a.choices, dict))
    assert {"exemplars", "describe", "train", "audit", "annotations", "demo"} <= set(commands)
    for name, parser in commands.items():
        assert parser.format_help(), name


@pytest.mark.parametrize(
    ("host", "share", "login"),
    [
        ("127.0.0.1", False, False),
        ("localhost", False, False),
        ("::1", False, False),
        ("0.0.0.0", False, True),
        ("lab.example", False, True),
        ("127.0.0.1", True, True),
    ],
)
def test_whatever_others_can_reach_needs_a_sign_in(host: str, share: bool, login: bool) -> None:
    settings = app.Settings(Path("w"), host, 7860, share, "auto", True)
    assert settings.login is login
    way = settings.way()
    assert (way.login, way.key is None, way.names.local) == (login, login, not login)
    assert replace(settings, token=False).way().key is None


def test_an_address_for_others_or_a_proxy_needs_a_sign_in() -> None:
    settings = app.Settings(Path("w"), "127.0.0.1", 7860, False, "auto", True)
    outside = replace(settings, public=("https://lab.example",)).way()
    assert outside.login
    assert outside.names.public == {"https://lab.example"}
    assert replace(settings, proxies=("10.0.0.7",)).way().login


def test_without_a_tunnel_the_app_goes_on_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def none(*given: object) -> str:
        raise RuntimeError("Could not get share link from Gradio API Server.")

    monkeypatch.setattr("gradio.networking.setup_tunnel", none)
    settings = app.Settings(Path("w"), "127.0.0.1", 7860, True, "auto", True)
    names = settings.way().names
    app._share(settings, names)
    assert "there is no public link (Could not get" in capsys.readouterr().out
    assert names.public == set()
    monkeypatch.setattr("gradio.networking.setup_tunnel", lambda *given: "https://a.gradio.live")
    app._share(settings, names)
    assert names.answers("a.gradio.live")


def test_accounts_are_made_and_shown_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = create(tmp_path / "new")
    app.announce_accounts(workspace)
    shown = dict(line.split() for line in capsys.readouterr().out.splitlines()[1:])
    assert set(shown) == {"admin", "reviewer", "annotator"}
    with open_database(workspace) as db:
        assert all(users.verify(db, name, password) for name, password in shown.items())
    app.announce_accounts(workspace)
    assert not any(password in capsys.readouterr().out for password in shown.values())
