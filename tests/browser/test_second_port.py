"""A page on another port of the same host, with the victim's cookie, in a real browser."""

import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from browser.conftest import FLAGS, Serve
from playwright.sync_api import Browser

from db.access import users
from db.workspace import create, open_database

# What a hostile page tries, and what it gets to see of each.
ATTACK = """
async app => {
  const seen = {};
  const body = JSON.stringify({data: [], fn_index: 0, session_hash: "evil"});
  const tries = {
    read: [app + "/config", {credentials: "include"}],
    call: [app + "/gradio_api/run/predict", {method: "POST", credentials: "include", body,
      headers: {"content-type": "application/json"}}],
    simple: [app + "/gradio_api/queue/join", {method: "POST", credentials: "include", body}],
    forged: [app + "/config", {credentials: "include",
      headers: {"x-forwarded-host": location.host}}],
    leave: [app + "/sign-out", {method: "POST", credentials: "include"}],
  };
  for (const name in tries)
    seen[name] = await fetch(...tries[name]).then(answer => answer.text(), error => "nothing");
  seen.blind = await fetch(app + "/sign-out", {method: "POST", mode: "no-cors",
    credentials: "include"}).then(answer => answer.type, error => "nothing");
  seen.picture = await new Promise(done => {
    const image = new Image();
    image.onload = () => done("shown"); image.onerror = () => done("nothing");
    image.src = app + "/static/img/logo.svg";
  });
  seen.frame = await new Promise(done => {
    const frame = document.createElement("iframe");
    frame.onload = () => { try { done(frame.contentDocument ? frame.contentDocument.body.innerText
      : "nothing") } catch { done("nothing") } };
    frame.src = app + "/"; document.body.append(frame);
  });
  return seen;
}
"""


@pytest.fixture
def evil() -> Iterator[int]:
    """Another user's server on the same host; yields its port."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(b"<h1>Free pictures</h1>")

        def log_message(self, *given: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("host", ["127.0.0.1", "lab.test"])
def test_a_page_on_another_port_neither_reads_nor_drives_the_app(
    chromium: Browser, serve: Serve, evil: int, tmp_path: Path, host: str
) -> None:
    workspace = create(tmp_path / "w")
    with open_database(workspace) as db:
        users.add(db, "ada", "admin", password="correct horse")
    port = serve(workspace, login=True).rstrip("/").rsplit(":", 1)[1]
    app = f"http://{host}:{port}"
    # A name over plain http is no safe place: browsers say no site there.
    flags = [*FLAGS, "--host-resolver-rules=MAP lab.test 127.0.0.1"]
    browser = chromium.browser_type.launch(executable_path=shutil.which("chromium"), args=flags)
    page = browser.new_page()
    page.goto(f"{app}/?tab=audit")
    page.get_by_label("username").fill("ada")
    page.get_by_label("password").fill("correct horse")
    page.get_by_role("button", name="Login").click()
    page.wait_for_selector("text=ada · admin", timeout=60_000)
    assert page.url == f"{app}/?tab=audit"
    page.goto(f"http://{host}:{evil}/")
    seen = page.evaluate(ATTACK, app)
    assert {name: text for name, text in seen.items() if text not in ("nothing", "")} == {}
    page.goto(app)
    page.wait_for_selector("text=ada · admin", timeout=60_000)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("username").wait_for()
    assert page.context.cookies() == []
    browser.close()
