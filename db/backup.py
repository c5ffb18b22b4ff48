"""One file that holds a workspace, made while the app runs, and the way back.

    write(workspace, Path("lab.tar"))
    restore(Path("lab.tar"), Path("workspace"))

The database is copied as of one moment; exemplars, images, checkpoints, experiments and the demo
are written once and never changed, so they are consistent by themselves. Pictures (a cache),
language models, job logs and this installation's secret stay behind, and so do files outside the
workspace.
Paths into the workspace lead into the new one after restoring, and no job is running there.
"""

import sqlite3
import tarfile
import tempfile
from pathlib import Path

from sqlite_utils import Database

from db.errors import BadInput
from db.workspace import Workspace, create, open_database

_FOLDERS = ("exemplars", "images", "checkpoints", "reports", "experiments", "demo")
# Columns that hold absolute paths, some of them into the workspace.
_PATHS = (("subjects", "source"), ("probing_sets", "root"), ("checkpoints", "source"))
_FROM = "MILAN.workspace"


def write(workspace: Workspace, target: Path) -> None:
    """Write the workspace to the tar file `target`.

    Raises:
        BadInput: `target` exists already or cannot be written.
    """
    try:
        with (
            tempfile.TemporaryDirectory(dir=workspace.path) as folder,
            tarfile.open(target, "x", pax_headers={_FROM: str(workspace.path)}) as archive,
        ):
            snapshot = Path(folder) / "workbench.db"
            with open_database(workspace) as db:
                db.execute("vacuum into ?", [str(snapshot)])
            archive.add(snapshot, arcname="workbench.db")
            for name in _FOLDERS:
                if (workspace.path / name).is_dir():
                    archive.add(workspace.path / name, arcname=name)
    except FileExistsError as error:
        raise BadInput(f"expected a new file for the backup, got {target}, which exists") from error
    except OSError as error:
        raise BadInput(
            f"expected a place to write the backup, got {target}: {error.strerror}"
        ) from error


def restore(source: Path, path: Path) -> Workspace:
    """Unpack a backup into a new workspace at `path`.

    Raises:
        BadInput: `path` holds a workspace already, or `source` is no backup; nothing is changed.
    """
    if (path / "workbench.db").exists():
        raise BadInput(f"expected a folder without a workspace, got {path}, which holds one")
    try:
        with tarfile.open(source) as archive:
            names = {member.name.split("/")[0] for member in archive}
            if "workbench.db" not in names or not names <= {"workbench.db", *_FOLDERS}:
                raise BadInput(f"expected a backup of a workspace, got {source}")
            path.mkdir(parents=True, exist_ok=True)
            # The filter refuses links and names that would leave the folder.
            archive.extractall(path, filter="data")
            before = archive.pax_headers.get(_FROM)
    except FileNotFoundError as error:
        raise BadInput(f"expected the file of a backup, got {source}, which is missing") from error
    except (tarfile.TarError, sqlite3.Error) as error:
        raise BadInput(f"expected a backup of a workspace, got {source}: {error}") from error
    workspace = create(path)
    with open_database(workspace) as db:
        if before:
            _lead_here(db, before, str(workspace.path))
        db.execute(
            "update jobs set state = 'interrupted', message = 'It ran where the backup was made.' "
            "where state = 'running'"
        )
    return workspace


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
