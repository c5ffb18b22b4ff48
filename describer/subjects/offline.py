"""Nothing is fetched while a network is built or run, whatever the user's code says.

with refused() as asked:
    network = factory(weights="DEFAULT")    # an error that `wanted_to_fetch` knows
asked                                       # the hosts that somebody wanted to talk to
guard(network)                              # from now on every pass of it is such a block
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

# Errors of those who wanted to fetch something, by name: their packages need not be there.
_OFFLINE = ("OfflineModeIsEnabled", "LocalEntryNotFoundError")


class Fetching(OSError):
    """The user's code asked for the internet."""


@dataclass
class _Block:
    """Code that may not fetch: whom it lets connect all the same, and who was asked for."""

    others: frozenset[threading.Thread] = frozenset()
    asked: list[str] = field(default_factory=list)


# Sockets belong to the whole process: they are replaced when the first block begins, and are as
# before when the last ends. Blocks of several threads may overlap.
_LOCK = threading.Lock()
_BLOCKS: list[_Block] = []
_BEFORE = contextlib.ExitStack()


@contextlib.contextmanager
def refused(*, alone: bool = False) -> Iterator[list[str]]:
    """Refuse every connection of this process until the block ends; yields the hosts asked for.

    What lies in a cache of the machine can still be read.

    Args:
        alone: refuse only this thread and those that begin meanwhile; others go on as they were.
    """
    # Threads and not their numbers, which are given anew.
    others = frozenset(threading.enumerate()) - {threading.current_thread()}
    block = _Block(others if alone else frozenset())
    with _LOCK:
        if not _BLOCKS:
            _install(_BEFORE)
        _BLOCKS.append(block)
    try:
        yield block.asked
    finally:
        with _LOCK:
            # By identity: blocks that look alike are equal.
            _BLOCKS[:] = [other for other in _BLOCKS if other is not block]
            if not _BLOCKS:
                _BEFORE.close()


def guard(model: nn.Module) -> None:
    """Let a network fetch nothing in any of its passes."""
    model.register_forward_pre_hook(_begin, prepend=True)
    # Also where the pass fails.
    model.register_forward_hook(_end, always_call=True)


# The passes that go on in a thread: a network may run another one.
_PASSES = threading.local()


def _begin(_model: nn.Module, _inputs: object) -> None:
    block = contextlib.ExitStack()
    block.enter_context(refused(alone=True))
    _PASSES.open = [*getattr(_PASSES, "open", ()), block]


def _end(_model: nn.Module, _inputs: object, _output: object) -> None:
    if getattr(_PASSES, "open", None):
        _PASSES.open.pop().close()


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


def _refuse(address: Any) -> None:
    """Raise Fetching where a block of this thread is open."""
    me = threading.current_thread()
    concerned = [block for block in tuple(_BLOCKS) if me not in block.others]
    if not concerned:
        return
    host = address[0] if isinstance(address, tuple) else address
    host = host.decode() if isinstance(host, bytes) else str(host)
    for block in concerned:
        block.asked.append(host)
    raise Fetching(f"nothing is fetched while a network is built or run, {host} was asked for")


def _install(back: contextlib.ExitStack) -> None:
    """Put what refuses in the place of what connects, until the stack is closed."""
    look_up = socket.getaddrinfo

    def guarded(method: Callable[..., Any]) -> Callable[..., Any]:
        def run(self: socket.socket, address: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                _refuse(address)
            return method(self, address)

        return run

    def looked_up(host: Any, *arguments: Any, **options: Any) -> Any:
        _refuse(host)
        return look_up(host, *arguments, **options)

    hub = sys.modules.get("huggingface_hub.constants")
    for place, name, new in (
        (socket.socket, "connect", guarded(socket.socket.connect)),
        (socket.socket, "connect_ex", guarded(socket.socket.connect_ex)),
        (socket, "getaddrinfo", looked_up),
        # Or it would try five times, ever slower.
        *([(hub, "HF_HUB_OFFLINE", True)] if hub is not None else []),
    ):
        back.callback(setattr, place, name, getattr(place, name))
        setattr(place, name, new)
