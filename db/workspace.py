"""A workspace: the one folder that holds everything a person made with the workbench.

    workspace = create(Path("workspace"))
    with open_database(workspace) as db:
        ...

Copying the folder moves the work; `db.backup` makes a consistent copy while the app runs. The
folder is never served: pictures and exports leave it through functions that name what they send.
This module knows where things lie, not what is in them.
"""

import contextlib
import datetime
import os
import secrets
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from db.errors import BadInput
from db.schema import migrations

BUSY_TIMEOUT_MS = 30_000


@dataclass(frozen=True)
class Workspace:
    """The places inside a workspace folder."""

    path: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.path / "workbench.db"

    @property
    def exemplars(self) -> Path:
        """Exemplar folders, one for each content hash, written once."""
        return self.path / "exemplars"

    @property
    def images(self) -> Path:
        """Every distinct exemplar image, once, under its content hash."""
        return self.path / "images"

    @property
    def pictures(self) -> Path:
        """Rendered grids: a cache that may be deleted at any time."""
        return self.path / "pictures"

    @property
    def checkpoints(self) -> Path:
        """MILAN checkpoints trained or imported here."""
        return self.path / "checkpoints"

    @property
    def models(self) -> Path:
        """Models of methods and agreement, one folder each, put there by whoever runs the app."""
        return self.path / "models"

    @property
    def generated(self) -> Path:
        """Pictures that methods of description made, one folder for each of their hashes."""
        return self.path / "generated"

    @property
    def reports(self) -> Path:
        """Exports and reports, made on request."""
        return self.path / "reports"

    @property
    def experiments(self) -> Path:
        """Networks that were trained here and the images made for them, one folder each."""
        return self.path / "experiments"

    @property
    def jobs(self) -> Path:
        """Logs and resumable state of jobs, one folder a job."""
        return self.path / "jobs"

    @property
    def backups(self) -> Path:
        """Copies of the database: one a day while the app runs, one before each migration."""
        return self.path / "backups"

    @property
    def temporary(self) -> Path:
        """The page framework's files and those made for somebody to download; emptied at start."""
        return self.path / "temporary"

    @property
    def scratch(self) -> Path:
        """Files of processes on their way; see `db.scratch`."""
        return self.path / "scratch"

    @property
    def report_key(self) -> Path:
        """The private key that reports are signed with, for the owner only; no backup holds it."""
        return self.path / "report-key"

    @property
    def secret(self) -> Path:
        """32 random bytes of this installation, readable by its owner only."""
        return self.path / "secret"


def create(path: Path) -> Workspace:
    """Make the workspace at `path`, or open the one that is there.

    Raises:
        BadInput: `path` is a file, or the folder cannot be written.
    """
    workspace = Workspace(path.expanduser().resolve())
    try:
        for folder in (
            workspace.path,
            workspace.exemplars,
            workspace.images,
            workspace.pictures,
            workspace.checkpoints,
            workspace.reports,
            workspace.experiments,
            workspace.jobs,
            workspace.backups,
            workspace.temporary,
        ):
            folder.mkdir(parents=True, exist_ok=True)
        # Answers and accounts are for nobody else on the machine.
        workspace.path.chmod(0o700)
        if not workspace.secret.exists():
            descriptor = os.open(workspace.secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(32))
    except OSError as error:
        raise BadInput(
            f"expected a folder that can be written as the workspace, got {path}: {error.strerror}"
        ) from error
    with open_database(workspace):
        pass
    return workspace


@contextlib.contextmanager
def open_database(workspace: Workspace) -> Iterator[Database]:
    """Open the workspace's database for one handler, migrated, and close it afterwards.

    Every thread opens its own: a connection must not be shared. Foreign keys are on, writers wait
    up to 30 s for each other, readers never wait (WAL).

    A database of an earlier version is copied into `backups` before it is migrated.

    Raises:
        BadInput: the file is no SQLite database, or one that a newer workbench made; nothing is
            written then.
    """
    connection = sqlite3.connect(workspace.database, timeout=BUSY_TIMEOUT_MS / 1000)
    try:
        db = prepare(connection, kept_before=workspace.backups)
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        connection.close()
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
            raise BadInput(full(workspace)) from error
        raise BadInput(
            f"expected a workbench database, got {workspace.database}: {error}. "
            f"`python app.py check --workspace {workspace.path}` says how to go on."
        ) from error
    except BadInput as error:
        connection.close()
        raise BadInput(f"{workspace.database}: {error}") from error
    try:
        yield db
    except sqlite3.DatabaseError as error:
        if sentence := _beyond_repair(error, workspace):
            raise BadInput(sentence) from error
        raise
    finally:
        db.close()


def full(workspace: Workspace) -> str:
    """What a person is told when the disk is full."""
    return (
        f"The disk with {workspace.path} is full: this was not saved. What was saved before "
        "is there; make room and do it again."
    )


def _beyond_repair(error: sqlite3.DatabaseError, workspace: Workspace) -> str:
    """What a person is told of a full disk or a damaged file; "" for what is a defect of ours.

    The write that failed is undone by SQLite: what was saved before is there.
    """
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return full(workspace)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR):
        return (
            f"expected a sound database, got {workspace.database}: {error}. "
            f"`python app.py check --workspace {workspace.path}` says how to go on."
        )
    return ""


def prepare(connection: sqlite3.Connection, *, kept_before: Path | None = None) -> Database:
    """Set a fresh connection up: pragmas, then the migrations that are still to be applied.

    Tests pass `sqlite3.connect(":memory:")`.

    Args:
        kept_before: the folder for a copy of a database that is about to be migrated.

    Raises:
        BadInput: the database is of a version that this workbench does not know.
    """
    db = Database(connection, recursive_triggers=False, execute_plugins=False)
    db.execute(f"pragma busy_timeout = {BUSY_TIMEOUT_MS}")
    db.execute("pragma foreign_keys = on")
    db.execute("pragma synchronous = normal")
    version = migrations.version(db)
    if version > migrations.LATEST:
        raise BadInput(
            f"expected a workspace of version {migrations.LATEST} or earlier, got version "
            f"{version}, which a newer MILAN Workbench made; start that one"
        )
    if version < migrations.LATEST:
        if version and kept_before is not None:
            copy(connection, kept_before / f"before-version-{version + 1}.db")
        db.execute("pragma journal_mode = wal")
        migrations.apply(db)
    return db


def copy(connection: sqlite3.Connection, target: Path) -> None:
    """Copy a database as of one moment, while others write to it; a copy that is there stays."""
    from db.arrays import new_file

    if target.exists():
        return
    with new_file(target) as temporary, contextlib.closing(sqlite3.connect(temporary)) as to:
        connection.backup(to)


@contextlib.contextmanager
def immediate(db: Database) -> Iterator[Database]:
    """Hold the write lock from the first statement on, so that what is read stays true.

    `Database.atomic` opens a transaction that becomes a writer only at its first write; two of
    those can read the same state and then collide.
    """
    db.execute("begin immediate")
    try:
        yield db
    except BaseException:
        db.rollback()
        raise
    db.commit()


@contextlib.contextmanager
def snapshot(db: Database) -> Iterator[Database]:
    """Read one state of the database with several queries, whatever is written meanwhile."""
    db.execute("begin")
    try:
        yield db
    finally:
        db.rollback()


def now() -> str:
    """The current time in UTC as it is stored everywhere: `2026-01-31T12:34:56.789Z`."""
    return format_time(datetime.datetime.now(datetime.UTC))


def format_time(moment: datetime.datetime) -> str:
    """`moment` (aware) in UTC with milliseconds; such texts sort by time."""
    utc = moment.astimezone(datetime.UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"
