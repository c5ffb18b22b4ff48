"""The gate in front of the web app: what is refused before the page framework sees it.

    middleware = [Middleware(Gate)]

Pages of other sites may not talk to the app (the framework reflects any origin, with credentials),
and framework routes that the pages do not use are closed. Plain ASGI, so that event streams pass
through unbuffered. Roles are not known here: see `db.doors`.
"""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CLOSED = (
    "/gradio_api/upload",
    "/gradio_api/proxy=",
    "/gradio_api/file=http",
    "/gradio_api/component_server",
    "/gradio_api/deep_link",
    "/gradio_api/process_recording",
    "/gradio_api/info",
    "/gradio_api/call",
    "/monitoring",
)


class Gate:
    """Refuse requests that come from another site's page or go to a closed route."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403 to what is refused; pass everything else on."""
        if scope["type"] == "http" and _refused(scope):
            headers = [(b"content-type", b"text/plain")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": b"refused"})
            return
        await self.app(scope, receive, send)


def _refused(scope: Scope) -> bool:
    path = scope["path"]
    if path.startswith(CLOSED):
        return True
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        foreign = site == "cross-site"
    else:
        hosts = (headers.get("host"), headers.get("x-forwarded-host"))
        foreign = bool(origin) and urlsplit(origin).netloc not in hosts
    # Following a link from elsewhere to the front page is no attack.
    return foreign and (scope["method"], path) != ("GET", "/")


class Throttle:
    """Slows password guessing down: after five failures a name rests for half a minute.

    One instance serves one app; names are as typed, so that a name that does not exist rests too.
    """

    FAILURES = 5
    REST_S = 30.0

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[str, list[float]] = {}

    def resting(self, name: str) -> bool:
        """Whether the name has to wait before it may try again."""
        recent = self._recent(name)
        return len(recent) >= self.FAILURES

    def failed(self, name: str) -> None:
        """Note a failed attempt."""
        self._failures[name] = [*self._recent(name), self._clock()]

    def succeeded(self, name: str) -> None:
        """Forget the failures of a name that got in."""
        self._failures.pop(name, None)

    def _recent(self, name: str) -> list[float]:
        horizon = self._clock() - self.REST_S
        return [moment for moment in self._failures.get(name, []) if moment > horizon]
