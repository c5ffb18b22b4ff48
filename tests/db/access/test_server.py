"""The server says by itself when it answers, and stops when it is told to."""

import socket
import threading
import urllib.request
from typing import Any

from db.access.server import Server


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        for _ in range(2):
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
        return
    client = scope["client"][0].encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": client})


def test_it_says_when_it_answers_and_believes_no_header() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    answering, ended = threading.Event(), threading.Event()
    server = Server(app, "127.0.0.1", port, ready=answering.set, ending=ended.set)
    thread = threading.Thread(target=server.run)
    thread.start()
    assert answering.wait(60)
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}", None, {"X-Forwarded-For": "9.9.9.9"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        assert answer.read() == b"127.0.0.1"
        assert "server" not in answer.headers
    assert not ended.is_set()
    server.should_exit = True
    thread.join(60)
    assert ended.is_set()
