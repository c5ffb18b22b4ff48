"""A small run of the fuzz: every reader gives a result or one sentence for damaged files.

The whole is `python -m benchmarks fuzz`; here inputs are always the same, and limits those of it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import ROOT
from benchmarks import fuzz
from benchmarks.fuzz import child
from benchmarks.fuzz.readers import READERS

INPUTS = 100
# Arrow files are tried in a process of their own each, which takes a third of a second.
FEWER = {"arrow of images": 10, "dataset_info.json": 10}
# What reads with the same libraries shares a process.
GROUPS = [list(READERS)[first::4] for first in range(4)]
_SCRIPT = """
import json, sys
from pathlib import Path
from benchmarks.fuzz import child
from benchmarks.fuzz.readers import READERS
child.ROOM = 1 << 30
found = {}
for name, count in json.loads(sys.argv[1]):
    folder = Path(sys.argv[2]) / name.replace(" ", "-")
    folder.mkdir()
    tally = child.run(name, count, 1, folder)
    found[name] = [tally.read, tally.refused, sorted(tally.findings)]
print(json.dumps(found))
"""


@pytest.mark.parametrize("names", GROUPS, ids=lambda names: names[0])
def test_damaged_files_give_a_result_or_a_sentence(names: list[str], tmp_path: Path) -> None:
    asked = [[name, FEWER.get(name, INPUTS)] for name in names]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    made = subprocess.run(
        [sys.executable, "-c", _SCRIPT, json.dumps(asked), str(tmp_path)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr[-2000:]
    found = json.loads(made.stdout.splitlines()[-1])
    assert {name: wrong for name, (_, _, wrong) in found.items() if wrong} == {}
    for name, count in asked:
        assert found[name][0] + found[name][1] == count, name
        assert found[name][0] + found[name][1] > 0


def test_a_reader_that_stumbles_hangs_or_writes_elsewhere_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fuzz itself: what it must not miss."""
    elsewhere = tmp_path / "elsewhere"

    def read(target: Path) -> None:
        content = target.read_bytes()
        if content == b"stumble":
            raise KeyError("x")
        if content == b"write":
            elsewhere.write_text("x")
        while content == b"hang":
            pass

    folder = tmp_path / "inputs"
    folder.mkdir()
    tally, watch = child.Tally(), child.Watch(folder)
    monkeypatch.setattr(child, "SECONDS", 0.2)
    reader = child.Reader("bytes", lambda folder: folder / "f", read)
    for content in (b"fine", b"stumble", b"write", b"hang"):
        child.attempt(reader, folder / "f", content, tally, watch)
    watch.on = False
    kinds = sorted(what.split()[0] for what in tally.findings)
    assert kinds == ["KeyError", "hang", "outside:"]
    assert (tally.read, tally.refused) == (2, 0)


def test_a_batch_that_is_kept_is_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def once(name: str, count: int, seed: int, guided: bool) -> dict[str, object]:
        asked.append(seed)
        return {"read": count, "refused": 0, "slowest": 0.0, "findings": {}}

    monkeypatch.setattr(fuzz, "_child", once)
    monkeypatch.setattr(fuzz, "BATCH", 10)
    assert fuzz.run("PNG", 20, tmp_path).inputs == 20
    assert fuzz.run("PNG", 30, tmp_path).inputs == 30
    assert asked == [0, 1, 2]
