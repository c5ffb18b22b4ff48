"""The path of an audit in a real browser: what is done in each step, and what a step opens."""

import pytest
from playwright.sync_api import Page, expect

from db.audit import signoffs
from db.workspace import Workspace, open_database

STUDIES = {
    "Compare networks": "compare",
    "Faithfulness": "faithfulness",
    "Feature importance": "importance",
    "Uses": "uses",
    "Cut and paste": "paste",
    "Spurious text": "spurious",
}


def expect_open(page: Page, item: str) -> None:
    tab = page.locator(f"#audit_items [role=tab][data-tab-id={item}]")
    expect(tab).to_have_attribute("aria-selected", "true")


def expect_marked(page: Page, step: str | None) -> None:
    marked = page.locator("#audit_path [aria-current=step]")
    expect(marked).to_have_count(0 if step is None else 1)
    if step is not None:
        expect(marked).to_have_attribute("data-step", step)


@pytest.mark.parametrize("width", [1440, 390])
def test_a_step_opens_its_item_and_says_what_is_done(
    page: Page, local: tuple[Workspace, str], width: int
) -> None:
    workspace, address = local
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{address}/?tab=audit")
    path = page.get_by_role("navigation", name="Steps of an audit")
    expect(path.get_by_role("button")).to_contain_text(
        ["Find", "Sign off", "Ablate", "Edit", "Report"]
    )
    expect_marked(page, "find")

    # By keyboard, and the focus stays on the page.
    path.get_by_role("button", name="Ablate").press("Enter")
    expect_open(page, "ablate")
    expect_marked(page, "ablate")
    assert page.evaluate("document.activeElement.dataset.tabId") == "ablate"
    # The networks were read as it was opened.
    expect(page.locator("#curve")).to_contain_text("Choose units")

    # What is done meanwhile stands there when one comes back to the tab.
    with open_database(workspace) as db:
        (unit,) = db.execute("select min(unit_id) from units").fetchone()
        concept = f"face {width}"
        signoffs.add(db, unit, person="local", verdict="confirmed", concept=concept, seen={})
    page.get_by_role("tab", name="Describe", exact=True).click()
    page.get_by_role("tab", name="Audit", exact=True).click()
    expect(path.locator("[data-step=judge]")).to_contain_text("1 confirmed")
    expect_marked(page, "ablate")

    for step, item in (("report", "report"), ("edit", "ablate"), ("judge", "find")):
        path.locator(f"[data-step={step}]").click()
        expect_open(page, item)
        expect_marked(page, item)


def test_a_card_opens_its_study_which_is_read_then(
    page: Page, local: tuple[Workspace, str]
) -> None:
    page.goto(f"{local[1]}/?tab=audit")
    page.get_by_role("tab", name="Studies", exact=True).click()
    expect_marked(page, None)
    for name, key in STUDIES.items():
        page.get_by_role("tab", name="All studies", exact=True).click()
        card = page.locator("#study_cards .mw-card", has=page.get_by_role("heading", name=name))
        expect(card).to_contain_text("Needs")
        card.get_by_role("button", name=f"Open {name}").click()
        tab = page.locator(f"#audit_studies [role=tab][data-tab-id={key}]")
        expect(tab).to_have_attribute("aria-selected", "true")
        if key in ("faithfulness", "importance", "uses"):
            # Empty until the server has answered.
            expect(page.locator(f"#{key}_result")).to_contain_text("Choose a described network")
