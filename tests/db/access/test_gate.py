"""The gate: other sites, closed addresses and forged headers are refused before anything else."""

from typing import Any

import pytest

from db.access.addresses import Names, network
from db.access.gate import LARGEST_BODY, Gate

HERE = {"host": "127.0.0.1:7860"}
PUBLIC = Names(local=False, public={"https://lab.example"})
ANY = Names(local=False)


class Passed:
    """What came through the gate, and what it answered."""

    def __init__(self) -> None:
        self.status = 0
        self.scope: dict[str, Any] = {}
        self.headers: dict[bytes, bytes] = {}
        self.messages: list[str] = []


def send(
    path: str,
    *,
    method: str = "POST",
    names: Names = ANY,
    peer: str = "127.0.0.1",
    proxies: tuple[str, ...] = (),
    raw: tuple[tuple[bytes, bytes], ...] = (),
    chunk: bytes = b"",
    **headers: str,
) -> Passed:
    """Send a request through the gate."""
    passed = Passed()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        passed.scope = scope
        if chunk:
            passed.messages.extend([(await receive())["type"] for _ in range(3)])
        opened = [(b"access-control-allow-origin", b"*")]
        await send({"type": "http.response.start", "status": 200, "headers": opened})

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def take(message: Any) -> None:
        if message["type"] == "http.response.start":
            passed.status, passed.headers = message["status"], dict(message["headers"])

    named = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    scope = {
        "type": "http",
        "scheme": "http",
        "method": method,
        "path": path,
        "client": (peer, 5000),
        "headers": [*named, *raw],
    }
    gate = Gate(app, names, proxies=tuple(network(text) for text in proxies))
    # Nothing here waits, so the first step is also the last; a loop may be running already.
    with pytest.raises(StopIteration):
        gate(scope, receive, take).__await__().send(None)  # type: ignore[arg-type]
    return passed


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"sec_fetch_site": "same-origin", "origin": "http://here", "host": "here"}, 200),
        ({"sec_fetch_site": "cross-site", "origin": "http://evil", "host": "here"}, 403),
        ({"sec_fetch_site": "same-site", "origin": "http://here:8000", "host": "here"}, 403),
        ({"sec_fetch_site": "same-origin", "origin": "http://evil", "host": "here"}, 403),
        ({"sec_fetch_site": "cross-site", "host": "here"}, 403),
        ({"host": "here", "origin": "http://here"}, 200),
        ({"host": "here", "origin": "http://evil"}, 403),
        ({"host": "here:7860", "origin": "http://here:9000"}, 403),
        ({"host": "here", "origin": "null"}, 403),
        ({"host": "inner", "x_forwarded_host": "evil", "origin": "http://evil"}, 403),
        ({"host": "here"}, 200),
        ({"origin": "http://"}, 403),
    ],
)
def test_only_pages_of_this_site_may_talk_to_the_app(
    headers: dict[str, str], expected: int
) -> None:
    assert send("/gradio_api/queue/join", **headers).status == expected


def test_a_link_from_elsewhere_opens_the_front_page() -> None:
    assert send("/", method="GET", host="here", sec_fetch_site="cross-site").status == 200
    assert send("/config", method="GET", host="here", sec_fetch_site="cross-site").status == 403
    assert send("/", method="POST", host="here", sec_fetch_site="cross-site").status == 403


@pytest.mark.parametrize("origin", ["http://evil", "http://127.0.0.1:9000", "null"])
@pytest.mark.parametrize("names", [ANY, PUBLIC, Names(local=True)])
def test_asking_first_is_refused_and_nothing_is_allowed(origin: str, names: Names) -> None:
    answered = send(
        "/gradio_api/queue/join",
        method="OPTIONS",
        names=names,
        origin=origin,
        access_control_request_method="POST",
        **HERE,
    )
    assert answered.status == 403
    assert not [name for name in answered.headers if name.startswith(b"access-control")]
    assert not answered.scope


def test_an_answer_opens_nothing_to_other_origins() -> None:
    headers = send("/config", **HERE).headers
    assert b"access-control-allow-origin" not in headers
    assert headers[b"cross-origin-resource-policy"] == b"same-origin"
    assert headers[b"x-frame-options"] == b"SAMEORIGIN"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:7860", 200),
        ("localhost:7860", 200),
        ("[::1]:7860", 200),
        ("evil.example:7860", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example:7860", 403),
        ("", 403),
        ("[", 403),
    ],
)
def test_without_sign_in_only_names_of_this_machine_are_answered_to(
    host: str, expected: int
) -> None:
    local = Names(local=True)
    assert send("/config", names=local, host=host).status == expected
    forged = send("/config", names=local, host=host, x_forwarded_host="127.0.0.1")
    assert forged.status == expected


@pytest.mark.parametrize(
    ("host", "origin", "expected"),
    [
        ("lab.example", "https://lab.example", 200),
        ("lab.example", "http://lab.example", 403),
        ("lab.example", "https://lab.example:8443", 403),
        ("127.0.0.1:7860", "http://127.0.0.1:7860", 200),
        ("127.0.0.1:7860", "https://lab.example", 200),
        ("other.example", "http://other.example", 403),
    ],
)
def test_where_an_address_was_named_it_is_the_only_one(
    host: str, origin: str, expected: int
) -> None:
    assert send("/config", names=PUBLIC, host=host, origin=origin).status == expected


def test_the_public_address_says_the_scheme() -> None:
    assert send("/config", names=PUBLIC, host="lab.example").scope["scheme"] == "https"
    passed = send("/config", names=PUBLIC, x_forwarded_host="lab.example", **HERE)
    assert passed.scope["scheme"] == "https"


def test_nobody_but_a_named_proxy_is_believed_where_a_request_comes_from() -> None:
    forged = {
        "x_forwarded_for": "1.2.3.4",
        "x_forwarded_proto": "https",
        "x_forwarded_host": "evil",
        "forwarded": "for=1.2.3.4",
        "x_real_ip": "1.2.3.4",
        "x_forwarded_prefix": "/evil",
    }
    passed = send("/config", **HERE, **forged)
    assert passed.scope["client"] == ("127.0.0.1", 5000)
    assert passed.scope["scheme"] == "http"
    assert passed.scope["headers"] == [(b"host", b"127.0.0.1:7860")]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("9.9.9.9, 1.2.3.4", "1.2.3.4"),
        ("9.9.9.9, 1.2.3.4, 10.0.0.8", "1.2.3.4"),
        ("invented", "invented"),
        ("", "10.0.0.7"),
    ],
)
def test_a_named_proxy_says_who_asked_it(said: str, expected: str) -> None:
    headers = {"x_forwarded_for": said, "x_forwarded_host": "lab", "x_forwarded_proto": "https"}
    passed = send("/config", peer="10.0.0.7", proxies=("10.0.0.0/24",), host="inner", **headers)
    assert passed.scope["client"][0] == expected
    assert passed.scope["headers"] == [(b"host", b"lab")]
    assert passed.scope["scheme"] == "https"


@pytest.mark.parametrize("name", [b"host", b"origin", b"content-length", b"sec-fetch-site"])
def test_a_header_that_comes_twice_is_refused(name: bytes) -> None:
    assert send("/config", raw=((name, b"here"), (name, b"there"))).status == 400


def test_a_body_that_no_page_sends_is_refused() -> None:
    assert send("/", host="here", content_length=str(LARGEST_BODY)).status == 200
    for length in (str(LARGEST_BODY + 1), "many", "9" * 5000, "-1"):
        assert send("/", host="here", content_length=length).status == 413


def test_a_body_that_is_longer_than_it_said_is_cut_off() -> None:
    passed = send("/", host="here", chunk=b"x" * (LARGEST_BODY // 2 + 1))
    assert passed.messages == ["http.request", "http.disconnect", "http.disconnect"]


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/upload",
        "/gradio_api/proxy=http://evil",
        "/gradio_api/file/etc/passwd",
        "/gradio_api/token",
        "/gradio_api/dev/reload",
        "/gradio_api/info",
        "/gradio_api/call/send",
        "/gradio_api/api/send",
        "/gradio_api/component_server",
        "/gradio_api/deep_link",
        "/gradio_api/stream/x",
        "/gradio_api/vibe-edit",
        "/gradio_api/openapi.json",
        "/openapi.json",
        "/docs",
        "/logout",
        "/monitoring/summary",
        "//config",
    ],
)
def test_addresses_that_no_page_uses_are_not_there(path: str) -> None:
    assert send(path, **HERE).status == 404


def test_there_are_no_web_sockets() -> None:
    sent: list[Any] = []

    async def take(message: Any) -> None:
        sent.append(message["type"])

    gate = Gate(None, ANY)  # type: ignore[arg-type]
    with pytest.raises(StopIteration):
        gate({"type": "websocket"}, None, take).__await__().send(None)  # type: ignore[arg-type]
    assert sent == ["websocket.close"]
