"""The gate: other sites and closed routes are refused, and guessing passwords is slow."""

from typing import Any

import pytest

from db.gate import CLOSED, Gate, Throttle


def status(path: str, *, method: str = "POST", **headers: str) -> int:
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
        Gate(app)(scope, None, send).__await__().send(None)  # type: ignore[arg-type]
    return seen[0]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"sec_fetch_site": "same-origin", "origin": "http://here"}, 200),
        ({"sec_fetch_site": "cross-site", "origin": "http://evil"}, 403),
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


@pytest.mark.parametrize("route", CLOSED)
def test_routes_that_no_page_uses_are_closed(route: str) -> None:
    assert status(route + "/x", host="here", origin="http://here") == 403


def test_five_failures_make_a_name_rest_and_then_it_may_try_again() -> None:
    clock = [0.0]
    throttle = Throttle(lambda: clock[0])
    for _ in range(Throttle.FAILURES):
        assert not throttle.resting("ada")
        throttle.failed("ada")
    assert throttle.resting("ada")
    assert not throttle.resting("grace")
    clock[0] = Throttle.REST_S + 1
    assert not throttle.resting("ada")


def test_getting_in_forgets_the_failures() -> None:
    throttle = Throttle(lambda: 0.0)
    for _ in range(Throttle.FAILURES):
        throttle.failed("ada")
    throttle.succeeded("ada")
    assert not throttle.resting("ada")
