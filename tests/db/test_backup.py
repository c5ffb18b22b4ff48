"""Backups: everything a person made comes back, and a file that is no backup changes nothing."""

import io
import sqlite3
import tarfile
from pathlib import Path

import pytest

from db import backup, jobs
from db.access import users
from db.describe import subjects
from db.errors import BadInput
from db.schema import migrations
from db.workspace import Workspace, create, open_database
from helpers.annotating import add_units


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


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    workspace = create(tmp_path / "one")
    (workspace.exemplars / "abc").mkdir()
    (workspace.exemplars / "abc" / "levels.npy").write_bytes(b"levels" * 4_000)
    backup.write(workspace, tmp_path / "lab.tar")
    return tmp_path / "lab.tar"


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.97])
def test_a_cut_backup_leaves_nothing_and_the_whole_one_can_follow(
    tmp_path: Path, saved: Path, share: float
) -> None:
    whole = saved.read_bytes()
    cut = tmp_path / "cut.tar"
    cut.write_bytes(whole[: int(len(whole.rstrip(b"\0")) * share)])
    before = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(BadInput, match="backup"):
        backup.restore(cut, tmp_path / "two")
    assert {path.name for path in tmp_path.iterdir()} == before
    assert (backup.restore(saved, tmp_path / "two").exemplars / "abc").is_dir()


def test_a_backup_without_its_last_file_is_cut(tmp_path: Path, saved: Path) -> None:
    with tarfile.open(saved) as archive:
        head = archive.pax_headers
        with tarfile.open(tmp_path / "cut.tar", "w", pax_headers=head) as shorter:
            for member in archive.getmembers()[:-1]:
                shorter.addfile(member, archive.extractfile(member) if member.isfile() else None)
    with pytest.raises(BadInput, match="ends before its list of files"):
        backup.restore(tmp_path / "cut.tar", tmp_path / "two")


def test_a_changed_byte_is_found_and_named(tmp_path: Path, saved: Path) -> None:
    changed = saved.read_bytes().replace(b"levelslevels", b"levelsLevels", 1)
    (tmp_path / "changed.tar").write_bytes(changed)
    with pytest.raises(BadInput, match=r"exemplars/abc/levels\.npy is not what was written"):
        backup.restore(tmp_path / "changed.tar", tmp_path / "two")
    assert not (tmp_path / "two").exists()


@pytest.mark.parametrize("kind", ["folder", "archive of text", "gzip of nothing"])
def test_other_files_and_folders_end_in_a_sentence(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "given"
    if kind == "folder":
        path.mkdir()
    elif kind == "archive of text":
        with tarfile.open(path, "w") as archive:
            member = tarfile.TarInfo("workbench.db")
            member.size = 9
            archive.addfile(member, io.BytesIO(b"some text"))
    else:
        path.write_bytes(b"\x1f\x8b\x08\x00")
    with pytest.raises(BadInput, match="backup"):
        backup.restore(path, tmp_path / "two")
    assert not (tmp_path / "two").exists()


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path, saved: Path) -> None:
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "notes.txt").write_text("mine")
    with pytest.raises(BadInput, match="an empty folder"):
        backup.restore(saved, tmp_path / "two")
    assert [path.name for path in (tmp_path / "two").iterdir()] == ["notes.txt"]


def newer(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(f"pragma user_version = {migrations.LATEST + 1}")
    connection.close()


def test_a_database_of_a_newer_version_is_neither_opened_nor_restored(tmp_path: Path) -> None:
    workspace = create(tmp_path / "one")
    newer(workspace.database)
    before = workspace.database.read_bytes()
    message = f"version {migrations.LATEST} or earlier, got version {migrations.LATEST + 1}"
    with pytest.raises(BadInput, match=message), open_database(workspace):
        pass
    assert workspace.database.read_bytes() == before
    with tarfile.open(tmp_path / "newer.tar", "w") as archive:
        archive.add(workspace.database, arcname="workbench.db")
    with pytest.raises(BadInput, match=f"version {migrations.LATEST + 1}"):
        backup.restore(tmp_path / "newer.tar", tmp_path / "two")
    assert not (tmp_path / "two").exists()


def test_a_migration_is_preceded_by_a_copy(tmp_path: Path) -> None:
    workspace = create(tmp_path / "one")
    with open_database(workspace) as db:
        users.add(db, "ada", "admin", password="correct horse")
        last = migrations.STEPS[-1].__name__
        db.execute("delete from _sqlite_migrations where name = ?", [last])
        db.execute(f"pragma user_version = {migrations.LATEST - 1}")
    with pytest.raises(BadInput), open_database(workspace):
        pass  # The last step finds its column there already: the migration fails.
    (kept,) = workspace.backups.iterdir()
    with sqlite3.connect(kept) as connection:
        assert connection.execute("select name from users").fetchall() == [("ada",)]
    connection.close()


def test_a_day_has_one_copy_and_a_week_is_kept(tmp_path: Path) -> None:
    workspace = create(tmp_path / "one")
    for day in range(1, 10):
        for _ in range(2):
            backup.keep_daily(workspace, day=f"2026-01-{day:02d}")
    names = sorted(path.name for path in workspace.backups.iterdir())
    assert names == [f"day-2026-01-{day:02d}.db" for day in range(3, 10)]


def test_damage_is_found_without_writing(tmp_path: Path) -> None:
    workspace = create(tmp_path / "one")
    with open_database(workspace) as db:
        for number in range(200):
            users.ensure(db, f"person {number}", "annotator")
        db.execute("pragma wal_checkpoint(truncate)")
    assert backup.damages(workspace) == []
    whole = workspace.database.read_bytes()
    pages = bytearray(whole)
    pages[len(pages) // 2 :] = bytes(len(pages) - len(pages) // 2)
    workspace.database.write_bytes(pages)
    assert any("database" in sentence for sentence in backup.damages(workspace))
    assert workspace.database.read_bytes() == bytes(pages)
    workspace.database.write_bytes(b"text" * 5_000)
    assert "not a database" in backup.damages(workspace)[0]
    assert "no database" in backup.damages(Workspace(tmp_path / "none"))[0]


def test_missing_exemplars_are_named(tmp_path: Path) -> None:
    workspace = create(tmp_path / "one")
    with open_database(workspace) as db:
        add_units(db, 2)
    (sentence,) = backup.damages(workspace)
    assert sentence.startswith("The exemplars of conv1 are missing")
