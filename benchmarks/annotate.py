"""How long annotators wait from submitting to the next unit with its picture, many at once.

    measure(annotators=(50,), seconds=60)

The real app runs in a process of its own over a made workspace; a client process speaks the page's
protocol: a name, then again and again five seconds of thinking, one submission, the next picture.
The baseline is one annotator alone on the same machine just before. Afterwards the workspace is
checked: every acknowledged answer is there, and no unit has more answers in slots than it may have.
"""

import asyncio
import contextlib
import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.measurement import Measurement
from db.annotate import annotations, campaigns, progress
from db.describe import exemplars, pictures, subjects
from db.describe.subjects import LayerRow
from db.workspace import Workspace, create, open_database

ROOT = Path(__file__).resolve().parents[1]
# more than the largest crowd can do, three answers each
UNITS = 1200
# the places of campaign, token and picture among what every step of the page returns
CAMPAIGN, TOKEN, GRID = 1, 2, 7


@dataclass
class Tally:
    """What the clients saw."""

    waits: list[float] = field(default_factory=list)
    acknowledged: int = 0
    errors: list[str] = field(default_factory=list)


def measure(
    *,
    annotators: Sequence[int] = (50, 200),
    seconds: float = 60.0,
    thinking: float = 5.0,
    by_links: int = 200,
) -> list[Measurement]:
    """Time `annotators` people at once, each crowd on a workspace of its own, then `by_links`
    participants who come by a link (`benchmarks.participants`).

    Raises:
        AssertionError: an answer is lost, a unit has too many, or a request failed.
    """
    found = []
    for crowd in annotators:
        with tempfile.TemporaryDirectory() as folder:
            made = workspace(Path(folder) / "w")
            with app(made) as (address, process):
                alone = asyncio.run(_crowd(address, 1, seconds=10.0, thinking=0.2))
                idle = memory(process)
                together = asyncio.run(_crowd(address, crowd, seconds=seconds, thinking=thinking))
                each = (memory(process) - idle) / crowd
            _check(made, alone.acknowledged + together.acknowledged, together.errors)
        p50, p95 = np.quantile(together.waits, (0.5, 0.95)) * 1000
        single = float(np.quantile(alone.waits, 0.95)) * 1000
        found.append(
            Measurement(
                name=f"annotate: {crowd} annotators, submit to next picture, p95",
                ours=float(p95),
                baseline=single,
                unit="ms",
                ratio=single / float(p95),
                what=(
                    f"{len(together.waits)} submissions in {seconds:.0f} s with {thinking:g} s of "
                    f"thinking, p50 {p50:.0f} ms, {len(together.errors)} errors, "
                    f"{each / 1024:.0f} KB a session; baseline: one annotator alone"
                ),
            )
        )
    if by_links:
        from benchmarks import participants

        found.append(participants.measure(count=by_links))
    return found


async def _crowd(address: str, count: int, *, seconds: float, thinking: float) -> Tally:
    tally = Tally()
    # shorter than the server keeps a connection, or one is used just as it is closed
    limits = httpx.Limits(max_connections=3 * count + 10, keepalive_expiry=1.0)
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=limits) as client:
        config = (await client.get("/config")).json()
        functions = {each["api_name"]: each["id"] for each in config["dependencies"]}
        await asyncio.gather(
            *(
                _annotator(client, functions, f"{count}-{number}", seconds, thinking, tally)
                for number in range(count)
            )
        )
    return tally


async def _annotator(
    client: httpx.AsyncClient,
    functions: dict[str, int],
    name: str,
    seconds: float,
    thinking: float,
    tally: Tally,
) -> None:
    generator = random.Random(name)
    session = f"s{name}"
    await asyncio.sleep(generator.random() * thinking)
    arrived = (await event(client, functions["give_name"], session, [name]))[1:]
    campaign = arrived[CAMPAIGN]
    # the guidelines are read once
    token = (await event(client, functions["accept"], session, [name, campaign]))[TOKEN]
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        await asyncio.sleep(generator.uniform(0.5, 1.5) * thinking)
        counters = json.dumps({"pasted": 0, "looks": 0})
        sentence = f"things number {generator.randrange(10**6)}"
        start = time.perf_counter()
        try:
            data = [counters, name, campaign, token, sentence, ""]
            shown = await event(client, functions["send"], session, data)
            address = re.search(r'<img src="([^"]+)"', str(shown[GRID]))
            if address is None:
                raise RuntimeError(f"no picture came back: {shown[0]}")
            tally.acknowledged += 1
            (await client.get(address[1].replace("&amp;", "&"))).raise_for_status()
        except (httpx.HTTPError, RuntimeError) as error:
            tally.errors.append(repr(error))
            continue
        tally.waits.append(time.perf_counter() - start)
        token = shown[TOKEN]


async def event(
    client: httpx.AsyncClient, function: int, session: str, data: list[Any]
) -> list[Any]:
    """Run one of the page's handlers through its queue."""
    body = {"data": data, "fn_index": function, "session_hash": session, "trigger_id": None}
    (await client.post("/gradio_api/queue/join", json=body)).raise_for_status()
    query = {"session_hash": session}
    async with client.stream("GET", "/gradio_api/queue/data", params=query) as stream:
        async for line in stream.aiter_lines():
            if not line.startswith("data:"):
                continue
            message = json.loads(line[5:])
            if message["msg"] == "process_completed":
                if not message["success"]:
                    raise RuntimeError(str(message["output"]))
                values: list[Any] = message["output"]["data"]
                return values
    raise RuntimeError("the stream of events ended early")


def _check(workspace: Workspace, acknowledged: int, errors: list[str]) -> None:
    with open_database(workspace) as db:
        (campaign,) = campaigns.every(db)
        stored = annotations.of_campaign(db, campaign.campaign_id)
        now = progress.of(db, campaign.campaign_id)
        pairs = {(each.unit_id, each.annotator) for each in stored}
        (most,) = db.execute(
            "select max(n) from (select count(annotation_id) as n from slots group by unit_id)"
        ).fetchone()
    assert not errors, errors[:3]
    assert len(stored) >= acknowledged, (len(stored), acknowledged)
    assert len(pairs) == len(stored)
    assert most <= campaign.settings.annotators_per_unit
    assert now.filled + now.surplus == len(stored)


def workspace(path: Path, *, units: int = UNITS, **settings: Any) -> Workspace:
    """Units with pictures that are rendered already, and a campaign over them."""
    made = create(path)
    noise = np.random.default_rng(0).integers(0, 255, (15, 3, 64, 64), np.uint8)
    masks = np.zeros((15, 1, 64, 64), bool)
    masks[:, :, 16:48, 16:48] = True
    jpeg = pictures.rendered(noise, masks, "grid")
    with open_database(made) as db:
        layers = [LayerRow("layer4", "map", units)]
        subject = subjects.add(db, "noise", source=path, weights_hash="noise", layers=layers)
        entered = exemplars.add(
            db,
            hash="0" * 64,
            subject_id=subject.subject_id,
            probing_set_id=None,
            layer="layer4",
            units=units,
            k=15,
            folder="noise",
            provenance={},
        )
        rows = exemplars.units_of(db, entered.exemplar_set_id)
        folder = made.pictures / entered.hash
        folder.mkdir(parents=True)
        for unit in rows:
            (folder / f"{unit.unit}-grid.jpg").write_bytes(jpeg)
        campaigns.add(
            db,
            "load",
            [unit.unit_id for unit in rows],
            settings=campaigns.Settings("One sentence.", annotators_per_unit=3, **settings),
            person="benchmark",
        )
    return made


@contextlib.contextmanager
def app(
    workspace: Workspace, *, login: bool = False
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The app in a process of its own: its address and the process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(ROOT / "app.py"), "--workspace", str(workspace.path)]
    command += ["--no-demo", "--port", str(port)]
    command += ["--host", "0.0.0.0"] if login else ["--no-token"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            with contextlib.suppress(httpx.HTTPError):
                path = "/login" if login else "/config"
                httpx.get(f"{address}{path}", timeout=10).raise_for_status()
                break
            time.sleep(0.3)
        assert process.poll() is None, "the app did not start"
        yield address, process
    finally:
        process.kill()
        process.wait(20)


def memory(process: subprocess.Popen[bytes]) -> int:
    """Resident bytes of the app."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
