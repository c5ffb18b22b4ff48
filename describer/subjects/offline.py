"""Nothing is fetched while a network is built, whatever the arguments of its factory say.

with refused() as asked:
    network = factory(weights="DEFAULT")    # an error that `wanted_to_fetch` knows
asked                                       # the hosts that somebody wanted to talk to
"""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

# Errors of those who wanted to fetch something, by name: their packages need not be there.
_OFFLINE = ("OfflineModeIsEnabled", "LocalEntryNotFoundError")


class Fetching(OSError):
    """The user's code asked for the internet while its network was built."""


@contextlib.contextmanager
def refused() -> Iterator[list[str]]:
    """Refuse every connection of this process until the block ends; yields the hosts asked for.

    What lies in a cache of the machine can still be read. The caller sees to it that only one such
    block runs at a time (`importing.place` does).
    """
    asked: list[str] = []

    def refuse(address: Any) -> Fetching:
        host = address[0] if isinstance(address, tuple) else address
        asked.append(host.decode() if isinstance(host, bytes) else str(host))
        return Fetching(f"nothing is fetched while a network is built, {asked[-1]} was asked for")

    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(method: Callable[..., Any]) -> Callable[..., Any]:
        def run(self: socket.socket, address: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                raise refuse(address)
            return method(self, address)

        return run

    def looked_up(host: Any, *_arguments: Any, **_options: Any) -> Any:
        raise refuse(host)

    hub = sys.modules.get("huggingface_hub.constants")
    with contextlib.ExitStack() as back:
        for place, name, new in (
            (socket.socket, "connect", guarded(connect)),
            (socket.socket, "connect_ex", guarded(connect_ex)),
            (socket, "getaddrinfo", looked_up),
            # Or it would try five times, ever slower.
            *([(hub, "HF_HUB_OFFLINE", True)] if hub is not None else []),
        ):
            back.callback(setattr, place, name, getattr(place, name))
            setattr(place, name, new)
        yield asked


def wanted_to_fetch(error: BaseException) -> bool:
    """Whether an error, or one that led to it, comes from a refused connection."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        one = pending.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, Fetching) or type(one).__name__ in _OFFLINE:
            return True
        pending += [one.__cause__, one.__context__]
    return False
