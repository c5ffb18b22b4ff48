"""The tab's endpoints: every handler names its roles, and nothing private is in the page."""

from pathlib import Path

import pytest

from db.access import users
from db.access.permissions import Doors
from db.annotate import campaigns, qualifications
from db.annotate.qualifications import Question
from db.describe import exemplars
from db.workspace import create, open_database
from describer.similarity import bertscore
from helpers.annotating import add_units

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.usefixtures("event_loop_that_is_dropped"),
]


def test_every_handler_declares_its_roles_and_the_page_holds_no_key(tmp_path: Path) -> None:
    import gradio as gr

    from annotator import tab

    workspace = create(tmp_path / "w")
    with open_database(workspace) as db:
        units = add_units(db, 2)
        users.add(db, "secret-person", "annotator")
        questions = [Question(unit, ("the right one", "another"), 0) for unit in units]
        qualifications.add(db, "secret-test", questions, person="secret-person")
        assert exemplars.sets(db)
    doors = Doors(workspace, True, gr.Error)
    with gr.Blocks(analytics_enabled=False) as page:
        tab.build(doors, page, wake=lambda: None, scorers=bertscore)
    handlers = [each.fn for each in page.fns.values() if each.fn is not None]
    assert len(handlers) > 30
    assert not [fn.__name__ for fn in handlers if not getattr(fn, "roles", None)]
    config = str(page.get_config_file())
    for private in ("secret-person", "secret-test", "the right one"):
        assert private not in config


@pytest.mark.parametrize("role", ["annotator", "reviewer"])
def test_handlers_refuse_the_roles_they_do_not_name(tmp_path: Path, role: str) -> None:
    import gradio as gr

    from annotator import tab

    workspace = create(tmp_path / "w")
    with open_database(workspace) as db:
        users.add(db, "person", role)  # type: ignore[arg-type]
    doors = Doors(workspace, True, gr.Error)
    with gr.Blocks(analytics_enabled=False) as page:
        tab.build(doors, page, wake=lambda: None, scorers=bertscore)

    class Request:
        username = "person"

    refused = 0
    for each in page.fns.values():
        roles = getattr(each.fn, "roles", ())
        if each.fn is None or role in roles:
            continue
        with pytest.raises(gr.Error, match="needs the role"):
            each.fn(*([None] * 20), request=Request())
        refused += 1
    assert refused > 10


def test_what_is_missing_is_said_near_the_button(tmp_path: Path) -> None:
    import gradio as gr

    from annotator import tab

    workspace = create(tmp_path / "w")
    with open_database(workspace) as db:
        add_units(db, 2)
        layer = exemplars.sets(db)[0].exemplar_set_id
    doors = Doors(workspace, False, gr.Error)
    with gr.Blocks(analytics_enabled=False) as page:
        tab.build(doors, page, wake=lambda: None, scorers=bertscore)
    named = {(each.fn.__module__, each.fn.__name__): each for each in page.fns.values() if each.fn}

    def said(module: str, name: str, *given: object) -> str:
        told = named[f"annotator.{module}", name].fn(*given, request=None)
        return str(told if isinstance(told, str) else told[-1])

    def begun(**typed: object) -> str:
        """What starting a campaign says where these boxes, by their labels, are filled."""
        begin = named["annotator.campaigns.tab_new", "begin"]
        labels = {each.label.split(" (")[0].split(",")[0]: each for each in begin.inputs}
        given = {each: each.value for each in begin.inputs}
        given |= {labels[name.replace("_", " ")]: value for name, value in typed.items()}
        (told,) = begin.fn(given, request=None).values()
        return str(told)

    table = "layer,unit,summary\nconv1,0,dogs\n"
    assert "name of the network" in said("exchange.tab_import", "look", "net.csv", table, " ", "")
    assert "published units of toy" in said(
        "exchange.tab_import", "look", "net.csv", table, "toy", ""
    )
    new = {"Name": "new", "Network_and_layer": layer, "Units": "0"}
    for known, every in (("1: dog", 0), ("", 5)):
        told = begun(**new, Gold_units=known, Gold_unit_after_so_many_answers=every)
        assert "Give both the gold units" in told
    assert "expected gold units below 2, got 7" in begun(**new, Gold_units="7: dog")
    assert "Choose a network and layer first" in begun(Name="new")
    assert "descriptions: none of these units" in said(
        "ratings.tab_start", "start", "r", layer, "all"
    )
    assert "expected units as" in said("ratings.tab_start", "start", "r", layer, "")
    with open_database(workspace) as db:
        assert campaigns.every(db) == []
