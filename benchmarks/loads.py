"""Whether the app grows: `python -m benchmarks loads [--loads 3000] [--most 400]`.

Pages are opened as browsers open them: the page, its configuration, the events that run when it is
loaded, and then it is left. The resident memory of the app is read along the way; the status is 0
when it stays below `--most` MB and the last half adds no more than a twentieth.
"""

import argparse
import asyncio
import subprocess
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path

import httpx

from benchmarks.annotate import app as running
from benchmarks.annotate import event, memory
from benchmarks.annotate import workspace as workspace_of

READINGS = 10
AT_ONCE = 4


def main(arguments: Sequence[str]) -> int:
    """Open pages and print what the app's memory was meanwhile."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks loads", description=__doc__)
    parser.add_argument("--loads", type=int, default=3000)
    parser.add_argument("--most", type=float, default=400, metavar="MB")
    options = parser.parse_args(arguments)
    found = run(options.loads)
    for loads, size in found:
        print(f"{loads:6d} loads: {size:.0f} MB")
    half = found[len(found) // 2][1]
    flat = found[-1][1] <= half * 1.05
    print(f"{'flat' if flat else 'grows'}, at most {max(size for _, size in found):.0f} MB")
    return 0 if flat and max(size for _, size in found) <= options.most else 1


def run(loads: int) -> list[tuple[int, float]]:
    """Open so many pages; returns (pages so far, MB) at ten moments and before."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = workspace_of(Path(folder) / "w", units=50)
        with running(workspace) as (address, process):
            return asyncio.run(_open(address, process, loads))


async def _open(
    address: str, process: subprocess.Popen[bytes], loads: int
) -> list[tuple[int, float]]:
    found = [(0, memory(process) / 1e6)]
    limits = httpx.Limits(max_connections=50, keepalive_expiry=1.0)
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=limits) as client:
        config = (await client.get("/config")).json()
        on_load = [
            each
            for each in config["dependencies"]
            if any(target[1] == "load" for target in each["targets"]) and each["backend_fn"]
        ]
        for reading in range(1, READINGS + 1):
            until = loads * reading // READINGS
            left = asyncio.Semaphore(AT_ONCE)

            async def one(left: asyncio.Semaphore = left) -> None:
                async with left:
                    await _page(client, on_load)

            await asyncio.gather(*(one() for _ in range(until - found[-1][0])))
            found.append((until, memory(process) / 1e6))
            print(f"{until} loads, {found[-1][1]:.0f} MB", flush=True)
    return found


async def _page(client: httpx.AsyncClient, on_load: list[dict[str, object]]) -> None:
    (await client.get("/")).raise_for_status()
    session = uuid.uuid4().hex
    for each in on_load:
        inputs = each["inputs"]
        assert isinstance(inputs, list)
        assert isinstance(each["id"], int)
        await event(client, each["id"], session, [None] * len(inputs))
