"""Whether kill -9 loses anything: `python -m benchmarks kills [--kills 200] [--annotators 20]`.

Annotators work over HTTP as their pages do while a worker ablates, and the app, and every third
time the worker, is killed at a random moment and started again. In the end every answer whose
sending was acknowledged has to be stored as it was sent, once, within the numbers that a unit may
have, and the worker's results have to be those of a worker that nobody killed, byte for byte.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from benchmarks.annotate import CAMPAIGN, GRID, ROOT, TOKEN, event
from benchmarks.annotate import workspace as workspace_of
from db import backup, jobs
from db.annotate import annotations, campaigns, progress
from db.audit import ablations
from db.workspace import Workspace, create, open_database

_NETWORK = """
import torch
from torch import nn


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 12, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(12, 2),
    )
"""
_SUBJECT = """
name = "net"
factory = "network.py:net"
layers = ["0"]
image_size = 32
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
classes = ["blue", "red"]
"""
# Everything is imported before it is this process's turn: starting is what takes long.
_STANDBY = (
    "import sys, app; app._load_pages(); sys.stdin.readline(); sys.exit(app.main(sys.argv[1:]))"
)


@dataclass
class Outcome:
    """What the kills did."""

    kills: int = 0
    workers_killed: int = 0
    acknowledged: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    results_equal: bool = False

    @property
    def sound(self) -> bool:
        """Whether nothing was lost, broken or other than without kills."""
        return not self.lost and not self.broken and self.results_equal


class App:
    """The app on one port, and the process that will be next."""

    def __init__(self, workspace: Workspace) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._told = ["--workspace", str(workspace.path), "--no-demo", "--no-token"]
        self._told += ["--port", str(self.port)]
        self._next = self._standby()
        self.process = self._next

    def _standby(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", _STANDBY, *self._told],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    async def start(self) -> None:
        """Let the waiting process begin, and return when it answers."""
        self.process, self._next = self._next, self._standby()
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        async with httpx.AsyncClient(base_url=self.address, timeout=20) as client:
            for _ in range(3000):
                assert self.process.poll() is None, "the app did not start"
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get("/config")).status_code == 200:
                        return
                await asyncio.sleep(0.1)
        raise AssertionError("the app did not answer")

    def kill(self) -> None:
        """kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)

    def end(self) -> None:
        """Nothing is left."""
        for each in (self.process, self._next):
            each.kill()
            each.wait(20)


def main(arguments: Sequence[str]) -> int:
    """Kill, compare, and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--annotators", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=4, help="ablations that the worker does")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        found = run(
            Path(folder),
            options.kills,
            options.annotators,
            seed=options.seed,
            jobs_=options.jobs,
        )
    print(
        f"{found.kills} kills of the app, {found.workers_killed} of workers, "
        f"{options.annotators} annotators: {len(found.acknowledged)} answers acknowledged, "
        f"{len(found.lost)} lost, {len(found.broken)} invariants broken, results "
        f"{'equal byte for byte' if found.results_equal else 'differ'}"
    )
    for sentence in [*found.lost[:5], *found.broken]:
        print(f"  {sentence}")
    return 0 if found.sound else 1


def run(
    folder: Path, kills: int, annotators: int, *, seed: int = 0, jobs_: int = 4, controls: int = 40
) -> Outcome:
    """Kill the app so often while annotators and a worker work on it.

    Args:
        jobs_: ablations that the worker has to do.
        controls: random draws of each: how long they take.
    """
    material = _material(folder / "material")
    reference = _reference(folder / "unkilled", material, jobs_, controls)
    # Everybody may answer every unit once, three a unit.
    workspace = workspace_of(folder / "w", units=max(200, 25 * kills))
    # Its pictures are made, its exemplars are not: nothing here opens them.
    (workspace.exemplars / "noise" / "layer4").mkdir(parents=True)
    _enqueue(workspace, material, jobs_, controls)
    found = Outcome()
    asyncio.run(_attack(workspace, found, kills, annotators, random.Random(seed)))
    _finish_jobs(workspace)
    found.results_equal = _results(workspace) == reference
    _check(workspace, found)
    return found


async def _attack(
    workspace: Workspace, found: Outcome, kills: int, annotators: int, generator: random.Random
) -> None:
    app = App(workspace)
    ended = asyncio.Event()
    worker: subprocess.Popen[bytes] | None = None
    try:
        await app.start()
        people = [
            asyncio.create_task(_annotator(app.address, f"person {number}", found, ended))
            for number in range(annotators)
        ]
        worker = _worker(workspace)
        for number in range(kills):
            await asyncio.sleep(generator.uniform(0.3, 2.0))
            if number % 3 == 2:
                found.workers_killed += worker.poll() is None
                worker.kill()
                worker.wait(20)
            app.kill()
            found.kills += 1
            if worker.poll() is not None:
                _requeue(workspace)
                worker = _worker(workspace)
            await app.start()
            print(f"\r{found.kills} kills, {len(found.acknowledged)} answers", end="", flush=True)
        await asyncio.sleep(2)
        ended.set()
        await asyncio.gather(*people)
        print()
    finally:
        app.end()
        if worker is not None:
            worker.kill()
            worker.wait(20)


async def _annotator(address: str, name: str, found: Outcome, ended: asyncio.Event) -> None:
    """Somebody who goes on as a person does: after a break the page is opened again."""
    generator = random.Random(name)
    while not ended.is_set():
        with contextlib.suppress(httpx.HTTPError, RuntimeError, ValueError, KeyError, IndexError):
            async with httpx.AsyncClient(base_url=address, timeout=20) as client:
                await _session(client, name, generator, found, ended)
        await asyncio.sleep(0.2)


async def _session(
    client: httpx.AsyncClient,
    name: str,
    generator: random.Random,
    found: Outcome,
    ended: asyncio.Event,
) -> None:
    config = (await client.get("/config")).json()
    functions = {each["api_name"]: each["id"] for each in config["dependencies"]}
    session = uuid.uuid4().hex
    arrived = (await event(client, functions["give_name"], session, [name]))[1:]
    campaign, token = arrived[CAMPAIGN], arrived[TOKEN]
    if not token:
        token = (await event(client, functions["accept"], session, [name, campaign]))[TOKEN]
    while not ended.is_set():
        await asyncio.sleep(generator.uniform(0.2, 0.8))
        sentence = f"things number {generator.randrange(10**9)}"
        counters = json.dumps({"pasted": 0, "looks": 0})
        shown = await event(
            client, functions["send"], session, [counters, name, campaign, token, sentence, ""]
        )
        # The next picture under another token is what says that the answer is kept.
        if shown[TOKEN] == token or not re.search(r'<img src="', str(shown[GRID])):
            raise RuntimeError("not acknowledged")
        found.acknowledged[sentence] = name
        token = shown[TOKEN]


def _check(workspace: Workspace, found: Outcome) -> None:
    """Every acknowledged answer is there, and what must be true of a workspace is."""
    with open_database(workspace) as db:
        (campaign,) = campaigns.every(db)
        stored = annotations.of_campaign(db, campaign.campaign_id)
        now = progress.of(db, campaign.campaign_id)
        (most,) = db.execute(
            "select max(n) from (select count(annotation_id) as n from slots group by unit_id)"
        ).fetchone()
    texts = {each.text: each.annotator for each in stored}
    found.lost = [
        f"{name}: {sentence}"
        for sentence, name in found.acknowledged.items()
        if texts.get(sentence) != name
    ]
    pairs = {(each.unit_id, each.annotator) for each in stored}
    if len(pairs) != len(stored):
        found.broken.append(f"{len(stored) - len(pairs)} people answered a unit twice")
    if most is not None and most > campaign.settings.annotators_per_unit:
        found.broken.append(f"a unit has {most} answers in slots")
    if now.filled + now.surplus != len(stored):
        found.broken.append(f"{now.filled} filled and {now.surplus} more are not {len(stored)}")
    found.broken += backup.damages(workspace)


def _material(folder: Path) -> Path:
    """A small network, and two sets of images."""
    folder.mkdir(parents=True)
    (folder / "network.py").write_text(_NETWORK)
    (folder / "SUBJECT.toml").write_text(_SUBJECT)
    generator = np.random.default_rng(0)
    for name in ("validation", "test"):
        for channel, label in ((0, "red"), (2, "blue")):
            (folder / name / label).mkdir(parents=True)
            for number in range(60):
                image = generator.integers(60, 120, (32, 32, 3), dtype=np.uint8)
                image[..., channel] += 40
                Image.fromarray(image).save(folder / name / label / f"{number:03d}.png")
    return folder


def _enqueue(workspace: Workspace, material: Path, count: int, controls: int) -> None:
    from audits.ablation import plan as ablation_plan
    from describer import workspace_files

    with open_database(workspace) as db:
        workspace_files.enter_subject(db, material / "SUBJECT.toml")
        for name in ("validation", "test"):
            workspace_files.enter_images(db, material / name)
        for seed in range(count):
            how = ablation_plan.How(controls=controls, seed=seed)
            plan = ablation_plan.Plan("net", "all", "validation", "test", how, source="list")
            listed = " ".join(f"0-{unit}" for unit in range(10))
            ablation_plan.enqueue(db, plan, listed=listed, device="cpu", person="ada")


def _reference(path: Path, material: Path, count: int, controls: int) -> str:
    """The results of a worker that nobody kills."""
    workspace = create(path)
    _enqueue(workspace, material, count, controls)
    _worker(workspace).wait()
    return _results(workspace)


def _results(workspace: Workspace) -> str:
    """All ablations with their curves, as text; the second curve of a job would be seen."""
    with open_database(workspace) as db:
        every = sorted(ablations.latest(db, limit=1000), key=lambda each: each.ablation_id)
        values: list[Any] = [
            {
                "request": each.request,
                "summary": each.summary,
                "units": len(each.units),
                "points": [vars(point) for point in ablations.curve(db, each.ablation_id)],
            }
            for each in every
        ]
    return json.dumps(values, sort_keys=True)


def _worker(workspace: Workspace) -> subprocess.Popen[bytes]:
    """As the app starts one."""
    command = [sys.executable, str(ROOT / "app.py"), "work", "--workspace", str(workspace.path)]
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )


def _requeue(workspace: Workspace) -> None:
    """Resume, as somebody presses it on the page."""
    with open_database(workspace) as db:
        jobs.mark_stale(db)
        for each in jobs.latest(db, limit=100):
            if each.state == "interrupted":
                jobs.requeue(db, each.job_id)


def _finish_jobs(workspace: Workspace) -> None:
    """What is left is done without kills."""
    until = time.monotonic() + 600
    while time.monotonic() < until:
        _requeue(workspace)
        with open_database(workspace) as db:
            left = [each for each in jobs.latest(db, limit=100) if each.state != "done"]
        if not left:
            return
        _worker(workspace).wait(600)
    raise AssertionError("the jobs did not end")
