"""Readers of a workspace: its database, its backup, its settings."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.fuzz.kind import Reader, text_file


def _workspace(folder: Path) -> Any:
    from annotator.campaigns.plan import Settings
    from db.annotate import campaigns
    from db.describe import exemplars, subjects
    from db.describe.subjects import LayerRow
    from db.workspace import create, open_database

    workspace = create(folder / "w")
    with open_database(workspace) as db:
        layers = [LayerRow("layer4", "map", 40)]
        subject = subjects.add(db, "net", source=folder, weights_hash="n", layers=layers)
        entered = exemplars.add(
            db, hash="0" * 64, subject_id=subject.subject_id, probing_set_id=None, layer="layer4",
            units=40, k=15, folder="", provenance={},
        )  # fmt: skip
        units = [unit.unit_id for unit in exemplars.units_of(db, entered.exemplar_set_id)]
        campaigns.add(db, "c", units, settings=Settings("One sentence."), person="ada")
        db.execute("pragma wal_checkpoint(truncate)")
    return workspace


def _database(folder: Path) -> Path:
    workspace = _workspace(folder)
    with closing(sqlite3.connect(workspace.database)) as connection:
        connection.execute("pragma journal_mode = delete")
    return Path(workspace.database)


def _read_database(target: Path) -> None:
    from db import backup
    from db.annotate import campaigns
    from db.describe import exemplars
    from db.workspace import Workspace, open_database

    for name in ("-wal", "-shm", "-journal"):
        Path(f"{target}{name}").unlink(missing_ok=True)
    workspace = Workspace(target.parent)
    backup.damages(workspace)
    with open_database(workspace) as db:
        for each in exemplars.sets(db):
            exemplars.units_of(db, each.exemplar_set_id)
        campaigns.every(db)


def _backup(folder: Path) -> Path:
    from db import backup

    workspace = _workspace(folder)
    (workspace.checkpoints / "x").mkdir()
    (workspace.checkpoints / "x" / "a.txt").write_text("a")
    backup.write(workspace, folder / "lab.tar")
    shutil.rmtree(workspace.path)
    return folder / "lab.tar"


def _read_backup(target: Path) -> None:
    from db import backup

    into = target.parent / "restored"
    shutil.rmtree(into, ignore_errors=True)
    try:
        backup.restore(target, into)
    finally:
        left = [path.name for path in target.parent.iterdir() if path.name.startswith(".rest")]
        shutil.rmtree(into, ignore_errors=True)
        assert not left, left


_ENDPOINTS = '[local]\naddress = "http://127.0.0.1:8000/v1"\nmodel = "m"\ntimeout = 30\n'


def _read_endpoints(target: Path) -> None:
    from describer.methods.models import endpoint

    endpoint.read(target.parent)


def _endpoints(folder: Path) -> Path:
    from describer.methods.models import endpoint

    return text_file(endpoint.SETTINGS, _ENDPOINTS)(folder)


READERS: dict[str, Reader] = {
    "database": Reader("bytes", _database, _read_database),
    "backup": Reader("tar", _backup, _read_backup),
    "endpoints.toml": Reader("toml", _endpoints, _read_endpoints),
}
