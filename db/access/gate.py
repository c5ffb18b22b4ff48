"""The gate in front of the web app: what is refused before anything else sees it.

    app = Gate(app, Names(local=True), proxies=(network("10.0.0.7"),))

Pages of other sites and of other ports may not talk to the app, nor show it in a frame, nor load
pieces of it; only addresses that the pages use are there at all, and bodies that no page sends are
refused. Requests are answered only under the app's own names. What a request says about where it
was forwarded from counts only when a proxy that was named says it. Plain ASGI, so that event
streams pass through unbuffered. People are not known here: see `db.access.entrance`.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from db.access.addresses import Names, Network, among

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# The addresses that the app's pages use; every other one of the page framework is closed.
PLACES = (
    "/",
    "/config",
    "/favicon.ico",
    "/gradio_api/app_id",
    "/gradio_api/cancel",
    "/gradio_api/reset",
    "/gradio_api/startup-events",
    "/gradio_api/theme.css",
    "/login",
    "/manifest.json",
    "/parts",
    "/robots.txt",
    "/sign-out",
    "/theme.css",
    "/verdicts",
)
FOLDERS = (
    "/assets/",
    "/examples/",
    "/gradio_api/file=",
    "/gradio_api/heartbeat/",
    "/gradio_api/queue/",
    "/gradio_api/run/",
    "/pictures/",
    "/reports/",
    "/static/",
    "/svelte/",
)
LARGEST_BODY = 8 * 2**20
# A header that comes twice is read one way here and another way behind.
_ONCE = {b"host", b"origin", b"sec-fetch-site", b"content-length", b"content-type"}
_FORWARDED = {b"forwarded", b"x-real-ip", b"x-scheme"}
_ADDED = {
    b"x-frame-options": b"SAMEORIGIN",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"same-origin",
    b"x-content-type-options": b"nosniff",
}


class Gate:
    """Refuse what no page of the app would ask for.

    Args:
        names: under which names the app is reached.
        proxies: whose word is taken for where a request comes from.
    """

    def __init__(self, app: App, names: Names, *, proxies: tuple[Network, ...] = ()) -> None:
        self.app = app
        self.names = names
        self.proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 400, 403, 404 or 413 to what is refused; pass everything else on."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        taken = 0

        async def counted() -> Message:
            """The body, cut off where it is longer than it said or allowed."""
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            return {"type": "http.disconnect"} if taken > LARGEST_BODY else message

        async def framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _kept_here(message.get("headers", []))
            await send(message)

        scope = self._arrived(scope)
        refusal = self._refusal(scope)
        if refusal is not None:
            await answer(framed, *refusal)
            return
        await self.app(scope, counted, framed)

    def _arrived(self, scope: Scope) -> Scope:
        """The request as it left the browser, as far as that is known."""
        headers = [(name, value) for name, value in scope["headers"] if not _is_forwarded(name)]
        said = {
            name: value.decode("latin-1") for name, value in scope["headers"] if _is_forwarded(name)
        }
        peer, port = scope.get("client") or ("", 0)
        host = said.get(b"x-forwarded-host", "").split(",")[0].strip()
        trusted = among(peer, self.proxies)
        # That it is the app's own public address, anybody may say: it gives no rights.
        if host and (trusted or self.names.public_of(host)):
            headers = [(name, value) for name, value in headers if name != b"host"]
            headers.append((b"host", host.encode("latin-1")))
        scheme = scope.get("scheme", "http")
        if trusted:
            # From the right: what stands left of a proxy that nobody named may be invented.
            hops = [*_listed(said.get(b"x-forwarded-for", "")), peer]
            peer = next((hop for hop in reversed(hops) if not among(hop, self.proxies)), hops[0])
            proto = said.get(b"x-forwarded-proto", "").split(",")[0].strip()
            scheme = proto if proto in ("http", "https") else scheme
        public = self.names.public_of(_header(headers, b"host"))
        scheme = public.split(":")[0] or scheme
        return {**scope, "headers": headers, "client": (peer, port), "scheme": scheme}

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """The status and the sentence for a request that is refused."""
        headers, path = scope["headers"], scope["path"]
        names = [name for name, _ in headers]
        if any(names.count(name) > 1 for name in _ONCE):
            return 400, "a header came twice"
        host = _header(headers, b"host")
        if not self.names.answers(host):
            return 403, (
                "MILAN Workbench does not know itself under this name. "
                "Start it with --public-url and the address you typed."
            )
        # The app's own pages ask no other origin, so they never ask first.
        if scope["method"] == "OPTIONS":
            return 403, "refused"
        if path not in PLACES and not path.startswith(FOLDERS):
            return 404, "There is nothing at this address."
        if self._foreign(headers, host) and (scope["method"], path) not in (
            # Following a link from elsewhere to the front page is no attack.
            ("GET", "/"),
            ("HEAD", "/"),
        ):
            return 403, "refused"
        length = _header(headers, b"content-length") or "0"
        if not (length.isascii() and length.isdecimal()) or int(length[:20]) > LARGEST_BODY:
            return 413, "too large"
        return None

    def _foreign(self, headers: list[tuple[bytes, bytes]], host: str) -> bool:
        """Whether a page of another origin asks.

        Browsers say the site only where the connection is safe, and the origin only where a page
        could read or change something; other pieces they are told not to load.
        """
        origin, site = _header(headers, b"origin"), _header(headers, b"sec-fetch-site")
        if origin and not self.names.owns(origin, host):
            return True
        return bool(site) and site not in ("same-origin", "none")


async def answer(
    send: Send,
    status: int,
    text: str,
    *,
    kind: str = "text/plain",
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> None:
    """Answer a request with a short text."""
    body = text.encode()
    given = [
        (b"content-type", f"{kind}; charset=utf-8".encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    start = {"type": "http.response.start", "status": status, "headers": [*given, *headers]}
    await send(start)
    await send({"type": "http.response.body", "body": body})


def _kept_here(headers: Any) -> list[tuple[bytes, bytes]]:
    """An answer's headers: what opens it to other origins is taken off."""
    kept = [(name, value) for name, value in headers if not name.startswith(b"access-control-")]
    there = {name for name, _ in kept}
    return kept + [(name, value) for name, value in _ADDED.items() if name not in there]


def _is_forwarded(name: bytes) -> bool:
    return name.startswith(b"x-forwarded-") or name in _FORWARDED


def _header(headers: list[tuple[bytes, bytes]], name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in headers if key == name), "")


def _listed(text: str) -> list[str]:
    """The addresses of a list, each without a port.

    >>> _listed("10.0.0.1, [::1]:99 , 10.0.0.2:80")
    ['10.0.0.1', '::1', '10.0.0.2']
    """
    found = []
    for part in (part.strip() for part in text.split(",")):
        if part.startswith("["):
            part = part[1:].split("]")[0]
        elif part.count(":") == 1:
            part = part.split(":")[0]
        if part:
            found.append(part)
    return found
