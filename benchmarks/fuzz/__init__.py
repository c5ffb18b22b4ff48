"""Damaged files for every reader: `python -m benchmarks fuzz [READER …] [--inputs N] [--guided]`.

Each reader gets its inputs in batches, each in a process with limits of memory and time (`child`).
A batch that was done is not done again: its tally lies in the folder of `--kept`, so that a run
that was cut goes on. The status is 0 when every input gave a result or one sentence.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BATCH = 2500
# A batch has at most so many seconds; what hangs in a library's own code is ended then.
LONGEST = 3600
_GUIDED = 10_000


@dataclass(frozen=True)
class Result:
    """What a reader made of its inputs."""

    reader: str
    read: int
    refused: int
    slowest: float
    findings: dict[str, dict[str, Any]]

    @property
    def inputs(self) -> int:
        """How many there were, the ones found fault with included."""
        wrong = sum(each["count"] for what, each in self.findings.items() if _ends(what))
        return self.read + self.refused + wrong


def _ends(what: str) -> bool:
    """Whether a finding is how an input ended, and not something beside that."""
    return not what.startswith(("memory", "no sentence", "outside"))


def main(arguments: Sequence[str]) -> int:
    """Run the readers that are named, or all."""
    from benchmarks.fuzz.readers import READERS

    parser = argparse.ArgumentParser(prog="python -m benchmarks fuzz", description=__doc__)
    parser.add_argument("readers", nargs="*", metavar="READER", help=f"of {', '.join(READERS)}")
    parser.add_argument("--inputs", type=int, default=5000, help="a reader (default: %(default)s)")
    parser.add_argument("--guided", action="store_true", help="atheris instead of hypothesis")
    parser.add_argument("--kept", type=Path, default=Path(".fuzz"), metavar="DIR")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.readers if name not in READERS]
    if unknown:
        parser.error(f"expected readers of {', '.join(READERS)}, got {', '.join(unknown)}")
    total = wrong = 0
    for name in options.readers or READERS:
        found = run(name, options.inputs, options.kept, guided=options.guided)
        print(
            f"{name}: {found.inputs} inputs, {found.read} read, {found.refused} refused, "
            f"slowest {found.slowest:.2f} s, {len(found.findings)} findings",
            flush=True,
        )
        for what, each in sorted(found.findings.items()):
            print(f"  {each['count']} x {what}", flush=True)
        total, wrong = total + found.inputs, wrong + len(found.findings)
    print(f"{total} inputs in all, {wrong} findings")
    return 1 if wrong else 0


def run(name: str, inputs: int, kept: Path, *, guided: bool = False) -> Result:
    """Read so many damaged files; batches that `kept` has are taken from there."""
    return _together(name, list(_batches(name, inputs, kept, guided)))


def _batches(name: str, inputs: int, kept: Path, guided: bool) -> Iterator[dict[str, Any]]:
    size = _GUIDED if guided else BATCH
    way = "guided" if guided else "mutated"
    for number, first in enumerate(range(0, inputs, size)):
        count = min(size, inputs - first)
        result = kept / name.replace(" ", "-").replace("/", "-") / f"{way}-{number}-{count}.json"
        if not result.is_file():
            result.parent.mkdir(parents=True, exist_ok=True)
            result.write_text(json.dumps(_child(name, count, number, guided)), "utf-8")
        yield json.loads(result.read_text("utf-8"))


def _child(name: str, count: int, seed: int, guided: bool) -> dict[str, Any]:
    """One batch in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "f"
        command = [sys.executable, "-m", "benchmarks.fuzz.child", name, str(count), str(seed)]
        command += [str(place), *(["--guided"] if guided else [])]
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "MALLOC_ARENA_MAX": "2",
            "ARROW_DEFAULT_MEMORY_POOL": "system",
            "PYTHONPATH": str(ROOT),
        }
        ended = ""
        try:
            made = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, timeout=LONGEST
            )
            if made.returncode:
                ended = f"the process ended with {made.returncode}"
            said = made.stderr.decode("utf-8", "replace")[-3000:]
        except subprocess.TimeoutExpired:
            ended, said = f"hang: the batch took longer than {LONGEST} s", ""
        written = place / "result.json"
        empty = {"read": 0, "refused": 0, "slowest": 0.0, "findings": {}}
        tally: dict[str, Any] = json.loads(written.read_text()) if written.is_file() else empty
        # Atheris leaves with its own status once it has done its runs.
        if ended and not (guided and tally["read"] + tally["refused"] >= count // 2):
            tally["findings"][ended] = {"count": 1, "detail": said, "input": ""}
            shutil.copytree(place, Path(folder) / "kept", dirs_exist_ok=True)
        return tally


def _together(name: str, tallies: Sequence[dict[str, Any]]) -> Result:
    findings: dict[str, dict[str, Any]] = {}
    for tally in tallies:
        for what, each in tally["findings"].items():
            known = findings.setdefault(what, {**each, "count": 0})
            known["count"] += each["count"]
    return Result(
        name,
        sum(tally["read"] for tally in tallies),
        sum(tally["refused"] for tally in tallies),
        max((tally["slowest"] for tally in tallies), default=0.0),
        findings,
    )
