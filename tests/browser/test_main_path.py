"""The main job in a real browser: a network in, sentences, a sign-off, and an ablation's curve."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from db import jobs
from db.audit import signoffs
from db.workspace import Workspace, create, open_database
from helpers.worlds import coloured_images, tiny_milan, two_layer_subject

Serve = Callable[..., str]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return create(tmp_path / "workspace")


def fill_and_press(page: Page, field: str, text: str, button: str) -> None:
    page.locator(f"#{field} textarea, #{field} input").first.fill(text)
    page.locator(f"#{button}").click()


def test_from_an_empty_workspace_to_a_curve(
    page: Page, serve: Serve, workspace: Workspace, tmp_path: Path
) -> None:
    subject = two_layer_subject(tmp_path / "subject")
    validation = coloured_images(tmp_path / "validation", seed=1)
    test = coloured_images(tmp_path / "test", seed=2)
    checkpoint = tiny_milan(tmp_path / "tiny-milan")
    page.goto(serve(workspace))

    # Describe: a newcomer is told what to do first, adds what is needed, and starts.
    page.get_by_role("tab", name="Describe", exact=True).click()
    expect(page.locator("#start")).to_contain_text("Add a network")
    page.get_by_role("button", name="Add…").click()
    fill_and_press(page, "new_subject", str(subject), "add_subject")
    expect(page.locator("#subject input")).to_have_value("two-layers")
    for folder in (validation, test):
        fill_and_press(page, "new_images", str(folder), "add_images")
    expect(page.locator("#images input")).to_have_value("test")
    fill_and_press(page, "new_checkpoint", str(checkpoint), "add_checkpoint")
    expect(page.locator("#checkpoint input")).to_have_value("tiny-milan")
    for layer in ("early", "late"):
        expect(page.locator("#layers").get_by_label(layer, exact=False)).to_be_checked()
    expect(page.locator("#estimate")).to_contain_text("14 units over 40 images")
    page.locator("#begin").click()
    expect(page.locator("#job")).to_contain_text("Describe two-layers early, late")

    # The page may go while the work goes on.
    page.reload()
    page.get_by_role("tab", name="Describe", exact=True).click()
    expect(page.locator("#job")).to_contain_text("· done", timeout=120_000)
    expect(page.locator("#rows")).to_contain_text("1 to 14 of 14 units")

    # A unit's page: exemplars, candidates, and lambda moves them without a model.
    page.locator("#rows [data-unit]").nth(7).click()
    expect(page.locator("#unit")).to_contain_text("two-layers/late/1")
    expect(page.locator("#candidates")).to_contain_text("0.2 log p(d)")
    expect(page.locator("#unit img.grid")).to_have_js_property("naturalWidth", 1304)
    page.locator("#masks").fill("40")
    page.locator("#masks").blur()  # there the arrows are the slider's
    expect(page.locator("#unit img.grid")).to_have_css("opacity", "0.4")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#unit")).to_contain_text("two-layers/late/2")
    expect(page.locator("#unit img.grid")).to_have_css("opacity", "0.4")

    # Audit: find, confirm by keyboard, undo, ablate.
    page.get_by_role("tab", name="Audit", exact=True).click()
    page.locator("#find").click()
    expect(page.get_by_test_id("toast-body")).to_contain_text("Type at least one word")
    # The toast says it; no veil lies on the form.
    expect(page.locator("[data-testid=status-tracker] > .error").first).to_be_hidden()
    fill_and_press(page, "typed", "text faces red blue patches dog on", "find")
    expect(page.locator("#found")).to_contain_text("described units match")
    expect(page.locator("#look mark").first).to_be_visible()
    page.locator("#tag input").fill("signs")
    page.locator("#tag input").press("Enter")
    page.locator("#tag input").blur()
    for confirmed in (1, 2, 3):
        # Only what is on the screen can be judged.
        picture = page.locator("#look img.grid")
        expect(picture).to_have_js_property("complete", True)
        picture.evaluate("node => node.scrollIntoView({block: 'center', behavior: 'instant'})")
        page.keyboard.press("c")
        expect(page.locator("#tally")).to_contain_text(f"confirmed {confirmed}")
        # A press that comes before the next unit is on the screen is meant for nothing.
        page.wait_for_timeout(1500)
    page.keyboard.press("ArrowRight")
    expect(page.locator("#look")).to_contain_text("2 of")
    page.wait_for_timeout(1500)
    page.keyboard.press("z")
    expect(page.locator("#tally")).to_contain_text("confirmed 2")
    expect(page.locator("#look")).to_contain_text("1 of")
    # A tag stays for a run of verdicts and goes with the next thing that is looked for.
    expect(page.locator("#tag input")).to_have_value("signs")
    page.locator("#find").click()
    expect(page.locator("#tag input")).to_have_value("")
    page.get_by_role("tab", name="Ablate", exact=True).click()
    # The images that are called like their purpose are chosen already.
    expect(page.locator("#ablate_subject input")).to_have_value("two-layers")
    expect(page.locator("#validation input")).to_have_value("validation")
    expect(page.locator("#test input")).to_have_value("test")
    page.locator("#ablate").click()
    expect(page.locator("#ablate_job")).to_contain_text("· done", timeout=120_000)
    expect(page.locator("#curve svg.mw-curve")).to_be_visible()
    expect(page.locator("#curve")).to_contain_text("random units")

    # What is done stands in the path, once an item is opened.
    page.locator("#audit_path [data-step=report]").click()
    expect(page.locator("#audit_path [data-step=judge]")).to_contain_text("2 confirmed")
    expect(page.locator("#audit_path [data-step=ablate]")).to_contain_text("1 ablation")

    # Cut and paste: the piece is dragged, and the network is asked again.
    page.get_by_role("tab", name="Studies", exact=True).click()
    page.get_by_role("button", name="Open Cut and paste", exact=True).click()
    expect(page.locator("#paste_network input")).to_have_value("two-layers")
    page.locator("#paste_unit input").click()
    page.get_by_role("option").first.click()
    pasted = page.locator("#pasted .mw-paste figure:nth-child(3) img")
    expect(pasted).to_be_visible()
    pasted.scroll_into_view_if_needed()
    before, box = pasted.get_attribute("src"), pasted.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75, steps=4)
    page.mouse.up()
    expect(page.locator("#paste_x input[type=range]")).to_have_value("25")
    expect(page.locator("#paste_y input[type=range]")).to_have_value("75")
    expect(pasted).not_to_have_attribute("src", before or "")
    # Corners may be half-typed for a while: the last ones count.
    page.get_by_label("a polygon").check()
    corners = page.locator("#paste_corners textarea, #paste_corners input").first
    corners.press_sequentially(" 1")
    expect(page.locator("#pasted")).to_contain_text("expected corners such as")
    corners.press_sequentially("0,90")
    expect(pasted).to_be_visible()

    # Spurious text: a name that was typed stays, and the folded fields need not be filled in.
    page.get_by_role("tab", name="Spurious text", exact=True).click()
    named = page.locator("#spurious_name textarea, #spurious_name input").first
    for folder, name in (("validation", "validation-text"), ("test", "test-text")):
        page.locator("#spurious_images input").click()
        page.get_by_role("option", name=f"{folder} (").click()
        expect(named).to_have_value(name)
    named.fill("a name!")
    page.locator("#spurious_images input").click()
    page.get_by_role("option", name="validation (").click()
    page.locator("#spurious_begin").click()
    expect(page.get_by_text("expected a name of letters, digits")).to_be_visible()
    expect(named).to_have_value("a name!")

    with open_database(workspace) as db:
        assert {job.state for job in jobs.latest(db)} == {"done"}
        standing = signoffs.current(db)
        assert [each.verdict for each in standing] == ["confirmed", "confirmed"]
        assert [each.tag for each in standing] == ["signs", "signs"]
        assert all(len(each.seen["exemplars"]) > 16 for each in standing)


def test_links_open_where_they_point(page: Page, serve: Serve, workspace: Workspace) -> None:
    url = serve(workspace)
    page.goto(f"{url}?unit=net/layer4/427")
    expect(page.get_by_text("expected a unit that is in the workspace")).to_be_visible()
    expect(page.locator("#start")).to_contain_text("Add a network")
    page.goto(f"{url}?tab=audit")
    expect(page.get_by_role("tab", name="Audit", exact=True)).to_have_attribute(
        "aria-selected", "true"
    )
    page.goto(url)
    expect(page.get_by_role("tab", name="Describe", exact=True)).to_have_attribute(
        "aria-selected", "true"
    )
