"""Networks by their family's name, and what is no layer and why, on the Describe tab."""

from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import torch

import describer.tab
from db.access import users
from db.access.permissions import Doors
from db.describe import subjects
from db.workspace import Workspace, create, open_database
from describer import workspace_files
from helpers import subject_files
from helpers.visits import Visit

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.usefixtures("event_loop_that_is_dropped"),
]
UNSTEADY = """
import torch
from torch import nn
from torch.nn import functional as F


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 5, 3)
        self.never = nn.Conv2d(3, 5, 3)
        self.head = nn.Linear(5, 4)

    def forward(self, images):
        out = F.dropout(torch.relu(self.first(images)).mean((2, 3)))
        return {"out": self.head(out)}
"""


def visit(workspace: Workspace) -> Visit:
    """Somebody at the machine itself."""
    doors = Doors(workspace, False, lambda sentence: gr.Error(sentence, print_exception=False))
    with gr.Blocks(analytics_enabled=False) as page:
        describer.tab.build(doors, page, wake=lambda: None, device="cpu")
    return Visit(page, "")


def press(page: Visit, button: str, **fields: Any) -> None:
    for name, value in fields.items():
        page.fill(name, value)
    page.send(button, "click")


def test_a_network_comes_by_its_familys_name(tmp_path: Path) -> None:
    import torchvision

    workspace = create(tmp_path / "w")
    state = torchvision.models.squeezenet1_1(weights=None).state_dict()
    wrapped = {f"module.{key}": value for key, value in state.items()}
    torch.save({"model": wrapped}, tmp_path / "w.pt")
    torch.save({"model": {"other": torch.ones(2)}}, tmp_path / "wrong.pt")
    page = visit(workspace)
    asked = {"new_family": " torchvision/squeezenet1_1 ", "new_weights": str(tmp_path / "wrong.pt")}
    with pytest.raises(gr.Error, match="expected the weights of"):
        press(page, "add_family", **asked)
    press(page, "add_family", **{**asked, "new_weights": f" {tmp_path / 'w.pt'} "})
    said = page.shown("entered")
    assert "Network squeezenet1_1 is here" in said
    assert "<li>the weights are the entry model of w.pt</li>" in said
    assert "<li>module. taken off the keys of the weights</li>" in said
    with open_database(workspace) as db:
        assert subjects.get(db, "squeezenet1_1").source.is_relative_to(workspace.path)
    for name, reason in (("", "Give a path first"), ("torchvision/nope", "a network of torchv")):
        with pytest.raises(gr.Error, match=reason):
            press(page, "add_family", new_family=name, new_weights="")


def test_what_was_understood_of_a_network_and_its_modules_are_shown(tmp_path: Path) -> None:
    workspace = create(tmp_path / "w")
    subject = subject_files.subject(tmp_path / "n", UNSTEADY)
    page = visit(workspace)
    press(page, "add_subject", new_subject=str(subject.source))
    said = page.shown("entered")
    assert "<li>the network&#39;s answer is [&#39;out&#39;] of its output (dict)</li>" in said
    assert "<li>warning: tiny answers differently for the same image" in said
    press(page, "list_modules", subject="tiny")
    shown = page.shown("module_list")
    assert "<th>kind</th>" in shown
    assert "<td>first</td><td>map</td><td>5</td>" in shown
    assert "<tr><td>never</td><td>" in shown, "with the reason why it is no layer"
    page.send("subject", "change")
    assert page.shown("module_list") == ""
    page.fill("subject", None)
    with pytest.raises(gr.Error, match="Choose a network first"):
        page.send("list_modules", "click")


def test_paths_come_from_the_machine_alone(tmp_path: Path) -> None:
    workspace = create(tmp_path / "w")
    with open_database(workspace) as db:
        users.add(db, "ada", "admin")
        workspace_files.enter_subject(db, subject_files.subject(tmp_path / "n").source)
    doors = Doors(workspace, True, lambda sentence: gr.Error(sentence, print_exception=False))
    with gr.Blocks(analytics_enabled=False) as blocks:
        describer.tab.build(doors, blocks, wake=lambda: None, device="cpu")
    page = Visit(blocks, "ada")
    with pytest.raises(gr.Error, match="only at the machine itself"):
        press(page, "add_family", new_family="torchvision/resnet18", new_weights="")
