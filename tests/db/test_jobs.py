"""Jobs: claimed once, cancelled, resumed, and never lost when their worker dies."""

import datetime
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from db import jobs
from db.errors import BadInput, Cancelled
from db.workspace import Workspace, create, format_time, open_database


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return create(tmp_path / "workspace")


def enqueue(workspace: Workspace, kind: str = "count", device: str = "cpu") -> int:
    with open_database(workspace) as db:
        return jobs.enqueue(db, kind, {"to": 3}, title="Count", device=device, person="ada")


def state(workspace: Workspace, job_id: int) -> jobs.Job:
    with open_database(workspace) as db:
        return jobs.get(db, job_id)


def count(handle: jobs.Handle) -> dict[str, object]:
    for number in range(handle.job.args["to"]):
        handle.watch.progress(number + 1, handle.job.args["to"], f"counted {number + 1}")
    return {"counted": handle.job.args["to"]}


def test_a_job_runs_to_its_end_and_keeps_its_result(workspace: Workspace) -> None:
    job_id = enqueue(workspace)
    assert jobs.work(workspace, {"count": count}) == 1
    job = state(workspace, job_id)
    assert (job.state, job.done, job.total, job.result) == ("done", 3, 3, {"counted": 3})
    assert job.ended_utc is not None


def test_the_newest_jobs_are_told_by_kind_and_person(workspace: Workspace) -> None:
    with open_database(workspace) as db:
        for kind, person in (("a", "ada"), ("b", "ada"), ("a", "rae"), ("a", "ada")):
            jobs.enqueue(db, kind, {}, title="t", device="cpu", person=person)

        def found(**wanted: Any) -> list[int]:
            return [job.job_id for job in jobs.latest(db, **wanted)]

        assert found() == [4, 3, 2, 1]
        assert found(kinds=["a"]) == [4, 3, 1]
        assert found(person="ada") == [4, 2, 1]
        assert found(kinds=["a"], person="ada", limit=1) == [4]
        assert found(kinds=["b"], person="rae") == []


def test_a_worker_on_its_way_is_waited_for(workspace: Workspace, tmp_path: Path) -> None:
    """However often the page polls while a slow machine starts the process."""
    started, go = tmp_path / "started", tmp_path / "go"
    program = f"""
        import pathlib, time
        with open({str(started)!r}, "a") as file:
            file.write("one ")
        while not pathlib.Path({str(go)!r}).exists():
            time.sleep(0.01)
    """
    wake = jobs.waker(workspace, [sys.executable, "-c", textwrap.dedent(program)])
    wake()
    time.sleep(0.2)
    assert not started.exists(), "nothing is queued"
    enqueue(workspace)
    for _ in range(5):
        wake()
    while not started.exists():
        time.sleep(0.01)
    wake()
    assert started.read_text() == "one "
    go.touch()  # it ends without having claimed the job: the next call starts another
    until = time.monotonic() + 20
    while started.read_text() != "one one " and time.monotonic() < until:
        wake()
        time.sleep(0.01)
    assert started.read_text() == "one one "


def test_queued_jobs_run_in_order_and_only_one_a_device(workspace: Workspace) -> None:
    first, second = enqueue(workspace), enqueue(workspace)
    other = enqueue(workspace, device="cuda:0")
    order: list[int] = []

    def note(handle: jobs.Handle) -> dict[str, object]:
        order.append(handle.job.job_id)
        if handle.job.job_id == first:
            # While the CPU is taken, another worker may only take the job of the other device.
            assert jobs.run_next(workspace, {"count": note})
            assert not jobs.run_next(workspace, {"count": note})
        return {}

    jobs.work(workspace, {"count": note})
    assert order == [first, other, second]


def test_a_sentence_for_the_person_becomes_the_message_of_a_failed_job(
    workspace: Workspace,
) -> None:
    def fail(handle: jobs.Handle) -> dict[str, object]:
        raise BadInput("expected a folder, got a file")

    job_id = enqueue(workspace)
    jobs.work(workspace, {"count": fail})
    job = state(workspace, job_id)
    assert (job.state, job.message) == ("failed", "expected a folder, got a file")


def test_a_defect_is_named_and_raised(workspace: Workspace) -> None:
    def defect(handle: jobs.Handle) -> dict[str, object]:
        raise KeyError("units")

    job_id = enqueue(workspace)
    with pytest.raises(KeyError):
        jobs.work(workspace, {"count": defect})
    assert "KeyError" in state(workspace, job_id).message


def test_a_running_job_sees_that_it_is_to_stop(workspace: Workspace) -> None:
    def wait(handle: jobs.Handle) -> dict[str, object]:
        with open_database(workspace) as db:
            jobs.ask_to_cancel(db, handle.job.job_id)
        deadline = time.monotonic() + 10
        while not handle.watch.cancelled():
            # Progress that never pauses must not keep the flag from being read.
            handle.watch.progress(1, 2, "busy")
            assert time.monotonic() < deadline, "the flag was never seen"
        raise Cancelled

    job_id = enqueue(workspace)
    jobs.work(workspace, {"count": wait})
    assert state(workspace, job_id).state == "cancelled"


def test_a_queued_job_is_cancelled_at_once_and_can_be_queued_again(workspace: Workspace) -> None:
    job_id = enqueue(workspace)
    with open_database(workspace) as db:
        jobs.ask_to_cancel(db, job_id)
        assert jobs.get(db, job_id).state == "cancelled"
        jobs.requeue(db, job_id)
        with pytest.raises(BadInput, match=f"got job {job_id}, which is queued"):
            jobs.requeue(db, job_id)
    assert jobs.work(workspace, {"count": count}) == 1


def test_a_killed_worker_leaves_an_interrupted_job_that_resumes(
    workspace: Workspace, tmp_path: Path
) -> None:
    job_id = enqueue(workspace)
    script = tmp_path / "worker.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import time
            from pathlib import Path
            from db import jobs
            from db.workspace import Workspace

            def hang(handle):
                handle.watch.progress(1, 3, "half way")
                time.sleep(60)

            jobs.work(Workspace(Path({str(workspace.path)!r})), {{"count": hang}})
            """
        )
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(jobs.__file__).parents[1])}
    worker = subprocess.Popen([sys.executable, str(script)], env=environment)
    deadline = time.monotonic() + 20
    while state(workspace, job_id).done != 1:
        assert time.monotonic() < deadline, "the worker never started"
        time.sleep(0.05)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    with open_database(workspace) as db:
        assert jobs.mark_stale(db) == 1
        assert jobs.get(db, job_id).state == "interrupted"
        jobs.requeue(db, job_id)
    assert jobs.work(workspace, {"count": count}) == 1
    assert state(workspace, job_id).state == "done"


@pytest.mark.parametrize(("late", "marked"), [(120, 0), (1200, 1)])
def test_a_living_worker_that_is_late_still_finishes(
    workspace: Workspace, late: int, marked: int
) -> None:
    job_id = enqueue(workspace)

    def starved(_handle: jobs.Handle) -> dict[str, object]:
        before = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=late)
        with open_database(workspace) as db:
            db.execute("update jobs set heartbeat_utc = ?", [format_time(before)])
            assert jobs.mark_stale(db) == marked
        return {"counted": 3}

    jobs.work(workspace, {"count": starved})
    assert (state(workspace, job_id).state, state(workspace, job_id).result) == (
        "done",
        {"counted": 3},
    )
