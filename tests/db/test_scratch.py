"""Temporary files lie in the workspace, and what was left behind goes after days."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from app import ROOT
from db import scratch
from db.workspace import create


def test_what_was_left_days_ago_is_removed_and_the_rest_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    workspace = create(tmp_path / "w")
    folder = scratch.keep_in(workspace)
    for name in ("old", "new"):
        (folder / name).mkdir()
        (folder / name / "a").write_text("a")
    long_ago = time.time() - (scratch.DAYS_KEPT + 1) * 86_400
    os.utime(folder / "old", (long_ago, long_ago))
    scratch.keep_in(workspace)
    assert [path.name for path in folder.iterdir()] == ["new"]
    assert tempfile.gettempdir() == str(folder)
    monkeypatch.setattr(tempfile, "tempdir", None)


def test_a_worker_keeps_its_large_arrays_in_the_workspace(tmp_path: Path) -> None:
    workspace = create(tmp_path / "w")
    script = (
        "import sys, argparse, tempfile, app; from pathlib import Path; "
        "app._work(argparse.Namespace(workspace=Path(sys.argv[1]))); print(tempfile.gettempdir())"
    )
    made = subprocess.run(
        [sys.executable, "-c", script, str(workspace.path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout.strip() == str(workspace.scratch)
