"""The Annotate tab in a real browser as a reviewer uses it, wide and narrow."""

import pytest
from playwright.sync_api import Browser, expect

from db.annotate import annotations, campaigns
from db.workspace import Workspace, open_database
from helpers.browsing import choose, fill, open_tab, sign_in

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("width", [1440, 390])
def test_a_reviewer_judges_by_keys(
    browser: Browser, guarded: tuple[Workspace, str], width: int
) -> None:
    workspace, address = guarded
    author = {1440: "dora", 390: "eli"}[width]
    page = sign_in(browser, address, "rae", width)
    open_tab(page, "Review")
    choose(page, "#an-review-campaign", "autumn")
    choose(page, "#an-review-person", author)
    page.wait_for_selector(f"#an-review-card >> text=of {author}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("#an-review-card").click()
    # Refusing needs a reason: the key leads to its box, where letters that are keys are letters.
    page.keyboard.press("r")
    reason = page.locator("#an-reason textarea, #an-reason input")
    expect(reason).to_be_focused()
    page.keyboard.type("press a to approve")
    expect(reason).to_have_value("press a to approve")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Rejected.")
    expect(reason).not_to_be_focused()
    page.keyboard.press("u")
    page.wait_for_selector("text=Taken back")
    page.keyboard.press("u")
    page.wait_for_selector("#an-review-note >> text=no verdict on this answer to take back")
    # A reason that is there already does not make the key refuse.
    reason.fill("vague")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(reason).to_be_focused()
    reason.fill("")
    page.keyboard.press("Escape")
    expect(reason).not_to_be_focused()
    page.keyboard.press("a")
    page.wait_for_selector("text=Approved.")
    page.locator("#an-review-card").click()
    page.keyboard.press("q")
    page.wait_for_selector("text=Requeued.")
    with open_database(workspace) as db:
        autumn = campaigns.named(db, "autumn").campaign_id
        status = [e.status for e in annotations.of_campaign(db, autumn) if e.annotator == author]
    assert sorted(status) == ["approved", "requeued", "waiting", "waiting"]
    open_tab(page, "Annotators")
    page.wait_for_selector(f"#an-people >> text={author}")
    fill(page, "#an-why-all", "all alike")
    page.locator("#an-requeue-all").click()
    page.wait_for_selector("text=Tick the box first")
    sure = page.locator("#an-requeue-sure input")
    sure.check()
    choose(page, "#an-review-person", "everybody")
    expect(sure).not_to_be_checked()
    choose(page, "#an-review-person", author)
    sure.check()
    page.locator("#an-requeue-all").click()
    page.wait_for_selector(f"text=3 answers of {author} were set aside")
    expect(sure).not_to_be_checked()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.get_by_role("tab", name="Manage").count() == 0
