"""A server on this machine that speaks the OpenAI protocol, and misbehaves when it is asked to."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Reply = tuple[int, dict[str, str], bytes]


def said(text: str) -> Reply:
    """A completion."""
    body = {"choices": [{"message": {"role": "assistant", "content": text}}]}
    return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()


def refused(status: int, message: str = "", **headers: str) -> Reply:
    """An error as such servers give it."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, names, json.dumps({"error": {"message": message}}).encode()


def late(seconds: float) -> Reply:
    """An answer that comes too late."""
    time.sleep(seconds)
    return said("too late")


@dataclass
class Server:
    """What was asked, and where."""

    address: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def settings(self, models: Path, *, name: str = "writer", more: str = "") -> Path:
        """Write a workspace's settings that name this server."""
        models.mkdir(parents=True, exist_ok=True)
        entry = f'[{name}]\naddress = "{self.address}"\nmodel = "tiny"\n{more}\n'
        (models / "endpoints.toml").write_text(entry)
        return models


@contextmanager
def serving(answer: Callable[[int, dict[str, Any]], Reply]) -> Iterator[Server]:
    """A server that answers the n-th request (from 0) as the function says."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                number = len(server.requests)
                server.requests.append(body)
                server.keys.append(self.headers.get("Authorization"))
                server.times.append(time.monotonic())
            status, headers, content = answer(number, body)
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except (BrokenPipeError, ConnectionResetError):
                pass

        def log_message(self, *_args: object) -> None:
            """Silence."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = Server(f"http://127.0.0.1:{http.server_address[1]}/v1")
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
