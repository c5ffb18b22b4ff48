"""The Annotate tab as people use it in a real browser: a workspace, the ways in, boxes and tabs."""

from pathlib import Path

from playwright.sync_api import Browser, Page

from db.access import users
from db.annotate import campaigns, qualifications, ratings, slots
from db.annotate.annotations import Answer
from db.annotate.campaigns import Settings
from db.annotate.claims import Claim
from db.annotate.qualifications import Question
from db.describe import exemplars
from db.workspace import Workspace, create, open_database
from helpers.annotating import add_units, fill_pictures

# A busy machine is no failure.
PATIENCE_MS = 90_000
XSS = "<img src=x onerror=\"document.title='owned'\"> ${document.title='owned'}"


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
        # A campaign that is over, whose answers wait for a verdict.
        autumn = campaigns.add(
            db, "autumn", unit_ids[:4], settings=Settings("One sentence."), person="admin"
        )
        for name in ("dora", "eli"):
            users.ensure(db, name, "annotator")
            for number in range(4):
                claimed = slots.claim(db, autumn.campaign_id, name)
                assert isinstance(claimed, Claim)
                text = f"answer {number} of {name}"
                slots.submit(db, claimed.token, name, Answer(text))
        campaigns.set_state(db, autumn.campaign_id, "closed", person="admin")
        ratings.add(
            db,
            "methods",
            {unit_ids[0]: [("MILAN", "dog faces"), ("NetDissect", "grids")]},
            settings=Settings("Rate.", consent="You are asked, you agree."),
            person="admin",
        )
    return workspace


def arrive(browser: Browser, address: str, name: str, width: int) -> Page:
    page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{address}/?tab=annotate")
    page.wait_for_selector("#an-name textarea, #an-name input", state="visible")
    page.locator("#an-name textarea, #an-name input").fill(name)
    page.locator("#an-named").click()
    assert page.locator("#an-agree").inner_text().strip() == "I agree, start"
    page.locator("#an-agree").click()
    page.wait_for_selector(".an-grid img", state="visible")
    return page


def sign_in(browser: Browser, address: str, name: str, width: int = 1440) -> Page:
    page = browser.new_context(viewport={"width": width, "height": 1000}).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{address}/?tab=annotate")
    page.get_by_label("username").fill(name)
    page.get_by_label("password").fill("password1")
    page.get_by_role("button", name="Login").click()
    return page


def open_tab(page: Page, name: str) -> None:
    """Open a tab; on a narrow page it may lie in the menu of those that found no room."""
    tab = page.get_by_role("tab", name=name, exact=True)
    kept = page.locator(".overflow-dropdown button").get_by_text(name, exact=True)
    tab.or_(kept).first.wait_for(state="attached")
    if tab.count():
        tab.first.click()
        return
    menu = page.locator(".overflow-menu").filter(has=kept)
    menu.get_by_label("More tabs").click()
    menu.get_by_text(name, exact=True).click()


def choose(page: Page, dropdown: str, name: str) -> None:
    page.locator(f"{dropdown} input").click()
    page.get_by_role("option", name=name, exact=True).click()


def fill(page: Page, box: str, text: str) -> None:
    page.locator(f"{box} textarea, {box} input").first.fill(text)


def token(page: Page) -> str:
    return str(page.locator(".an-grid[data-token]").first.get_attribute("data-token"))


def answer(page: Page, text: str) -> None:
    before = token(page)
    box = page.locator("#an-text textarea")
    box.fill(text)
    box.press("Control+Enter")
    page.wait_for_function(
        "old => { const grid = document.querySelector('.an-grid[data-token]');"
        " return grid && grid.dataset.token !== old; }",
        arg=before,
    )
