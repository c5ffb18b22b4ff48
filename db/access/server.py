"""The web server: answers on an address until it is interrupted, however long starting takes.

    Server(app, "127.0.0.1", 7860, ready=announce, ending=close_streams).run()

Whether it answers, it knows by itself: it asks nobody over the network, so a busy machine only
makes it start later. Headers about forwarding are the gate's business (`db.access.gate`).

What it says is compressed for browsers that understand it: the page is a tenth of its size then.
Pictures and the stream of events are left as they are.
"""

import socket
from collections.abc import Callable

import uvicorn
from starlette.middleware.gzip import GZipMiddleware

from db.access.gate import App

# Bytes from which on an answer is worth compressing, and how hard: more takes longer than it saves.
COMPRESSED_FROM = 1024
LEVEL = 5


class Server(uvicorn.Server):
    """A server of one app.

    Args:
        ready: called once when it answers.
        ending: called once when it is to stop, before it waits for open connections.
    """

    def __init__(
        self,
        app: App,
        host: str,
        port: int,
        *,
        ready: Callable[[], None] = lambda: None,
        ending: Callable[[], None] = lambda: None,
    ) -> None:
        self._ready, self._ending = ready, ending
        super().__init__(
            uvicorn.Config(
                GZipMiddleware(app, COMPRESSED_FROM, LEVEL),
                host=host,
                port=port,
                log_level="warning",
                proxy_headers=False,
                server_header=False,
                ws="none",
                timeout_graceful_shutdown=3,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let event streams end by themselves, then stop."""
        self._ending()
        await super().shutdown(sockets)
