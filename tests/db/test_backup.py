"""Backups: everything a person made comes back, and a file that is no backup changes nothing."""

import tarfile
from pathlib import Path

import pytest

from db import backup, jobs
from db.access import users
from db.describe import subjects
from db.errors import BadInput
from db.workspace import create, open_database


def test_a_workspace_comes_back_from_its_backup(tmp_path: Path) -> None:
    workspace = create(tmp_path / "one")
    (workspace.exemplars / "abc").mkdir()
    (workspace.exemplars / "abc" / "levels.npy").write_bytes(b"levels")
    with open_database(workspace) as db:
        users.add(db, "ada", "admin", password="correct horse")
        # The copy is made while another connection is open.
        backup.write(workspace, tmp_path / "lab.tar")
    restored = backup.restore(tmp_path / "lab.tar", tmp_path / "two")
    assert (restored.exemplars / "abc" / "levels.npy").read_bytes() == b"levels"
    with open_database(restored) as db:
        assert users.verify(db, "ada", "correct horse")
    assert restored.secret.read_bytes() != workspace.secret.read_bytes()


def test_a_restored_workspace_leads_to_its_own_files_and_runs_no_job(tmp_path: Path) -> None:
    workspace = create(tmp_path / "one")
    inside, outside = workspace.path / "demo" / "subjects" / "signs.toml", tmp_path / "own.toml"
    inside.parent.mkdir(parents=True)
    inside.write_text("name")
    with open_database(workspace) as db:
        for name, source in (("signs", inside), ("own", outside)):
            subjects.add(db, name, source=source, weights_hash=name, layers=[])
        job_id = jobs.enqueue(db, "describe", {}, title="t", device="cpu", person="ada")
        db.execute("update jobs set state = 'running', pid = 1 where job_id = ?", [job_id])
        backup.write(workspace, tmp_path / "lab.tar")
    restored = backup.restore(tmp_path / "lab.tar", tmp_path / "two")
    with open_database(restored) as db:
        source = subjects.get(db, "signs").source
        assert source == restored.path / "demo" / "subjects" / "signs.toml"
        assert source.read_text() == "name"
        assert subjects.get(db, "own").source == outside
        assert [job.state for job in jobs.latest(db)] == ["interrupted"]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    workspace = create(tmp_path / "one")
    backup.write(workspace, tmp_path / "lab.tar")
    with pytest.raises(BadInput, match="expected a new file for the backup"):
        backup.write(workspace, tmp_path / "lab.tar")
    with pytest.raises(BadInput, match="expected a folder without a workspace"):
        backup.restore(tmp_path / "lab.tar", tmp_path / "one")


def test_a_file_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.tar").write_text("not a tar file")
    with tarfile.open(tmp_path / "other.tar", "w") as archive:
        archive.add(tmp_path / "text.tar", arcname="../escape")
    for name in ("text.tar", "other.tar"):
        with pytest.raises(BadInput, match="expected a backup of a workspace"):
            backup.restore(tmp_path / name, tmp_path / "two")
    with pytest.raises(BadInput, match="which is missing"):
        backup.restore(tmp_path / "none.tar", tmp_path / "two")
    assert not (tmp_path / "two").exists()
