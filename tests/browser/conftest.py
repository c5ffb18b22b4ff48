"""A real Chromium and the real app, started once a test on a port of its own."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from db.workspace import Workspace
from helpers.annotating import running_app
from helpers.browsing import XSS, prepare
from helpers.serving import answering

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

Serve = Callable[..., str]

# A busy machine is no failure.
expect.set_options(timeout=60_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("no chromium on this machine: `apt-get install chromium` brings it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """The one Chromium, since two cannot run in one process; pages left open are closed after."""
    yield chromium
    for context in chromium.contexts:
        context.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh page; the test fails when a script on it throws."""
    errors: list[str] = []
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_default_timeout(60_000)
    yield page
    context.close()
    assert not errors


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start the app over a workspace; returns its address. Stopped after the test."""
    with contextlib.ExitStack() as running:

        def start(workspace: Workspace, *, login: bool = False) -> str:
            return running.enter_context(answering(workspace, login=login))

        yield start


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, str]]:
    """The app over a workspace with campaigns, where people name themselves."""
    workspace = prepare(tmp_path_factory.mktemp("local") / "w", consent=f"You agree. {XSS}")
    with running_app(workspace) as address:
        yield workspace, address


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, str]]:
    """The same, where they sign in and pass a test."""
    workspace = prepare(tmp_path_factory.mktemp("guarded") / "w", test=True)
    with running_app(workspace, login=True) as address:
        yield workspace, address
