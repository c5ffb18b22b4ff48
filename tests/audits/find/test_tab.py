"""Find and sign off as a reviewer uses it: what each press changes on the page."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from audits.find import tab
from db.access import users
from db.access.permissions import Doors
from db.audit import words
from db.audit.words import Word
from db.describe.descriptions import NewDescription
from db.describe.descriptions import add as describe
from db.workspace import Workspace, create, open_database
from helpers.annotating import add_units

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.usefixtures("event_loop_that_is_dropped"),
]


class Page:
    """What the components hold, and what a press does with it."""

    def __init__(self, blocks: Any, person: str) -> None:
        self.blocks = blocks
        self.request = SimpleNamespace(username=person, query_params={})
        self.values = {
            number: getattr(block, "value", None) for number, block in blocks.blocks.items()
        }
        self.names = {
            block.elem_id: number
            for number, block in blocks.blocks.items()
            if getattr(block, "elem_id", None)
        }

    def __getitem__(self, name: str) -> Any:
        return self.values[self.names[name]]

    def __setitem__(self, name: str, value: object) -> None:
        self.values[self.names[name]] = value

    def send(self, name: str | None, event: str) -> None:
        target = None if name is None else self.names[name]
        for function in list(self.blocks.fns.values()):
            hit = any(
                kind == event and (target is None or number == target)
                for number, kind in function.targets
            )
            if hit and function.fn is not None:
                self._call(function)

    def _call(self, function: Any) -> None:
        held = {part: self.values[part._id] for part in function.inputs}
        given: list[Any] = [held] if function.inputs_as_dict else list(held.values())
        place = list(inspect.signature(function.fn).parameters).index("request")
        given.insert(place, self.request)
        answer = function.fn(*given)
        if not isinstance(answer, dict) or answer.get("__type__"):
            several = answer if len(function.outputs) > 1 else (answer,)
            answer = dict(zip(function.outputs, several, strict=True))
        assert set(answer) <= set(function.outputs), "only what the event may change"
        for part, new in answer.items():
            if isinstance(new, dict) and new.get("__type__") == "update":
                self.values[part._id] = new.get("value", self.values[part._id])
            elif not isinstance(new, type(part)):
                self.values[part._id] = new


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Forty units that are described as faces."""
    workspace = create(tmp_path / "workspace")
    with open_database(workspace) as db:
        users.add(db, "rae", "reviewer")
        users.add(db, "ann", "annotator")
        describe(
            db,
            [
                NewDescription(unit_id, "milan", "m", "a face", -1.0)
                for unit_id in add_units(db, 40)
            ],
        )
        words.add(db, "test", {"a face": [Word(2, 6, "face", "face", "NOUN")]})
    return workspace


@pytest.fixture
def blocks(workspace: Workspace) -> Iterator[Any]:
    import gradio as gr

    with gr.Blocks(analytics_enabled=False) as page:
        tab.build(Doors(workspace, True, gr.Error), page)
    return page


def test_a_reviewer_finds_and_turns_the_pages_of_matches(workspace: Workspace, blocks: Any) -> None:
    page = Page(blocks, "rae")
    page.send(None, "load")
    assert "Which units look for" in page["look"]
    page["typed"] = "face"
    page.send("find", "click")
    assert "<b>40</b> of 40 described units match" in page["found"]
    assert "1 of 40 to judge" in page["look"]
    assert "confirmed <b>0</b>" in page["tally"]

    front = page["look"]
    page.send("list_on", "click")
    assert "26 to 40 of 40" in page["listing"]
    page.send("list_back", "click")
    assert "1 to 25 of 40" in page["listing"]
    assert page["look"] == front, "the unit that is judged stays where it is"


def test_a_saved_filter_fills_the_form_again(workspace: Workspace, blocks: Any) -> None:
    page = Page(blocks, "rae")
    page["typed"], page["layer"] = "+face -clock", "conv1"
    page.send("find", "click")
    page["filter_name"] = "faces"
    page.send("save_filter", "click")
    assert "filter=1" in page["filter_link"]
    # Another visit: a reload goes on with what was looked for, and the filter opens by its name.
    again = Page(blocks, "rae")
    again.send(None, "load")
    assert (again["typed"], again["layer"]) == ("+face -clock", "conv1")
    again["typed"], again["layer"] = "", ""
    again["saved"] = 1
    again.send("saved", "input")
    assert (again["typed"], again["layer"]) == ("+face -clock", "conv1")
    assert "to judge" in again["look"]


@pytest.mark.parametrize(
    ("choices", "value", "kept"),
    [
        ([("all", ""), ("conv1", "conv1")], "conv1", "conv1"),
        ([("all", ""), ("conv1", "conv1")], "gone", ""),
        (["net"], ["gone", "net"], ["net"]),
    ],
)
def test_what_can_no_longer_be_chosen_is_let_go(choices: Any, value: Any, kept: Any) -> None:
    assert tab._among(choices, value) == kept


def test_an_annotator_is_shown_nothing(blocks: Any) -> None:
    page = Page(blocks, "ann")
    before = dict(page.values)
    page.send(None, "load")
    assert page.values == before
