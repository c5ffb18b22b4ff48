"""The form of Describe: what a chosen network brings, in one answer."""

from pathlib import Path
from typing import Any

import pytest

from db.access import users
from db.access.permissions import Doors
from db.workspace import Workspace, create, open_database
from describer import tab, workspace_files
from helpers.visits import Visit
from helpers.worlds import coloured_images, two_layer_subject

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.usefixtures("event_loop_that_is_dropped"),
]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = create(tmp_path / "workspace")
    with open_database(workspace) as db:
        users.add(db, "rae", "reviewer")
        workspace_files.enter_subject(db, two_layer_subject(tmp_path / "subject"))
        workspace_files.enter_images(db, coloured_images(tmp_path / "images", seed=1))
    return workspace


@pytest.fixture
def page(workspace: Workspace) -> Any:
    import gradio as gr

    with gr.Blocks(analytics_enabled=False) as blocks:
        tab.build(Doors(workspace, True, gr.Error), blocks, wake=lambda: None, device="cpu")
    return blocks


def test_the_layers_of_a_network_come_ticked_with_what_they_cost(page: Any) -> None:
    visit = Visit(page, "rae")
    visit.fill("subject", "two-layers")
    visit.fill("images", "images")
    visit.send("subject", "change")
    assert visit.shown("layers") == ["early", "late"]
    assert "14 units over" in visit.shown("estimate")
    visit.fill("subject", None)
    visit.send("subject", "change")
    assert visit.shown("layers") == []
    assert "at least one layer" in visit.shown("estimate")


def test_no_request_holds_layers_that_the_lists_no_longer_have(page: Any) -> None:
    """A list refuses a value that it does not offer; the lists change with the network."""
    visit = Visit(page, "rae")
    network, lists = visit.names["subject"], {visit.names["layers"], visit.names["more_layers"]}
    asked = [
        {component._id for component in function.inputs}
        for function in page.fns.values()
        if (network, "change") in function.targets
    ]
    assert asked
    assert not any(lists & inputs for inputs in asked)


def test_a_success_goes_when_the_next_thing_fails(page: Any) -> None:
    names = {component._id: component.elem_id for component in page.blocks.values()}
    for button in ("add_subject", "add_images", "add_checkpoint"):
        number = next(key for key, name in names.items() if name == button)
        (adding,) = [
            key for key, function in page.fns.items() if (number, "click") in function.targets
        ]
        after = [f for f in page.fns.values() if f.trigger_after == adding]
        assert any(f.trigger_only_on_failure and f.js for f in after), button
