"""The Annotate tab in a real browser as annotators use it, wide and narrow."""

import time
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from db.access import users
from db.annotate import annotations, campaigns, drafts, ratings, skips, slots
from db.annotate.campaigns import Settings
from db.annotate.claims import Claim
from db.describe import exemplars
from db.workspace import Workspace, open_database
from helpers.browsing import (
    PATIENCE_MS,
    XSS,
    answer,
    arrive,
    open_tab,
    sign_in,
    token,
)

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("width", [1440, 390])
def test_an_annotator_works_by_keyboard_and_loses_nothing(
    browser: Browser, local: tuple[Workspace, str], width: int
) -> None:
    workspace, address = local
    name = f"ann {width}"
    page = arrive(browser, address, name, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    answer(page, XSS)
    # the next set is seen from its top, and the button that keeps drafts is no stop of Tab
    if width == 390:
        page.wait_for_function(
            "() => { const top = document.querySelector('#an-bar').getBoundingClientRect().top;"
            " return top > -2 && top < innerHeight / 2; }"
        )
    assert not page.evaluate(
        "() => { const save = document.querySelector('#an-save'); save.focus();"
        " return save.contains(document.activeElement); }"
    )

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
    with open_database(workspace) as db:
        kept = drafts.of(db, before)
    assert kept is not None
    assert kept.text == "arqu s1 n? images of m"
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
    page.wait_for_selector(".an-overlay >> text=1 of 15")
    large = page.locator(".an-overlay img")
    page.wait_for_function("image => image.naturalWidth", arg=large.element_handle())
    large.click(position={"x": 5, "y": 5})
    page.wait_for_selector(".an-overlay >> text=15 of 15")
    page.keyboard.press("Escape")
    answer(page, "striped fur")
    assert page.title() != "owned"
    with open_database(workspace) as db:
        last = annotations.own(db, 1, name)[0]
        first = annotations.own(db, 1, name)[1]
    assert (last.text, last.unmasked_looks) == ("striped fur", 1)
    assert first.text == " ".join(XSS.split())


def test_a_draft_is_on_its_way_within_two_seconds_of_a_keystroke(
    browser: Browser, local: tuple[Workspace, str]
) -> None:
    """By the page's own clock, which stands still after two seconds; typing never pauses."""
    page = arrive(browser, local[1], "hasty", 1440)
    page.clock.install()
    page.clock.pause_at(datetime.now() + timedelta(seconds=20))
    page.evaluate(
        """() => {
            window.sent = 0;
            const send = window.fetch;
            window.fetch = (...given) => {
                if (String((given[1] || {}).body || "").includes("quick")) window.sent += 1;
                return send(...given);
            };
            const area = document.querySelector("#an-text textarea");
            window.type = () => {
                area.value += area.value ? " fox" : "quick";
                area.dispatchEvent(new Event("input", {bubbles: true}));
            };
        }"""
    )
    for _ in range(7):
        page.evaluate("window.type()")
        page.clock.run_for(280)
    patience = time.monotonic() + 60
    while not page.evaluate("window.sent"):
        assert time.monotonic() < patience, "1.96 s after the first key the draft is not on its way"
        time.sleep(0.05)


def test_a_dropped_network_leaves_the_text_and_the_answer_is_stored_once(
    browser: Browser, local: tuple[Workspace, str]
) -> None:
    workspace, address = local
    page = arrive(browser, address, "offline", 1440)
    before = token(page)
    page.context.set_offline(True)
    page.locator("#an-text textarea").press_sequentially("round tables")
    page.wait_for_selector("text=Your text stays in this box", timeout=15_000)
    box = page.locator("#an-text textarea")
    assert box.input_value() == "round tables"
    assert box.is_editable()
    # sent into the void, twice: the text stays where it is
    for _ in range(2):
        box.press("Control+Enter")
        page.wait_for_timeout(300)
    assert box.input_value() == "round tables"
    assert token(page) == before
    with open_database(workspace) as db:
        assert annotations.own(db, 1, "offline") == []

    page.context.set_offline(False)
    # the draft arrives by itself, and with it the word that it was kept
    page.wait_for_selector(".an-kept >> text=draft kept", timeout=60_000)
    with open_database(workspace) as db:
        kept = drafts.of(db, before)
    assert kept is not None
    assert kept.text == "round tables"
    box.press("Control+Enter")
    page.wait_for_function(
        "old => { const grid = document.querySelector('.an-grid[data-token]');"
        " return grid && grid.dataset.token !== old; }",
        arg=before,
    )
    assert box.input_value() == ""
    with open_database(workspace) as db:
        stored = annotations.own(db, 1, "offline")
        assert [each.text for each in stored] == ["round tables"]
        assert stored[0].token == before
        assert len(annotations.revisions(db, stored[0].annotation_id)) == 1
        assert stored[0].slot is not None


def test_skipping_and_reporting_have_keys_that_no_plain_letter_presses(
    browser: Browser, local: tuple[Workspace, str]
) -> None:
    workspace, address = local
    page = arrive(browser, address, "keys", 1440)
    box = page.locator("#an-text textarea")
    for button, key in (("no-pattern", "N"), ("skip", "S"), ("broken", "B")):
        assert f"Alt+{key}" in page.locator(f"#an-{button}").inner_text()
    first = token(page)
    box.press_sequentially("nsb NSB")
    box.press("Control+b")
    box.press("Control+Alt+n")  # how AltGr arrives
    page.wait_for_selector(".an-kept >> text=draft kept", timeout=10_000)
    assert token(page) == first
    assert box.input_value() == "nsb NSB"
    box.fill("")
    seen = [first]
    for key in ("n", "s", "b"):
        box.press(f"Alt+{key}")
        page.wait_for_function(
            "old => { const grid = document.querySelector('.an-grid[data-token]');"
            " return grid && !old.includes(grid.dataset.token); }",
            arg=seen,
        )
        seen.append(token(page))
        assert box.input_value() == ""
    with open_database(workspace) as db:
        outcomes = db.execute(
            "select outcome from claims where annotator = 'keys' order by claim_id"
        ).fetchall()
        assert [each.kind for each in annotations.own(db, 1, "keys")] == ["no_pattern"]
    assert outcomes == [("answered",), ("skipped",), ("broken",), (None,)]


def test_people_are_who_they_signed_in_as_and_are_tested_first(
    browser: Browser, guarded: tuple[Workspace, str]
) -> None:
    workspace, address = guarded
    for name in ("bo", "cy"):
        page = sign_in(browser, address, name)
        # no consent text here, and the guidelines are read all the same
        page.wait_for_selector(".an-example img", state="visible")
        for example in page.locator("#an-message .an-example img").all():
            example.scroll_into_view_if_needed()
            page.wait_for_function(
                "image => image.naturalWidth > 1000", arg=example.element_handle()
            )
        assert page.locator("#an-agree").inner_text().strip() == "Start"
        page.locator("#an-agree").click()
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
        page.wait_for_selector("text=Passed: 2 of 2 right")
        page.locator("#an-agree").click()
        page.wait_for_selector(".an-grid[data-token]:not([data-token=''])", state="visible")
        assert page.get_by_role("tab", name="Manage").count() == 0
        assert page.get_by_role("tab", name="Review").count() == 0
        answer(page, f"the sentence of {name}")
        assert page.locator(f"text=the sentence of {'cy' if name == 'bo' else 'bo'}").count() == 0
    with open_database(workspace) as db:
        stored = {each.annotator: each.text for each in annotations.of_campaign(db, 1)}
    assert stored == {"bo": "the sentence of bo", "cy": "the sentence of cy"}


@pytest.mark.parametrize("width", [1440, 390])
def test_a_person_rates_descriptions_after_agreeing(
    browser: Browser, guarded: tuple[Workspace, str], width: int
) -> None:
    workspace, address = guarded
    name = {1440: "bo", 390: "cy"}[width]
    page = sign_in(browser, address, name, width)
    open_tab(page, "Rate descriptions")
    page.locator("#an-rate-start").click()
    page.wait_for_selector("text=You are asked, you agree.")
    assert not page.locator("#an-rate-picture img").is_visible()
    page.locator("#an-rate-agree").click()
    page.wait_for_selector("#an-rate-picture img", state="visible")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # keys mark while a radio has the focus too
    page.locator("#an-rate-best input").first.check()
    for mark in "42":
        page.keyboard.press(mark)
        page.wait_for_timeout(300)
    cards = page.locator(".an-rate:visible")
    texts = [cards.nth(i).locator("[data-testid=block-info]").inner_text() for i in range(2)]
    page.keyboard.press("Shift+Digit2")
    expect(page.locator("#an-rate-best").get_by_label(texts[1].strip("“”"))).to_be_checked()
    page.locator("#an-rate-submit").click()
    # Rated lower, yet picked as best: one sentence, and both may stand.
    page.wait_for_selector("text=You rated another one higher")
    page.locator("#an-rate-best").get_by_label(texts[0].strip("“”")).check()
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=You have rated everything that is left")
    with open_database(workspace) as db:
        rating = campaigns.every(db, kind="rate")[0]
        own = {r.method: r for r in ratings.of_campaign(db, rating.campaign_id) if r.rater == name}
    assert sorted((r.rating, r.chosen) for r in own.values()) == [(2, 0.0), (4, 1.0)]
    assert all(r.valid for r in own.values())


def test_of_what_is_pasted_the_length_and_the_time_are_kept_and_no_word(
    browser: Browser, local: tuple[Workspace, str]
) -> None:
    workspace, address = local
    page = arrive(browser, address, "paster", 1440)
    page.wait_for_timeout(1500)
    page.locator("#an-text textarea").evaluate(
        """area => {
            const clipboard = new DataTransfer();
            clipboard.setData("text", "w".repeat(30));
            area.dispatchEvent(
                new ClipboardEvent("paste", {clipboardData: clipboard, bubbles: true}));
        }"""
    )
    answer(page, "a sentence that came from somewhere")
    with open_database(workspace) as db:
        (stored,) = annotations.own(db, 1, "paster")
    assert stored.pasted_characters == 30
    assert stored.pasted_after_ms is not None
    assert 1500 <= stored.pasted_after_ms < 600_000
    answer(page, "typed by hand")
    with open_database(workspace) as db:
        assert annotations.own(db, 1, "paster")[0].pasted_after_ms is None


def test_who_finds_all_units_taken_is_given_one_that_becomes_free(
    browser: Browser, local: tuple[Workspace, str]
) -> None:
    """The page looks again by itself; by its own clock, 20 seconds later."""
    workspace, address = local
    with open_database(workspace) as db:
        units = [
            each.unit_id for each in exemplars.units_of(db, exemplars.sets(db)[0].exemplar_set_id)
        ]
        rules = Settings("One sentence.", annotators_per_unit=1)
        only = campaigns.add(db, "winter", units[11:], settings=rules, person="admin").campaign_id
        users.ensure(db, "first", "annotator")
        taken = slots.claim(db, only, "first")
        assert isinstance(taken, Claim)
    page = browser.new_context().new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{address}/?tab=annotate&campaign={only}")
    page.locator("#an-name textarea, #an-name input").fill("second")
    page.clock.install()
    page.locator("#an-named").click()
    page.locator("#an-agree").click()
    page.wait_for_selector("#an-message >> text=All picture sets are taken", state="visible")
    assert page.locator("#an-again").is_visible()
    assert not page.locator("#an-agree").is_visible()
    assert not page.locator("#an-text").is_visible()
    with open_database(workspace) as db:
        skips.skip(db, taken.token, "first")
    page.clock.fast_forward(20_000)
    page.wait_for_selector(".an-grid img", state="visible")
    assert not page.locator("#an-again").is_visible()
    with open_database(workspace) as db:
        campaigns.set_state(db, only, "closed", person="admin")
