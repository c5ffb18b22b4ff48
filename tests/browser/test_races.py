"""Autosave, submit, skip, reload and a second window against a server that is slow or out of turn.

Whatever comes first, what is stored is what the person sent, once, and nothing on the page is red.
"""

import zlib

import pytest
from playwright.sync_api import Browser, Page

from db.annotate import annotations, drafts
from db.workspace import Workspace, open_database
from helpers.browsing import PATIENCE_MS, arrive, token

pytestmark = pytest.mark.filterwarnings("ignore")

# Each call waits before it goes out; of which function it is decides how long.
SLOW = """() => {
    const send = window.fetch;
    window.calls = 0;
    window.fetch = async (...given) => {
        if (!String(given[0].url || given[0]).includes("queue/join")) return send(...given);
        const wait = window.delays ? window.delays.shift() : 0;
        window.calls += 1;
        await new Promise(done => setTimeout(done, wait === undefined ? window.delay : wait));
        return send(...given);
    };
}"""
ALARM = ".toast-body.error, .error .toast-text, [data-testid=toast-body].error"


@pytest.fixture
def slow(browser: Browser, local: tuple[Workspace, str], request: pytest.FixtureRequest) -> Page:
    """A page at work whose calls can be made to wait."""
    name = f"racer {zlib.crc32(request.node.name.encode()):x}"
    page = arrive(browser, local[1], name, 1440)
    page.evaluate(SLOW)
    page.evaluate(
        """selector => { window.alarms = [];
            new MutationObserver(() => {
                for (const each of document.querySelectorAll(selector))
                    window.alarms.push(each.textContent);
                const advice = document.querySelector(".an-advice");
                if (advice && advice.textContent.startsWith("Not saved"))
                    window.alarms.push(advice.textContent);
            }).observe(document.body, {childList: true, subtree: true, characterData: true}); }""",
        ALARM,
    )
    page.evaluate("name => { window.person = name; }", name)
    return page


def person(page: Page) -> str:
    return str(page.evaluate("window.person"))


def moved_on(page: Page, before: str) -> None:
    page.wait_for_function(
        "old => { const grid = document.querySelector('.an-grid[data-token]');"
        " return grid && grid.dataset.token !== old; }",
        arg=before,
    )


@pytest.mark.parametrize("delay", [0, 1000, 5000])
def test_what_is_sent_at_any_moment_of_the_timer_is_stored_once_without_an_alarm(
    slow: Page, local: tuple[Workspace, str], delay: int
) -> None:
    page, box = slow, slow.locator("#an-text textarea")
    page.evaluate("delay => { window.delay = delay; }", delay)
    # the timer fires a second after the last key: before it, about then, and after it
    for number, pause in enumerate((100, 990, 1300)):
        before = token(page)
        box.press_sequentially(f"red fur {number}", delay=5)
        page.wait_for_timeout(pause)
        box.press("Control+Enter")
        moved_on(page, before)
        assert box.input_value() == ""
    page.wait_for_timeout(delay + 2500)
    assert page.evaluate("window.alarms") == []
    assert box.is_editable()
    with open_database(local[0]) as db:
        own = annotations.own(db, 1, person(page))
        assert [each.text for each in reversed(own)] == [f"red fur {n}" for n in range(3)]
        assert all(len(annotations.revisions(db, each.annotation_id)) == 1 for each in own)
        assert drafts.unsent(db, 1, person(page)) == []


def test_a_draft_that_comes_after_its_answer_or_its_skip_is_no_fault(
    slow: Page, local: tuple[Workspace, str]
) -> None:
    page, box = slow, slow.locator("#an-text textarea")
    for way in ("#an-submit", "#an-skip", "#an-broken", "#an-no-pattern"):
        before = token(page)
        # the draft's call waits three seconds, what follows none
        page.evaluate("window.calls = 0, window.delay = 0, window.delays = [3000]")
        box.press_sequentially("blue wheels", delay=5)
        page.wait_for_function("window.calls > 0")
        page.locator(way).click()
        moved_on(page, before)
        page.wait_for_timeout(3500)
        assert "already left" not in page.locator(".an-advice:visible").all_inner_texts()
        hint = page.locator(".an-hint[data-saved]").evaluate(
            "hint => [hint.dataset.token, getComputedStyle(hint).visibility]"
        )
        assert hint[0] == token(page) or hint[1] == "hidden"
    assert page.evaluate("window.alarms") == []
    with open_database(local[0]) as db:
        own = annotations.own(db, 1, person(page))
        assert [each.kind for each in own] == ["no_pattern", "text"]


@pytest.mark.parametrize("delay", [0, 1000])
def test_a_reload_right_after_sending_loses_no_word(
    slow: Page, local: tuple[Workspace, str], delay: int
) -> None:
    page, box = slow, slow.locator("#an-text textarea")
    before = token(page)
    page.evaluate("delay => { window.delay = delay; }", delay)
    box.press_sequentially("green grids", delay=5)
    box.press("Control+Enter")
    page.reload()
    page.wait_for_selector(".an-grid img", state="visible")
    if token(page) == before:
        page.wait_for_function("document.querySelector('#an-text textarea').value !== ''")
        assert box.input_value() == "green grids"
        box.press("Control+Enter")
        moved_on(page, before)
    with open_database(local[0]) as db:
        rows = db.execute(
            "select text from answers join claims using (token) where token = ?", [before]
        ).fetchall()
    assert rows == [("green grids",)]


def test_a_second_window_asks_before_it_changes_an_answer(
    browser: Browser, local: tuple[Workspace, str]
) -> None:
    workspace, address = local
    first = arrive(browser, address, "two windows", 1440)
    second = first.context.new_page()
    second.set_default_timeout(PATIENCE_MS)
    second.goto(f"{address}/?tab=annotate")
    second.wait_for_selector(".an-grid img", state="visible")
    shared = token(first)
    assert token(second) == shared
    first.locator("#an-text textarea").fill("round tables")
    first.locator("#an-text textarea").press("Control+Enter")
    moved_on(first, shared)

    def wordings() -> list[str]:
        with open_database(workspace) as db:
            (own,) = [
                each for each in annotations.own(db, 1, "two windows") if each.token == shared
            ]
            return [each.text for each in annotations.revisions(db, own.annotation_id)]

    box = second.locator("#an-text textarea")
    box.fill("square tables")
    box.press("Control+Enter")
    second.wait_for_selector(".an-asks >> text=already: “round tables”")
    assert (
        second.evaluate("document.activeElement.id || document.activeElement.closest('[id]').id")
        == "an-yes"
    )
    assert (token(second), box.input_value()) == (shared, "square tables")
    assert wordings() == ["round tables"]
    second.locator("#an-yes").click()
    moved_on(second, shared)
    assert wordings() == ["round tables", "square tables"]
    assert not second.locator(".an-asks").is_visible()

    # and No leaves it, and goes on
    third = token(second)
    first.reload()
    first.wait_for_selector(".an-grid img", state="visible")
    assert token(first) == third
    box.fill("tall doors")
    box.press("Control+Enter")
    moved_on(second, third)
    first.locator("#an-no-pattern").click()
    first.wait_for_selector(".an-asks >> text=already: “tall doors”")
    first.locator("#an-no").click()
    moved_on(first, third)
    with open_database(workspace) as db:
        (own,) = [each for each in annotations.own(db, 1, "two windows") if each.token == third]
        assert (own.kind, own.text) == ("text", "tall doors")
        assert len(annotations.revisions(db, own.annotation_id)) == 1


def test_a_sentence_without_a_known_word_is_held_with_a_question(
    browser: Browser, local: tuple[Workspace, str]
) -> None:
    workspace, address = local
    page = arrive(browser, address, "mumbler", 1440)
    before, box = token(page), page.locator("#an-text textarea")
    box.fill("asdf qwer")
    box.press("Control+Enter")
    page.wait_for_selector(".an-asks >> text=No word of your sentence is one we know")
    page.locator("#an-no").click()
    page.wait_for_selector(".an-asks", state="detached")
    assert (token(page), box.input_value()) == (before, "asdf qwer")
    with open_database(workspace) as db:
        assert annotations.own(db, 1, "mumbler") == []
    box.press("Control+Enter")
    page.locator("#an-yes").click()
    moved_on(page, before)
    with open_database(workspace) as db:
        assert [each.text for each in annotations.own(db, 1, "mumbler")] == ["asdf qwer"]
