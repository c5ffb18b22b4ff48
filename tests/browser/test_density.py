"""Pictures are as dense as the screen, and the one fetched ahead is the one that is shown next."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from db.annotate import campaigns, qualifications
from db.annotate.campaigns import Settings
from db.describe import exemplars
from db.workspace import create, open_database
from helpers.annotating import add_people, add_units, fill_pictures, running_app

SHARP = ("grid", "grid-2x", "grid-tall", "grid-tall-2x", "open-2x")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    workspace = create(tmp_path_factory.mktemp("dense") / "w")
    with open_database(workspace) as db:
        unit_ids = add_units(db, 4)
        units = [exemplars.unit(db, unit_id) for unit_id in unit_ids]
        fill_pictures(workspace, units, names=SHARP)
        rules = Settings(instructions="What do they share?")
        campaign = campaigns.add(db, "dense", unit_ids, settings=rules, person="admin")
        for name in (f"p{number}" for number in range(5)):
            add_people(db, name)
            qualifications.consent(db, campaign, name)
    with running_app(workspace) as found:
        yield found


@pytest.mark.parametrize(
    ("person", "width", "height", "density", "shown"),
    [
        ("p0", 1440, 900, 1, "grid"),
        ("p1", 1440, 900, 3, "grid-2x"),
        ("p2", 3840, 2160, 1, "grid-2x"),
        ("p3", 390, 844, 1, "grid-tall"),
        ("p4", 390, 844, 3, "grid-tall-2x"),
    ],
)
def test_a_dense_screen_gets_the_double_picture_and_has_the_next_one_already(
    chromium: Browser, address: str, person: str, width: int, height: int, density: int, shown: str
) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": height}, device_scale_factor=density
    )
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(address)))
    page.goto(f"{address}/?tab=annotate")
    page.locator("#an-name textarea, #an-name input").fill(person)
    page.locator("#an-named").click()
    page.wait_for_selector(".an-masked img", state="visible")
    current = "document.querySelector('.an-masked img')"
    ahead = "document.querySelector('.an-grid + picture img')"
    for image in (current, ahead):
        page.wait_for_function(f"{image}.complete && {image}.naturalWidth > 0")
    sheets = [each.split("/")[-1].split(".")[0] for each in asked if each.startswith("/pictures/")]
    assert sheets == [shown, shown]  # this picture set and the next, nothing fetched in vain
    coming = page.evaluate(f"{ahead}.currentSrc")

    page.locator("#an-text textarea").fill("striped fur")
    page.locator("#an-submit").click()
    page.wait_for_function(f"old => {current}.currentSrc === old", arg=coming)
    page.wait_for_function(f"{current}.complete && {current}.naturalWidth > 0")
    fetched = page.evaluate(
        "name => performance.getEntriesByName(name).map(each => each.transferSize)", coming
    )
    assert sum(size > 300 for size in fetched) == 1  # over the network once, the rest from memory
    if density == 3 and width > 600:
        page.locator(".an-grid").first.focus()
        page.keyboard.down("m")
        page.wait_for_function("document.querySelector('.an-open').naturalWidth > 0")
        assert "/open-2x.jpg" in page.evaluate("document.querySelector('.an-open').currentSrc")
    context.close()
