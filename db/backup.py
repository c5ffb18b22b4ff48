"""One file that holds a workspace, made while the app runs, and the way back.

    write(workspace, Path("lab.tar"))
    restore(Path("lab.tar"), Path("workspace"))

    keep_daily(workspace)                       # a copy of the database a day, the last seven kept

The database is copied as of one moment; exemplars, images, checkpoints, experiments and the demo
are written once and never changed, so they are consistent by themselves. Pictures (a cache),
language models, job logs and this installation's secret stay behind, and so do files outside the
workspace.
A backup ends with a list of its files and their hashes. It is unpacked beside its place, checked
whole, and takes its name only then: one that is cut, changed or of a newer version leaves nothing.
Paths into the workspace lead into the new one after restoring, and no job is running there.
"""

import contextlib
import hashlib
import io
import json
import lzma
import shutil
import sqlite3
import tarfile
import tempfile
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path

from sqlite_utils import Database

from db.errors import BadInput
from db.schema import migrations
from db.workspace import Workspace, copy, create, now, open_database

_FOLDERS = ("exemplars", "images", "checkpoints", "reports", "experiments", "demo", "generated")
# Columns that hold absolute paths, some of them into the workspace.
_PATHS = (
    ("subjects", "source"),
    ("probing_sets", "root"),
    ("checkpoints", "source"),
    ("concept_sets", "place"),
    ("concept_sets", "names_file"),
)
# In the head of the archive: where it was made, and the name of its last file.
_FROM, _LAST = "MILAN.workspace", "MILAN.last"
_DATABASE, _HASHES = "workbench.db", "sha256.json"
_DAYS_KEPT = 7


def write(workspace: Workspace, target: Path) -> None:
    """Write the workspace to the tar file `target`.

    Raises:
        BadInput: `target` exists already or cannot be written; nothing of it is left then.
    """
    try:
        with target.open("xb") as file, tempfile.TemporaryDirectory(dir=workspace.path) as folder:
            try:
                _write(workspace, file, Path(folder) / _DATABASE)
            except BaseException:
                target.unlink(missing_ok=True)
                raise
    except FileExistsError as error:
        raise BadInput(f"expected a new file for the backup, got {target}, which exists") from error
    except OSError as error:
        raise BadInput(
            f"expected a place to write the backup, got {target}: {error.strerror}"
        ) from error


def restore(source: Path, path: Path) -> Workspace:
    """Unpack a backup into a new workspace at `path`.

    Raises:
        BadInput: `path` holds something already, or `source` is no whole backup of this version or
            an earlier one; nothing is changed.
    """
    if (path / _DATABASE).exists():
        raise BadInput(f"expected a folder without a workspace, got {path}, which holds one")
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise BadInput(f"expected a new or an empty folder for the workspace, got {path}")
    path = path.expanduser().resolve()
    beside = path.parent / f".restoring-{uuid.uuid4().hex}"
    try:
        beside.mkdir(parents=True)
        before = _unpack(source, beside)
        if path.exists():
            path.rmdir()
        beside.rename(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadInput(f"expected a place for the workspace, got {path}: {reason}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    workspace = create(path)
    with open_database(workspace) as db:
        if before:
            _lead_here(db, before, str(workspace.path))
        db.execute(
            "update jobs set state = 'interrupted', message = 'It ran where the backup was made.' "
            "where state = 'running'"
        )
    return workspace


def keep_daily(workspace: Workspace, *, day: str = "") -> Path:
    """Copy the database into `backups`, once a day; the newest seven such copies stay.

    Args:
        day: as in 2026-01-31; today (UTC) by default.

    Returns:
        The day's copy.
    """
    target = workspace.backups / f"day-{day or now()[:10]}.db"
    if not target.exists():
        with contextlib.closing(sqlite3.connect(workspace.database)) as connection:
            copy(connection, target)
        for former in sorted(workspace.backups.glob("day-*.db"))[:-_DAYS_KEPT]:
            former.unlink(missing_ok=True)
    return target


def damages(workspace: Workspace) -> list[str]:
    """What is wrong with a workspace, a sentence each; nothing is changed.

    The database is opened read-only: a damaged one must not be written on.
    """
    if not workspace.database.is_file():
        return [f"There is no database at {workspace.database}."]
    try:
        address = f"{workspace.database.as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
            found = [f"The database: {reason}." for reason in _unsound(connection)]
            if found:
                return found
            sets = connection.execute(
                "select folder, layer from exemplar_sets where folder <> '' order by folder"
            ).fetchall()
    # A damaged page may hold bytes that are no text.
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return [f"The database cannot be read: {error}."]
    return [
        f"The exemplars of {layer} are missing: {workspace.exemplars / folder}."
        for folder, layer in sets
        if not (workspace.exemplars / folder / layer).is_dir()
    ]


def _write(workspace: Workspace, file: io.BufferedWriter, snapshot: Path) -> None:
    """Write the archive; the list of hashes comes last, so that a cut file lacks it."""
    head = {_FROM: str(workspace.path), _LAST: _HASHES}
    with tarfile.open(fileobj=file, mode="w", pax_headers=head) as archive:
        with open_database(workspace) as db:
            db.execute("vacuum into ?", [str(snapshot)])
        hashes = {}
        for name, path in [(_DATABASE, snapshot), *_files(workspace)]:
            archive.add(path, arcname=name, recursive=False)
            if path.is_file():
                hashes[name] = _sha256(path)
        listed = json.dumps(hashes, indent=0, sort_keys=True).encode()
        member = tarfile.TarInfo(_HASHES)
        member.size = len(listed)
        archive.addfile(member, io.BytesIO(listed))


def _files(workspace: Workspace) -> Iterator[tuple[str, Path]]:
    """What goes into a backup beside the database: its name there, and where it is."""
    for folder in _FOLDERS:
        root = workspace.path / folder
        for path in [root, *sorted(root.rglob("*"))] if root.is_dir() else ():
            yield path.relative_to(workspace.path).as_posix(), path


def _unpack(source: Path, folder: Path) -> str | None:
    """Unpack and check a backup; returns the path of the workspace that it was made of.

    Raises:
        BadInput: it is no whole backup that this workbench can open.
    """
    try:
        with tarfile.open(source) as archive:
            names = {member.name.split("/")[0] for member in archive}
            if _DATABASE not in names or not names <= {_DATABASE, _HASHES, *_FOLDERS}:
                raise BadInput(f"expected a backup of a workspace, got {source}")
            # The filter refuses links and names that would leave the folder.
            archive.extractall(folder, filter="data")
            before, last = (archive.pax_headers.get(key) for key in (_FROM, _LAST))
        # Backups of earlier versions have no list of hashes, and say none.
        if last:
            _check_hashes(source, folder)
        with contextlib.closing(sqlite3.connect(folder / _DATABASE)) as connection:
            unsound = _unsound(connection)
    except FileNotFoundError as error:
        raise BadInput(f"expected the file of a backup, got {source}, which is missing") from error
    except IsADirectoryError as error:
        raise BadInput(f"expected the file of a backup, got the folder {source}") from error
    except (tarfile.TarError, sqlite3.Error, EOFError, zlib.error, lzma.LZMAError) as error:
        raise BadInput(f"expected a backup of a workspace, got {source}: {error}") from error
    except ValueError as error:
        raise BadInput(f"expected a backup of a workspace, got {source}: {error}") from error
    if unsound:
        raise BadInput(f"expected a whole backup, got {source}: {unsound[0]}")
    return before


def _check_hashes(source: Path, folder: Path) -> None:
    """Compare what was unpacked with the list."""
    listed = folder / _HASHES
    if not listed.is_file():
        raise BadInput(
            f"expected a whole backup, got {source}, which ends before its list of files"
        )
    hashes = json.loads(listed.read_text("utf-8"))
    if not isinstance(hashes, dict):
        raise BadInput(f"expected a list of hashes in {source}, got {type(hashes).__name__}")
    listed.unlink()
    there = {
        path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()
    }
    for name in sorted({*hashes, *there}):
        if name not in hashes or name not in there or _sha256(there[name]) != hashes[name]:
            raise BadInput(f"expected a whole backup, got {source}: {name} is not what was written")


def _unsound(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with a database, as parts of a sentence."""
    (version,) = connection.execute("pragma user_version").fetchone()
    if version > migrations.LATEST:
        return [
            f"it is of version {version}, which a newer MILAN Workbench made; this one knows "
            f"versions up to {migrations.LATEST}"
        ]
    found = [row[0] for row in connection.execute("pragma integrity_check(3)")]
    if found != ["ok"]:
        return found
    return [
        f"a row of {table} refers to a row of {parent} that is not there"
        for table, _, parent, _ in connection.execute("pragma foreign_key_check").fetchmany(3)
    ]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _lead_here(db: Database, before: str, here: str) -> None:
    """Let the paths into one workspace be those into another."""
    for table, column in _PATHS:
        db.execute(
            f"""
            update {table} set {column} = :here || substr({column}, length(:before) + 1)
            where substr({column}, 1, length(:before) + 1) = :before || '/'
            """,
            {"before": before, "here": here},
        )
