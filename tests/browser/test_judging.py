"""Judging at typing speed in a real browser, on a machine that has other things to do."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from db.audit import signoffs, words
from db.audit.words import Word
from db.describe import exemplars
from db.describe.descriptions import NewDescription
from db.describe.descriptions import add as describe
from db.workspace import Workspace, create, open_database
from helpers.annotating import add_units, fill_pictures

Serve = Callable[..., str]
KEYS = {"c": "confirmed", "x": "rejected", "?": "unsure"}
TWENTY = "ccxc?xxccc?cxcxxc?cx"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Sixty units, each described as a face of its own, with pictures."""
    workspace = create(tmp_path / "workspace")
    with open_database(workspace) as db:
        unit_ids = add_units(db, 60)
        texts = {unit_id: f"face {unit_id:03}" for unit_id in unit_ids}
        new = [NewDescription(unit, "milan", "m", text, -1.0) for unit, text in texts.items()]
        describe(db, new)
        face = [Word(0, 4, "face", "face", "NOUN")]
        words.add(db, "test", dict.fromkeys(texts.values(), face))
        units = [exemplars.unit(db, unit_id) for unit_id in unit_ids]
    fill_pictures(workspace, units)
    return workspace


@contextmanager
def busy() -> Iterator[None]:
    """Two processes that leave nobody a core."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def find(page: Page, address: str) -> None:
    page.goto(f"{address}?tab=audit")
    page.locator("#typed textarea, #typed input").first.fill("face")
    page.locator("#find").click()
    expect(page.locator("#look img.grid")).to_have_js_property("complete", True)
    expect(page.locator("#look")).to_contain_text("1 of 60 to judge")


def press(page: Page, keys: str) -> list[tuple[int, str]]:
    """Press keys, five a second; returns the unit that was in front at each, and its verdict."""
    seen: list[tuple[int, str]] = page.evaluate(
        """async ([keys, verdicts]) => {
            const seen = [];
            for (const key of keys) {
                const text = document.querySelector('#look .text').textContent;
                seen.push([parseInt(text.match(/face (\\d+)/)[1]), verdicts[key]]);
                document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
                await new Promise((done) => setTimeout(done, 200));
            }
            return seen;
        }""",
        [keys, KEYS],
    )
    return [(unit_id, verdict) for unit_id, verdict in seen]


def stored(workspace: Workspace) -> list[tuple[int, str]]:
    with open_database(workspace) as db:
        return [(given.unit_id, given.verdict) for given in signoffs.current(db)]


def saved(page: Page) -> None:
    expect(page.locator("#trail .mw-trail")).to_have_attribute("data-unsaved", "0")


def test_twenty_keys_at_five_a_second_are_twenty_right_verdicts(
    page: Page, serve: Serve, workspace: Workspace
) -> None:
    find(page, serve(workspace))
    with busy():
        seen = press(page, TWENTY)
        saved(page)
    assert len({unit_id for unit_id, _ in seen}) == 20
    assert stored(workspace) == seen, "in their order, on the unit that was in front"
    expect(page.locator("#tally")).to_contain_text("confirmed 10")
    expect(page.locator("#look")).to_contain_text("1 of 40 to judge")
    expect(page.locator("#trail")).to_contain_text("rejected · saved")
    # Undo takes the last one back and brings its unit to the front; keys before were as quick.
    page.keyboard.press("z")
    page.keyboard.press("z")
    expect(page.locator("#look .text")).to_have_text(f"face {seen[-2][0]:03}")
    saved(page)
    assert stored(workspace) == seen[:-2]
    # All matches say what was judged without another search.
    page.get_by_text("All matches").click()
    expect(page.locator(f"#listing [data-judged='{seen[0][0]}']")).to_have_text("confirmed")


def test_what_was_not_saved_says_so_survives_a_reload_and_is_saved_once(
    page: Page, serve: Serve, workspace: Workspace
) -> None:
    address = serve(workspace)
    find(page, address)
    # The answer to the first is lost on its way back, then nothing gets through at all.
    lost: list[str] = []

    def lose(route: Route) -> None:
        if json.loads(route.request.post_data or "{}")["presses"] and not lost:
            lost.append("answer")
            route.fetch()
        route.abort()

    page.route("**/verdicts", lose)
    seen = press(page, "cx?")
    expect(page.locator("#trail")).to_contain_text("not saved")
    expect(page.locator("#trail")).to_contain_text("try again")
    assert stored(workspace) == seen[:1]
    page.unroute("**/verdicts")
    page.reload()
    saved(page)
    assert stored(workspace) == seen
    with open_database(workspace) as db:
        assert len(signoffs.history(db, seen[0][0])) == 1
    # The units that were judged do not come again; the last verdict can still be taken back.
    expect(page.locator("#look .text")).to_have_text(f"face {seen[-1][0] + 1:03}")
    page.keyboard.press("z")
    expect(page.locator("#look .text")).to_have_text(f"face {seen[-1][0]:03}")
    saved(page)
    assert stored(workspace) == seen[:2]


def test_the_queue_ends_in_words_and_can_be_walked(
    page: Page, serve: Serve, workspace: Workspace
) -> None:
    find(page, serve(workspace))
    page.locator("#note input, #note textarea").fill("a dog's ear")
    page.locator("#note input, #note textarea").blur()
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.keyboard.press("ArrowRight")
    expect(page.locator("#look")).to_contain_text("2 of 60 to judge")
    assert sum("/pictures/" in url for url in fetched) <= 2, "the next pictures were there"
    # A reason is of one unit.
    expect(page.locator("#note input, #note textarea")).to_have_value("")
    page.keyboard.press("ArrowLeft")
    seen = press(page, "c" * 60)
    expect(page.locator("#look")).to_contain_text("No matching unit waits for your verdict")
    saved(page)
    assert stored(workspace) == seen
    page.keyboard.press("z")
    expect(page.locator("#look")).to_contain_text("1 of 1 to judge")
    saved(page)
    assert len(stored(workspace)) == 59
