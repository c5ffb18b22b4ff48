"""The list of descriptions and the list of jobs, by mouse and by keys."""

import os
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from db import jobs
from db.access import users
from db.audit import signoffs
from db.describe import descriptions
from db.describe.descriptions import NewDescription
from db.workspace import Workspace, create, open_database
from helpers.annotating import add_units
from helpers.worlds import two_layer_subject

Serve = Callable[..., str]


def prepare(folder: Path) -> Workspace:
    """Two networks of 30 and 2 described units, and a queued job that nothing here can run."""
    workspace = create(folder)
    with open_database(workspace) as db:
        units = {
            name: add_units(db, count, subject=name) for name, count in (("long", 30), ("short", 2))
        }
        for name, ids in units.items():
            said = [
                NewDescription(unit_id, "milan", "m", f"{name} {place}", -1.0)
                for place, unit_id in enumerate(ids)
            ]
            descriptions.add(db, said)
        # In the same words as the unit beside it.
        twice = NewDescription(units["short"][0], "CLIP-Dissect", "m", "a dog", 0.5)
        descriptions.add(db, [twice])
        again = NewDescription(units["short"][1], "CLIP-Dissect", "m", "a dog", 0.5)
        descriptions.add(db, [again])
        # As if the tables had come without exemplars.
        db.execute("update exemplar_sets set folder = ''")
        users.ensure(db, "rae", "reviewer")
        signoffs.add(
            db,
            units["short"][0],
            person="rae",
            verdict="confirmed",
            concept="dog",
            seen={},
            note="<b>ears</b>",
        )
        for state in ("done", "failed"):
            job_id = jobs.enqueue(
                db, "export", {}, title=f"a {state} one", device="cpu", person="ada"
            )
            db.execute(
                "update jobs set state = ?, started_utc = created_utc, ended_utc = created_utc, "
                "message = 'no room' where job_id = ?",
                [state, job_id],
            )
    return workspace


def test_the_list_is_narrowed_walked_and_exported(page: Page, serve: Serve, tmp_path: Path) -> None:
    workspace = prepare(tmp_path / "w")
    page.goto(serve(workspace) + "?tab=describe")
    rows, unit = page.locator("#rows"), page.locator("#unit")
    expect(rows).to_contain_text("1 to 25 of 32 units")

    # The right arrow goes on to the next page of the list, and back again.
    page.locator("#rows [data-unit]").nth(24).click()
    expect(unit).to_contain_text("long/conv1/24")
    expect(page.locator("#rows [aria-current]")).to_contain_text("unit 24")
    page.keyboard.press("ArrowRight")
    expect(unit).to_contain_text("long/conv1/25")
    expect(rows).to_contain_text("26 to 32 of 32 units")
    page.keyboard.press("ArrowLeft")
    expect(unit).to_contain_text("long/conv1/24")
    expect(rows).to_contain_text("1 to 25 of 32 units")

    page.locator("#of_network input").click()
    page.get_by_role("option", name="short").click()
    expect(rows).to_contain_text("1 to 2 of 2 units")
    page.locator("#rows [data-unit]").first.click()
    expect(unit).to_contain_text("confirmed as dog by rae: <b>ears</b>")
    unit.get_by_role("button", name="conv1-1").click()
    expect(unit).to_contain_text("short/conv1/1")

    # Leaving a field as it is changes nothing.
    page.locator("#of_network input").click()
    page.locator("#search textarea, #search input").click()

    page.locator("#export_list").click()
    link = page.locator("#exported_list a")
    expect(page.locator("#exported_list")).to_contain_text("4 descriptions")
    with page.expect_download() as waiting:
        link.click()
    saved = waiting.value.path().read_text()
    assert saved.count("short,conv1,") == 4
    page.locator("#search textarea, #search input").fill("short 1")
    expect(rows).to_contain_text("1 to 1 of 1 units")
    expect(page.locator("#exported_list a")).to_have_count(0)


def test_jobs_are_listed_and_taken_up_again(page: Page, serve: Serve, tmp_path: Path) -> None:
    workspace = prepare(tmp_path / "w")
    page.goto(serve(workspace) + "?tab=describe")
    page.locator("#jobs").get_by_role("button", name="Jobs").click()
    table = page.locator("#jobs_table")
    expect(table).to_contain_text("a failed one")
    expect(table).to_contain_text("no room")
    expect(table).to_contain_text("a done one")
    expect(page.locator("#jobs_chosen input")).to_have_value("2 · a failed one · failed")
    expect(page.locator("#jobs_cancel")).to_be_disabled()
    with open_database(workspace) as db:
        # Its device is taken, so that the job waits.
        db.execute(
            "update jobs set state = 'running', pid = ?, heartbeat_utc = ? where job_id = 1",
            [os.getpid(), "2999-01-01T00:00:00Z"],
        )
    page.locator("#jobs_resume").click()
    expect(page.locator("#jobs_chosen input")).to_have_value("2 · a failed one · queued")
    page.locator("#jobs_chosen input").click()
    page.get_by_role("option", name="1 · a done one · running").click()
    expect(page.locator("#jobs_resume")).to_be_disabled()
    expect(page.locator("#header [data-jobs]")).to_have_count(2)
    page.locator("#jobs_cancel").click()
    expect(table).to_contain_text("stopping")
    with open_database(workspace) as db:
        assert [(each.job_id, each.state, each.cancel) for each in jobs.latest(db)] == [
            (2, "queued", False),
            (1, "running", True),
        ]

    # The chip leads to the list, from a tab beside which nothing else was opened yet.
    page.goto(page.url.replace("describe", "audit"))
    page.locator("#header [data-jobs]").first.click()
    expect(table).to_contain_text("a failed one")


def test_what_was_added_is_said_and_chosen(page: Page, serve: Serve, tmp_path: Path) -> None:
    workspace = prepare(tmp_path / "w")
    subject = two_layer_subject(tmp_path / "subject")
    page.goto(serve(workspace) + "?tab=describe")
    page.locator("#new").click()
    page.get_by_role("button", name="Add…").click()
    box = page.locator("#new_subject textarea, #new_subject input")
    box.fill(str(subject))
    page.locator("#add_subject").click()
    said = page.locator("#entered")
    expect(said).to_contain_text("Network two-layers is here: 2 layers with 14 units.")
    expect(page.locator("#subject input")).to_have_value("two-layers")
    expect(page.locator("#begin")).to_be_visible()
