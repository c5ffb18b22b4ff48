"""Sessions end, and the key in the address opens once."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from db.access import users
from db.access.sessions import Key, Sessions, authenticator
from db.workspace import create, open_database


def test_a_session_is_known_by_its_secret_until_it_is_closed() -> None:
    sessions = Sessions()
    ada, grace = sessions.open("ada"), sessions.open("grace")
    assert len({ada, grace}) == 2
    assert [sessions.name(secret) for secret in (ada, grace, "")] == ["ada", "grace", None]
    sessions.close(ada)
    sessions.close("unknown")
    assert [sessions.name(secret) for secret in (ada, grace)] == [None, "grace"]


def test_an_idle_session_ends_and_a_used_one_goes_on() -> None:
    clock = [0.0]
    sessions = Sessions(lambda: clock[0])
    used, idle = sessions.open("ada"), sessions.open("grace")
    for _ in range(3):
        clock[0] += Sessions.IDLE_S / 2
        assert sessions.name(used) == "ada"
    assert sessions.name(idle) is None
    clock[0] += Sessions.IDLE_S + 1
    assert sessions.name(used) is None


def test_a_key_opens_once_and_the_next_one_is_shown() -> None:
    shown: list[str] = []
    key = Key(shown.append)
    first = key.text
    assert not key.take("")
    assert not key.take("é" + first)
    assert key.take(first)
    assert not key.take(first)
    assert shown == [key.text]
    assert key.take(shown[0])


def test_a_name_rests_at_one_address_and_not_at_another(tmp_path: Path) -> None:
    workspace = create(tmp_path / "w")
    with open_database(workspace) as db:
        users.add(db, "ada", "admin", password="correct horse")
    check = authenticator(workspace)

    async def guess() -> list[bool]:
        for _ in range(5):
            assert not await check("ada", "wrong", client="10.0.0.1")
        return [await check("Ada", "correct horse", client=f"10.0.0.{n}") for n in (1, 2)]

    # In a thread of its own: a loop of browser tests may be running in this one.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: asyncio.run(guess())).result() == [False, True]
