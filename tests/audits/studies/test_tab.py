"""Which study an item shows while others are queued and done."""

from pathlib import Path

import pytest

from audits.studies import tab
from db import jobs
from db.access import users
from db.access.permissions import Doors
from db.workspace import create, open_database
from helpers.visits import Visit

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.usefixtures("event_loop_that_is_dropped"),
]


def test_a_study_that_has_just_ended_is_shown_unless_another_was_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gradio as gr

    monkeypatch.setattr(tab, "_drawn", lambda _db, _kind, job: job.title if job else "none")
    workspace = create(tmp_path / "w")
    with open_database(workspace) as db:
        users.add(db, "rae", "reviewer")

    def queue(*_: object, **__: object) -> int:
        with open_database(workspace) as db:
            number = len(jobs.latest(db)) + 1
            title = f"study {number}"
            return jobs.enqueue(db, "uses", {}, title=title, device="cpu", person="rae")

    def end() -> None:
        with open_database(workspace) as db:
            db.execute("update jobs set state = 'done' where state = 'queued'")

    monkeypatch.setattr(tab.studies_plan, "enqueue", queue)
    with gr.Blocks(analytics_enabled=False) as page, gr.Tabs(), gr.Tab("Uses", id="uses") as item:
        doors = Doors(workspace, True, gr.Error)
        tab.build(doors, item, "uses", wake=lambda: None, device="cpu")
    visit = Visit(page, "rae")
    visit.select("uses")
    assert visit.shown("uses_result") == "none"

    visit.send("uses_start", "click")
    end()
    visit.tick()
    assert (visit.shown("uses_result"), visit.shown("uses_shown")) == ("study 1", 1)

    # The older one stays in sight until the next one has ended.
    visit.send("uses_start", "click")
    visit.tick()
    assert visit.shown("uses_result") == "study 1"
    end()
    visit.tick()
    assert (visit.shown("uses_result"), visit.shown("uses_shown")) == ("study 2", 2)

    visit.send("uses_start", "click")
    visit.fill("uses_shown", 1)
    visit.send("uses_shown", "input")
    end()
    visit.tick()
    assert (visit.shown("uses_result"), visit.shown("uses_shown")) == ("study 1", 1)
