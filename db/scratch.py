"""Where files lie that are made on the way: large arrays, copies of imports, sightings.

    scratch.keep_in(workspace)          # once, when the app or a worker starts

The common temporary folder belongs to every user of the machine, and may be small or in memory.
What a process that was killed left behind is removed by a later one, days afterwards: other
processes of the workspace may be using theirs.
"""

import shutil
import tempfile
import time
from pathlib import Path

from db.workspace import Workspace

DAYS_KEPT = 3


def keep_in(workspace: Workspace) -> Path:
    """Let this process make its temporary files in the workspace; returns their folder."""
    folder = workspace.scratch
    folder.mkdir(mode=0o700, exist_ok=True)
    before = time.time() - DAYS_KEPT * 86_400
    for left in folder.iterdir():
        try:
            if left.stat().st_mtime >= before:
                continue
        except FileNotFoundError:
            continue
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)
    tempfile.tempdir = str(folder)
    return folder
