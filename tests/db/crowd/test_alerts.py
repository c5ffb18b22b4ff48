"""Alerts: each comes once, and is posted behind everything else, to where it may go."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from db.annotate import campaigns, skips, slots
from db.annotate.annotations import Answer
from db.crowd import alerts, recruitment, standings, webhook
from db.crowd.alerts import Alert
from db.crowd.recruitment import Recruitment
from db.errors import BadInput
from db.workspace import open_database
from helpers.annotating import add_people, at, claim, fresh, start, workspace_with_campaign

ALERT = Alert(1, 1, "spring", "done", "All slots are filled", "2026-01-01T00:00:00.000Z")


@contextmanager
def listening(status: int = 200) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server on this machine that keeps what is posted to it."""
    kept: list[dict[str, Any]] = []

    class Keeper(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(status)
            self.send_header("location", "http://169.254.169.254/")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *given: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keeper)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook?a=1", kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_each_thing_that_happens_comes_once() -> None:
    db = fresh()
    campaign = start(db, 2, "bo", "cy", annotators_per_unit=1).campaign_id
    assert alerts.scan(db, at=at()) == 0
    first = claim(db, campaign, "bo", at())
    skips.skip(db, first.token, "bo", broken=True, at=at())
    assert alerts.scan(db, at=at(minutes=1)) == 1
    assert alerts.scan(db, at=at(minutes=2)) == 0
    second = claim(db, campaign, "cy", at(minutes=3))
    slots.submit(db, second.token, "cy", Answer("striped fur"), at=at(minutes=3))
    standings.add(db, campaign, "cy", "paused", reason="2 failed gold units", person="x")
    # a day without an answer, while there is work
    assert alerts.scan(db, at=at(minutes=4 + 24 * 60)) == 2
    assert alerts.scan(db, at=at(minutes=5 + 24 * 60)) == 0
    third = claim(db, campaign, "bo", at(minutes=6 + 24 * 60))
    slots.submit(db, third.token, "bo", Answer("red wheels"), at=at(minutes=6 + 24 * 60))
    assert alerts.scan(db, at=at(minutes=7 + 24 * 60)) == 1
    assert [each.kind for each in alerts.unread(db)] == ["done", "stalled", "gold", "report"] or (
        sorted(each.kind for each in alerts.unread(db)) == ["done", "gold", "report", "stalled"]
    )
    alerts.read(db)
    assert alerts.unread(db) == []
    # more people are asked, and when they are done that is news again
    add_people(db, "di")
    campaigns.top_up(db, campaign, annotators_per_unit=2, person="x")
    for minute in (8, 9):
        found = claim(db, campaign, "di", at(minutes=minute + 24 * 60))
        slots.submit(db, found.token, "di", Answer("round"), at=at(minutes=minute + 24 * 60))
    assert alerts.scan(db, at=at(minutes=10 + 24 * 60)) == 1
    db.close()


def test_alerts_are_posted_once_and_given_up_after_five_tries(tmp_path: Path) -> None:
    workspace, campaign = workspace_with_campaign(tmp_path / "w", 1, annotators_per_unit=1)
    with open_database(workspace) as db:
        add_people(db, "bo")
        found = claim(db, campaign, "bo", at())
        slots.submit(db, found.token, "bo", Answer("striped fur"), at=at())
    with listening() as (address, kept):
        with open_database(workspace) as db:
            recruitment.save(db, campaign, Recruitment(webhook=address), person="x")
        assert webhook.deliver(workspace) == 1
        assert webhook.deliver(workspace) == 0
    assert [each["kind"] for each in kept] == ["done"]
    assert kept[0]["text"] == "spring: All 1 slots are filled"
    with open_database(workspace) as db:
        campaigns.top_up(db, campaign, annotators_per_unit=2, person="x")
        add_people(db, "cy")
        found = claim(db, campaign, "cy", at(minutes=1))
        slots.submit(db, found.token, "cy", Answer("striped fur"), at=at(minutes=1))
    # nobody listens any more
    for _ in range(alerts.MOST_TRIES):
        assert webhook.deliver(workspace) == 0
    with open_database(workspace) as db:
        assert alerts.waiting(db) == []
        assert alerts.unread(db)[0].error


@pytest.mark.parametrize("status", [301, 404, 500])
def test_a_redirect_is_not_followed_and_an_error_is_one(status: int) -> None:
    with listening(status) as (address, kept):
        with pytest.raises(ValueError, match=f"answered {status}"):
            webhook.post(address, ALERT)
        assert len(kept) == 1


@pytest.mark.parametrize(
    "address",
    [
        "ftp://a.example/",
        "file:///etc/passwd",
        "http://169.254.169.254/latest/meta-data",
        "http://[fe80::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "https://user:word@a.example/",
        "https://a.example/ b",
        "hooks",
    ],
)
def test_where_alerts_may_not_go(address: str) -> None:
    with pytest.raises(BadInput, match="webhook"):
        webhook.check(address)


def test_a_name_that_leads_to_a_forbidden_address_is_not_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [(2, 1, 6, "", ("93.184.216.34", 80)), (2, 1, 6, "", ("169.254.169.254", 80))]
    monkeypatch.setattr(webhook.socket, "getaddrinfo", lambda *given, **more: found)
    webhook.check("http://innocent.example/")
    with pytest.raises(BadInput, match=r"169\.254"):
        webhook.post("http://innocent.example/", ALERT)
