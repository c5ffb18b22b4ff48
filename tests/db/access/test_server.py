"""The server says by itself when it answers, and stops when it is told to."""

import contextlib
import gzip
import socket
import threading
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from db.access.server import Server

LONG = b"unit " * 2000


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        for _ in range(2):
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
        return
    kind, body = {
        "/page": (b"text/html", LONG),
        "/events": (b"text/event-stream", LONG),
        "/picture": (b"image/png", LONG),
    }.get(scope["path"], (b"text/plain", scope["client"][0].encode()))
    headers = [(b"content-type", kind)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextlib.contextmanager
def answering() -> Iterator[tuple[str, threading.Event]]:
    """The app's address, and what is set when its server ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ready, ended = threading.Event(), threading.Event()
    server = Server(app, "127.0.0.1", port, ready=ready.set, ending=ended.set)
    thread = threading.Thread(target=server.run)
    thread.start()
    assert ready.wait(60)
    yield f"http://127.0.0.1:{port}", ended
    server.should_exit = True
    thread.join(60)


def get(address: str, **headers: str) -> tuple[bytes, Any]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(address, None, headers), timeout=60) as answer:
        return answer.read(), answer.headers


def test_it_says_when_it_answers_and_believes_no_header() -> None:
    with answering() as (address, ended):
        body, headers = get(address, **{"X-Forwarded-For": "9.9.9.9"})
        assert body == b"127.0.0.1"
        assert "server" not in headers
        assert not ended.is_set()
    assert ended.is_set()


@pytest.mark.parametrize(
    ("path", "compressed"), [("/page", True), ("/events", False), ("/picture", False), ("/", False)]
)
def test_pages_are_compressed_and_streams_and_pictures_are_not(path: str, compressed: bool) -> None:
    with answering() as (address, _):
        body, headers = get(address + path, **{"Accept-Encoding": "gzip"})
        plain, _ = get(address + path)
    assert (headers["Content-Encoding"] == "gzip") is compressed
    assert (gzip.decompress(body) if compressed else body) == plain
    assert len(body) < len(plain) / 10 or not compressed
