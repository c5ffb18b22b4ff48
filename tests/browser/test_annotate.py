"""The Annotate tab in a real browser: annotator, reviewer and admin, wide and narrow."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from db.access import users
from db.annotate import annotations, campaigns, drafts, qualifications, ratings, skips, slots
from db.annotate.annotations import Answer
from db.annotate.campaigns import Settings
from db.annotate.claims import Claim
from db.annotate.qualifications import Question
from db.describe import exemplars
from db.workspace import Workspace, create, open_database
from helpers.annotating import add_units, fill_pictures, running_app

sync_api = pytest.importorskip("playwright.sync_api")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore"),
]
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
    page.set_default_timeout(90_000)  # a busy machine is no failure
    page.goto(f"{address}/?tab=annotate")
    page.wait_for_selector("#an-name textarea, #an-name input", state="visible")
    page.locator("#an-name textarea, #an-name input").fill(name)
    page.locator("#an-named").click()
    assert page.locator("#an-agree").inner_text().strip() == "I agree, start"
    page.locator("#an-agree").click()
    page.wait_for_selector(".an-grid img", state="visible")
    return page


def sign_in(browser: sync_api.Browser, address: str, name: str, width: int = 1440) -> sync_api.Page:
    page = browser.new_context(viewport={"width": width, "height": 1000}).new_page()
    page.set_default_timeout(90_000)
    page.goto(f"{address}/?tab=annotate")
    page.get_by_label("username").fill(name)
    page.get_by_label("password").fill("password1")
    page.get_by_role("button", name="Login").click()
    return page


def open_tab(page: sync_api.Page, name: str) -> None:
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


def choose(page: sync_api.Page, dropdown: str, name: str) -> None:
    page.locator(f"{dropdown} input").click()
    page.get_by_role("option", name=name, exact=True).click()


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
    browser: sync_api.Browser, local: tuple[Workspace, str]
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
    browser: sync_api.Browser, local: tuple[Workspace, str]
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
    browser: sync_api.Browser, local: tuple[Workspace, str]
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
    browser: sync_api.Browser, guarded: tuple[Workspace, str]
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
def test_a_reviewer_judges_by_keys(
    browser: sync_api.Browser, guarded: tuple[Workspace, str], width: int
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
    sync_api.expect(reason).to_be_focused()
    page.keyboard.type("press a to approve")
    sync_api.expect(reason).to_have_value("press a to approve")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Rejected.")
    sync_api.expect(reason).not_to_be_focused()
    page.keyboard.press("u")
    page.wait_for_selector("text=Taken back")
    page.keyboard.press("u")
    page.wait_for_selector("#an-review-note >> text=no verdict on this answer to take back")
    # A reason that is there already does not make the key refuse.
    reason.fill("vague")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    sync_api.expect(reason).to_be_focused()
    reason.fill("")
    page.keyboard.press("Escape")
    sync_api.expect(reason).not_to_be_focused()
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
    sync_api.expect(sure).not_to_be_checked()
    choose(page, "#an-review-person", author)
    sure.check()
    page.locator("#an-requeue-all").click()
    page.wait_for_selector(f"text=3 answers of {author} were set aside")
    sync_api.expect(sure).not_to_be_checked()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.get_by_role("tab", name="Manage").count() == 0


@pytest.mark.parametrize("width", [1440, 390])
def test_an_admin_runs_a_campaign(
    browser: sync_api.Browser, guarded: tuple[Workspace, str], width: int
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
    sync_api.expect(page.locator("#an-campaign-detail a.an-link")).to_have_text(
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
    sync_api.expect(sure).not_to_be_checked()
    sure.check()
    page.locator("#an-withdraw").click()
    page.wait_for_selector("#an-withdraw-note >> text=0 answers were emptied")
    sync_api.expect(sure).not_to_be_checked()
    sync_api.expect(
        page.locator("#an-withdraw-name textarea, #an-withdraw-name input")
    ).to_have_value("")
    with open_database(workspace) as db:
        assert campaigns.named(db, f"new {width}").state == "paused"
        campaigns.set_state(
            db, campaigns.named(db, f"new {width}").campaign_id, "closed", person="admin"
        )


@pytest.mark.parametrize("width", [1440, 390])
def test_a_person_rates_descriptions_after_agreeing(
    browser: sync_api.Browser, guarded: tuple[Workspace, str], width: int
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
    sync_api.expect(
        page.locator("#an-rate-best").get_by_label(texts[1].strip("“”"))
    ).to_be_checked()
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


def fill(page: sync_api.Page, box: str, text: str) -> None:
    page.locator(f"{box} textarea, {box} input").first.fill(text)


@pytest.mark.parametrize("width", [1440, 390])
def test_an_admin_makes_a_test_by_looking_and_marking(
    browser: sync_api.Browser, guarded: tuple[Workspace, str], width: int
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


def test_of_what_is_pasted_the_length_and_the_time_are_kept_and_no_word(
    browser: sync_api.Browser, local: tuple[Workspace, str]
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
    browser: sync_api.Browser, local: tuple[Workspace, str]
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
    page.set_default_timeout(90_000)
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
