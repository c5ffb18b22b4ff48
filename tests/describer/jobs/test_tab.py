"""Who may cancel and resume whose job."""

from pathlib import Path
from typing import Any

import pytest

from db import jobs
from db.access import users
from db.access.permissions import Doors
from db.workspace import Workspace, create, open_database

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.usefixtures("event_loop_that_is_dropped"),
]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = create(tmp_path / "w")
    with open_database(workspace) as db:
        for name, role in (("ada", "admin"), ("rae", "reviewer"), ("bo", "annotator")):
            users.add(db, name, role)  # type: ignore[arg-type]
        for person in ("ada", "rae"):
            jobs.enqueue(db, "describe", {}, title=f"by {person}", device="cpu", person=person)
    return workspace


def handlers(workspace: Workspace) -> dict[str, Any]:
    import gradio as gr

    from describer.jobs import tab

    with gr.Blocks(analytics_enabled=False) as page:
        tab.build(Doors(workspace, True, gr.Error), wake=lambda: None)
    return {each.fn.__name__: each.fn for each in page.fns.values() if each.fn is not None}


class Request:
    """Somebody who is signed in."""

    def __init__(self, username: str) -> None:
        self.username = username


@pytest.mark.parametrize(
    ("person", "job_id", "refusal"),
    [
        ("ada", 1, None),
        ("ada", 2, None),
        ("rae", 2, None),
        ("rae", 1, "This job is somebody else's"),
        ("bo", 1, "needs the role"),
        ("ada", None, "Choose a job first"),
        ("rae", 9, "expected the id of a job, got 9"),
    ],
)
def test_admins_cancel_every_job_and_reviewers_their_own(
    workspace: Workspace, person: str, job_id: int | None, refusal: str | None
) -> None:
    import gradio as gr

    cancel = handlers(workspace)["stop"]
    if refusal is None:
        cancel(job_id, request=Request(person))
    else:
        with pytest.raises(gr.Error, match=refusal):
            cancel(job_id, request=Request(person))
    with open_database(workspace) as db:
        cancelled = [each.job_id for each in jobs.latest(db) if each.state == "cancelled"]
    assert cancelled == ([] if refusal else [job_id])


def test_a_job_that_ended_is_not_replaced_by_another(workspace: Workspace) -> None:
    look = handlers(workspace)
    _, chosen, cancel, _, _ = look["unfold"](None, request=Request("ada"))
    assert chosen["value"] == 2, "the newest is offered first"
    assert cancel["interactive"]
    _, chosen, *_ = look["watch"](1, request=Request("ada"))
    assert "value" not in chosen, "what the page holds may be newer"
    with open_database(workspace) as db:
        db.execute("update jobs set state = 'done' where job_id = 1")
    _, chosen, cancel, resume = look["watch"](1, request=Request("ada"))
    assert chosen["value"] is None
    assert not cancel["interactive"]
    assert not resume["interactive"]
    _, chosen, *_ = look["watch"](None, request=Request("rae"))
    assert [job_id for _, job_id in chosen["choices"]] == [2]
