"""The Annotate tab in a real browser as an admin uses it, wide and narrow."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from db.access import users
from db.annotate import campaigns, qualifications
from db.annotate.qualifications import Question
from db.describe import exemplars
from db.workspace import Workspace, open_database
from helpers.browsing import XSS, choose, fill, open_tab, sign_in

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("width", [1440, 390])
def test_an_admin_runs_a_campaign(
    browser: Browser, guarded: tuple[Workspace, str], width: int
) -> None:
    workspace, address = guarded
    page = sign_in(browser, address, "admin", width)
    open_tab(page, "Manage")
    page.wait_for_selector("#an-campaigns >> text=autumn")
    open_tab(page, "New campaign")
    page.wait_for_function("document.querySelector('#an-new-layer input').value")
    page.locator("#an-start").click()
    page.wait_for_selector("#an-start-note >> text=expected a campaign name")
    page.locator("#an-new-name textarea, #an-new-name input").fill(f"new {width}")
    page.locator("#an-units textarea, #an-units input").fill("0-2, 5")
    page.locator("#an-start").click()
    # The new campaign comes to the front, with the link to hand out.
    page.wait_for_selector(f"#an-campaign-detail >> text=new {width}", state="visible")
    with open_database(workspace) as db:
        made = campaigns.named(db, f"new {width}").campaign_id
    expect(page.locator("#an-campaign-detail a.an-link")).to_have_text(
        f"{address.rstrip('/')}/?tab=annotate&campaign={made}"
    )
    page.locator("#an-pause").click()
    page.wait_for_selector("text=The campaign is paused now")
    open_tab(page, "Settings")
    page.wait_for_selector("#an-rules-shown >> text=60 minutes")
    fill(page, "#an-people-asked", "")
    page.locator("#an-top-up").click()
    page.wait_for_selector("#an-top-up-note >> text=expected 3 to 50 people a unit")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    open_tab(page, "Export")
    choose(page, "#an-campaign", "autumn")
    with page.expect_download() as fetched:
        page.locator("#an-export").click()
        page.locator("#an-export-file a").first.click()
    lines = Path(fetched.value.path()).read_text().splitlines()
    assert sum("answer 0 of" in line for line in lines) == 2
    with open_database(workspace) as db:
        users.ensure(db, f"leaver {width}", "annotator")
    open_tab(page, "Withdrawal")
    sure = page.locator("#an-withdraw-sure input")
    sure.check()
    fill(page, "#an-withdraw-name", f"leaver {width}")
    expect(sure).not_to_be_checked()
    sure.check()
    page.locator("#an-withdraw").click()
    page.wait_for_selector("#an-withdraw-note >> text=0 answers were emptied")
    expect(sure).not_to_be_checked()
    expect(page.locator("#an-withdraw-name textarea, #an-withdraw-name input")).to_have_value("")
    with open_database(workspace) as db:
        assert campaigns.named(db, f"new {width}").state == "paused"
        campaigns.set_state(
            db, campaigns.named(db, f"new {width}").campaign_id, "closed", person="admin"
        )


def test_a_table_in_another_encoding_is_shown_as_it_was_read_and_then_taken(
    browser: Browser, guarded: tuple[Workspace, str], tmp_path: Path
) -> None:
    workspace, address = guarded
    table = tmp_path / "winter.csv"
    table.write_bytes("Layer;Unit;Summary\nconv1;1.0;a dog’s nose\n;;\n".encode("cp1252"))
    page = sign_in(browser, address, "admin", 1440)
    open_tab(page, "Manage")
    open_tab(page, "Import")
    page.locator("#an-import-choose").set_input_files(table)
    page.locator("#an-import-preview").click()
    page.wait_for_selector("#an-import-note >> text=Write the name of the network")
    fill(page, "#an-import-subject", "toy")
    page.locator("#an-import-preview").click()
    note = page.locator("#an-import-note")
    expect(note).to_contain_text("Windows-1252 text, as in “a dog’s nose” in line 2")
    expect(note).to_contain_text("1 empty line left out")
    expect(note).to_contain_text("Nothing is written yet")
    page.locator("#an-import-confirm").click()
    expect(note).to_contain_text("1 answers came in as the campaign “winter”")
    with open_database(workspace) as db:
        assert campaigns.named(db, "winter").state == "closed"


@pytest.mark.parametrize("width", [1440, 390])
def test_an_admin_makes_a_test_by_looking_and_marking(
    browser: Browser, guarded: tuple[Workspace, str], width: int
) -> None:
    workspace, address = guarded
    called = f"made {width}"
    page = sign_in(browser, address, "admin", width)
    open_tab(page, "Manage")
    open_tab(page, "Tests")
    page.wait_for_selector("#an-test-picture .an-grid img", state="visible")
    # a unit of a campaign is shown with a word of warning
    page.wait_for_selector("#an-test-picture >> text=People are asked about this unit in")
    fill(page, "#an-test-unit", "10")
    page.wait_for_selector("#an-test-picture >> text=toy/conv1/10")
    fill(page, "#an-test-option-1", "dog faces")
    fill(page, "#an-test-option-2", XSS)
    page.locator("#an-test-add").click()
    page.wait_for_selector("#an-test-trouble >> text=Mark which of the descriptions")
    page.locator("#an-test-right").get_by_label("1", exact=True).check()
    page.locator("#an-test-add").click()
    page.wait_for_selector("#an-test-head >> text=Questions so far: 1")
    assert page.locator("#an-test-option-1 input, #an-test-option-1 textarea").input_value() == ""
    fill(page, "#an-test-unit", "11")
    page.wait_for_selector("#an-test-picture >> text=toy/conv1/11")
    for number, text in enumerate(("grids", "water", "sky"), start=1):
        fill(page, f"#an-test-option-{number}", text)
    page.locator("#an-test-right").get_by_label("3", exact=True).check()
    fill(page, "#an-test-reason", "all blue")
    # what was typed and not added is not lost
    fill(page, "#an-test-name", called)
    page.locator("#an-test-save").click()
    page.wait_for_selector("#an-test-note >> text=Add the question that you began")
    for count in (2, 3):
        page.locator("#an-test-right").get_by_label("3", exact=True).check()
        for number, text in enumerate(("grids", "water", "sky"), start=1):
            fill(page, f"#an-test-option-{number}", text)
        fill(page, "#an-test-reason", "all blue")
        page.locator("#an-test-add").click()
        page.wait_for_selector(f"#an-test-head >> text=Questions so far: {count}")
    page.locator("#an-test-question-3").get_by_role("button", name="Remove").click()
    page.wait_for_selector("#an-test-head >> text=Questions so far: 2")
    assert page.locator("#an-test-question-3").is_hidden()
    fill(page, "#an-test-mark", "3")
    page.locator("#an-test-save").click()
    page.wait_for_selector("#an-test-note >> text=pass mark of 1 to 2, got 3")
    fill(page, "#an-test-mark", "1")
    fill(page, "#an-test-attempts", "2")
    fill(page, "#an-test-minutes", "5")
    page.locator("#an-test-save").click()
    page.wait_for_selector(f"#an-test-note >> text=Saved {called}, version 1: 1 of 2 must be right")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.title() != "owned"

    # the next version starts from this one, and YAML is another way to write it
    page.get_by_text("Or write the questions as YAML").click()
    page.locator("#an-test-give").click()
    page.wait_for_selector("#an-test-text >> text=pass_mark")
    page.locator("#an-test-take").click()
    page.wait_for_selector("#an-test-told >> text=look at them, then save")
    page.locator("#an-test-save").click()
    page.wait_for_selector(f"#an-test-note >> text=Saved {called}, version 2: 1 of 2 must be right")
    with open_database(workspace) as db:
        units = exemplars.units_of(db, exemplars.sets(db)[0].exemplar_set_id)
        second, first = [each for each in qualifications.every(db) if each.name == called]
        kept = qualifications.questions(db, first.qualification_id)
        assert kept == qualifications.questions(db, second.qualification_id)
    assert (first.pass_mark, first.max_attempts, first.cooling_minutes) == (1, 2, 5.0)
    assert kept == [
        Question(units[10].unit_id, ("dog faces", " ".join(XSS.split())), 0),
        Question(units[11].unit_id, ("grids", "water", "sky"), 2, "all blue"),
    ]
