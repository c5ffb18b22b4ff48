"""The gate: other sites and closed routes are refused, and guessing passwords is slow."""

from typing import Any

import pytest

from db.access.gate import CLOSED, LARGEST_BODY, Gate, Throttle


def status(path: str, *, method: str = "POST", local: bool = False, **headers: str) -> int:
    """The status that a request meets, 200 when it reaches the app."""
    seen: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(200)

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            seen.append(message["status"])

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [
            (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
        ],
    }
    # Nothing here waits, so the first step is also the last; a loop may be running already.
    with pytest.raises(StopIteration):
        Gate(app, local=local)(scope, None, send).__await__().send(None)  # type: ignore[arg-type]
    return seen[0]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"sec_fetch_site": "same-origin", "origin": "http://here"}, 200),
        ({"sec_fetch_site": "cross-site", "origin": "http://evil"}, 403),
        ({"sec_fetch_site": "same-site", "origin": "http://here:8000"}, 403),
        ({"host": "here", "origin": "http://here"}, 200),
        ({"host": "here", "origin": "http://evil"}, 403),
        ({"host": "inner", "x_forwarded_host": "share", "origin": "https://share"}, 200),
        ({"host": "here"}, 200),
    ],
)
def test_only_pages_of_this_site_may_talk_to_the_app(
    headers: dict[str, str], expected: int
) -> None:
    assert status("/gradio_api/queue/join", **headers) == expected


def test_a_link_from_elsewhere_opens_the_front_page() -> None:
    assert status("/", method="GET", sec_fetch_site="cross-site") == 200


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
    assert status("/config", local=True, host=host, sec_fetch_site="same-origin") == expected
    assert status("/config", host=host, sec_fetch_site="same-origin") == 200


def test_a_body_that_no_page_sends_is_refused() -> None:
    assert status("/x", host="here", content_length=str(LARGEST_BODY)) == 200
    assert status("/x", host="here", content_length=str(LARGEST_BODY + 1)) == 413
    assert status("/x", host="here", content_length="many") == 413


def test_a_body_that_is_longer_than_it_said_is_cut_off() -> None:
    got: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(3):
            got.append((await receive())["type"])

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x" * (LARGEST_BODY // 2 + 1), "more_body": True}

    scope = {"type": "http", "method": "POST", "path": "/x", "headers": [(b"host", b"here")]}
    with pytest.raises(StopIteration):
        Gate(app)(scope, receive, None).__await__().send(None)  # type: ignore[arg-type]
    assert got == ["http.request", "http.disconnect", "http.disconnect"]


@pytest.mark.parametrize("route", CLOSED)
def test_routes_that_no_page_uses_are_closed(route: str) -> None:
    assert status(route + "/x", host="here", origin="http://here") == 403


def test_five_failures_make_a_name_rest_and_then_it_may_try_again() -> None:
    clock = [0.0]
    throttle = Throttle(lambda: clock[0])
    for _ in range(Throttle.FAILURES):
        assert not throttle.resting("ada")
        throttle.begun("ada")
    assert throttle.resting("ada")
    assert not throttle.resting("grace")
    clock[0] = Throttle.REST_S + 1
    assert not throttle.resting("ada")


def test_getting_in_forgets_the_failures() -> None:
    throttle = Throttle(lambda: 0.0)
    for _ in range(Throttle.FAILURES):
        throttle.begun("ada")
    throttle.succeeded("ada")
    assert not throttle.resting("ada")
