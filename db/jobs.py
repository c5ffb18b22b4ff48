"""Long work as rows: queued, run by a worker process, watched by polling, resumed after a crash.

    job_id = enqueue(db, "describe", args, title="…", device="cuda:0", person="ada")
    wake = waker(workspace, [sys.executable, "app.py", "work", "--workspace", "…"])

The worker claims the next queued job of a device that has none running, commits its results piece
by piece, beats a heartbeat, and reads the cancel flag. A job that died is marked `interrupted` by
`mark_stale` and goes on when it is queued again: what it had finished is skipped by the job itself.
What the kinds do is not known here: `run_next` is given a function for each.
"""

import datetime
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlite_utils import Database

from db.errors import BadInput, Cancelled, NotFound, WorkbenchError
from db.workspace import Workspace, format_time, immediate, now, open_database

State = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]

HEARTBEAT_S = 5.0
# Much longer than a heartbeat: on a starved machine a living worker may be late. It is there for
# the process number that another program got.
STALE_AFTER_S = 600.0


# Called with what is done, what there is in all, and the phase in words.
Progress = Callable[[int, int, str], None]


def _untold(_done: int, _total: int, _message: str) -> None:
    """Progress that nobody looks at."""


def _unasked() -> bool:
    """Nobody stops it."""
    return False


@dataclass(frozen=True)
class Watch:
    """Somebody who looks on at long work: is told how far it is, and may stop it.

    progress: what the work calls as it goes.
    cancelled: what it asks between two steps; `check` raises when the answer is yes.
    """

    progress: Progress = _untold
    cancelled: Callable[[], bool] = _unasked

    def check(self, where: str) -> None:
        """Stop here if that was asked for.

        Raises:
            Cancelled: with the place, as in "stopped before unit 3 of conv1".
        """
        if self.cancelled():
            raise Cancelled(f"stopped {where}")


@dataclass(frozen=True)
class Job:
    """One row of the jobs table; `rate` is what is done a second in the current phase."""

    job_id: int
    kind: str
    title: str
    device: str
    args: dict[str, Any]
    state: State
    done: int
    total: int
    rate: float | None
    message: str
    result: dict[str, Any]
    cancel: bool
    person: str
    pid: int | None
    heartbeat_utc: str | None
    created_utc: str
    started_utc: str | None
    ended_utc: str | None


@dataclass(frozen=True)
class Handle:
    """What a running job is given: its arguments, and how to speak of its progress."""

    job: Job
    workspace: Workspace
    watch: Watch


Runner = Callable[[Handle], dict[str, Any]]


def enqueue(
    db: Database, kind: str, args: Mapping[str, Any], *, title: str, device: str, person: str
) -> int:
    """Add a job to the queue of its device and return its id."""
    with db.atomic():
        cursor = db.execute(
            """
            insert into jobs (kind, title, device, args_json, state, person, created_utc)
            values (:kind, :title, :device, :args, 'queued', :person, :now)
            """,
            {
                "kind": kind,
                "title": title,
                "device": device,
                "args": json.dumps(args, sort_keys=True),
                "person": person,
                "now": now(),
            },
        )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def get(db: Database, job_id: int) -> Job:
    """One job.

    Raises:
        NotFound: there is none of that id.
    """
    for row in db.query("select * from jobs where job_id = ?", [job_id]):
        return _job(row)
    raise NotFound(f"expected the id of a job, got {job_id}")


def latest(
    db: Database, *, kinds: Sequence[str] = (), person: str | None = None, limit: int = 50
) -> list[Job]:
    """The newest jobs, running and queued ones first; of `kinds` and a person when given."""
    rows = db.query(
        """
        select * from jobs
        where (:kinds = '[]' or kind in (select value from json_each(:kinds)))
            and person = coalesce(:person, person)
        order by state not in ('running', 'queued'), job_id desc
        limit :limit
        """,
        {"kinds": json.dumps(list(kinds)), "person": person, "limit": limit},
    )
    return [_job(row) for row in rows]


def ask_to_cancel(db: Database, job_id: int) -> None:
    """Cancel a queued job at once; ask a running one to stop after its current piece of work."""
    with immediate(db):
        db.execute("update jobs set cancel = 1 where job_id = ? and state = 'running'", [job_id])
        db.execute(
            "update jobs set state = 'cancelled', ended_utc = ? "
            "where job_id = ? and state = 'queued'",
            [now(), job_id],
        )


def requeue(db: Database, job_id: int) -> None:
    """Queue a job again that failed, was cancelled or was interrupted; it goes on where it was.

    Raises:
        BadInput: the job is queued, running or done.
    """
    cursor = db.execute(
        """
        update jobs set state = 'queued', cancel = 0, ended_utc = null, pid = null, message = ''
        where job_id = ? and state in ('failed', 'cancelled', 'interrupted')
        """,
        [job_id],
    )
    if not cursor.rowcount:
        raise BadInput(
            f"expected a job that failed, was cancelled or was interrupted, "
            f"got job {job_id}, which is {get(db, job_id).state}"
        )


def mark_stale(db: Database) -> int:
    """Mark running jobs `interrupted` whose worker is gone; returns how many there were."""
    horizon = format_time(
        datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=STALE_AFTER_S)
    )
    stale = [
        int(row["job_id"])
        for row in db.query("select job_id, pid, heartbeat_utc from jobs where state = 'running'")
        if row["heartbeat_utc"] < horizon or not _alive(row["pid"])
    ]
    for job_id in stale:
        db.execute(
            """
            update jobs set state = 'interrupted', ended_utc = :now,
                message = 'The worker process ended before the job did. Resume goes on from there.'
            where job_id = :id and state = 'running'
            """,
            {"now": now(), "id": job_id},
        )
    return len(stale)


def waiting(db: Database) -> bool:
    """Whether a queued job could start now, its device being free."""
    return next(db.query(_NEXT, {"only": None}), None) is not None


def waker(workspace: Workspace, command: Sequence[str]) -> Callable[[], None]:
    """A function that starts a worker process when a queued job could run and none is on its way.

    It is cheap and called often. The worker gets its own process group and outlives this process;
    its output goes to `worker.log` beside the jobs. One too many would do no harm, it finds nothing
    to claim; but on a busy machine, where starting takes long, they must not pile up.
    """
    started: list[subprocess.Popen[bytes]] = []
    lock = threading.Lock()

    def wake() -> None:
        with lock:
            with open_database(workspace) as db:
                mark_stale(db)
                if not waiting(db):
                    return
                at_work = {each["pid"] for each in db.query(_PIDS)}
            started[:] = [each for each in started if each.poll() is None]
            if all(each.pid in at_work for each in started):
                started.append(_start(command, workspace.jobs / "worker.log"))

    return wake


def _start(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # Reaped in the background, so that a finished worker does not stay as a zombie.
    threading.Thread(target=process.wait, daemon=True).start()
    return process


_PIDS = "select pid from jobs where state = 'running' and pid is not null"


def work(workspace: Workspace, runners: Mapping[str, Runner]) -> int:
    """Run queued jobs until none can be claimed; returns how many were run."""
    with open_database(workspace) as db:
        mark_stale(db)
    count = 0
    while run_next(workspace, runners):
        count += 1
    return count


def run_next(
    workspace: Workspace, runners: Mapping[str, Runner], *, only: int | None = None
) -> bool:
    """Claim the next job of a free device and run it to its end; False when there is none.

    With `only`, the id of a job, no other is claimed.

    A runner returns the job's result; raising `Cancelled` ends it as cancelled and any other error
    as failed, with the sentence of a `WorkbenchError` or the name of a defect.
    """
    with open_database(workspace) as db:
        job = _claim(db, only)
        if job is None:
            return False
        state: State = "done"
        message, result = "", {}
        try:
            with _beating(workspace, job) as handle:
                if job.kind not in runners:
                    raise BadInput(f"expected a job of {', '.join(runners)}, got {job.kind}")
                result = runners[job.kind](handle)
        except Cancelled:
            state, message = "cancelled", "Cancelled. Resume goes on from here."
        except WorkbenchError as error:
            state, message = "failed", str(error)
        except BaseException as error:
            state = "failed"
            message = f"A defect of the workbench: {type(error).__name__}: {error}"
            raise
        finally:
            # The row is closed whatever happened, a defect or an interrupt included; also when it
            # was taken for dead meanwhile, unless another worker has it now.
            db.execute(
                """
                update jobs set state = :state, message = :message, result_json = :result,
                    ended_utc = :now
                where job_id = :id and state in ('running', 'interrupted') and pid = :pid
                """,
                {
                    "pid": os.getpid(),
                    "state": state,
                    "message": message,
                    "result": json.dumps(result, sort_keys=True),
                    "now": now(),
                    "id": job.job_id,
                },
            )
    return True


_NEXT = """
    select * from jobs as candidate
    where state = 'queued' and job_id = coalesce(:only, job_id) and not exists (
        select 1 from jobs where state = 'running' and device = candidate.device
    )
    order by job_id limit 1
"""


def _claim(db: Database, only: int | None) -> Job | None:
    """Take the next job, in one transaction: the schema allows one running job a device."""
    with immediate(db):
        row = next(db.query(_NEXT, {"only": only}), None)
        if row is None:
            return None
        db.execute(
            """
            update jobs set state = 'running', pid = :pid, started_utc = :now,
                heartbeat_utc = :now, cancel = 0
            where job_id = :id
            """,
            {"pid": os.getpid(), "now": now(), "id": row["job_id"]},
        )
    return get(db, int(row["job_id"]))


@contextmanager
def _beating(workspace: Workspace, job: Job) -> Iterator[Handle]:
    """Beat the heart of a job from a thread, which also writes its progress and reads `cancel`."""
    latest: list[tuple[int, int, float | None, str]] = [(job.done, job.total, None, "starting")]
    # Where the current phase began: a job that counts images and then units has two rates.
    phase: list[tuple[float, int, int]] = [(time.monotonic(), 0, -1)]
    stop, flag, dirty = threading.Event(), threading.Event(), threading.Event()

    def beat() -> None:
        with open_database(workspace) as db:
            last_written = 0.0
            while not stop.wait(0.25):
                if _cancel_asked(db, job.job_id):
                    flag.set()
                if dirty.is_set() or time.monotonic() - last_written > HEARTBEAT_S:
                    dirty.clear()
                    _write_progress(db, job.job_id, *latest[0])
                    last_written = time.monotonic()
            _write_progress(db, job.job_id, *latest[0])

    def progress(done: int, total: int, message: str) -> None:
        moment = time.monotonic()
        began, first, of = phase[0]
        if of != total or done < latest[0][0]:
            began, first, of = phase[0] = (moment, done, total)
        rate = (done - first) / (moment - began) if done > first and moment > began else None
        latest[0] = (done, total, rate, message)
        dirty.set()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield Handle(job, workspace, Watch(progress, flag.is_set))
    finally:
        stop.set()
        thread.join()


def _write_progress(
    db: Database, job_id: int, done: int, total: int, rate: float | None, message: str
) -> None:
    db.execute(
        """
        update jobs set done = :done, total = :total, rate = :rate, message = :message,
            heartbeat_utc = :now
        where job_id = :id and state = 'running'
        """,
        {
            "done": done,
            "total": total,
            "rate": rate,
            "message": message,
            "now": now(),
            "id": job_id,
        },
    )


def _cancel_asked(db: Database, job_id: int) -> bool:
    (asked,) = db.execute("select cancel from jobs where job_id = ?", [job_id]).fetchone()
    return bool(asked)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _job(row: dict[str, Any]) -> Job:
    values = dict(row)
    return Job(
        args=json.loads(values.pop("args_json")),
        result=json.loads(values.pop("result_json")),
        cancel=bool(values.pop("cancel")),
        **values,
    )
