"""A table of another method's descriptions, read by a real browser."""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from db.describe import descriptions
from db.workspace import Workspace, create, open_database
from describer import workspace_files
from helpers.worlds import two_layer_subject

Serve = Callable[..., str]


def test_a_table_comes_in_and_a_bad_one_refused(page: Page, serve: Serve, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    create(workspace.path)
    with open_database(workspace) as db:
        workspace_files.enter_subject(db, two_layer_subject(tmp_path / "subject"))
    head = "layer,unit,description,similarity\n"
    good, bad, large, latin = (
        tmp_path / f"{name}.csv" for name in ("good", "bad", "large", "latin")
    )
    latin.write_bytes("layer;unit;description\nlate;3;café tables\n".encode("cp1252"))
    good.write_text(head + "late,7,red wheels,0.5\nlate,2,<b>blue</b>,0.4\n")
    bad.write_text(head + "late,8,red wheels,0.5\n")
    large.write_text(head + "late,7,red,0.5\n" * 300_000)

    page.goto(serve(workspace) + "?tab=describe")
    page.get_by_role("button", name="Add descriptions by another method").click()
    expect(page.locator("#table_subject input")).to_have_value("two-layers")

    chosen, text = page.locator("#table_file"), page.locator("#table_text textarea")
    chosen.set_input_files(large)
    expect(page.locator("#table_size")).to_contain_text("large.csv is larger than 4 MB")
    expect(text).to_have_value("")
    chosen.set_input_files(bad)
    expect(text).to_have_value(bad.read_text())
    page.locator("#add_descriptions").click()
    expect(page.get_by_text("units 0 to 7 of late, got 8 in line 2 of bad.csv")).to_be_visible()
    chosen.set_input_files(good)
    expect(text).to_have_value(good.read_text())
    page.locator("#add_descriptions").click()
    expect(page.locator("#table_told")).to_contain_text("2 units of two-layers described by CLIP-")
    expect(page.locator("#rows")).to_contain_text("1 to 2 of 2 units")
    expect(page.locator("#rows")).to_contain_text("<b>blue</b>")
    page.locator("#rows [data-unit]").nth(1).click()
    expect(page.locator("#unit")).to_contain_text("No exemplars of this layer")
    expect(page.locator("#unit")).to_contain_text("red wheels")
    # What is not UTF-8 comes as its bytes, and what was understood is said.
    chosen.set_input_files(latin)
    expect(text).to_have_value(re.compile("^data:.*base64,"))
    page.locator("#add_descriptions").click()
    expect(page.locator("#table_told")).to_contain_text("Windows-1252 text, as in “café tables”")
    with open_database(workspace) as db:
        assert descriptions.methods(db) == ["CLIP-Dissect", "latin"]
        said = [each.text for each in descriptions.page(db, method="latin").rows]
    assert said == ["café tables"]
