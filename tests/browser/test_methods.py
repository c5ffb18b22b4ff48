"""Methods chosen, started and watched; a unit opened, and how its sentences came about."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from db import jobs
from db.describe import descriptions
from db.describe.descriptions import NewDescription
from db.workspace import Workspace, create, open_database
from describer import workspace_files
from helpers import planted
from helpers.annotating import add_units
from helpers.worlds import tiny_milan

Serve = Callable[..., str]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A network whose units see paints, its images, their labels, and a MILAN."""
    subject, images, concepts = planted.world(tmp_path)
    workspace = create(tmp_path / "w")
    with open_database(workspace) as db:
        workspace_files.enter_subject(db, subject)
        workspace_files.enter_images(db, images)
        workspace_files.enter_checkpoint(db, str(tiny_milan(tmp_path / "tiny-milan")))
        workspace_files.enter_concepts(db, str(concepts), form="segmentation", name="paints")
    return workspace


def test_methods_are_chosen_started_and_explained(
    page: Page, serve: Serve, workspace: Workspace
) -> None:
    page.goto(serve(workspace) + "?tab=describe")
    # Without units the form is there from the start, with what each method needs.
    needs = page.locator("#needs")
    expect(needs).to_contain_text("NetDissect concepts: paints, colours")
    expect(needs).to_contain_text("a model that compares images and texts")
    needs.get_by_text("how to get it").first.click()
    expect(needs.locator("pre").first).to_contain_text("hf download")
    boxes = page.locator("#methods")
    expect(boxes.get_by_label("Describe-and-Dissect")).to_have_count(0)
    expect(page.locator("#layers").get_by_label("near")).to_be_checked()
    boxes.get_by_label("NetDissect").check()
    expect(page.locator("#estimate")).to_contain_text("20 units over 24 images")
    expect(page.locator("#estimate")).to_contain_text("what tiny-milan was trained on is not known")
    page.get_by_role("button", name="Options of exemplars and methods").click()
    page.get_by_role("button", name="NetDissect, Compositional Explanations").click()
    page.locator("#concepts input").click()
    page.get_by_role("option", name="paints").click()
    page.locator("#begin").click()
    expect(page.locator("#job")).to_contain_text("by MILAN, NetDissect")
    expect(page.locator("#job")).to_contain_text("· done", timeout=180_000)

    # A row a unit; the one that is open shows all methods, and its page how each came to say it.
    expect(page.locator("#rows")).to_contain_text("1 to 20 of 20 units")
    expect(page.locator("#new_panel")).to_be_hidden()
    page.locator("#rows [data-unit]").nth(3).click()
    unit = page.locator("#unit")
    expect(unit).to_contain_text("paints/near/3")
    own = unit.locator(".mw-method").filter(has_text="NetDissect")
    expect(own).to_contain_text("paint 3")
    expect(own).to_contain_text("higher is better")
    own.get_by_text("how it came about").click()
    expect(own.locator("img")).to_have_js_property("complete", True)
    assert own.locator("img").evaluate("node => node.naturalWidth") > 300
    own.get_by_text("made of").click()
    expect(own).to_contain_text("quantile")
    expect(page.locator("#rows [aria-current]")).to_contain_text("paint 3")

    # Scores are sorted within a method, and named.
    page.locator("#method input").click()
    page.get_by_role("option", name="NetDissect").click()
    head = page.locator("[data-sort=score]")
    expect(head).to_have_text("IoU")
    head.click()
    expect(head).to_have_text("IoU ▼")
    head.click()
    expect(head).to_have_text("IoU ▲")
    with open_database(workspace) as db:
        (job,) = jobs.latest(db)
        assert job.result["described"] == 40


@pytest.fixture
def described(tmp_path: Path) -> Workspace:
    workspace = create(tmp_path / "many")
    with open_database(workspace) as db:
        units = add_units(db, 40)
        new = [NewDescription(each, "milan", "m", f"sentence {each}", -1.0) for each in units]
        descriptions.add(db, new)
        db.execute("update exemplar_sets set folder = ''")
    return workspace


def test_units_come_first_on_one_screen(page: Page, serve: Serve, described: Workspace) -> None:
    page.goto(serve(described) + "?tab=describe")
    unit, row = page.locator("#unit h3"), page.locator("#rows [data-unit]").first
    expect(unit).to_contain_text("toy/conv1/0")
    for part in (unit, row):
        box = part.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 450
    page.mouse.wheel(0, 1500)
    expect(unit).to_be_in_viewport()
    expect(page.locator("#new_panel")).to_be_hidden()
    page.mouse.wheel(0, -3000)
    page.locator("#new").click()
    expect(page.locator("#begin")).to_be_visible()
    page.locator("#new").click()
    expect(page.locator("#new_panel")).to_be_hidden()


def test_on_a_phone_a_unit_is_a_sheet(browser: Browser, serve: Serve, described: Workspace) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(serve(described) + "?tab=describe")
    row = page.locator("#rows [data-unit]").nth(2)
    row.wait_for(state="visible")
    expect(page.locator("#unit")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    row.tap()
    head = page.locator("#unit h3")
    expect(head).to_contain_text("toy/conv1/2")
    expect(head).to_be_in_viewport()
    swipe(page, 300, 60)
    expect(head).to_contain_text("toy/conv1/3")
    swipe(page, 60, 300)
    expect(head).to_contain_text("toy/conv1/2")
    page.get_by_role("button", name="‹ List").tap()
    expect(page.locator("#unit")).to_be_hidden()
    expect(row).to_be_visible()


def swipe(page: Page, start: int, end: int) -> None:
    page.locator("#unit_side").evaluate(
        """(node, [start, end]) => {
          const touch = (x) => new Touch({identifier: 1, target: node, clientX: x, clientY: 600});
          const send = (name, x, down) => node.dispatchEvent(new TouchEvent(name, {
            bubbles: true, touches: down ? [touch(x)] : [], changedTouches: [touch(x)]}));
          send('touchstart', start, true);
          send('touchend', end, false);
        }""",
        [start, end],
    )
