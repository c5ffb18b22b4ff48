"""People who come by a link, many at once and clumsily, over HTTP; then all of it is counted.

    measure(participants=200)

Each follows the campaign's link with an id of their own, agrees and describes picture sets. On the
way, by chance: a draft arrives after its answer, an answer is sent twice, the page is reloaded, a
second window sends other words, a connection is cut while an answer is on its way and sent again,
and some return half way. When nothing is left the next ones find a full quota. Then the database is
compared with what the clients noted down themselves: no acknowledged word is lost, no call that a
page makes in good faith was refused, every unit has three distinct people, and everybody's pay is
what an independent count gives.
"""

import asyncio
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.measurement import Measurement
from db.annotate import campaigns
from db.crowd import links, participants, payments, recruitment
from db.crowd.recruitment import Recruitment
from db.workspace import Workspace, open_database

CAP, PAY, REWARD, PEOPLE = 4, "0.15", "1.20", 3
# the places of campaign, token and message among what every step of the page returns
CAMPAIGN, TOKEN, MESSAGE = 1, 2, 3
COUNTERS = json.dumps({"pasted": 0, "looks": 0})


@dataclass
class Notes:
    """What one client noted down.

    Attributes:
        answers: token to the words that the server acknowledged last, and all before.
        end: how the page said that the part ended.
        refusals: calls that a page makes in good faith and that failed.
    """

    pid: str
    answers: dict[str, list[str]] = field(default_factory=dict)
    end: str = ""
    refusals: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)


ENDS = {
    "You have finished": "completed",
    "You have stopped": "returned",
    "Nothing is left": "quota_full",
}


def prepared(workspace: Workspace, campaign_id: int) -> str:
    """Open a campaign to participants; returns the token of its link."""
    offer = Recruitment(nonce=links.new_nonce(), reward=float(REWARD), completed="DONE1")
    with open_database(workspace) as db:
        recruitment.save(db, campaign_id, offer, person="benchmark")
    assert offer.nonce is not None
    return links.campaign_token(campaign_id, offer.nonce, secret=workspace.secret.read_bytes())


async def crowd(
    address: str, token: str, *, count: int, first: int = 0, thinking: float = 0.0
) -> list[Notes]:
    """Let `count` participants come at once; returns their notes.

    Args:
        thinking: mean seconds before an answer.
    """
    async with httpx.AsyncClient(base_url=address, timeout=120) as client:
        # The page's functions are the same for everybody who is let in.
        await client.get("/", params={"campaign": token, "pid": "reader"})
        config = (await client.get("/config")).json()
    functions = {each["api_name"]: each["id"] for each in config["dependencies"]}

    async def one(number: int) -> Notes:
        pid = f"pid-{number:05d}"
        await asyncio.sleep(random.Random(pid).random() * thinking)
        return await _participant(address, token, functions, pid, thinking)

    return list(await asyncio.gather(*(one(first + number) for number in range(count))))


async def _participant(
    address: str, token: str, functions: Mapping[str, int], pid: str, thinking: float
) -> Notes:
    draw, notes = random.Random(pid), Notes(pid)
    # No connection is kept, or one is used just as a busy server closes it.
    limits = httpx.Limits(max_connections=6, max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=address, timeout=120, limits=limits) as client:
        query = {"campaign": token, "pid": pid}
        (await client.get("/", params=query)).raise_for_status()
        page = _Page(client, functions, pid, notes, draw)
        shown = await page.call("arrive", ["", ""])
        if page.ended(shown):
            return notes
        shown = await page.call("accept", ["", shown[CAMPAIGN]])
        leaves = draw.randrange(1, CAP) if draw.random() < 0.15 else 0
        while not page.ended(shown):
            if leaves and len(notes.answers) >= leaves:
                shown = await page.call("stop", [""])
                continue
            if not shown[TOKEN]:
                # Others hold what is left: the page looks again, or the person finishes.
                await asyncio.sleep(0.2)
                name = "finish" if draw.random() < 0.3 else "arrive"
                shown = await page.call(name, [""] if name == "finish" else ["", ""])
                continue
            await asyncio.sleep(draw.uniform(0.5, 1.5) * thinking)
            shown = await page.answer(shown)
    return notes


class _Page:
    """One participant's page, with what goes wrong on it."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        functions: Mapping[str, int],
        pid: str,
        notes: Notes,
        draw: random.Random,
    ) -> None:
        self.client, self.functions, self.notes, self.draw = client, functions, notes, draw
        self.session, self.calls = pid, 0

    async def answer(self, shown: list[Any]) -> list[Any]:
        """Type, send, and go on; whatever the network does meanwhile."""
        campaign, token, draw = shown[CAMPAIGN], shown[TOKEN], self.draw
        words = f"red wheels number {draw.randrange(10**9)}"
        sent = [COUNTERS, "", campaign, token, words, ""]
        if draw.random() < 0.5:
            await self.call("keep", [COUNTERS, "", campaign, token, words[:10], ""])
        if draw.random() < 0.1:
            shown = await self.call("arrive", ["", campaign])
            assert shown[TOKEN] == token, "a reload shows the same picture set"
        if draw.random() < 0.1:
            await self.cut("send", sent)
        start = time.perf_counter()
        if draw.random() < 0.15:
            # A double click, or a draft that is on its way while the answer is.
            late = "send" if draw.random() < 0.5 else "keep"
            shown, _ = await asyncio.gather(self.call("send", sent), self.call(late, sent))
        else:
            shown = await self.call("send", sent)
        self.notes.waits.append(time.perf_counter() - start)
        self.notes.answers.setdefault(token, []).append(words)
        if draw.random() < 0.1:
            await self.call("keep", sent)
        if draw.random() < 0.1:
            # A second window says something else, is asked, and says yes.
            other = f"blue doors number {draw.randrange(10**9)}"
            again = [COUNTERS, "", campaign, token, other, ""]
            await self.call("send", again)
            await self.call("say_yes", [*again[:-1], "text change"])
            self.notes.answers[token].append(other)
        return await self.call("arrive", ["", campaign]) if draw.random() < 0.1 else shown

    async def cut(self, name: str, data: list[Any]) -> None:
        """Send a call, and lose the connection before its answer is read."""
        self.calls += 1
        body = self.body(name, data, f"{self.session}-{self.calls}")
        (await self.client.post("/gradio_api/queue/join", json=body)).raise_for_status()

    async def call(self, name: str, data: list[Any]) -> list[Any]:
        """Run one of the page's handlers; a refusal is noted down and the page looks again."""
        self.calls += 1
        session = f"{self.session}-{self.calls}"
        body = self.body(name, data, session)
        (await self.client.post("/gradio_api/queue/join", json=body)).raise_for_status()
        query = {"session_hash": session}
        async with self.client.stream("GET", "/gradio_api/queue/data", params=query) as stream:
            async for line in stream.aiter_lines():
                if not line.startswith("data:"):
                    continue
                message = json.loads(line[5:])
                if message["msg"] != "process_completed":
                    continue
                if message["success"]:
                    values: list[Any] = message["output"]["data"]
                    return values
                self.notes.refusals.append(f"{name}: {message['output']}")
                break
        return [None] * 8

    def body(self, name: str, data: list[Any], session: str) -> dict[str, Any]:
        number = self.functions[name]
        return {"data": data, "fn_index": number, "session_hash": session, "trigger_id": None}

    def ended(self, shown: list[Any]) -> bool:
        """Whether the page says that the part is over."""
        message = str(shown[MESSAGE])
        for said, end in ENDS.items():
            if said in message:
                self.notes.end = end
                return True
        return False


def check(workspace: Workspace, campaign_id: int, notes: list[Notes]) -> dict[str, int]:
    """Compare the database with the notes; returns what was counted.

    Raises:
        AssertionError: something differs.
    """
    refusals = [each for note in notes for each in note.refusals]
    assert not refusals, refusals[:3]
    with open_database(workspace) as db:
        ids = {name: row["pid"] for name, row in participants.ids(db, campaign_id).items()}
        outcomes = {each.annotator: each.outcome for each in participants.every(db, campaign_id)}
        wordings: dict[str, set[str]] = {}
        newest: dict[str, str] = {}
        for token, text in db.execute(
            "select token, text from revisions join annotations using (annotation_id) order by "
            "annotation_id, number"
        ).fetchall():
            wordings.setdefault(token, set()).add(text)
            newest[token] = text
        holders = db.execute(
            "select unit_id, annotator from slots where annotation_id is not null"
        ).fetchall()
        units = len(campaigns.unit_ids(db, campaign_id))
        owed = {ids[each.annotator]: each.total for each in payments.due(db, campaign_id)}
    for note in notes:
        for token, said in note.answers.items():
            assert set(said) <= wordings[token], (note.pid, token)
            assert newest[token] == said[-1], (note.pid, token)
    people = Counter(unit for unit, _ in holders)
    assert len(holders) == len(set(holders)), "somebody sits twice at a unit"
    assert set(people.values()) == {PEOPLE}, Counter(people.values())
    assert len(people) == units
    ended = {ids[name]: outcome for name, outcome in outcomes.items()}
    for note in notes:
        assert ended[note.pid] == note.end, (note.pid, ended[note.pid], note.end)
        due = len(note.answers) * Decimal(PAY) * (note.end != "returned")
        due += Decimal(REWARD) * (note.end == "completed")
        assert owed[note.pid] == due, (note.pid, owed[note.pid], due)
    return dict(Counter(note.end for note in notes))


def run(
    workspace: Workspace, address: str, campaign_id: int, *, count: int, thinking: float = 0.0
) -> list[Notes]:
    """Let `count` participants come, and further ones until every slot is filled."""
    token = prepared(workspace, campaign_id)
    notes = _whole(crowd(address, token, count=count, thinking=thinking))
    for wave in range(20):
        with open_database(workspace) as db:
            (left,) = db.execute("select sum(missing) from campaign_units").fetchone()
        if not left:
            break
        more = max(4, left // 2)
        notes += _whole(crowd(address, token, count=more, first=10_000 * (wave + 1)))
    return notes


def _whole(coming: Coroutine[Any, Any, list[Notes]]) -> list[Notes]:
    """The notes of a crowd, in a thread of its own: whoever asks may have a running event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coming).result()


def measure(*, count: int = 200, thinking: float = 10.0) -> Measurement:
    """Time `count` participants at once, after everything they did was found as it should be."""
    from benchmarks import annotate

    settings: dict[str, Any] = {"cap": CAP, "pay_per_unit": float(PAY), "currency": "GBP"}
    with tempfile.TemporaryDirectory() as folder:
        workspace = annotate.workspace(Path(folder) / "w", units=count, **settings)
        with annotate.app(workspace, login=True) as (address, _):
            token = prepared(workspace, 1)
            alone = _whole(crowd(address, token, count=1, first=90_000))
            notes = [*alone, *run(workspace, address, 1, count=count, thinking=thinking)]
        ends = check(workspace, 1, [*notes])
    single = float(np.quantile([wait for each in alone for wait in each.waits], 0.95)) * 1000
    p50, p95 = np.quantile([wait for each in notes for wait in each.waits], (0.5, 0.95)) * 1000
    answers = sum(len(note.answers) for note in notes)
    said = ", ".join(f"{number} {end}" for end, number in sorted(ends.items()))
    return Measurement(
        name=f"annotate: {count} participants through links, send to next, p95",
        ours=float(p95),
        baseline=single,
        unit="ms",
        ratio=single / float(p95),
        what=(
            f"{len(notes)} came ({said}) with {answers} answers, {thinking:g} s of thinking before "
            f"each and the network's faults injected; p50 {p50:.0f} ms; no word lost, nothing "
            f"refused, {PEOPLE} distinct people a unit, pay equal to an independent count; "
            "baseline: one participant alone"
        ),
    )
