"""The gate in front of the web app: what is refused before the page framework sees it.

    middleware = [Middleware(Gate, local=True)]

Pages of other sites and of other ports may not talk to the app (the framework reflects any origin,
with credentials), nor show it in a frame; framework routes that the pages do not use are closed,
and so are bodies that no page sends. Without sign-in only the names of this machine are answered
to, because a foreign name can be made to lead here. Plain ASGI, so that event streams pass through
unbuffered. Roles are not known here: see `db.access.doors`.
"""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

from db.access.addresses import is_loopback

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CLOSED = (
    "/gradio_api/upload",
    "/gradio_api/proxy=",
    "/gradio_api/file=http",
    "/gradio_api/file/",
    "/gradio_api/token",
    "/gradio_api/dev",
    "/gradio_api/openapi",
    "/openapi",
    "/token",
    "/file=http",
    "/file/",
    "/gradio_api/component_server",
    "/gradio_api/deep_link",
    "/gradio_api/process_recording",
    "/gradio_api/info",
    "/gradio_api/call",
    "/monitoring",
)


LARGEST_BODY = 8 * 2**20
# Where the request that is being answered comes from, for whoever counts attempts.
client: ContextVar[str] = ContextVar("client", default="")


class Gate:
    """Refuse requests of other sites' pages, to closed routes, or with bodies beyond 8 MiB.

    Args:
        local: answer to names of this machine only (localhost, 127.0.0.1, [::1]).
    """

    def __init__(self, app: App, *, local: bool = False) -> None:
        self.app = app
        self.local = local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403 or 413 to what is refused; pass everything else on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        if _refused(scope, headers) or (self.local and not _is_local(headers.get("host", ""))):
            await _answer(send, 403, b"refused")
            return
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            await _answer(send, 413, b"too large")
            return
        client.set((scope.get("client") or ("",))[0])
        taken = 0

        async def counted() -> MutableMapping[str, Any]:
            """The body, cut off where it is longer than it said or allowed."""
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            return {"type": "http.disconnect"} if taken > LARGEST_BODY else message

        async def framed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-frame-options", b"SAMEORIGIN")]
            await send(message)

        await self.app(scope, counted, framed)


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _refused(scope: Scope, headers: MutableMapping[str, str]) -> bool:
    path = scope["path"]
    if path.startswith(CLOSED):
        return True
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        foreign = site not in ("same-origin", "none")
    else:
        hosts = (headers.get("host"), headers.get("x-forwarded-host"))
        foreign = bool(origin) and urlsplit(origin).netloc not in hosts
    # Following a link from elsewhere to the front page is no attack.
    return foreign and (scope["method"], path) != ("GET", "/")


def _is_local(host: str) -> bool:
    """Whether a Host header names this machine.

    >>> _is_local("127.0.0.1:7860"), _is_local("[::1]:7860"), _is_local("evil.example:7860")
    (True, True, False)
    """
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False


class Throttle:
    """Slows password guessing down: after five failures a name rests for half a minute.

    One instance serves one app. A name is whatever the caller counts by, for instance an account
    and where the attempt comes from, so that strangers keep nobody else out; names that do not
    exist rest too. An attempt counts as failed from its start, so that many at once are no way in.
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

    def begun(self, name: str) -> None:
        """Note an attempt, which has failed until it has succeeded."""
        self._failures[name] = [*self._recent(name), self._clock()]

    def succeeded(self, name: str) -> None:
        """Forget the failures of a name that got in."""
        self._failures.pop(name, None)

    def _recent(self, name: str) -> list[float]:
        horizon = self._clock() - self.REST_S
        return [moment for moment in self._failures.get(name, []) if moment > horizon]
