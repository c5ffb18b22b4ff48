"""Whole runs by links in a real browser: who passes, who is screened out, who returns half way."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from annotator.exchange import write as exporting
from annotator.participants import people
from db.annotate import campaigns, qualifications
from db.annotate.campaigns import Settings
from db.annotate.qualifications import Question
from db.crowd import links, participants, recruitment
from db.crowd.recruitment import Recruitment
from db.describe import exemplars
from db.workspace import Workspace, create, open_database
from helpers.annotating import add_units, fill_pictures, running_app
from helpers.browsing import PATIENCE_MS, XSS, answer, choose, fill, open_tab, sign_in

pytestmark = pytest.mark.filterwarnings("ignore")

IDS = {
    "passes": ("5f00aa00aa00aa00aa00aa01", "sess-passes-77aa"),
    "screened": ("5f00bb00bb00bb00bb00bb02", "sess-screened-88bb"),
    "returns": ("5f00cc00cc00cc00cc00cc03", "sess-returns-99cc"),
    "late": ("5f00dd00dd00dd00dd00dd04", "sess-late-11dd"),
}
STUDY = "study-4242abcd"
PROLIFIC = "https://app.prolific.com/submissions/complete?cc="


@dataclass
class Study:
    """A campaign with a link, and the app that serves it."""

    workspace: Workspace
    address: str
    campaign_id: int
    token: str

    def link(self, who: str) -> str:
        pid, session = IDS[who]
        query = f"PROLIFIC_PID={pid}&STUDY_ID={STUDY}&SESSION_ID={session}"
        return f"{self.address}/?campaign={self.token}&{query}"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    workspace = create(tmp_path_factory.mktemp("study") / "w")
    with open_database(workspace) as db:
        ids = add_units(db, 5)
        fill_pictures(workspace, [exemplars.unit(db, each) for each in ids])
        questions = [
            Question(ids[3], ("dog faces", "red cars"), 0),
            Question(ids[4], ("grids", "water"), 0),
        ]
        test = qualifications.add(
            db, "t", questions, person="admin", max_attempts=2, cooling_minutes=0
        )
        rules = Settings(
            "What do they share?",
            consent=f"You agree. {XSS}",
            annotators_per_unit=1,
            cap=2,
            pay_per_unit=0.1,
            currency="GBP",
            qualification_id=test.qualification_id,
        )
        campaign = campaigns.add(db, "study", ids[:3], settings=rules, person="admin")
        offer = Recruitment(
            nonce=links.new_nonce(),
            minutes=4,
            reward=1.5,
            screened_reward=0.25,
            completed="DONE77",
            screened="https://app.prolific.com/submissions/complete?cc=SCREEN88",
            full="FULL99",
            contact="lab@lab.example",
        )
        recruitment.save(db, campaign.campaign_id, offer, person="admin")
        from db.access import users

        users.add(db, "admin", "admin", password="password1")
    assert offer.nonce is not None
    token = links.campaign_token(
        campaign.campaign_id, offer.nonce, secret=workspace.secret.read_bytes()
    )
    with running_app(workspace, login=True) as address:
        yield Study(workspace, address, campaign.campaign_id, token)


def come(browser: Browser, study: Study, who: str, width: int = 1440) -> Page:
    """Somebody follows the link; no page outside is ever asked, and addresses keep no id."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    context.route(re.compile("https://.*"), lambda route: route.fulfill(body="<p>outside</p>"))
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(study.link(who))
    page.wait_for_selector("#an-agree:visible, .an-end:visible, .an-grid img:visible")
    assert page.url == f"{study.address}/?tab=annotate"
    return page


def take_test(page: Page, *options: str) -> None:
    for number, option in enumerate(options, start=1):
        page.wait_for_selector(f"text=picture set {number} of 2")
        page.get_by_label(option).check()
        page.locator("#an-hand-in").click()


def outcome(study: Study, page: Page) -> tuple[str, str | None]:
    name = page.locator("#header").inner_text().split("participant ")[1][:10]
    with open_database(study.workspace) as db:
        found = participants.get(db, f"participant {name}")
    assert found is not None
    return found.annotator, found.outcome


def filled(study: Study, name: str) -> int:
    with open_database(study.workspace) as db:
        (count,) = db.execute("select count(*) from slots where annotator = ?", [name]).fetchone()
    return int(count)


def test_whole_runs_and_where_their_ids_are(browser: Browser, study: Study, tmp_path: Path) -> None:
    # One returns half way: the welcome says the terms, and stopping frees every slot.
    page = come(browser, study, "returns")
    said = page.locator("#an-message").inner_text()
    for part in ("2 picture sets", "4 minutes", "1.50 GBP", "0.10 GBP", "2 tries", "lab@lab"):
        assert part in said, part
    assert page.title() != "owned"
    expect(page.get_by_role("tab", name="Rate descriptions")).to_be_hidden()
    page.locator("#an-agree").click()
    take_test(page, "red cars", "grids")
    page.wait_for_selector("text=1 attempt left")
    take_test(page, "dog faces", "grids")
    page.wait_for_selector("text=Passed: 2 of 2 right")
    page.locator("#an-agree").click()
    page.wait_for_selector(".an-grid img", state="visible")
    answer(page, "striped fur")
    name, reached = outcome(study, page)
    assert (reached, filled(study, name)) == (None, 2)
    page.locator("#an-stopping").get_by_text("Stop before the end").click()
    page.locator("#an-stop").click()
    page.wait_for_selector(".an-end >> text=You have stopped")
    assert outcome(study, page) == (name, "returned")
    assert filled(study, name) == 0
    assert page.locator("a.an-follow").count() == 0

    # One is screened out after two tries, sees the code's address, and is led there.
    page = come(browser, study, "screened", width=390)
    page.locator("#an-agree").click()
    take_test(page, "red cars", "water")
    page.wait_for_selector("text=1 attempt left")
    take_test(page, "red cars", "water")
    page.wait_for_selector(".an-end >> text=The test was not passed")
    link = page.locator("a.an-follow")
    assert link.get_attribute("href") == f"{PROLIFIC}SCREEN88"
    assert "0.25 GBP" in page.locator(".an-end").inner_text()
    assert outcome(study, page)[1] == "screened_out"
    page.wait_for_url(f"{PROLIFIC}SCREEN88")
    # the same link leads back to the same end
    page.goto(study.link("screened"))
    page.wait_for_selector(".an-end >> text=The test was not passed")

    # One passes, is paid and sees the code.
    page = come(browser, study, "passes")
    page.locator("#an-agree").click()
    take_test(page, "dog faces", "grids")
    page.locator("#an-agree").click()
    page.wait_for_selector(".an-grid img", state="visible")
    answer(page, "red wheels")
    page.locator("#an-text textarea").fill("round tables")
    page.locator("#an-text textarea").press("Control+Enter")
    page.wait_for_selector(".an-end >> text=You have finished")
    shown = page.locator(".an-end").inner_text()
    assert "1.70 GBP" in shown
    assert "DONE77" in shown
    assert page.locator("a.an-follow").get_attribute("href") == f"{PROLIFIC}DONE77"
    name = outcome(study, page)[0]
    assert filled(study, name) == 2
    page.wait_for_url(f"{PROLIFIC}DONE77")

    # The one who returned comes again and their answer counts again where there is room.
    page = come(browser, study, "returns")
    with open_database(study.workspace) as db:
        (left,) = db.execute("select sum(missing) from campaign_units").fetchone()
    assert left <= 1

    seen = _pages_of_the_admin(browser, study)
    _nowhere_else(study, seen, tmp_path)


def _pages_of_the_admin(browser: Browser, study: Study) -> list[str]:
    """What the admin's pages hold; decides about one person on the way."""
    admin = sign_in(browser, study.address, "admin")
    open_tab(admin, "Annotate")
    open_tab(admin, "Manage")
    texts = []
    for tab in ("Progress", "Settings", "Participants", "People"):
        open_tab(admin, tab)
        admin.wait_for_timeout(1500)
        texts.append(admin.content())
    table = admin.locator("#an-crowd-table")
    expect(table).to_contain_text("screened out")
    expect(table).to_contain_text("failed, 2 tries")
    admin.locator("#an-pay").click()
    admin.wait_for_selector("#an-pay-file a")
    with admin.expect_download() as download:
        admin.locator("#an-pay-file a").first.click()
    paid = Path(download.value.path()).read_text()
    for pid, session in (IDS["passes"], IDS["screened"], IDS["returns"]):
        assert pid in paid
        assert session in paid
    assert f"{IDS['passes'][0]},{STUDY},{IDS['passes'][1]}" in paid
    return texts


def _nowhere_else(study: Study, pages: list[str], tmp_path: Path) -> None:
    """A platform's ids stand in their own table and in the payment table."""
    secret = study.workspace.secret.read_bytes()
    with open_database(study.workspace) as db:
        records = exporting.chosen(db, study.campaign_id, secret=secret)
        tables = [
            name
            for (name,) in db.execute(
                "select name from sqlite_master where type = 'table' and name <> 'participant_ids'"
            ).fetchall()
        ]
        rows = {name: str(db.execute(f"select * from [{name}]").fetchall()) for name in tables}
        lines = people.of(db, study.campaign_id)
    for form in ("jsonl", "csv", "mturk"):
        path = tmp_path / f"all.{form if form == 'jsonl' else 'csv'}-{form}"
        exporting.write(path, records, form=form, title="study", pictures=None)
        pages.append(path.read_text())
    pages += [str(lines), (study.workspace.path / "app.log").read_text(), json.dumps(rows)]
    for text in pages:
        for pid, session in IDS.values():
            assert pid not in text
            assert session not in text
        assert STUDY not in text


def test_who_finds_nothing_left_takes_no_test(browser: Browser, study: Study) -> None:
    with open_database(study.workspace) as db:
        campaigns.set_state(db, study.campaign_id, "closed", person="admin")
    try:
        page = come(browser, study, "late")
        page.wait_for_selector(".an-end >> text=Nothing is left to do")
        assert page.locator("a.an-follow").get_attribute("href") == f"{PROLIFIC}FULL99"
    finally:
        with open_database(study.workspace) as db:
            campaigns.set_state(db, study.campaign_id, "open", person="admin")


def test_what_a_link_says_besides_leads_nowhere_and_an_account_is_not_left(study: Study) -> None:
    evil = "https://evil.example/"
    with httpx.Client(base_url=study.address, follow_redirects=False) as client:
        query = {"campaign": study.token, "pid": "x", "completed": evil, "next": evil, "tab": evil}
        answer = client.get("/", params=query)
        assert answer.status_code == 200
        assert "evil" not in answer.text
        assert "location" not in answer.headers
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly; SameSite=Strict" in cookie
        wrong = client.get("/", params={"campaign": study.token[:-2] + "AA", "pid": "x"})
        assert wrong.status_code == 403
        form = {"username": "admin", "password": "password1"}
        client.cookies.clear()
        assert client.post("/login", data=form).status_code == 303
        kept = client.get("/", params={"campaign": study.token, "pid": "other"})
        assert kept.status_code == 403
        assert "set-cookie" not in kept.headers
        assert "signed in as admin" in kept.text


def test_an_admin_sets_everything_up_on_the_page(browser: Browser, study: Study) -> None:
    admin = sign_in(browser, study.address, "admin")
    open_tab(admin, "Manage")
    open_tab(admin, "Participants")
    admin.wait_for_selector("code.an-here")
    fill(admin, "#an-webhook", "http://169.254.169.254/latest")
    admin.locator("#an-offer-save").click()
    admin.wait_for_selector("#an-offer-note >> text=link-local")
    fill(admin, "#an-webhook", "")
    fill(admin, "#an-to-end", "javascript:alert(1)")
    admin.locator("#an-offer-save").click()
    admin.wait_for_selector("#an-offer-note >> text=begins with https://")
    fill(admin, "#an-to-end", "ENDE55")
    choose(admin, "#an-language", "العربية")
    admin.locator("#an-link-new").click()
    admin.wait_for_selector("#an-offer-note >> text=There is a new link")
    made = admin.locator("code.an-here").nth(2).inner_text()
    assert made.startswith(f"{study.address}/?campaign=c1.")
    assert study.token not in made

    page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(made.replace("&pid=ID", "&pid=somebody"))
    page.wait_for_selector("#an-agree:visible, .an-end:visible")
    page.wait_for_selector("[dir=rtl][lang=ar] #an-message")
    assert httpx.get(study.link("late")).status_code == 403

    admin.get_by_text("Invitations: a link for each person").click()
    fill(admin, "#an-invite-list", "ada@lab.example\nbo@lab.example")
    admin.locator("#an-invite").click()
    admin.wait_for_selector("#an-invite-note >> text=2 links were made")
    admin.locator("#an-invite-table").click()
    with admin.expect_download() as download:
        admin.locator("#an-invite-file a").first.click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[1].startswith(f"ada@lab.example,{study.address}/?campaign=i1.")
    assert httpx.get(lines[1].split(",")[1]).status_code == 200
    choose(admin, "#an-invite-one", "bo@lab.example")
    admin.locator("#an-invite-revoke").click()
    admin.wait_for_selector("#an-invite-note >> text=Revoked.")
    assert httpx.get(lines[2].split(",")[1]).status_code == 403
