"""With two people's jobs queued, what a page follows, cancels and resumes is one's own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db import jobs
from db.access import users
from db.access.permissions import Doors
from db.workspace import Workspace, create, open_database
from helpers.visits import Visit

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.usefixtures("event_loop_that_is_dropped"),
]
PAGES = {
    "describe": ("describe", ""),
    "ablate": ("ablate", "ablate_"),
    "faithfulness": ("faithfulness", "faithfulness_"),
    "importance": ("importance", "importance_"),
    "uses": ("uses", "uses_"),
    "spurious": ("spurious", "spurious_"),
}
# Whose job is queued first: the other one's is the newest of its kind.
BOTH = [("rae", "roy"), ("roy", "rae")]


def put_together(workspace: Workspace, kind: str) -> Any:
    """The page on which jobs of a kind are started."""
    import gradio as gr

    import describer.tab
    from audits import tab as audit_tab

    doors = Doors(workspace, True, lambda sentence: gr.Error(sentence, print_exception=False))
    parts: dict[bool, Callable[..., None]] = {True: describer.tab.build, False: audit_tab.build}
    with gr.Blocks(analytics_enabled=False) as page:
        parts[kind == "describe"](doors, page, wake=lambda: None, device="cpu")
    return page


def queued(folder: Path, kind: str, people: tuple[str, ...]) -> tuple[Workspace, dict[str, int]]:
    """A workspace with one job of a kind by each of some people."""
    workspace = create(folder)
    ids = {}
    with open_database(workspace) as db:
        for name in ("rae", "roy", "ada"):
            users.add(db, name, "admin" if name == "ada" else "reviewer")
        for person in people:
            ids[person] = jobs.enqueue(
                db,
                kind,
                {"name": f"by-{person}"},
                title=f"work of {person}",
                device="cpu",
                person=person,
            )
    return workspace, ids


def states(workspace: Workspace) -> dict[str, str]:
    with open_database(workspace) as db:
        return {job.person: job.state for job in jobs.latest(db)}


def arrive(visit: Visit, kind: str) -> None:
    """Open the page, or the item of it."""
    if kind == "describe":
        visit.load()
    else:
        visit.select(kind)


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("people", BOTH)
def test_cancel_and_resume_are_about_ones_own_job(
    tmp_path: Path, kind: str, people: tuple[str, str]
) -> None:
    workspace, _ = queued(tmp_path / "w", kind, people)
    _, prefix = PAGES[kind]
    visit = Visit(put_together(workspace, kind), "rae")
    arrive(visit, kind)
    followed = visit.shown(f"{prefix}job")
    visit.send(f"{prefix}cancel", "click")
    assert states(workspace) == {"rae": "cancelled", "roy": "queued"}
    assert "work of rae" in followed
    assert "work of rae" in visit.shown(f"{prefix}job"), "it says what was cancelled"
    assert visit.visible(f"{prefix}resume")
    visit.tick()
    visit.send(f"{prefix}resume", "click")
    assert states(workspace) == {"rae": "queued", "roy": "queued"}


@pytest.mark.parametrize("kind", PAGES)
def test_what_is_cancelled_is_what_is_shown(tmp_path: Path, kind: str) -> None:
    """A job of one's own that ended meanwhile gives way to another when it is seen, not before."""
    workspace, ids = queued(tmp_path / "w", kind, ("roy", "rae"))
    _, prefix = PAGES[kind]
    visit = Visit(put_together(workspace, kind), "rae")
    arrive(visit, kind)
    with open_database(workspace) as db:
        db.execute("update jobs set state = 'failed' where job_id = ?", [ids["rae"]])
        args = {"name": "again"}
        later = jobs.enqueue(db, kind, args, title="later", device="cpu", person="rae")
    visit.send(f"{prefix}cancel", "click")
    with open_database(workspace) as db:
        assert jobs.get(db, later).state == "queued"
        assert jobs.get(db, ids["roy"]).state == "queued"


@pytest.mark.parametrize("kind", PAGES)
def test_somebody_elses_job_is_shown_and_only_an_admin_ends_it(tmp_path: Path, kind: str) -> None:
    import gradio as gr

    workspace, _ = queued(tmp_path / "w", kind, ("roy",))
    _, prefix = PAGES[kind]
    page = put_together(workspace, kind)
    visit = Visit(page, "rae")
    arrive(visit, kind)
    assert "work of roy" in visit.shown(f"{prefix}job")
    assert "asked by roy" in visit.shown(f"{prefix}job")
    assert not visit.visible(f"{prefix}cancel")
    for button in ("cancel", "resume"):
        with pytest.raises(gr.Error, match="This job is somebody else's"):
            visit.send(f"{prefix}{button}", "click")
    assert states(workspace) == {"roy": "queued"}
    admin = Visit(page, "ada")
    arrive(admin, kind)
    assert admin.visible(f"{prefix}cancel")
    admin.send(f"{prefix}cancel", "click")
    assert states(workspace) == {"roy": "cancelled"}
