"""An address that speaks the OpenAI protocol: answers, refusals, limits, silence and nonsense."""

import dataclasses
import email.utils
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from db.errors import BadInput, Cancelled
from db.jobs import Watch
from describer.methods.models.endpoint import Endpoint, Patience, read
from describer.methods.models.prompt import Manner, Prompt, Unreachable
from helpers.endpoints import Server, late, refused, said, serving

QUICK = Patience(timeout=0.4, tries=3, pause=0.02)
ASKED = [Prompt("Name a colour.")]


def endpoint(server: Server, models: Path, *, more: str = "") -> Endpoint:
    opened = Endpoint.open("writer", server.settings(models, more=more))
    return dataclasses.replace(opened, patience=QUICK)


def test_questions_are_answered_in_their_order(tmp_path: Path) -> None:
    with serving(lambda _n, body: said(body["messages"][-1]["content"].upper())) as server:
        prompts = [Prompt(f"colour {number}") for number in range(9)]
        written = endpoint(server, tmp_path).write(prompts, Manner(seed=5), Watch())
    assert written == [f"COLOUR {number}" for number in range(9)]
    assert sorted(body["seed"] for body in server.requests) == list(range(5, 14))
    assert {body["model"] for body in server.requests} == {"tiny"}


def test_examples_and_a_picture_are_sent_as_the_protocol_has_them(tmp_path: Path) -> None:
    picture = np.zeros((3, 4, 4), np.uint8)
    prompt = Prompt("What is it?", [("first?", "one")], "Be brief.", picture)
    with serving(lambda _n, _body: said("black")) as server:
        assert endpoint(server, tmp_path).write([prompt], Manner(), Watch()) == ["black"]
    system, question, answer, last = server.requests[0]["messages"]
    assert [turn["role"] for turn in (system, question, answer)] == ["system", "user", "assistant"]
    text, image = last["content"]
    assert text == {"type": "text", "text": "What is it?"}
    assert image["image_url"]["url"].startswith("data:image/png;base64,iVBOR")


@pytest.mark.parametrize(
    "content",
    [b"<html>hello</html>", b"{}", b'{"choices": []}', b'{"choices": [{"message": null}]}', b"[1"],
)
def test_what_is_no_answer_is_empty(tmp_path: Path, content: bytes) -> None:
    with serving(lambda _n, _body: (200, {}, content)) as server:
        assert endpoint(server, tmp_path).write(ASKED, Manner(), Watch()) == [""]


def test_a_limited_rate_is_waited_for_as_long_as_the_server_asks(tmp_path: Path) -> None:
    def answer(number: int, _body: object) -> tuple[int, dict[str, str], bytes]:
        return refused(429, "slow down", Retry_After="0.3") if number == 0 else said("red")

    with serving(answer) as server:
        assert endpoint(server, tmp_path).write(ASKED, Manner(), Watch()) == ["red"]
    assert server.times[1] - server.times[0] >= 0.3


def test_a_date_to_retry_after_is_understood(tmp_path: Path) -> None:
    date = email.utils.formatdate(time.time() + 2, usegmt=True)

    def answer(number: int, _body: object) -> tuple[int, dict[str, str], bytes]:
        return refused(503, Retry_After=date) if number == 0 else said("red")

    with serving(answer) as server:
        assert endpoint(server, tmp_path).write(ASKED, Manner(), Watch()) == ["red"]
    assert server.times[1] - server.times[0] >= 0.5


def test_a_server_that_is_too_late_or_broken_is_given_up_after_some_tries(tmp_path: Path) -> None:
    with serving(lambda _n, _body: late(0.6)) as server:
        slow = endpoint(server, tmp_path)
        with pytest.raises(Unreachable, match="none in 3 tries: timed out"):
            slow.write(ASKED, Manner(), Watch())
        assert len(server.requests) == 3
    with serving(lambda _n, _body: refused(500)) as server:
        broken = endpoint(server, tmp_path)
        with pytest.raises(Unreachable, match="HTTP 500"):
            broken.write(ASKED, Manner(), Watch())
    with pytest.raises(Unreachable, match="refused"):
        slow.write(ASKED, Manner(), Watch())


def test_the_work_can_be_stopped_while_it_waits(tmp_path: Path) -> None:
    asked = iter(range(100))
    watch = Watch(cancelled=lambda: next(asked) >= 2)
    with serving(lambda _n, _body: refused(429, Retry_After="60")) as server:
        writer = endpoint(server, tmp_path)
        begun = time.monotonic()
        with pytest.raises(Cancelled, match="while writer was asked"):
            writer.write(ASKED, Manner(), watch)
        assert time.monotonic() - begun < 5


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    secret = "sk-verysecret0123456789"
    monkeypatch.setenv("TINY_KEY", secret)
    return secret


def test_the_key_comes_from_the_environment_and_is_shown_nowhere(
    tmp_path: Path, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(lambda _n, _body: refused(401, f"Wrong key: {key}, sk-very***789")) as server:
        writer = endpoint(server, tmp_path, more='key_variable = "TINY_KEY"')
        with pytest.raises(BadInput, match=r"HTTP 401.*taken from TINY_KEY") as caught:
            writer.write(ASKED, Manner(), Watch())
    assert server.keys == [f"Bearer {key}"]
    shown = f"{caught.value} {writer!r} {writer.identity} {caplog.text}"
    assert "secret" not in shown
    assert "sk-very" not in shown
    assert caught.value.__cause__ is None


def test_a_key_goes_to_another_machine_encrypted_alone(key: str) -> None:
    writer = Endpoint("writer", "http://models.example/v1", "tiny", "TINY_KEY", QUICK)
    with pytest.raises(BadInput, match="expected https") as caught:
        writer.write(ASKED, Manner(), Watch())
    assert key not in str(caught.value)


def test_what_is_for_this_machine_goes_through_no_proxy(
    tmp_path: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(lambda _n, _body: said("through the proxy")) as proxy:
        monkeypatch.setenv("http_proxy", proxy.address.removesuffix("/v1"))
        with serving(lambda _n, _body: said("red")) as server:
            writer = endpoint(server, tmp_path, more='key_variable = "TINY_KEY"')
            assert writer.write(ASKED, Manner(), Watch()) == ["red"]
    assert proxy.requests == []
    assert server.keys == [f"Bearer {key}"]


def test_a_redirect_is_not_followed(tmp_path: Path, key: str) -> None:
    with serving(lambda _n, _body: said("stolen")) as other:
        target = {"Location": f"{other.address}/chat/completions"}
        with serving(lambda _n, _body: (307, target, b"")) as server:
            writer = endpoint(server, tmp_path, more='key_variable = "TINY_KEY"')
            with pytest.raises(BadInput, match="HTTP 307"):
                writer.write(ASKED, Manner(), Watch())
        assert other.requests == []


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('address = "ftp://here"\nmodel = "m"', "expected an address http"),
        ('address = "http://me:secret@here"\nmodel = "m"', "without user, password"),
        ('address = "http://here"', "expected address and model"),
        ('address = "http://here"\nmodel = "m"\nkey = "sk-1"', "at most key_variable"),
        ('address = "http://here"\nmodel = "m"\nkey_variable = "sk-12"', "environment variable"),
        ('address = "http://here"\nmodel = "m"\ntimeout = -1', "seconds as timeout"),
        ("address = ", "expected TOML"),
    ],
)
def test_settings_that_cannot_be_used_are_named_without_their_secrets(
    tmp_path: Path, entry: str, message: str
) -> None:
    (tmp_path / "endpoints.toml").write_text(f"[writer]\n{entry}\n")
    with pytest.raises(BadInput, match=message) as caught:
        read(tmp_path)
    assert "secret" not in str(caught.value)
    assert "sk-1" not in str(caught.value)


def test_an_endpoint_that_no_settings_name_is_missing(tmp_path: Path) -> None:
    assert read(tmp_path) == {}
    with pytest.raises(BadInput, match="it names none"):
        Endpoint.open("writer", tmp_path)
