"""Backups: everything a person made comes back, and a file that is no backup changes nothing."""

import tarfile
from pathlib import Path

import pytest

from db import backup, users
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
