"""The Annotate tab in a real browser: annotator, reviewer and admin, wide and narrow."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from annotating import add_units, fill_pictures, running_app

from db import annotations, campaigns, exemplars, qualifications, users
from db.campaigns import Settings
from db.qualifications import Question
from db.workspace import Workspace, create, open_database

sync_api = pytest.importorskip("playwright.sync_api")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore"),
]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
XSS = "<img src=x onerror=\"document.title='owned'\"> ${document.title='owned'}"


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as playwright:
        system = Path("/usr/bin/chromium")
        options = {"executable_path": str(system)} if system.exists() else {}
        found = playwright.chromium.launch(args=FLAGS, **options)
        yield found
        found.close()


def prepare(folder: Path, **settings: object) -> Workspace:
    workspace = create(folder)
    with open_database(workspace) as db:
        unit_ids = add_units(db, 12)
        units = [exemplars.unit(db, unit_id) for unit_id in unit_ids]
        fill_pictures(workspace, units)
        if settings.pop("test", False):
            questions = [
                Question(unit_ids[10], ("dog faces", "red cars"), 0),
                Question(unit_ids[11], ("grids", "water"), 0),
            ]
            made = qualifications.add(db, "t", questions, person="admin", cooling_minutes=0)
            settings["qualification_id"] = made.qualification_id
        rules = Settings(instructions=f"What do they share? {XSS}", **settings)  # type: ignore[arg-type]
        campaigns.add(db, "spring", unit_ids[:10], settings=rules, person="admin")
        for name, role in (("admin", "admin"), ("rae", "reviewer"), ("bo", "annotator")):
            users.add(db, name, role, password="password1")  # type: ignore[arg-type]
        users.add(db, "cy", "annotator", password="password1")
    return workspace


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, str]]:
    workspace = prepare(tmp_path_factory.mktemp("local") / "w", consent=f"You agree. {XSS}")
    with running_app(workspace) as address:
        yield workspace, address


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, str]]:
    workspace = prepare(tmp_path_factory.mktemp("guarded") / "w", test=True)
    with running_app(workspace, login=True) as address:
        yield workspace, address


def arrive(browser: sync_api.Browser, address: str, name: str, width: int) -> sync_api.Page:
    page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    page.goto(f"{address}/?tab=annotate")
    page.wait_for_selector("#an-name textarea, #an-name input", state="visible")
    page.locator("#an-name textarea, #an-name input").fill(name)
    page.locator("#an-named").click()
    page.locator("#an-agree").click()
    page.wait_for_selector(".an-grid img", state="visible")
    return page


def sign_in(browser: sync_api.Browser, address: str, name: str) -> sync_api.Page:
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    page.goto(f"{address}/?tab=annotate")
    page.get_by_label("username").fill(name)
    page.get_by_label("password").fill("password1")
    page.get_by_role("button", name="Login").click()
    return page


def token(page: sync_api.Page) -> str:
    return str(page.locator(".an-grid[data-token]").first.get_attribute("data-token"))


def answer(page: sync_api.Page, text: str) -> None:
    before = token(page)
    box = page.locator("#an-text textarea")
    box.fill(text)
    box.press("Control+Enter")
    page.wait_for_function(
        "old => { const grid = document.querySelector('.an-grid[data-token]');"
        " return grid && grid.dataset.token !== old; }",
        arg=before,
    )


@pytest.mark.parametrize("width", [1440, 390])
def test_an_annotator_works_by_keyboard_and_loses_nothing(
    browser: sync_api.Browser, local: tuple[Workspace, str], width: int
) -> None:
    workspace, address = local
    name = f"ann {width}"
    page = arrive(browser, address, name, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    answer(page, XSS)

    # an empty sentence is not sent, and says why near the box
    box = page.locator("#an-text textarea")
    before = token(page)
    box.press("Control+Enter")
    page.wait_for_selector("#an-hint >> text=No common pattern")
    assert token(page) == before

    # letters that are keys elsewhere are letters here
    box.press_sequentially("arqu s1 n? images of m")
    assert page.locator(".an-masked").first.is_visible()
    page.wait_for_selector("#an-hint >> text=Leave out", timeout=10_000)
    page.reload()
    page.wait_for_selector(".an-grid img", state="visible")
    assert page.locator("#an-text textarea").input_value() == "arqu s1 n? images of m"
    assert token(page) == before

    # holding M outside the box shows the whole pictures, and is counted
    page.locator(".an-grid").first.focus()
    page.keyboard.down("m")
    page.wait_for_selector(".an-open", state="visible")
    page.keyboard.up("m")
    page.wait_for_selector(".an-masked", state="visible")
    page.keyboard.press("Enter")
    page.wait_for_selector(".an-overlay img")
    page.keyboard.press("Escape")
    answer(page, "striped fur")
    assert page.title() != "owned"
    with open_database(workspace) as db:
        last = annotations.own(db, 1, name)[0]
        first = annotations.own(db, 1, name)[1]
    assert (last.text, last.unmasked_looks) == ("striped fur", 1)
    assert first.text == " ".join(XSS.split())


def test_a_failed_autosave_leaves_the_text_and_says_so(
    browser: sync_api.Browser, local: tuple[Workspace, str]
) -> None:
    page = arrive(browser, local[1], "offline", 1440)
    page.context.set_offline(True)
    page.locator("#an-text textarea").press_sequentially("round tables")
    page.wait_for_selector("text=Your text stays in this box", timeout=15_000)
    box = page.locator("#an-text textarea")
    assert box.input_value() == "round tables"
    assert box.is_editable()


def test_people_are_who_they_signed_in_as_and_are_tested_first(
    browser: sync_api.Browser, guarded: tuple[Workspace, str]
) -> None:
    workspace, address = guarded
    for name in ("bo", "cy"):
        page = sign_in(browser, address, name)
        page.wait_for_selector("#an-hand-in", state="visible")
        assert "answer" not in page.content().split("Best description")[0][-200:]
        page.wait_for_selector("text=picture set 1 of 2")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("text=Choose one of the sentences first")
        page.get_by_label("dog faces").check()
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("text=picture set 2 of 2")
        page.get_by_label("grids").check()
        page.keyboard.press("Control+Enter")
        page.wait_for_selector(".an-grid[data-token]:not([data-token=''])", state="visible")
        assert page.get_by_role("tab", name="Manage").count() == 0
        assert page.get_by_role("tab", name="Review").count() == 0
        answer(page, f"the sentence of {name}")
        assert page.locator(f"text=the sentence of {'cy' if name == 'bo' else 'bo'}").count() == 0
    with open_database(workspace) as db:
        stored = {each.annotator: each.text for each in annotations.of_campaign(db, 1)}
    assert stored == {"bo": "the sentence of bo", "cy": "the sentence of cy"}

    page = sign_in(browser, address, "rae")
    page.get_by_role("tab", name="Review").click()
    page.wait_for_selector("text=the sentence of bo")
    page.locator("#an-review-card").click()
    page.keyboard.press("r")
    page.wait_for_selector("text=Give a reason")
    page.locator("#an-reason textarea, #an-reason input").fill("press a to approve")
    page.locator("#an-reject").click()
    page.wait_for_selector("text=Rejected.")
    page.locator("#an-review-card").click()
    page.keyboard.press("u")
    page.wait_for_selector("text=Taken back")
    page.keyboard.press("a")
    page.wait_for_selector("text=Approved.")
    with open_database(workspace) as db:
        status = {each.annotator: each.status for each in annotations.of_campaign(db, 1)}
    assert status == {"bo": "approved", "cy": "waiting"}
    assert page.get_by_role("tab", name="Manage").count() == 0


def test_an_admin_starts_and_pauses_a_campaign(
    browser: sync_api.Browser, guarded: tuple[Workspace, str]
) -> None:
    workspace, address = guarded
    page = sign_in(browser, address, "admin")
    page.get_by_role("tab", name="Manage").click()
    page.wait_for_selector("#an-campaigns >> text=spring")
    page.locator("#an-pause").click()
    page.wait_for_selector("text=The campaign is paused now")
    with open_database(workspace) as db:
        assert campaigns.named(db, "spring").state == "paused"
